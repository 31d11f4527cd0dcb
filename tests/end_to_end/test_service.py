"""The real command, the real server on the sample collection, a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SOUK = Path(sys.executable).with_name("souk")
ARGAN = "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg"


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "SOUK_DATABASE_URL": f"sqlite:///{folder}/souk.db",
        "SOUK_INDEX_PATH": str(folder / "suppliers.index"),
        "COLUMNS": "200",
    }


def _souk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SOUK, *arguments], env=_environment(folder), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `souk serve` answers, over the sample collection."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("served")
    with subprocess.Popen([SOUK, "serve", "--port", str(port)], env=_environment(folder)) as server:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def _wait_until_ready(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(url)


def test_argan_oil_asked_in_german_finds_moroccan_makers_who_write_in_other_languages(tmp_path: Path) -> None:
    done = _souk(tmp_path, "match", ARGAN, "--top", "5", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert sum(row["country"] == "MA" for row in rows[:3]) >= 2
    assert {"S0001", "S0002"} & {row["supplier_id"] for row in rows}
    assert "Erfüllt: " in rows[0]["reasons"]


def test_a_file_of_requests_is_answered_in_a_spreadsheet(tmp_path: Path) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_text('{"id": "R1", "text": "zellige tiles"}\n{"id": "R2", "text": "=cmd|calc"}\n', encoding="utf-8")
    done = _souk(tmp_path, "match", "--requests", str(requests), "--out", str(tmp_path / "matches.csv"), "--top", "2")
    lines = (tmp_path / "matches.csv").read_text(encoding="utf-8-sig").splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].startswith("request_id,request,rank,supplier_id,supplier,country,score,probability,reasons")
    assert [line.split(",")[0] for line in lines[1:]] == ["R1", "R1", "R2", "R2"]
    assert lines[3].split(",")[1] == "'=cmd|calc"


def test_imported_suppliers_are_indexed_and_matched_in_place_of_the_sample(tmp_path: Path) -> None:
    suppliers = tmp_path / "exposants.csv"
    suppliers.write_text(
        "Raison sociale;Pays;Produits\nVannerie Doum;Maroc;paniers en doum\nPerdue;Atlantide;rien\n", encoding="cp1252"
    )
    imported = _souk(tmp_path, "import", str(suppliers))
    assert imported.returncode == 3
    assert "exposants.csv row 3" in imported.stderr and "Atlantide" in imported.stderr
    assert "1 suppliers" in _souk(tmp_path, "index").stdout
    rows = _souk(tmp_path, "match", "palm leaf baskets", "--json").stdout.splitlines()
    assert [json.loads(row)["supplier"] for row in rows] == ["Vannerie Doum"]


def test_a_torn_index_is_told_and_made_anew(tmp_path: Path) -> None:
    (tmp_path / "suppliers.index").write_bytes(b"torn")
    done = _souk(tmp_path, "match", "zellige", "--json", "--top", "1")
    assert done.returncode == 0
    assert "torn or altered" in " ".join(done.stderr.split())
    assert _souk(tmp_path, "match", "zellige", "--json", "--top", "1").stderr.count("torn") == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["match", ""], 2, "text is ''"),
        (["match", "a\x07" * 60_000], 2, "at most 20000 characters"),
        (["match", "argan", "--country", "Atlantis"], 2, "'Atlantis' is not a country"),
        (["match"], 2, "expected either a TEXT or --requests FILE"),
        (["match", "argan", "--out", "matches.pdf"], 2, "cannot write .pdf, expected .xlsx, .csv, .jsonl"),
        (["import", "nowhere.csv"], 2, "nowhere.csv"),
        (["evaluate", "nowhere"], 2, "nowhere"),
    ],
)
def test_bad_input_is_one_clear_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    done = _souk(tmp_path, *arguments)
    assert done.returncode == code
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    environment = {**_environment(tmp_path), "SOUK_RANKER_PATH": str(tmp_path / "none.json")}
    done = subprocess.run(
        [SOUK, "match", "argan"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "no ranking model there; `souk train ranker` makes one" in " ".join(done.stderr.split())


def test_help_lists_every_command(tmp_path: Path) -> None:
    shown = _souk(tmp_path, "--help").stdout
    assert all(command in shown for command in ("import", "index", "match", "serve", "evaluate", "train"))


def test_the_api_answers_over_the_network(address: str) -> None:
    request = urllib.request.Request(
        f"{address}/v1/match", json.dumps({"text": ARGAN, "top": 3}).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = json.load(answer)
    assert found["language"] == "de"
    assert len(found["matches"]) == 3


def _shown(url: str, folder: Path) -> str:
    """The document that Chromium makes of a page."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is installed by `make test`"
    return subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={folder}",
         "--window-size=400,800", "--dump-dom", url],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("ar", "rtl")])
def test_a_browser_shows_explained_matches(address: str, language: str, direction: str, tmp_path: Path) -> None:
    page = _shown(f"{address}/?q=argan+bio&language={language}", tmp_path)
    assert f'dir="{direction}"' in page
    assert page.count("<article>") == 10


def test_a_browser_shows_the_form_as_the_buyer_corrected_it(address: str, tmp_path: Path) -> None:
    q = urllib.parse.quote("500 litres of argan oil to Germany")
    form = "corrected=1&delivery_country=&quantity.value=200&quantity.unit=kg"
    page = _shown(f"{address}/?q={q}&language=en&{form}", tmp_path)
    assert "<mark><bdi>200 kg</bdi></mark> (as you stated)" in page
    assert "(another value counts)" in page
    assert "Germany</bdi></mark>" not in page
