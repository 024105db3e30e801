"""How fast the reference engine runs a programme, and where the time goes.

    python benchmarks/rollout.py [--meters 2000] [--days 731]

The town of scenarios/rollover_mixed.yaml at this size, events none, on one core. Prints seconds and meter-days a second,
then the share of each part of the house in a profiled run of a tenth of the meters and days.
"""

import argparse
import cProfile
import pstats
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from meter_sim.detail import Detail
from meter_sim.engine.reference import run
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.scenario import Scenario

TOWN = Path(__file__).parent.parent / "scenarios" / "rollover_mixed.yaml"
DAY = 86_400
PARTS = (
    ("meter/load", "load"),
    ("sts/", "tokens and ciphers"),
    ("meter/", "meter"),
    ("vending/", "vending"),
    ("draws", "draws"),
    ("distribution", "draws"),
    ("people/", "customers and crews"),
    ("engine/area_books", "daily books"),
    ("engine/", "engine"),
    ("simpy", "SimPy"),
    ("local_time", "calendar"),
)


def town(meters: int, days: int) -> Scenario:
    """The mixed town with so many meters and days from the middle of 2023 on."""
    start = time.strptime("2023-06-01", "%Y-%m-%d")
    end = time.strftime("%Y-%m-%d", time.gmtime(time.mktime(start) + (days + 1) * DAY))
    crews = max(meters // 700, 1)
    return read_scenario(
        TOWN,
        {
            "start": "2023-06-01 00:00",
            "end": f"{end} 00:00",
            "population.count": str(meters),
            "areas.north.vending.sales_per_hour": str(max(meters // 4, 1)),
            "areas.south.depot.crews": str(crews),
            "areas.south.depot.visits_per_day": "12",
            "areas.south.depot.stock": str(meters // 20),
        },
    )


def part_of(file: str) -> str:
    """The part of the house that a source file belongs to."""
    place = file.replace("\\", "/").rpartition("meter_sim/")[2] if "meter_sim/" in file else file
    return next((name for start, name in PARTS if start in place), "Python's own")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meters", type=int, default=2000)
    parser.add_argument("--days", type=int, default=731)
    wanted = parser.parse_args()
    scenario = town(wanted.meters, wanted.days)
    days = (scenario.end - scenario.start) / DAY
    began = time.perf_counter()
    record = run(scenario, detail=Detail.NONE)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024 * 1024)
    tokens = sum(day.counts.get("tokens_issued", 0) for day in record.area_days)
    print(f"{len(scenario.meters)} meters, {days:.0f} days, one core: {seconds:.1f} s")
    print(f"{len(scenario.meters) * days / seconds:,.0f} meter-days/s, {tokens:,} tokens, {peak} MB")
    small = town(max(wanted.meters // 10, 10), min(wanted.days, 550))
    profile = cProfile.Profile()
    profile.enable()
    run(small, detail=Detail.NONE)
    profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[part_of(file)] += own
    whole = sum(spent.values())
    print(f"where the time goes ({len(small.meters)} meters, profiled):")
    for name, own in spent.most_common():
        print(f"  {100 * own / whole:5.1f} %  {name}")


if __name__ == "__main__":
    main()
