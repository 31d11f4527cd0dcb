"""Browsers: the key that somebody signed in with, and requests that a page of another site makes them send."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response

_COOKIE = "souk_key"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def key_of(request: Request) -> str | None:
    """The key that somebody signed in with."""
    return request.cookies.get(_COOKIE)


def keep_key(request: Request, answer: Response, token: str) -> None:
    """Let a browser keep the key until it is closed, out of reach of scripts and of other sites."""
    # Behind a proxy that ends TLS only the browser knows by what address it came.
    secure = request.headers.get("origin", str(request.url)).startswith("https:")
    answer.set_cookie(_COOKIE, token, secure=secure, httponly=True, samesite="lax")


def forget_key(answer: Response) -> None:
    """Let a browser forget the key."""
    answer.delete_cookie(_COOKIE, httponly=True, samesite="lax")


def sent_by_another_site(request: Request, trusted_origins: Collection[str]) -> bool:
    """Whether a browser says that a page of another site sends what may change something.

    It says so by Sec-Fetch-Site, and by Origin where it does not send that. What has neither is no browser of today.

    Source : the algorithm of CrossOriginProtection in Go's net/http; W3C Fetch Metadata Request Headers
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if request.method in _SAFE or origin in trusted_origins:
        return False
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
