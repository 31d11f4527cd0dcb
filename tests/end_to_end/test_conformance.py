"""Every operation answers what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

from pathlib import Path

from tests.conformance import conform


def test_generated_requests_get_no_server_error_and_no_undocumented_answer(tmp_path: Path) -> None:
    done = conform(f"sqlite:///{tmp_path}/souk.db", tmp_path, examples=3, seed=1)
    assert done.returncode == 0, done.stdout[-8_000:]
