"""Four rollouts of 2023-2024 fitted to their published counts, and foretold from their first counts.

    python benchmarks/calibration.py [--meters 5000] [--workers 2] [--out results/calibration] [NAME...]

For each scenario in scenarios/calibrated/ and its counts in scenarios/observed/: a fit to all counts, and one to the
counts up to a day with the later ones held back. Prints a table of errors in percentage points, writes the folders.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

from meter_sim.calibration.calibration import Calibration, Choices, Errors, calibrate
from meter_sim.calibration.fit_folder import write_fit
from meter_sim.calibration.fit_text import fit_lines
from meter_sim.calibration.forecast import forecast
from meter_sim.calibration.observed import days_of
from meter_sim.calibration.prepare import prepared

SCENARIOS = Path(__file__).parent.parent / "scenarios"
METERS = 5000
"""Meters of the scenarios, for which the bounds below are."""


@dataclass(frozen=True, slots=True)
class Case:
    """A rollout: what is fitted to all counts, and what to those up to the day `until`."""

    name: str
    fit: tuple[str, ...]
    early_fit: tuple[str, ...]
    until: str


CASES = (
    Case(
        "eskom",
        (
            "areas.first.share=5%..18%",
            "areas.second.share=30%..48%",
            "areas.fourth.share=1%..8%",
            "areas.last.share=10%..25%",
            "customers.zero.share=10%..30%",
        ),
        ("areas.first.share=5%..18%", "areas.second.share=30%..48%", "customers.zero.share=10%..30%"),
        "2024-06-30",
    ),
    Case(
        "malawi",
        ("areas.cities.depot.visits_per_day=10..50", "areas.rest.depot.visits_per_day=5..40"),
        ("areas.cities.depot.visits_per_day=10..50", "areas.rest.depot.visits_per_day=5..40"),
        "2023-12-31",
    ),
    Case(
        "namibia",
        ("areas.country.depot.visits_per_day=8..40", "areas.country.depot.no_access=5%..60%"),
        ("areas.country.depot.visits_per_day=8..40", "areas.country.depot.no_access=5%..60%"),
        "2023-12-31",
    ),
    Case(
        "municipalities",
        (
            "areas.early.share=45%..65%",
            "areas.late.share=5%..22%",
            "customers.zero.share=1%..15%",
            "areas.crews.depot.visits_per_day=2..20",
        ),
        ("areas.early.share=45%..65%", "areas.late.share=5%..22%", "areas.crews.depot.visits_per_day=2..20"),
        "2024-09-30",
    ),
)


def fitted(
    case: Case, choices: Choices, *, early: bool, meters: int = METERS, workers: int = 1, engine: str = "auto"
) -> Calibration:
    """One fit of a case: to all counts, or `early` to those up to its day."""
    files = SCENARIOS / "calibrated" / f"{case.name}.yaml", SCENARIOS / "observed" / f"{case.name}.csv"
    until = days_of(case.until, case.name)[1] if early else None
    chosen = Choices(choices.evaluations, choices.seeds, choices.replications, until)
    fit = [sized(bounds, meters) for bounds in (case.early_fit if early else case.fit)]
    subject, points = prepared(*files, fit, chosen, set={"population.count": str(meters)}, engine=engine)
    return calibrate(subject, points, chosen, workers=workers)


def sized(bounds: str, meters: int) -> str:
    """The bounds of a parameter for so many meters: visits a day are those that 5,000 meters need."""
    path, _, ends = bounds.partition("=")
    if not path.endswith(".visits_per_day"):
        return bounds
    low, high = (max(round(int(end) * meters / METERS), 1) for end in ends.split(".."))
    return f"{path}={low}..{max(high, low + 1)}"


def told(errors: Errors) -> str:
    """Errors as cells of a table."""
    if errors.root_mean_square is None or errors.greatest is None:
        return "| 0 | | |"
    return f"| {errors.points} | {errors.root_mean_square:.1f} | {errors.greatest:.1f} |"


def main() -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of these only")
    parser.add_argument("--meters", type=int, default=METERS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--evaluations", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("results/calibration"))
    wanted = parser.parse_args()
    choices = Choices(wanted.evaluations, wanted.seeds, wanted.replications)
    rows = ["| counts of | fitted | rms | greatest | held back after | held back | rms | greatest | in the 95 % band |"]
    rows += ["|" + "---|" * 9]
    for case in CASES:
        if wanted.names and case.name not in wanted.names:
            continue
        began = time.perf_counter()
        whole = fitted(case, choices, early=False, meters=wanted.meters, workers=wanted.workers)
        early = fitted(case, choices, early=True, meters=wanted.meters, workers=wanted.workers)
        foretold = forecast(early)
        write_fit(whole, wanted.out / case.name)
        write_fit(early, wanted.out / f"{case.name}_forecast", foretold)
        for line in [*fit_lines(whole), "", *fit_lines(early, foretold), ""]:
            print(line)
        print(f"{case.name}: {time.perf_counter() - began:.0f} s\n", flush=True)
        fit_errors, early_errors = told(Errors.of(whole.fitted)), told(Errors.of(early.held_back))
        rows.append(f"| {case.name} {fit_errors} {case.until} {early_errors} {foretold.inside(0.95)} |")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
