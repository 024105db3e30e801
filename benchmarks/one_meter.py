"""One meter: start-up and run from a shell, a simulated year, and the scalar cipher.

    python benchmarks/one_meter.py [--runs N]

prints one JSON object: medians, in seconds and tokens a second, of N runs each (default 7).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from meter_sim.engine.reference import run
from meter_sim.scenario.reader import read_scenario
from meter_sim.sts import ea07

HOUSEHOLD = Path(__file__).parent.parent / "scenarios" / "household_rollover.yaml"
YEAR = """\
name: one year of one meter, a purchase a week
start: 2023-01-01 00:00
end: 2024-01-01 00:00
timezone: Africa/Windhoek
supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 2, base_date: 2014, dkga: "04", key: test:new}
customers:
  weekly: {buy: {every: 7 days}, amount: 90 kWh, enter_after: 20 min}
meters:
  - {name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 2, credit: 20 kWh, load: township,
     customer: weekly}
"""


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    runs = range(parser.parse_args().runs)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "meter_sim", "run", str(HOUSEHOLD), "--no-plot", "--out", f"{folder}/out"]
        shell = [seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)) for _ in runs]
        year_file = Path(folder) / "year.yaml"
        year_file.write_text(YEAR, encoding="utf-8")
        scenario = read_scenario(year_file)
    record = run(scenario)
    year = [seconds(lambda: run(scenario)) for _ in runs]
    keys = [0x9E3779B97F4A7C15 * number & (1 << 64) - 1 for number in range(1, 5001)]
    same = [seconds(lambda: [ea07.decrypt(block, keys[0]) for block in keys]) for _ in runs]
    fresh = []
    for number in runs:  # keys that no run before has seen, so that each needs its key schedule
        turned = [key ^ number + 1 for key in keys]
        fresh.append(seconds(lambda turned=turned: [ea07.decrypt(block, block) for block in turned]))
    figures = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "runs": len(runs),
        "household_from_shell_s": statistics.median(shell),
        "year_of_one_meter_s": statistics.median(year),
        "year_entries": sum(event.event == "entry" for event in record.events),
        "ea07_same_key_per_s": len(keys) / statistics.median(same),
        "ea07_new_keys_per_s": len(keys) / statistics.median(fresh),
    }
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
