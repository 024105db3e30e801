"""The folder of a calibration or forecast: what was fitted, the curve day by day, the counts beside it, a picture."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from meter_sim import __version__
from meter_sim.calibration.calibration import LEVEL, LEVELS, Calibration, Errors, Estimate
from meter_sim.calibration.fit_tables import PLACES, count_row, curve_table, percent
from meter_sim.calibration.forecast import Forecast
from meter_sim.local_time import date_of
from meter_sim.results.folder import complete_or_not_there, names_in
from meter_sim.results.picture import write_figure
from meter_sim.results.summary_types import Json

FIT = "fit.json"
CURVE_CSV, CURVE_TABLE = "curve.csv", "curve.parquet"
RESIDUALS = "residuals.csv"
PICTURE = "fit.png"
OUTCOMES = "outcomes.csv"
FILES = (FIT, CURVE_CSV, CURVE_TABLE, RESIDUALS, PICTURE, OUTCOMES)


def strange_in(folder: Path) -> str | None:
    """What in a folder is no file of a calibration."""
    return next((name for name in names_in(folder) if name not in FILES), None)


def write_fit(calibration: Calibration, folder: Path, forecast: Forecast | None = None, *, plot: bool = True) -> None:
    """Write all files at once. Raises ResultError if the folder holds something else or cannot be written."""
    with complete_or_not_there(folder, "calibration", strange_in) as draft:
        text = json.dumps(described(calibration, forecast), indent=2, ensure_ascii=False) + "\n"
        (draft / FIT).write_text(text, encoding="utf-8", newline="\n")
        table = curve_table(calibration)
        pq.write_table(table, draft / CURVE_TABLE)
        _write_csv(draft / CURVE_CSV, table.column_names, (row.values() for row in table.to_pylist()))
        rows = [count_row(each) for each in calibration.compared]
        _write_csv(draft / RESIDUALS, list(rows[0]), (row.values() for row in rows))
        if forecast is not None:
            seeds = calibration.subject.seeds(len(forecast.outcomes))
            outcomes = enumerate(zip(seeds, forecast.outcomes.tolist(), strict=True))
            rows_of = ((number, seed, percent(share)) for number, (seed, share) in outcomes)
            _write_csv(draft / OUTCOMES, ["replication", "seed", "percent"], rows_of)
        if plot:
            from meter_sim.calibration.fit_plot import fit_figure

            write_figure(lambda: fit_figure(calibration, forecast), draft / PICTURE)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(tuple(row) for row in rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="\n")


def described(calibration: Calibration, forecast: Forecast | None = None) -> dict[str, Json]:
    """What was fitted and how well, for fit.json: percentages, and values in their own units."""
    subject, choices = calibration.subject, calibration.choices
    sets: list[Json] = [f"{each.parameter.path}={each.text}" for each in calibration.estimates]
    correlations: list[Json] = [[round(value, PLACES) for value in row] for row in calibration.correlations.tolist()]
    told: dict[str, Json] = {
        "meter_sim": __version__,
        "scenario": subject.title,
        "timezone": subject.timezone,
        "meters": subject.meters,
        "seed": subject.seed,
        "count": subject.count.value,
        "fitted_until": None if choices.until is None else date_of(choices.until).isoformat(),
        "parameters": [_parameter(each) for each in calibration.estimates],
        "interval_level": LEVEL,
        "correlations": correlations,
        "set": sets,
        "fitted": _errors(Errors.of(calibration.fitted)),
        "held_back": _errors(Errors.of(calibration.held_back)),
        "error_of_a_count": percent(calibration.error),
        "scatter_beyond_within": round(calibration.scale, PLACES),
        "evaluations": calibration.evaluations,
        "ended_by_itself": calibration.converged,
        "seeds": choices.seeds,
        "replications": choices.replications,
    }
    if forecast is not None:
        told["forecast"] = {
            "date": date_of(forecast.deadline).isoformat(),
            "percent": percent(forecast.mean),
            "bands": {
                f"{100 * level:.0f}": [percent(low), percent(high)] for level, (low, high) in forecast.intervals.items()
            },
            "held_back_inside": {f"{100 * level:.0f}": forecast.inside(level) for level in LEVELS},
        }
    return told


def _parameter(each: Estimate) -> dict[str, Json]:
    parameter = each.parameter
    return {
        "path": parameter.path,
        "value": each.text,
        "low": round(each.low, 6),
        "high": round(each.high, 6),
        "unit": parameter.unit.strip(),
        "bounds": [float(parameter.low), float(parameter.high)],
        "not_told": each.verdict,
    }


def _errors(errors: Errors) -> dict[str, Json]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, PLACES)

    return {
        "counts": errors.points,
        "root_mean_square_error": rounded(errors.root_mean_square),
        "greatest_error": rounded(errors.greatest),
    }
