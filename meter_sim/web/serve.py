"""Runs the server: a socket first, so that a port in use is one line, then uvicorn on it."""

import errno
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from meter_sim.practice.error import PracticeError
from meter_sim.practice.shelf import Shelf
from meter_sim.web.app import application
from meter_sim.web.options import Options
from meter_sim.web.patience import patient

_SECONDS_TO_END = 2


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises PracticeError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()  # who asks as soon as the address is printed waits, and is not refused
    except OSError as error:
        found.close()
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise PracticeError(f"--host: {host} is no address of this machine, 0.0.0.0 takes all") from None
        raise PracticeError(
            f"--port: {host}:{port} cannot be had: {error.strerror}; choose another port, 0 takes any"
        ) from None
    return found


def serve(
    shelf: Shelf, options: Options, place: socket.socket, ready: Callable[[], None], tell: Callable[[str], None]
) -> None:
    """Serve until the process is told to end.

    `ready` is called before the first request, `tell` with a line if sessions are lost at the end.
    """
    app = application(shelf, options, lambda: time.monotonic_ns() // 1_000_000, tell)
    config = uvicorn.Config(
        app,
        http=patient(options.patience),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a client would say of itself who it is
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    with suppress(KeyboardInterrupt):  # the way to end it
        ready()
        uvicorn.Server(config).run(sockets=[place])
