from __future__ import annotations

from fastapi.testclient import TestClient

from tests.service.test_fairs import fair, published

__all__ = ["fair", "published"]


def test_an_organiser_sees_fairs_and_the_published_plan_as_a_grid(published: TestClient) -> None:
    assert "Salon du terroir" in published.get("/fairs?language=en").text
    page = published.get("/fairs/F1?language=en").text
    assert "Table 1" in page
    assert "Booth C7" in page
    assert "Atlas Rugs" in page
    assert "/v1/fairs/F1/plans/1/export" in page


def test_two_plans_stand_side_by_side_with_their_wishes_and_reasons(published: TestClient) -> None:
    published.put("/v1/fairs/F1/wishes", json={"wishes": [{"by": "B2", "about": "S1", "level": "like"}]})
    published.post("/v1/fairs/F1/plans", json={"name": "what if"})
    page = published.get("/fairs/F1?plan=1&plan=2&language=fr").text
    assert page.count("<section>") == 2
    assert "Ils n&#39;ont pas de langue commune" in page


def test_a_page_is_written_from_right_to_left_in_arabic(published: TestClient) -> None:
    page = published.get("/fairs/F1?check=true", headers={"accept-language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in page


def test_a_fair_that_is_not_there_is_told_on_the_page(client: TestClient) -> None:
    answer = client.get("/fairs/nowhere")
    assert (answer.status_code, "no fair has the id" in answer.text) == (404, True)
    assert "souk fair create" in client.get("/fairs?language=en").text


def test_a_name_is_shown_and_never_run(published: TestClient) -> None:
    published.put("/v1/fairs/F1/participants/B1", json={"name": "<img src=x onerror=alert(1)>", "role": "buyer"})
    page = published.get("/fairs/F1").text
    assert "<img" not in page
