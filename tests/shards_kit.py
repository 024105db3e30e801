"""A small town that is cut in many ways, and what its result is in one piece."""

from pathlib import Path

from click.testing import CliRunner

from meter_sim.cli import main
from meter_sim.detail import Keep
from meter_sim.results.result import result_of
from meter_sim.scenario.reader import read_scenario
from meter_sim.sharded.engines import ENGINES, FLEET
from meter_sim.sharded.run import plan_of

SCENARIOS = Path(__file__).parent.parent / "scenarios"
EVERYTHING = Keep()
ENGINE = FLEET
"""The engine that the tests of shards run with."""
BY = ("--engine", ENGINE)
ON_WAY = "go on with --resume"

TOWN = """\
name: a town in shards
start: 2024-11-18 00:00
end: 2024-12-01 00:00
timezone: Africa/Johannesburg
seed: 5

supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old}
      - {key_revision: 2, base_date: 2014, dkga: "04", key: "fedcba9876543210fedcba9876543210fedcba98"}

areas:
  north:
    share: 40%
    help_desk: {staff: 1, open: "08:00-16:30", service: 8 min, patience: 45 min}
    vending: {sales_per_hour: 1}
  south: {share: 35%}
  east: {share: 25%, loads: {informal: 100%}}

meters:
  - {name: apart, pan: "600727000000000009", supply_group: "123457", key_revision: 1, connection: 7, load: township,
     credit: 3 kWh, customer: ordinary}
  - {name: kiosk, pan: "600727010000000164", supply_group: "123457", key_revision: 1, connection: 3, area: south,
     load: township, credit: 1 kWh, customer: often}

population:
  count: 40
  loads: {township: 60%, rural: 40%}
  use_varies: 30%
  cannot_change: 5%
  drawer: {share: 15%}

customers:
  often: {based_on: poor_households, share: 40%}
  ordinary: {based_on: households, share: 60%}

programme:
  change_key: {from: 1, to: 2}
  credit_until: 2024-11-24 20:14Z
  phases:
    north:
      - {start: 2024-11-19, channel: with_purchase, print_with: 3 purchases}
    south:
      - {start: 2024-11-19, channel: with_purchase, print_with: 2 purchases}
    east:
      - {start: 2024-11-20, channel: sent}

costs: {visit: 209 currency, call: 12.50 currency, token: 0.05 currency, kwh: 2.50 currency}
"""


def town(folder: Path, text: str = TOWN, **overrides):
    """The scenario of the town."""
    file = folder / "town.yaml"
    file.write_text(text, encoding="utf-8")
    return read_scenario(file, overrides)


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def in_one_piece(scenario, folder: Path, keep=EVERYTHING, *, plot=False) -> dict[str, bytes]:
    """The files of the result that the reference engine gives, written as a whole."""
    from meter_sim.engine.reference import run

    result_of(scenario, run(scenario, None, keep)).write(folder, plot=plot)
    return contents(folder)


def planned(scenario, *, keep=EVERYTHING, most_meters=5, **options):
    """The scenario in some small shards."""
    return plan_of(scenario, ENGINES[ENGINE], keep, most_meters=most_meters, **options)


def stop_after(shards: int):
    """Stops a run, as a key press does, once so many shards are done."""

    def stop(progress):
        if progress.shards >= shards:
            raise KeyboardInterrupt

    return stop


def same_files(found: dict[str, bytes], wanted: dict[str, bytes]) -> None:
    """Whether two results are the same, byte for byte but for the engine's name in the summary."""
    assert found.keys() == wanted.keys()
    for name, content in wanted.items():
        if name == "summary.json":
            content = content.replace(b'"engine": "reference"', f'"engine": "{ENGINE}"'.encode())
        assert found[name] == content, name


def cli(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
