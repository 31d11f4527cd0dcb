"""One port for several processes that answer."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class SharedPort:
    """Stands for a socket: each process that it is sent to finds one of its own on the same address.

    So the kernel shares connections out among them. Of a socket that they shared, whoever woke first would take every
    connection that waits. By SO_REUSEPORT, which Linux and the BSDs have.
    """

    host: str
    port: int

    def __reduce__(self) -> tuple[Callable[[str, int], socket.socket], tuple[str, int]]:
        return bound_socket, (self.host, self.port)


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket bound to an address that others may be bound to as well; OSError where one holds it for itself."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # asyncio asks for no delay only on sockets that it opened itself; with one, an answer in two parts takes 40 ms.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.bind((host, port))
    return bound
