"""What the commands for files of tokens share: options, progress, the report of bad rows; and feed and keychange."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from meter_sim.meter.models import BUILT_IN
from meter_sim.sts.dkga import dkga_named
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import KeyType, supply_group_code, tariff_index
from meter_sim.sts.tid import BaseDate
from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.bulk.keys import VendingKeys
    from meter_sim.bulk.work import Work

SOME_ROWS = 1
"""Exit status where rows were bad or tokens refused; the others were written."""
_ROWS_TOLD = 100
_SCALAR_ROWS = 4096  # rows of a chunk that is worked on a row at a time

_BASES = [str(base.value) for base in BaseDate]

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def file_options(command: Callable[..., None]) -> Callable[..., None]:
    """--from, --out and --strict of a command that also works without a file."""
    for option in (
        click.option("--strict", is_flag=True, help="With --from: stop at the first bad row and write nothing."),
        click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="With --from: the file to write."),
        click.option(
            "--from",
            "source",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A file of rows instead: .csv, .parquet, .json or .jsonl.",
        ),
    ):
        command = option(command)
    return command


def refuse_with_a_file(command: str, context: click.Context, allowed: tuple[str, ...]) -> None:
    """Refuse options that rows of a file say for themselves."""
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name not in ("source", "out", "strict", *allowed):
            name = parameter.opts[0] if isinstance(parameter, click.Option) else "the digits"
            raise WrongInputError(f"{command}: {name} goes without --from; rows say it for themselves")


def refuse_without_a_file(command: str, out: Path | None, strict: bool) -> None:
    """Refuse the options that have an effect with --from only."""
    for name, given in (("--out", out is not None), ("--strict", strict)):
        if given:
            raise WrongInputError(f"{command}: {name} goes with --from")


def vending_keys(key: str, to_key: str | None = None) -> "VendingKeys":
    """The vending keys of rows that name none; refused here if no algorithm takes them."""
    from meter_sim.bulk.keys import VendingKeys
    from meter_sim.vending.vending_key import TEST_KEY_NAMES

    for option, text in (("--key", key), ("--to-key", to_key)):
        if text and text not in TEST_KEY_NAMES and not re.fullmatch("[0-9a-fA-F]{16}|[0-9a-fA-F]{40}", text):
            names = ", ".join(TEST_KEY_NAMES)
            raise WrongInputError(f"{option}: the vending key is none of {names}, 16 hex digits and 40 hex digits")
    return VendingKeys(key, to_key or None)


def work_through_file(
    command: str,
    source: Path,
    out: Path | None,
    work: "Work",
    *,
    strict: bool,
    refused: str = "",
    workers: int | None = None,
    processes: bool = False,
    chunk_rows: int | None = None,
) -> None:
    """Take a file through `work`, with a progress bar, and report what came of it; ends with its exit status."""
    from tqdm import tqdm

    from meter_sim.bulk.token_file import TokenFileError
    from meter_sim.bulk.work import WORKERS, work_through

    if out is None:
        raise WrongInputError(f"{command}: give the file to write, --out FILE")
    told = 0

    def tell(number: int, reason: str) -> None:
        nonlocal told
        told += 1
        if told <= _ROWS_TOLD:
            click.echo(f"{source}: row {number}: {reason}", err=True)

    with tqdm(desc=f"{command} {source.name}", unit="", unit_scale=True, delay=1, disable=None, leave=False) as bar:

        def step(place: int, size: int) -> None:
            bar.total = max(size, place)
            bar.update(place - bar.n)

        try:
            clean_up_when_terminated()
            tally = work_through(
                source,
                out,
                work,
                strict=strict,
                on_step=step,
                on_bad=tell,
                workers=workers or WORKERS,
                processes=processes,
                chunk_rows=chunk_rows,
            )
        except (TokenFileError, StsError) as error:
            raise WrongInputError(str(error)) from None
    if told > _ROWS_TOLD:
        click.echo(f"{source}: {told - _ROWS_TOLD} more bad rows, all told in the field error of {out}", err=True)
    parts = [f"{tally.rows} rows", f"{tally.bad} bad"]
    if refused:
        parts.append(f"{tally.refused} {refused}")
    click.echo(f"{out}: {', '.join(parts)}")
    if tally.bad or tally.refused:
        sys.exit(SOME_ROWS)


def clean_up_when_terminated() -> None:
    """Let SIGTERM end the command as an exception would, so that no draft is left behind."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def key_defaults(*, to_key: bool) -> Decorator:
    """--key, and --to-key: the vending keys of rows that name none."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        if to_key:
            command = click.option(
                "--to-key",
                envvar="METER_SIM_TO_KEY",
                help="Vending key after the key change, where a row has no new.vending_key.  [default: the row's own]",
            )(command)
        return click.option(
            "--key",
            default="test:new",
            envvar="METER_SIM_KEY",
            help="Vending key of rows that name none: test:old, test:new or hex.  [default: test:new]",
        )(command)

    return add


_MODEL = click.option(
    "--model",
    type=click.Choice(list(BUILT_IN)),
    metavar="NAME",
    help="Meter model of rows that name none.  [default: by the algorithm]",
)


@click.command()
@click.option(
    "--from", "source", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Rows of tokens."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The file to write.")
@click.option("--strict", is_flag=True, help="Stop at the first bad row and write nothing.")
@key_defaults(to_key=False)
@_MODEL
@click.option(
    "--pause", type=click.IntRange(0), default=120, show_default=True, metavar="S", help="Seconds between two entries."
)
@click.option(
    "--between",
    type=click.IntRange(0),
    default=40,
    show_default=True,
    metavar="S",
    help="Seconds between the sections of one row.",
)
def feed(source: Path, out: Path, strict: bool, key: str, model: str | None, pause: int, between: int) -> None:
    """Feed tokens that some system issued to simulated meters, and say what each answers.

    Each meter's tokens are entered in the order of the rows. It begins with the key that the first row with its
    MeterPAN names. Exit status 1 if a row was bad or a token was not accepted.
    """
    from meter_sim.bulk.feed import Feeder

    feeder = Feeder(vending_keys(key), model, pause, between)
    work_through_file(
        "token feed",
        source,
        out,
        feeder.feed,
        strict=strict,
        refused="not accepted",
        workers=1,
        chunk_rows=_SCALAR_ROWS,
    )


@click.command()
@click.option(
    "--meters", "source", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Rows of meters."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The file to write.")
@click.option("--strict", is_flag=True, help="Stop at the first bad row and write nothing.")
@click.option("--to", "key_revision", type=click.IntRange(1, 9), required=True, metavar="KRN", help="New key revision.")
@click.option("--to-base", type=click.Choice(_BASES), help="Base date after the key change.  [default: the row's]")
@click.option("--to-dkga", metavar="DKGA", help="Decoder key generation after it.  [default: the row's]")
@click.option("--to-sgc", metavar="SGC", help="Supply group after it.  [default: the row's]")
@click.option("--to-ti", metavar="TI", help="Tariff index after it.  [default: the row's]")
@click.option("--to-kt", type=click.Choice([kind.name for kind in KeyType]), help="Key type.  [default: the row's]")
@click.option("--ken", type=click.IntRange(0, 255), metavar="N", help="Key expiry number.  [default: 255]")
@click.option("--rollover/--no-rollover", default=None, help="The rollover bit.  [default: set for a later base]")
@click.option("--three-sections", is_flag=True, default=None, help="EA07: the set of three, which carries the SGC.")
@key_defaults(to_key=True)
@_MODEL
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that prove the sets.  [default: one a core]",
)
def keychange(
    source: Path,
    out: Path,
    strict: bool,
    key_revision: int,
    to_base: str | None,
    to_dkga: str | None,
    to_sgc: str | None,
    to_ti: str | None,
    to_kt: str | None,
    ken: int | None,
    rollover: bool | None,
    three_sections: bool | None,
    key: str,
    to_key: str | None,
    model: str | None,
    workers: int | None,
) -> None:
    """Make the key change tokens of every meter of a file, each set proved on a simulated meter before it is written.

    Exit status 1 if there were bad rows; the sets of the others are written.
    """
    from meter_sim.bulk.key_change_sets import KeyChangeSets, Target

    for option, value, read in (
        ("--to-dkga", to_dkga, dkga_named),
        ("--to-sgc", to_sgc, supply_group_code),
        ("--to-ti", to_ti, tariff_index),
    ):
        try:
            _ = value is None or read(value)
        except StsError as error:
            raise WrongInputError(f"keychange: {option}: {error}") from None
    target = Target(
        key_revision=key_revision,
        base_date=to_base,
        dkga=to_dkga,
        supply_group=to_sgc,
        tariff_index=to_ti,
        key_type=None if to_kt is None else KeyType[to_kt].value,
        key_expiry=ken,
        rollover=rollover,
        three_sections=three_sections,
    )
    sets = KeyChangeSets(vending_keys(key, to_key), target, model)
    work_through_file(
        "keychange",
        source,
        out,
        sets.make,
        strict=strict,
        workers=workers or os.cpu_count(),
        processes=True,
        chunk_rows=_SCALAR_ROWS,
    )
