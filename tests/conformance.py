"""schemathesis against a running server: no server error, and no answer that the OpenAPI document does not know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from data.database import Database
from data.keys import Keys, Scope
from data.store import Store
from matching.profiles import BuyerRequest, Supplier
from tests.served import Served

# Not a fault: what a schema of JSON cannot say (that "Atlantis" is no country, that an id is unknown) is told by these.
_CONFIGURATION = """
hooks = "lines.py"

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "400", "403", "404", "412", "413", "422", "429"]
"""
_LINES = """
import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
"""


def conform(database_url: str, folder: Path, *, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Run all checks with `examples` cases per operation and phase; rc 0 says that none failed."""
    database = Database.open(database_url)
    token = Keys(database).create("default", "conformance", Scope)
    store = Store(database)
    store.put_suppliers([Supplier(id="0", name="Zellij"), Supplier(id="1", name="Argan", description="argan oil")])
    store.put_requests([BuyerRequest(id="0", text="argan oil")])
    database.close()
    served = Served(database_url, folder, SOUK_REQUESTS_PER_MINUTE="10000000")
    served.wait_until_ready()
    (folder / "schemathesis.toml").write_text(_CONFIGURATION, encoding="utf-8")
    (folder / "lines.py").write_text(_LINES, encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(folder / "schemathesis.toml"), "run",
        f"{served.address}/openapi.json", "--header", f"Authorization: Bearer {token}", "--checks", "all",
        "--max-examples", str(examples), "--seed", str(seed), "--request-timeout", "120",
        "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    finally:
        served.close()
