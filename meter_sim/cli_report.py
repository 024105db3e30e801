"""The command report: results and experiments as one page of HTML."""

from pathlib import Path

import click

from meter_sim.cli_experiment import share_of_level
from meter_sim.cli_query import whole_file
from meter_sim.wrong_input import WrongInputError

_ENDINGS = (".html", ".htm")


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    metavar="FILE",
    help="The page to write, which ends in .html [report.html].",
)
@click.option("--baseline", metavar="NAME", help="What the other plans are compared with [base, or the first].")
@click.option("--level", default="95%", metavar="P%", help="How sure the intervals are [95%].")
def report(folders: tuple[Path, ...], out: Path, baseline: str | None, level: str) -> None:
    """Write the report of results and experiments: the ten answers in words, numbers and pictures, on one page.

    The page needs nothing else: it can be sent, printed, and read without a network.
    """
    from meter_sim.results.compare import CompareError
    from meter_sim.results.folder import ResultError
    from meter_sim.results.html.page import report_of

    share = share_of_level(level)
    _check_place(out, folders)
    try:
        text = report_of(list(dict.fromkeys(folders)), baseline, share)
    except (CompareError, ResultError) as error:
        raise WrongInputError(str(error)) from None
    with whole_file(out) as file:
        file.write(text)
    click.echo(f"written to {out}")


def _check_place(out: Path, folders: tuple[Path, ...]) -> None:
    """Refuse a place where a page cannot stand, or where it would be in the way of a later run."""
    if out.suffix.lower() not in _ENDINGS:
        raise WrongInputError(f"--out: {out} does not end in .html, name a page such as report.html")
    if out.is_dir():
        raise WrongInputError(f"--out: {out} is a folder, name a file")
    for folder in folders:
        if folder.resolve() in out.resolve().parents:
            raise WrongInputError(
                f"--out: {out} lies in {folder}, which run could not replace then; name a file outside it"
            )
