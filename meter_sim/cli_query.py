"""The command query: SQL on the tables of a result, as a table, CSV or JSON."""

import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.results.query import Answer

FORMATS = ("table", "csv", "json")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("sql")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="How the answer is written [as --out ends, else table]."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the answer into this file.")
def query(folder: Path, sql: str, form: str | None, out: Path | None) -> None:
    """Ask the tables of a result in SQL: events, daily, readings, areas, meters.

    They are read by DuckDB (pip install 'meter_sim[query]'); nothing else can be read, and nothing be changed.
    """
    from meter_sim.results.folder import ResultError
    from meter_sim.results.query import QueryError, asked

    if form is None:
        suffix = "" if out is None else out.suffix.removeprefix(".")
        form = suffix if suffix in FORMATS else FORMATS[0]
    write = {"table": _table, "csv": _csv, "json": _json}[form]
    try:
        with asked(folder, sql) as answer:
            if out is None:
                write(answer, sys.stdout)
                return
            with whole_file(out) as file:
                write(answer, file)
    except (QueryError, ResultError) as error:
        raise WrongInputError(str(error)) from None
    click.echo(f"written to {out}")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """A file that takes its place when it is whole."""
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise WrongInputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except OSError as error:
        raise WrongInputError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        Path(draft).unlink(missing_ok=True)


def _table(answer: "Answer", file: IO[str]) -> None:
    """Aligned columns, numbers to the right."""
    rows = [answer.names, *([_text(value) for value in row] for row in answer.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            f"{text:>{width}}" if number else f"{text:<{width}}"
            for text, width, number in zip(row, widths, answer.are_numbers, strict=True)
        )
        file.write("  ".join(cells).rstrip() + "\n")


def _csv(answer: "Answer", file: IO[str]) -> None:
    """Comma-separated with a header; what is not there is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(answer.names)
    for row in answer.rows:
        writer.writerow([_text(value) for value in row])


def _json(answer: "Answer", file: IO[str]) -> None:
    """A list of objects, one a line."""
    lead = "["
    for row in answer.rows:
        values = dict(zip(answer.names, map(_plain, row), strict=True))
        file.write(f"{lead}\n  {json.dumps(values, ensure_ascii=False)}")
        lead = ","
    file.write("[]\n" if lead == "[" else "\n]\n")


def _text(value: object) -> str:
    """A value in a cell: nothing for null, times as in a summary, on one line."""
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, str):
        return " ".join(plain.splitlines())
    return str(plain) if isinstance(plain, int | float) else json.dumps(plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """A value as JSON knows it."""
    if isinstance(value, datetime):
        zone = "" if value.tzinfo is None else "Z"
        return (value.astimezone(UTC) if zone else value).replace(tzinfo=None).isoformat(" ") + zone
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
