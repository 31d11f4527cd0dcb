"""The thread that tells webhooks: it looks for what is new, and delivers from the outbox over checked connections."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import socket
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from time import monotonic, thread_time

import httpx

from data.standings import Standings
from data.webhooks import Claimed, DeliveryState, Outbox, note_models_in_service, sign, watching
from matching.errors import ModelMissing, NotReady, SoukError
from matching.matcher import unobserved
from service.access import LOOPBACK
from service.live import Live
from service.metrics import Attempt, Metrics
from service.settings import ServiceSettings

_log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10.0
_LONGEST_WAIT = timedelta(days=1)
# Looking for matches ranks every open request: it may take a fifth of one core while writes go on.
_REST = 4
# IPv6 addresses in which a translator on the way finds the IPv4 address that it connects to.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """A URL that no webhook may have, or an address that none may connect to."""


class Reach:
    """What webhooks may connect to: public addresses by https, and what the settings allow.

    private_hosts  : names or addresses that may be private
    is_development : then http to loopback is allowed too
    """

    def __init__(self, private_hosts: Collection[str], *, is_development: bool) -> None:
        self._private_hosts = frozenset(host.lower().strip("[]") for host in private_hosts)
        self._is_development = is_development

    def check(self, url: str) -> httpx.URL:
        """The URL parsed; AddressRefused, with what was expected, where no webhook may have it."""
        parsed = _parsed(url)
        host = _host(parsed)
        if parsed.scheme != "https" and not (parsed.scheme == "http" and self._is_open_loopback(host)):
            raise AddressRefused(f"url begins with {parsed.scheme!r}, expected https")
        if parsed.userinfo or parsed.fragment:
            raise AddressRefused("url has a user or a fragment, expected none")
        if _is_address(host):
            self.check_address(host, host)
        return parsed

    def check_address(self, host: str, address: str) -> None:
        """AddressRefused where an address that a host has is not public, and need be."""
        allowed = host in self._private_hosts or self._is_open_loopback(host)
        if not allowed and not is_public(address):
            # Not told: what a name inside leads to is nobody's business outside.
            raise AddressRefused(f"the address of {host} is not public")

    def _is_open_loopback(self, host: str) -> bool:
        return self._is_development and host in LOOPBACK


class WebhookThread:
    """Tells the webhooks of every organisation for as long as the service runs."""

    def __init__(self, live: Live, settings: ServiceSettings, metrics: Metrics) -> None:
        self._live = live
        self._settings = settings
        self._metrics = metrics
        self._outbox = Outbox(live.database, live.keys)
        self._noted: dict[str, str] = {}
        self._next_look = 0.0
        self._has_failed = False
        self._tls = httpx.create_ssl_context()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, once what is being sent was answered or timed out."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._settings.follow_seconds):
            try:
                self._look()
                self._deliver()
                self._has_failed = False
            except ModelMissing:
                continue
            except SoukError as error:
                if not self._has_failed:
                    _log.warning("webhooks wait: %s", error)
                self._has_failed = True
            except Exception:
                _log.exception("an unforeseen failure of webhooks; they go on")

    def _look(self) -> None:
        """Note the models and the matches that are new; ModelMissing while the service is starting."""
        models = self._live.models
        versions = {"encoder": models.encoder.fingerprint, "ranker": models.ranker.version}
        if versions != self._noted:
            note_models_in_service(self._live.database, versions)
            self._noted = versions
        if monotonic() < self._next_look:
            return
        begun = thread_time()
        for organisation in watching(self._live.database):
            workspace = self._live.workspace(organisation)
            # In this order: the matcher has at least the changes that were seen.
            seen = workspace.seen
            with suppress(NotReady):
                Standings(workspace.store).bring_up(workspace.matcher.observed_by(unobserved), seen)
        self._next_look = monotonic() + _REST * (thread_time() - begun)

    def _deliver(self) -> None:
        """Send what is due until nothing is."""
        while not self._stopping.is_set():
            claimed = self._outbox.claim()
            self._metrics.waiting.set(self._outbox.waiting())
            if not claimed:
                return
            asyncio.run(self._send_all(claimed))

    async def _send_all(self, claimed: Sequence[Claimed]) -> None:
        reach = reach_of(self._live, self._settings)
        async with httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False) as client:
            await asyncio.gather(*(self._send(client, reach, one) for one in claimed))

    async def _send(self, client: httpx.AsyncClient, reach: Reach, claimed: Claimed) -> None:
        status, wait = 0, timedelta(0)
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                status, wait = await _post(client, reach, claimed, int(self._live.database.clock().timestamp()))
        except TimeoutError:
            answer = f"no answer within {_TIMEOUT_SECONDS:g} s"
        except (AddressRefused, httpx.HTTPError, OSError, UnicodeError) as error:
            answer = str(error) or type(error).__name__
        except Exception:
            # One message must not keep the others of its turn from being settled.
            _log.exception("an unforeseen failure of message %s", claimed.id)
            answer = "an unforeseen failure"
        else:
            answer = str(status)
        await asyncio.to_thread(self._settle, claimed, status, answer, wait)

    def _settle(self, claimed: Claimed, status: int, answer: str, wait: timedelta) -> None:
        """Note what became of a try; status is 0 where no answer came."""
        state, messages = Attempt.SENT, 1
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._outbox.delivered(claimed, answer)
        elif status == HTTPStatus.GONE:
            state, messages = Attempt.FAILED, self._outbox.gone(claimed, answer)
        else:
            left = self._outbox.failed(claimed, answer, chance=random.random(), wait=wait)
            state = Attempt.RETRIED if left is DeliveryState.PENDING else Attempt.FAILED
        self._metrics.deliveries.labels(state).inc(messages)


def reach_of(live: Live, settings: ServiceSettings) -> Reach:
    """What webhooks may connect to now; development mode ends with the first key."""
    is_development = settings.host in LOOPBACK and not live.keys.any()
    return Reach(settings.webhook_private_hosts, is_development=is_development)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, the IPv4 address within an IPv6 one too."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        low = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)
        within = [parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ()), low if parsed in _TRANSLATED else None]
        embedded = [one for one in within if one is not None]
        if embedded:
            return all(map(_is_public, embedded))
    return _is_public(parsed)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


async def _post(client: httpx.AsyncClient, reach: Reach, claimed: Claimed, timestamp: int) -> tuple[int, timedelta]:
    """Send a message to an address that was checked; the status, and how long the receiver asks to wait."""
    url = reach.check(claimed.url)
    headers = {
        "host": url.netloc.decode(),
        "content-type": "application/json",
        "user-agent": "Souk-Webhooks/1",
        "webhook-id": claimed.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(claimed.secret, claimed.id, timestamp, claimed.body),
    }
    *first, last = await _checked_addresses(reach, url)
    for address in first:
        with suppress(httpx.ConnectError):
            return await _sent(client, url, address, claimed.body, headers)
    return await _sent(client, url, last, claimed.body, headers)


async def _checked_addresses(reach: Reach, url: httpx.URL) -> list[str]:
    """What the host's name resolves to now; each is connected to as it is, so that no second look-up differs."""
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(_host(url), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        reach.check_address(_host(url), address)
    return addresses


async def _sent(
    client: httpx.AsyncClient, url: httpx.URL, address: str, body: str, headers: Mapping[str, str]
) -> tuple[int, timedelta]:
    """Send to an address under the name of the URL; what the answer holds beyond its headers is not read."""
    named = {"sni_hostname": _host(url)}
    target = url.copy_with(host=address)
    request = client.build_request("POST", target, content=body.encode(), headers=headers, extensions=named)
    response = await client.send(request, stream=True)
    await response.aclose()
    return response.status_code, _asked_wait(response)


def _asked_wait(response: httpx.Response) -> timedelta:
    asked = response.headers.get("retry-after", "")
    return min(timedelta(seconds=int(asked)), _LONGEST_WAIT) if asked.isdecimal() and len(asked) < 9 else timedelta(0)


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused(f"url is {url[:80]!r}: {error}") from None
    if not parsed.host or not 0 < (parsed.port or 443) < 65_536:
        raise AddressRefused(f"url is {url[:80]!r}, expected https, a host and a port up to 65535")
    return parsed


def _host(url: httpx.URL) -> str:
    """The host as it is looked up: without brackets, other scripts in their ASCII form."""
    return url.raw_host.decode().strip("[]").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
