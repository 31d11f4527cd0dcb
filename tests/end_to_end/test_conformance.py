"""Every operation answers what its OpenAPI document says, whatever it is sent, and with success where all is right."""

from __future__ import annotations

import pytest

from tests.conformance import Conformance, conform


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Conformance:
    folder = tmp_path_factory.mktemp("conformance")
    return conform(f"sqlite:///{folder}/souk.db", folder, examples=3, seed=1)


def test_generated_requests_get_no_server_error_and_no_undocumented_answer(run: Conformance) -> None:
    assert run.passed, run.report[-8_000:]


def test_generated_requests_reach_the_success_of_every_operation(run: Conformance) -> None:
    assert [operation for operation in run.answers if run.successes(operation) == 0] == []
