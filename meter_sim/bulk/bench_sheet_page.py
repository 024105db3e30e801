"""A bench sheet as a file: a page to print, or rows for a spreadsheet."""

import csv
import io
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from meter_sim.bulk.bench_sheet import Bench, KeyChange, Step, last_minute
from meter_sim.sts.token import grouped

COLUMNS = ("step", "purpose", "digits", "must_show", "result", "tick", "note")
"""The columns of the CSV; `tick` and `note` are empty, for the technician."""
FOOTER = "Made under test keys, for rehearsal and tests."
"""The line at the foot of every printed page."""


_HUMP = re.compile("(?<=[a-z][a-z])(?=[A-Z])")  # where a name such as SetMaximumPowerLimit may go on in the next line


class SheetError(OSError):
    """A sheet cannot be written; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A bench sheet: its title, the meter, the minute of issue on the axis, the key change if any, and the steps."""

    title: str
    bench: Bench
    minute: int
    change: KeyChange | None
    steps: tuple[Step, ...]


def csv_text(steps: tuple[Step, ...]) -> str:
    """The steps as CSV, a header line first. Digits are in groups of four, lines of a display parted by ` / `."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for step in steps:
        shown = " / ".join(step.must_show)
        writer.writerow((step.number, step.purpose, grouped(step.digits), shown, step.result, "", ""))
    return text.getvalue()


def html_text(sheet: Sheet) -> str:
    """The sheet as one page of HTML that needs nothing else, for A4 paper and black ink."""
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>\n" for name, value in _facts(sheet))
    notes = "".join(f"<li>{escape(note)}</li>\n" for note in _notes(sheet))
    blanks = "".join(f"<div>{name}<span></span></div>\n" for name in ("Technician", "Date", "Place", "Signature"))
    rows = "".join(map(_row, sheet.steps))
    meter = f"PAN {sheet.bench.pan}, issued {time_text(sheet.minute)}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(sheet.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(sheet.title)}</h1>
<dl>
{facts}</dl>
<ul>
{notes}</ul>
<div class="blanks">
{blanks}</div>
<table>
<thead>
<tr><th>Step</th><th>What it is for</th><th>Key in</th><th>Must show</th><th>Good</th><th>Shown instead, note</th></tr>
</thead>
<tfoot>
<tr><td colspan="6"><span>{escape(FOOTER)}</span><span>{escape(meter)}</span></td></tr>
</tfoot>
<tbody>
{rows}</tbody>
</table>
</body>
</html>
"""


def write(path: Path, text: str) -> None:
    """Write a sheet whole or not at all; what is there stays until the new one is complete. Raises SheetError."""
    target = path.resolve()  # through a symbolic link
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise SheetError(f"{path}: cannot be written: {error.strerror}") from None
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        draft.chmod(0o666 & ~_umask())
        draft.replace(target)
    except UnicodeError:
        raise SheetError(f"{path}: cannot be written: the title is not text") from None
    except OSError as error:
        raise SheetError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def time_text(minute: int) -> str:
    """A minute on the axis as people write it."""
    return f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M} UTC"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _row(step: Step) -> str:
    purpose = _HUMP.sub("<wbr>", escape(step.purpose))
    shown = "<br>".join(f"<b>{escape(line)}</b>" for line in step.must_show)
    result = f"<small>{escape(step.result)}</small>" if (step.result,) != step.must_show else ""
    return (
        f'<tr><td class="number">{step.number}</td><td>{purpose}</td>'
        f'<td class="digits">{grouped(step.digits)}</td><td class="shown">{shown}{result}</td>'
        '<td class="tick"><i></i></td><td></td></tr>\n'
    )


def _facts(sheet: Sheet) -> list[tuple[str, str]]:
    bench, change, keys = sheet.bench, sheet.change, sheet.bench.keys
    facts = [
        ("MeterPAN", bench.pan.digits),
        ("DRN", bench.pan.drn),
        ("SGC", keys.supply_group),
        ("KRN", str(keys.key_revision)),
        ("TI", keys.tariff_index),
        ("EA", str(keys.key.encryption)),
        ("Key type", keys.key_type.name),
        ("Base date", str(bench.base_date.value)),
        ("Meter model", bench.model.name),
        ("Date issued", time_text(sheet.minute)),
    ]
    if change is not None:
        new = change.new
        rollover = ", rollover" if new.rollover else ""
        facts.append(
            (
                "Key change to",
                f"KRN {new.key_revision}, {new.key_type.name}, SGC {change.supply_group}, TI {new.tariff_index}, "
                f"KEN {new.key_expiry}, base date {change.base_date.value}{rollover}",
            )
        )
    return facts


def _notes(sheet: Sheet) -> list[str]:
    last = time_text(last_minute(sheet.steps))
    timeout = sheet.bench.model.kct_timeout // 60
    notes = [
        "Key the steps in one after the other, in this order. Tick what shows as it must; write down what differs, and "
        "go on.",
        f"The tokens take the TIDs from {time_text(sheet.minute)} to {last}. Afterwards no token with a TID up to "
        f"{last} may be sold to this meter.",
        "What must show is the answer of a simulated meter fresh from the factory; makers choose their own words, and "
        "a meter in service may show another power limit or tamper status before they are set.",
        "Credit is added and limits are set: put the limits back to what the connection needs.",
        "If the keypad locks after wrong entries, wait until it takes digits again, then repeat the step.",
    ]
    if any(step.result == "OldError" for step in sheet.steps):
        notes.append(
            "OLd needs a TID store without zeros: a meter that was rolled over not long ago still has some: it accepts."
        )
    if sheet.change is not None:
        notes.append(
            f"Key in the sections of the key change without a pause: they are forgotten after {timeout} minutes, "
            "in some meters sooner, and when power fails."
        )
    return notes


_STYLE = """
@page { size: A4; margin: 12mm 12mm 14mm; @bottom-right { content: counter(page) " / " counter(pages);
  font: 8pt sans-serif; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 186mm; color: #000; background: #fff; font: 9.5pt/1.3 "Helvetica Neue", Arial,
  "Liberation Sans", sans-serif; }
h1 { margin: 0 0 3mm; font-size: 17pt; line-height: 1.15; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 1.3fr 1fr 1fr 1.15fr 1.35fr; margin: 0 0 3mm; border: 0.3mm solid #000; }
dl div { padding: 1mm 1.8mm; border: 0.1mm solid #777; }
dl div:nth-child(11) { grid-column: 1 / -1; }
dt { font-size: 7.5pt; }
dd { margin: 0; font-weight: bold; }
ul { margin: 0 0 3mm; padding-left: 4.5mm; }
.blanks { display: flex; gap: 5mm; margin: 5mm 0 4mm; }
.blanks div { display: flex; flex: 1; gap: 1.5mm; align-items: flex-end; }
.blanks span { flex: 1; border-bottom: 0.2mm solid #000; height: 6mm; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
thead { display: table-header-group; }
tfoot { display: table-footer-group; }
tr { break-inside: avoid; page-break-inside: avoid; }
th, tbody td { border: 0.2mm solid #000; padding: 1.2mm 1.6mm; text-align: left; vertical-align: middle; }
tbody td { height: 10.5mm; font-size: 9pt; }
th { font-size: 8pt; border-bottom-width: 0.5mm; }
th:nth-child(1) { width: 10mm; }
th:nth-child(3) { width: 58mm; }
th:nth-child(4) { width: 35mm; }
th:nth-child(5) { width: 11mm; }
th:nth-child(6) { width: 29mm; }
.number { text-align: center; font-weight: bold; }
.digits { font: bold 10.5pt/1.2 "DejaVu Sans Mono", Consolas, Menlo, "Liberation Mono", monospace;
  white-space: nowrap; }
.shown b { font-size: 9.5pt; }
.shown small { display: block; font-size: 7.5pt; }
.tick { text-align: center; }
.tick i { display: inline-block; width: 5.5mm; height: 5.5mm; border: 0.4mm solid #000; vertical-align: middle; }
tfoot td { padding: 1.5mm 0 0; font-size: 8pt; }
tfoot span + span { float: right; }
@media screen { body { max-width: 194mm; padding: 8mm 4mm; } }
"""
