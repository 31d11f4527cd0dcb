"""The `souk` command: every folder's commands under one name, and `souk serve`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from importlib.metadata import entry_points
from multiprocessing import parent_process
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Annotated, cast

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler

from data.cli import EncoderOption
from matching.errors import InvalidInput, SoukError, StoreUnavailable
from service.ports import SharedPort
from service.settings import ServiceSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

commands = typer.Typer()
_FAILED, _BAD_INPUT = 1, 2
_WORKER_ANSWERS_SECONDS = 60
_DEVELOPMENT = """
 DEVELOPMENT MODE: there is no API key, so whoever reaches this address may read and change everything.
 `souk keys create NAME --scope admin` ends it.
"""


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8000.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer; default 1.")] = None,
    encoder: EncoderOption = None,
) -> None:
    """Serve matches over HTTP, with a start page to try them on."""
    given = {"host": host, "port": port, "workers": workers, "encoder": encoder}
    # Where each worker reads them too.
    os.environ.update({f"SOUK_{name.upper()}": str(value) for name, value in given.items() if value is not None})
    settings = ServiceSettings()
    _log_lines()
    _check_access(settings)
    place = f"http://{settings.host}:{settings.port}"
    Console(stderr=True).print(f"Souk is on {place} (documentation at /docs); Ctrl-C stops it")
    with tempfile.TemporaryDirectory(prefix="souk-metrics-") as folder:
        if settings.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        _run(settings)


def _run(settings: ServiceSettings) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        f"{__name__}:{_application.__name__}",
        factory=True,
        workers=settings.workers,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=_WORKER_ANSWERS_SECONDS,
    )
    if settings.workers > 1:
        # Alone at first: another server on the port is a fault, not a partner.
        config.bind_socket().close()
        Multiprocess(config, [cast(socket.socket, SharedPort(settings.host, settings.port))]).run()
        return
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(_FAILED)


def _application() -> FastAPI:
    """The application of one process: this one, or a worker that it started."""
    from service.app import create_app

    parent = parent_process()
    if parent is not None:
        _log_lines()
        threading.Thread(target=_end_with, args=[parent.sentinel], daemon=True).start()
    return create_app(ServiceSettings())


def _end_with(sentinel: int) -> None:
    """End this worker well once the process that started it is gone, so that none holds the port for ever."""
    wait([sentinel])
    signal.raise_signal(signal.SIGTERM)


def _log_lines() -> None:
    from service.envelope import JsonLines

    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("souk.access").setLevel(logging.INFO)


def _check_access(settings: ServiceSettings) -> None:
    """Say loudly that anybody may do anything, or refuse to open that to a network."""
    from data.database import Database
    from data.keys import Keys
    from service.access import LOOPBACK

    try:
        has_keys = Keys(Database.open(settings.database_url)).any()
    except StoreUnavailable as failure:
        logging.getLogger(__name__).warning("%s; waiting for it", failure)
        has_keys = True
    if has_keys:
        return
    if settings.host not in LOOPBACK:
        raise InvalidInput(
            f"host is {settings.host!r}, but there is no API key: anybody could read and change everything; "
            "make one by `souk keys create`, or listen on 127.0.0.1"
        )
    Console(stderr=True).print(_DEVELOPMENT, style="bold white on red", highlight=False)


def main() -> None:
    """Run the command; a foreseen failure is one line on standard error, never a traceback.

    Exit codes: 0 done, 1 could not be done, 2 bad input or usage, 3 done but some rows were refused.
    """
    handler = RichHandler(logging.WARNING, Console(stderr=True), show_time=False, show_path=False)
    logging.basicConfig(format="%(message)s", handlers=[handler])
    try:
        composed_commands()()
    except ValidationError as error:
        _exit(_BAD_INPUT, _first_fault(error))
    except InvalidInput as error:
        _exit(_BAD_INPUT, str(error))
    except SoukError as error:
        _exit(_FAILED, str(error))


def composed_commands() -> typer.Typer:
    """Every command that a folder brings through the entry-point group souk.commands."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Souk: match buyers with suppliers across languages, and say why.",
    )
    for entry in sorted(entry_points(group="souk.commands"), key=lambda entry: entry.name):
        app.add_typer(entry.load())
    return app


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(map(str, fault["loc"])) or error.title
    return f"{where} is {str(fault['input'])[:60]!r}: {fault['msg']}"


def _exit(code: int, message: str) -> None:
    Console(stderr=True, highlight=False, markup=False).print(f"souk: {message}")
    sys.exit(code)
