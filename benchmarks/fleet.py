"""How fast the fleet engine is: a country of towns, self-entry then crews, over some years, no events kept.

    python benchmarks/fleet.py --meters 1000000 --days 1096 --workers 2

prints a JSON object as its last line: seconds and rates of the fleet engine, the greatest memory of the run (all
processes together), and the same of the reference engine on 200 meters of the same scenario under `reference`. What is
timed is the whole command from the scenario's file to the written result, kernels compiled before.
"""

import argparse
import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from meter_sim.detail import NO_EVENTS
from meter_sim.engine.reference import run as run_reference
from meter_sim.engine.shards import shards_of
from meter_sim.results.part import part_of
from meter_sim.results.result import result_of
from meter_sim.scenario.reader import read_scenario
from meter_sim.sharded.engines import ENGINES, FLEET
from meter_sim.sharded.run import plan_of, run_sharded

MOST_IN_AREA = 50_000
SMALL = 200
"""Meters of the reference engine's run."""

SCENARIO = """\
name: Towns, self-entry then crews
start: 2023-06-01 00:00
end: {end}
timezone: Africa/Johannesburg
seed: 20241124
supply_groups:
  "123457":
    vending_keys:
      - {{key_revision: 1, base_date: 1993, dkga: "02", key: test:old}}
      - {{key_revision: 2, base_date: 2014, dkga: "04", key: test:new}}
areas:
{areas}
population:
  count: {meters}
  loads: {{township: 50%, rural: 20%, informal: 30%}}
  use_varies: 30%
  cannot_change: 3.5%
  drawer: {{share: 5%}}
  register_errors: {{tariff_index: 0.5%, dead: 1%}}
customers:
  often: {{based_on: poor_households, share: 22%}}
  ordinary: {{based_on: households, share: 46%}}
  weekly: {{based_on: weekly_buyers, share: 5%}}
  monthly: {{based_on: monthly_buyers, share: 3%}}
  vacant: {{based_on: vacant, share: 14%}}
  bypassed: {{based_on: bypassed}}
programme:
  change_key: {{from: 1, to: 2}}
  replace_with: keypad
  credit_until: 2024-11-24 20:14Z
  phases:
{phases}
costs: {{visit: 209 currency, call: 12.50 currency, meter: 2280 currency, token: 0.05 currency, kwh: 2.50 currency}}
"""
AREA = (
    "  a{number}: {{share: {share}%, help_desk: {{staff: {staff}, service: 6 min, patience: 45 min}}, "
    "depot: {{crews: {crews}, visits_per_day: 30, no_access: 30%, calls_back: 50%, stock: {stock}}}}}"
)
PHASE = (
    "    a{number}: [{{start: 2024-02-01, channel: with_purchase, print_with: 3 purchases}}, "
    "{{start: 2024-08-01, channel: crew, visit: unconfirmed}}]"
)


def scenario_text(meters: int, days: int) -> str:
    """The file for so many meters and days, in areas of at most MOST_IN_AREA."""
    areas = -(-meters // MOST_IN_AREA)
    each = meters / areas
    share = f"{100 / areas:.12f}"
    of = {"staff": max(round(each / 2_500), 1), "crews": max(round(each / 5_000), 1), "stock": max(round(each / 25), 1)}
    lines = [AREA.format(number=number, share=share, **of) for number in range(areas)]
    lines[-1] = lines[-1].replace(f"share: {share}%, ", "")
    phases = [PHASE.format(number=number) for number in range(areas)]
    end = time.strftime("%Y-%m-%d %H:%M", time.gmtime(1685577600 + days * 86_400))
    return SCENARIO.format(end=end, meters=meters, areas="\n".join(lines), phases="\n".join(phases))


class Peak(threading.Thread):
    """The greatest memory that this process and its children hold together, looked at every second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Look until it is over; where the system does not tell, the greatest of this process counts."""
        while not self.over.wait(1.0):
            self.bytes = max(self.bytes, held())


def held() -> int:
    """Bytes that this process and its children hold now; 0 where the system does not tell."""
    try:
        from os import getpid

        own = getpid()
        children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
        return sum(_resident(process) for process in (str(own), *children))
    except OSError:
        return 0


def _resident(process: str) -> int:
    """Bytes of a process, what it shares with others counted by its part where the system tells."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def rates(engine: str, meters: int, days: int, tokens: int, seconds: float, peak: int) -> dict[str, object]:
    """The figures of one run."""
    return {
        "engine": engine,
        "meters": meters,
        "days": days,
        "tokens": tokens,
        "seconds": round(seconds, 2),
        "tokens_per_s": round(tokens / seconds),
        "meter_days_per_s": round(meters * days / seconds),
        "tokens_per_meter_day": round(tokens / (meters * days), 4),
        "peak_rss_mb": round(peak / 1e6),
    }


def fleet(meters: int, days: int, workers: int, folder: Path) -> dict[str, object]:
    """The fleet engine, from the file to the written result."""
    file = folder / "fleet.yaml"
    file.write_text(scenario_text(meters, days), encoding="utf-8")
    peak = Peak()
    peak.start()
    begin = time.perf_counter()
    scenario = read_scenario(file, drawn=False)
    plan = plan_of(scenario, ENGINES[FLEET], NO_EVENTS, workers=workers)
    done = run_sharded(plan, folder / "fleet", plot=False, on_progress=shown(meters))
    seconds = time.perf_counter() - begin
    peak.over.set()
    peak.join()
    most = peak.bytes or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return rates("fleet", meters, days, entered(done.result.summary), seconds, most)


def shown(meters: int) -> Callable[..., None]:
    """A line now and then on standard error."""
    latest = [0.0]

    def tell(*progress: object) -> None:
        if time.monotonic() - latest[0] > 30:
            latest[0] = time.monotonic()
            print(*progress, "of", meters, file=sys.stderr)

    return tell


def entered(summary: dict) -> int:
    """Tokens that were issued, enciphered, keyed in, deciphered and accepted; refused entries are not counted."""
    return summary["measures"]["entries_taken"]


def reference(days: int, folder: Path) -> dict[str, object]:
    """The reference engine on a few meters of the same scenario."""
    file = folder / "reference.yaml"
    file.write_text(scenario_text(SMALL, days), encoding="utf-8")
    begin = time.perf_counter()
    scenario = read_scenario(file)
    result = result_of(scenario, part_of(run_reference(scenario, detail=NO_EVENTS)))
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return rates("reference", SMALL, days, entered(result.summary), seconds, peak)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meters", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=1_096)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm = folder / "warm.yaml"
        warm.write_text(scenario_text(10, options.days), encoding="utf-8")
        small = read_scenario(warm)
        ENGINES[FLEET].run(small, shards_of(small)[0].pieces, NO_EVENTS)
        found = fleet(options.meters, options.days, options.workers, folder)
        found["workers"] = options.workers
        found["reference"] = reference(options.days, folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
