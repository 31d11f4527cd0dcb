"""A way to a real server on which answers get lost: what was asked is done, and nobody hears of it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Cutting:
    """Listens at `address` and passes all on; the first `answers` of the server are cut off with their connection."""

    def __init__(self, target: str, *, answers: int) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 0)
        self._left = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.lost = 0
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in (self._listener, *self._open):
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for pump in (self._pass, self._pass_or_cut):
                    thread = threading.Thread(target=pump, args=(near, far))
                    self._threads.append(thread)
                    thread.start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while part := near.recv(65_536):
                far.sendall(part)
            far.shutdown(socket.SHUT_WR)

    def _pass_or_cut(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while part := far.recv(65_536):
                if self._left:
                    self._left -= 1
                    self.lost += 1
                    break
                near.sendall(part)
            for one in (near, far):
                one.shutdown(socket.SHUT_RDWR)
