"""`meter-sim benchsheet`: the sheet that a technician keys in, step by step, at a real or a simulated meter."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from meter_sim.cli_key import (
    KeyOptions,
    change_options,
    instant_of,
    key_options,
    named_change,
    named_key,
    options_in_order,
)
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.models import BUILT_IN, default_model
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import GREATEST_KEN, KeyType, MeterPan, encryption_named
from meter_sim.sts.tid import minute_of
from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.bulk.bench_sheet import Bench

TITLE = "Bench sheet"
"""The title of a page without `--title`."""

_ENDINGS = (".csv", ".html")


@click.command()
@key_options()
@options_in_order(
    click.option("--model", type=click.Choice(list(BUILT_IN)), help="The meter's model.  [default: by --ea]"),
    click.option(
        "--at", metavar="TIME", help="First minute whose TID the tokens take, such as 2024-11-20T09:00Z; UTC."
    ),
    click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="The sheet: .html to print, or .csv."),
    click.option("--title", metavar="TEXT", help=f"Heading of an .html sheet.  [default: {TITLE}]"),
    click.option("--with-old", is_flag=True, help="Add a token older than the TID store; a full store is needed."),
    click.option("--with-clear-credit", is_flag=True, help="Add ClearCredit: what the meter holds is lost."),
)
@change_options
def benchsheet(
    model: str | None,
    at: str | None,
    out: Path | None,
    title: str | None,
    with_old: bool,
    with_clear_credit: bool,
    **options: str | int | bool | None,
) -> None:
    """Write the sheet that a technician keys in at a meter: digits, what must show, a box to tick.

    What must show is what a simulated meter of the same model answers. The tokens take the TIDs of --at and the
    following minutes; no token with such a TID may be sold to the meter afterwards.
    """
    from meter_sim.bulk import bench_sheet, bench_sheet_page

    try:
        if out is None or out.suffix.lower() not in _ENDINGS:
            raise StsError(
                f"--out: {'give the sheet a name' if out is None else out}, it ends in {' or '.join(_ENDINGS)}"
            )
        page = out.suffix.lower() == ".html"
        if title is not None and not page:
            raise StsError("--title goes with an .html sheet")
        if at is None:
            raise StsError("give the first minute of the tokens, such as --at 2024-11-20T09:00Z")
        old = named_key({name: options[name] for name in (*KeyOptions.__slots__, "id_record")})
        to_key_typed = click.get_current_context().get_parameter_source("to_key") is ParameterSource.COMMANDLINE
        changed = named_change(old, options, to_key_typed=to_key_typed)
        change = None if changed is None else bench_sheet.KeyChange(changed[0], changed[1].base_date, changed[1].sgc)
        bench = _bench(old, model)
        minute = minute_of(instant_of(at))
        steps = bench_sheet.steps(bench, minute, change, with_old=with_old, with_clear_credit=with_clear_credit)
        sheet = bench_sheet_page.Sheet(TITLE if title is None else title, bench, minute, change, steps)
        bench_sheet_page.write(out, bench_sheet_page.html_text(sheet) if page else bench_sheet_page.csv_text(steps))
    except (StsError, bench_sheet_page.SheetError) as error:
        raise WrongInputError(f"benchsheet: {error}") from None
    last = bench_sheet_page.time_text(bench_sheet.last_minute(steps))
    click.echo(f"{len(steps)} steps with TIDs up to {last} written to {out}")


def _bench(named: KeyOptions, model: str | None) -> "Bench":
    """The meter that the options name. Raises StsError, also where the model has another algorithm than the key."""
    from meter_sim.bulk.bench_sheet import Bench

    encryption = encryption_named(named.ea)
    chosen = default_model(encryption) if model is None else BUILT_IN[model]
    if chosen.encryption is not encryption:
        raise StsError(f"--model {chosen.name} has EA{chosen.encryption}, give it --ea {chosen.encryption}")
    keys = KeyRegister(named.decoder_key(), KeyType[named.kt], named.sgc, named.krn, named.ti, GREATEST_KEN)
    return Bench(MeterPan(named.pan), keys, named.base_date, chosen)
