"""The command keypad: a meter on a web page, and an HTTP interface for a test bench."""

import ipaddress
import secrets
import socket
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import click

from meter_sim.wrong_input import WrongInputError

_SECRET_BYTES = 18


@click.command()
@click.argument("scenario", required=False, type=click.Path(path_type=Path), metavar="[SCENARIO]")
@click.option("--port", type=click.IntRange(0, 65535), default=8750, show_default=True, help="Port; 0 takes any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Another address than loopback asks for a token.")
@click.option("--sessions", type=click.Path(path_type=Path), metavar="DIR", help="Where saved sessions go.")
@click.option("--rate", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Requests a second.")
@click.option("--max-body", type=click.IntRange(1000), default=4_000_000, show_default=True, help="Bytes of a request.")
@click.option("--max-sessions", type=click.IntRange(1), default=200, show_default=True, help="Sessions in memory.")
@click.option("--max-saved", type=click.IntRange(1), default=10_000, show_default=True, help="Sessions saved.")
@click.option("--max-meters", type=click.IntRange(1), default=50, show_default=True, help="Meters of a session.")
@click.option("--idle-after", type=click.IntRange(1), default=30, show_default=True, help="Minutes, then put away.")
def keypad(
    scenario: Path | None,
    port: int,
    host: str,
    sessions: Path | None,
    rate: int,
    max_body: int,
    max_sessions: int,
    max_saved: int,
    max_meters: int,
    idle_after: int,
) -> None:
    """Serve a keypad meter on a web page, with a counter, lessons and an HTTP interface.

    SCENARIO is a file whose meters are practised at; with a timeline it is a lesson. Without it there is a free
    practice. The lessons of the package are there in any case.
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise WrongInputError("keypad: the server is not installed, install it with: pip install 'meter_sim[web]'")
    from platformdirs import user_data_path

    from meter_sim.practice.error import PracticeError
    from meter_sim.practice.shelf import shelf
    from meter_sim.scenario.error import ScenarioError
    from meter_sim.web.options import Options
    from meter_sim.web.serve import listening, serve
    from meter_sim.web.store import Store

    loopback = _is_loopback(host)
    options = Options(
        folder=sessions or user_data_path("meter_sim", appauthor=False) / "sessions",
        secret="" if loopback else secrets.token_urlsafe(_SECRET_BYTES),
        rate=rate,
        most_body=max_body,
        most_sessions=max_sessions,
        most_meters=max_meters,
        idle_after=60 * idle_after,
        most_saved=max_saved,
        loopback=loopback,
    )
    if options.folder.exists() and not options.folder.is_dir():
        raise WrongInputError(f"--sessions: {options.folder} is a file, name a folder")
    try:
        Store(options.folder, options.most_saved, options.most_sessions).open()
    except PracticeError as error:
        raise WrongInputError(f"--sessions: {error}; name another folder") from None
    try:
        kept = shelf(scenario)
        place = listening(host, port)
    except (ScenarioError, PracticeError) as error:
        raise WrongInputError(str(error)) from None
    number = place.getsockname()[1]
    asked = f"?token={options.secret}" if options.secret else ""
    line = f"a meter is at http://{_name(host)}:{number}/{asked} (end with Ctrl+C)"
    ready, tell = partial(click.echo, line), partial(click.echo, err=True)
    serve(kept, replace(options, port=number), place, ready, tell)


def _name(host: str) -> str:
    """What stands in an address for a host; one that means every address goes by this machine's name."""
    if ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_unspecified:
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise WrongInputError(f"--host: {host!r} is no address, write one such as 127.0.0.1 or 0.0.0.0") from None
