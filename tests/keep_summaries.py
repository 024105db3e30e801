"""Write the kept summaries of the shipped scenarios again: python -m tests.keep_summaries

A kept summary changes only with a sentence in the commit that says why.
"""

import json
from pathlib import Path

import meter_sim

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SUMMARIES = Path(__file__).parent / "summaries"


def kept(summary):
    """What is kept of a summary: all but the version."""
    return {name: value for name, value in summary.items() if name != "meter_sim"}


if __name__ == "__main__":
    for file in sorted(SCENARIOS.glob("*.yaml")):
        summary = kept(meter_sim.run(file).summary)
        (SUMMARIES / f"{file.stem}.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
