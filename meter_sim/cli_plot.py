"""The command plot: the pictures of a result, all of them again or one into a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.results.picture import Drawing

_MOST_NAMED = 10
"""Meters that an error names."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--picture",
    metavar="NAME",
    help="Draw this one into --out: timeline, programme, migration, refusals, without_supply, workload, costs, "
    "tid_years; with --meter meter_diary, tid_store; of an experiment plans.",
)
@click.option("--meter", metavar="METER", help="The listed meter that meter_diary or tid_store is of [the only one].")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where --picture goes; ends in .png, .svg or .pdf."
)
def plot(folder: Path, picture: str | None, meter: str | None, out: Path | None) -> None:
    """Draw the pictures of a result again: timeline.png, and programme.png where the run had areas.

    With --picture one picture is drawn into a file.
    """
    from meter_sim.results.compare import CompareError
    from meter_sim.results.folder import ResultError
    from meter_sim.results.plots import PictureError

    try:
        if picture is None:
            _all_again(folder, meter, out)
        else:
            _one(folder, picture, meter, out)
    except (CompareError, PictureError, ResultError) as error:
        raise WrongInputError(str(error)) from None


def _all_again(folder: Path, meter: str | None, out: Path | None) -> None:
    from meter_sim.results.result import read_result, write_pictures

    for option, value in (("--meter", meter), ("--out", out)):
        if value is not None:
            raise WrongInputError(
                f"{option}: goes with --picture NAME; without it timeline.png and programme.png are drawn"
            )
    try:
        written = write_pictures(read_result(folder), folder)
    except OSError as error:
        raise WrongInputError(f"{folder}: the picture cannot be written: {error.strerror}") from None
    for path in written:
        click.echo(f"written {path}")


def _one(folder: Path, picture: str, meter: str | None, out: Path | None) -> None:
    from meter_sim.results.picture import FORMATS, write_figure

    draw = _drawing(folder, picture, meter)
    endings = " or ".join(f".{form}" for form in FORMATS)
    if out is None:
        raise WrongInputError(f"--picture: name the file that {picture} goes into, --out FILE ending in {endings}")
    if out.suffix.lower().removeprefix(".") not in FORMATS:
        raise WrongInputError(f"--out: {out} does not end in {endings}")
    try:
        write_figure(draw, out)
    except OSError as error:
        raise WrongInputError(f"{out}: cannot be written: {error.strerror}") from None
    click.echo(f"written {out}")


def _drawing(folder: Path, picture: str, meter: str | None) -> "Drawing":
    """What draws a picture of a folder, once its options are good."""
    from meter_sim.results.compare import LEVEL, compared
    from meter_sim.results.experiment_folder import read_compared
    from meter_sim.results.plots import OF_METER, OF_RESULT, plans
    from meter_sim.results.result import read_result
    from meter_sim.scenario.fields import nearest

    names = [*OF_RESULT, *OF_METER, "plans"]
    if picture not in names:
        raise WrongInputError(f"--picture: {picture!r} is not known, {nearest(picture, names)}")
    if picture in OF_METER:
        of = meter or _only_meter(folder, picture)
        return lambda: OF_METER[picture](read_result(folder), of)
    if meter is not None:
        raise WrongInputError(
            f"--meter: {picture} is of all meters, leave it out; it goes with {' and '.join(OF_METER)}"
        )
    if picture == "plans":
        return lambda: plans(compared(read_compared(folder).plans, None, LEVEL))
    return lambda: OF_RESULT[picture](read_result(folder))


def _only_meter(folder: Path, picture: str) -> str:
    """The meter that a picture of one meter is of where none is named: the only one that is listed."""
    from meter_sim.results.plots.needs import need_listed
    from meter_sim.results.result import read_result

    listed = need_listed(read_result(folder), picture)
    if len(listed) > 1:
        named = ", ".join(listed[:_MOST_NAMED]) + (", ..." if len(listed) > _MOST_NAMED else "")
        raise WrongInputError(f"--picture: {picture} is of one meter, name it with --meter: {named}")
    return listed[0]
