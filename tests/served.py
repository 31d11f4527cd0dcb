"""The real server as a process of its own, which can be killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

SOUK = Path(sys.executable).with_name("souk")


class Served:
    """`souk serve` on a free port of loopback, over a database; `client` speaks to it."""

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.environment = {
            **os.environ,
            "SOUK_DATABASE_URL": database_url,
            "SOUK_INDEX_PATH": str(folder / "suppliers.index"),
            "SOUK_MODELS_PATH": str(folder / "models"),
            **settings,
        }
        self._log = (folder / "server.log").open("ab")
        self.process = self._started()

    def client(self, **headers: str) -> httpx.Client:
        """A client of it."""
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def wait_until_ready(self, *, seconds: float = 120.0) -> None:
        """Wait for /readyz to say so."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}")
            time.sleep(0.05)
        raise TimeoutError(self.address)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Start it again on the same port."""
        self.process = self._started()

    def close(self) -> int:
        """Ask it to end, and how it ended."""
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self._log.close()
        return code

    def _started(self) -> subprocess.Popen[bytes]:
        port = self.address.rsplit(":", 1)[1]
        return subprocess.Popen(
            [SOUK, "serve", "--port", port], env=self.environment, stdout=self._log, stderr=self._log
        )
