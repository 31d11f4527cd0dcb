"""A real PostgreSQL server on a temporary folder and a free port, run by an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

_HOW = "PostgreSQL is needed by these tests: `.ci/system-packages postgresql` installs it, as `make test` does"
_QUIET = "fsync=off", "full_page_writes=off"


class PostgresqlServer:
    """initdb, start and stop of one server; `url(name)` names a fresh database on it."""

    def __init__(self, folder: Path) -> None:
        self._binaries = _binaries()
        self._data = folder / "data"
        self._made = 0
        self.port = _free_port()
        folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            account = _account()
            os.chown(self._data, account.pw_uid, account.pw_gid)
        self._run("initdb", "--auth=trust", "--username=souk", "--encoding=UTF8", "--locale=C", "--no-sync", "-D",
                  str(self._data))  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = " ".join(f"-c {option}" for option in _QUIET)
        options += f" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -p {self.port}"
        log = str(self._data / "server.log")
        self._run("pg_ctl", "start", "--wait", "-D", str(self._data), "-l", log, "-o", options)

    def stop(self) -> None:
        """Stop the server at once, cutting its connections."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait", "-D", str(self._data))

    def url(self) -> str:
        """URL of a fresh, empty database."""
        self._made += 1
        name = f"souk_{self._made}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "souk", name)
        return f"postgresql://souk@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={_account().pw_uid}", f"--regid={_account().pw_gid}", "--clear-groups",
                       *command]  # fmt: skip
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


def _binaries() -> Path:
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists():
            return folder
    raise RuntimeError(_HOW)


def _account() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
