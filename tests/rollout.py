"""A small town with a programme, for tests to change: `town(tmp_path, **sections)` runs it."""

import copy
from pathlib import Path

import yaml

from meter_sim.engine.reference import run
from meter_sim.results.result import result_of
from meter_sim.scenario.meter_numbers import pan_of
from meter_sim.scenario.reader import read_scenario

BASE = {
    "name": "A small town",
    "start": "2024-09-01 00:00",
    "end": "2025-01-01 00:00",
    "timezone": "Africa/Johannesburg",
    "seed": "5",
    "supply_groups": {
        "123457": {
            "vending_keys": [
                {"key_revision": "1", "base_date": "1993", "dkga": "02", "key": "test:old"},
                {"key_revision": "2", "base_date": "2014", "dkga": "04", "key": "test:new"},
            ]
        }
    },
    "areas": {"town": {}},
    "population": {"count": "30", "loads": {"township": "50%", "informal": "50%"}, "use_varies": "30%"},
    "customers": {
        "buyers": {"based_on": "households", "share": "80%"},
        "zero": {"based_on": "vacant"},
    },
    "programme": {
        "change_key": {"from": "1", "to": "2"},
        "credit_until": "2024-11-24 20:14Z",
        "phases": {"town": {"start": "2024-09-15", "channel": "with_purchase", "print_with": "3 purchases"}},
    },
}

DEPOT = {"crews": "1", "visits_per_day": "4", "no_access": "30%", "calls_back": "50%"}
DESK = {"staff": "1", "open": "08:00-16:30", "service": "6 min"}


class _Quoted(yaml.SafeDumper):
    """Writes digit strings in quotes, as scenario files have them."""


def _text(dumper, text):
    style = '"' if (text.isdecimal() and len(text) > 4) or text in ("01", "02", "04", "07") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Quoted.add_representer(str, _text)


def changed(changes):
    """The base with values put in by path: `{"areas.town.depot": {...}}`; None takes a key away."""
    tree = copy.deepcopy(BASE)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = tree
        for name in parents:
            node = node.setdefault(name, {})
        if value is None:
            node.pop(last, None)
        else:
            node[last] = copy.deepcopy(value)
    return tree


def write(folder: Path, changes) -> Path:
    """The scenario file of a changed town."""
    file = folder / "town.yaml"
    file.write_text(dumped(changed(changes)), encoding="utf-8")
    return file


def dumped(tree) -> str:
    """A scenario file's text."""
    return yaml.dump(tree, Dumper=_Quoted, sort_keys=False).replace("'", "")


def town(folder: Path, changes=None, *, allow_code=False, **options):
    """The result of a changed town."""
    scenario = read_scenario(write(folder, changes or {}), allow_code=allow_code)
    return result_of(scenario, run(scenario, **options))


def total(result, name, area="town"):
    """The sum of a column over an area's days."""
    return sum(day.counts.get(name, 0) for day in result.record.area_days if day.area == area)


def series(result, name, area="town"):
    """A column over an area's days."""
    return [day.counts.get(name, 0) for day in result.record.area_days if day.area == area]


# -- towns whose numbers are worked out by hand --------------------------------------------------------------------

ONCE = "1000 days"
"""Longer than any of these runs."""


def buyer(first, **more):
    """Buys 10 kWh at an instant, enters an hour later without mistakes, and buys no more within the run."""
    return {"buy": {"every": ONCE, "first": first}, "amount": "10 kWh", "enter_after": "1 h"} | more


def meter(number, area, customer=None, **more):
    """A listed meter of an area, with 50 kWh and no load."""
    who = {} if customer is None else {"customer": customer}
    return {
        "name": f"{area}{number}", "pan": pan_of(900 + number).digits, "supply_group": "123457", "key_revision": "1",
        "credit": "50 kWh", "load": "none", "area": area,
    } | who | more  # fmt: skip


def file_of(**sections):
    """A file of the old and the new key from June to October 2024, in UTC."""
    return {
        "name": "By hand",
        "start": "2024-06-03 00:00",
        "end": "2024-10-17 00:00",
        "timezone": "UTC",
        "supply_groups": {
            "123457": {
                "vending_keys": [
                    {"key_revision": "1", "base_date": "1993", "dkga": "02", "key": "test:old"},
                    {"key_revision": "2", "base_date": "2014", "dkga": "04", "key": "test:new"},
                ]
            }
        },
    } | sections


def by_hand(folder, **sections):
    """The result of a file with these sections beside the dates and the keys."""
    file = folder / "by_hand.yaml"
    file.write_text(dumped(file_of(**sections)), encoding="utf-8")
    scenario = read_scenario(file)
    return result_of(scenario, run(scenario))
