"""The two engines held against each other: the same scenario and seed, the same rows."""

from functools import cache
from pathlib import Path

import pytest

from meter_sim.detail import Detail, Keep
from meter_sim.engine import fleet
from meter_sim.engine.fleet import FleetError
from meter_sim.engine.reference import run as run_reference
from meter_sim.engine.shards import shards_of
from meter_sim.results.part import joined, part_of
from meter_sim.results.record import EventKind
from meter_sim.results.result import result_of
from meter_sim.scenario.reader import read_scenario
from tests import drawn_scenarios
from tests.kit import LONG
from tests.rollout import DEPOT, DESK, changed, write

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SHIPPED = (
    "rollover_self_entry",
    "rollover_crews",
    "rollover_mixed",
    "emergency_rekey",
    "replace_ea07_by_ea11",
    "rollover_2045",
    "rollover_water",
    "meter_list",
)
DRAWN = range(240) if LONG else range(1, 21)  # the first is a long one
TABLES = ("events_table", "daily_table", "readings_table", "areas_table", "meters_table")


def told(result, summary_too=True):
    """Everything of a result but the engine's name."""
    tables = {name: getattr(result, name) for name in TABLES}
    return tables | (
        {"summary": {key: of for key, of in result.summary.items() if key != "engine"}} if summary_too else {}
    )


def differences(scenario, detail=Detail.ALL):
    """What of the two engines' results differs; the first rows that do are in the message."""
    reference, compiled = part_of(run_reference(scenario, detail=detail)), fleet.run(scenario, detail)
    of_reference, of_fleet = told(result_of(scenario, reference)), told(result_of(scenario, compiled))
    found = {name: first_difference(of_reference[name], of_fleet[name]) for name in of_reference}
    if not reference.waits.equals(compiled.waits):
        found["waits"] = "differ"
    return {name: what for name, what in found.items() if what}


def first_difference(one, other):
    if isinstance(one, dict):
        return [(key, one[key], other.get(key)) for key in one if one[key] != other.get(key)][:1]
    if one.equals(other):
        return None
    for place, (row, its) in enumerate(zip(one.to_pylist(), other.to_pylist(), strict=False)):
        if row != its:
            return place, {key: (row[key], its[key]) for key in row if row[key] != its[key]}
    return one.num_rows, other.num_rows


@cache
def drawn(seed, folder):
    path = Path(folder) / f"drawn{seed}.yaml"
    path.write_text(drawn_scenarios.text_of(seed), encoding="utf-8")
    return read_scenario(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_rollout_gives_the_same_rows(name):
    assert differences(read_scenario(SCENARIOS / f"{name}.yaml")) == {}


@pytest.mark.parametrize("seed", DRAWN)
def test_a_drawn_scenario_gives_the_same_rows(seed, tmp_path):
    assert differences(drawn(seed, str(tmp_path))) == {}


@pytest.mark.parametrize("seed", list(DRAWN)[: len(DRAWN) // 4])
def test_less_detail_leaves_events_out_and_nothing_else(seed, tmp_path):
    scenario = drawn(seed, str(tmp_path))
    for detail in (Detail.NONE, Detail.REFUSALS):
        assert differences(scenario, detail) == {}


def test_a_sample_and_a_traced_meter_keep_the_same_rows():
    scenario = read_scenario(SCENARIOS / "rollover_mixed.yaml")
    keep = Keep(Detail.NONE, share=1 << 30, traced=frozenset({"m17"}))
    assert differences(scenario, keep) == {}
    assert "m17" in fleet.run(scenario, keep).events.column("meter").to_pylist()


@pytest.mark.parametrize("cut", [1, 7, 24])
def test_a_cut_area_gives_the_same_rows(cut):
    scenario = read_scenario(SCENARIOS / "rollover_self_entry.yaml", {"population.count": "40"})
    whole = fleet.run(scenario)
    pieces = [piece for shard in shards_of(scenario, cut) for piece in shard.pieces]
    parts = joined([fleet.run_piece(scenario, piece) for piece in pieces], scenario)
    one, other = told(result_of(scenario, whole)), told(result_of(scenario, parts))
    assert {name for name in one if first_difference(one[name], other[name])} == set()


def test_a_population_that_is_drawn_later_gives_the_same_rows():
    path = SCENARIOS / "rollover_mixed.yaml"
    at_once, later = read_scenario(path), read_scenario(path, drawn=False)
    assert later.population is not None
    one, other = told(result_of(at_once, fleet.run(at_once))), told(result_of(later, fleet.run(later)))
    assert {name for name in one if first_difference(one[name], other[name])} == set()


def test_pools_that_begin_small_grow_and_change_nothing(monkeypatch):
    """The kernel stops where there is no room and goes on where it stopped."""
    from meter_sim.engine import fleet_area

    scenario = read_scenario(SCENARIOS / "rollover_mixed.yaml")
    wanted = fleet.run(scenario)
    stops = []
    grow = fleet_area.AreaRun._grow
    monkeypatch.setattr(
        fleet_area.AreaRun, "_grow", lambda self, name, least: (stops.append(name), grow(self, name, 1))[1]
    )
    found = fleet.run(scenario)
    assert found.events.equals(wanted.events)
    assert len(stops) > 5


@pytest.mark.parametrize(
    ("name", "why"),
    [("household_rollover", "the scenario has a timeline"), ("kinds_of_meters", "the scenario has a timeline")],
)
def test_what_the_engine_cannot_do_it_refuses_by_name(name, why):
    scenario = read_scenario(SCENARIOS / f"{name}.yaml")
    with pytest.raises(FleetError, match=f"{why}, which the fleet engine cannot run; take --engine reference"):
        fleet.run(scenario)


# -- what a review found ---------------------------------------------------------------------------------------------


def a_town(folder, changes):
    return read_scenario(write(folder, changes))


def test_a_date_that_the_zone_leaves_out_is_no_day_of_demand(tmp_path):
    """There was no 30 December 2011 in Samoa."""
    scenario = a_town(
        tmp_path,
        {
            "start": "2011-12-01 00:00",
            "end": "2012-02-01 00:00",
            "timezone": "Pacific/Apia",
            "programme": None,
            "population.count": "60",
            "customers": {"buyers": {"based_on": "poor_households"}},
        },
    )
    for detail in (Detail.ALL, Detail.NONE):
        assert differences(scenario, detail) == {}


REPLACED_LATE = {
    "population": {
        "count": "120",
        "loads": {"township": "100%"},
        "register_errors": {"tariff_index": "50%"},
        "cannot_change": "60%",
    },
    "customers": {
        "buyers": {"based_on": "households", "trouble": {"asks": "0%", "tries_again_after": "4 h", "sittings": "3"}}
    },
    "areas.town.depot": {
        "crews": "2",
        "visits_per_day": "30",
        "no_access": "0%",
        "stock": "0",
        "deliveries": [{"at": "2024-10-15", "meters": "100"}],
    },
    "programme.replace_with": "keypad",
    "programme.phases": {
        "town": [
            {"start": "2024-09-15", "channel": "with_purchase", "print_with": "3 purchases"},
            {"start": "2024-09-16", "channel": "crew"},
        ]
    },
}


def test_a_replaced_meter_keeps_the_channel_by_which_its_change_had_been_issued(tmp_path):
    scenario = a_town(tmp_path, REPLACED_LATE)
    result = result_of(scenario, fleet.run(scenario))
    replaced = result.events.query(f"event == '{EventKind.REPLACED.value}'")["meter"]
    channels = result.meters.set_index("meter")["channel"]
    assert "with_purchase" in set(channels[replaced])
    for detail in (Detail.ALL, Detail.NONE):
        assert differences(scenario, detail) == {}


def test_a_record_whose_key_cannot_be_made_is_held_by_no_meter(tmp_path):
    """A vending key by DKGA02 makes no 128-bit keys; the run asked for one again and again."""
    keys = {"key": "test:old", "base_date": "1993", "dkga": "02"}
    own, other = (
        changed({})["supply_groups"]["123457"],
        {"vending_keys": [{"key_revision": "1"} | keys, {"key_revision": "2"} | keys | {"key": "test:new"}]},
    )
    scenario = a_town(
        tmp_path,
        {
            "supply_groups": {"123457": own, "234561": other},
            "meter_models": {"ea11_keypad": {"encryption": "EA11"}},
            "population.supply_group": "234561",
            "customers": {
                "buyers": {
                    "based_on": "households",
                    "mistakes": {"wrong_digit": "30%", "tries": "1"},
                    "trouble": {"asks": "100%", "tries_again_after": "4 h", "sittings": "3"},
                }
            },
            "areas.town.help_desk": DESK,
            "areas.town.depot": DEPOT,
            "programme.supply_group": "123457",
            "programme.replace_with": "ea11_keypad",
        },
    )
    assert differences(scenario) == {}


def test_there_is_room_to_ask_for_the_keys_of_all_supply_groups_at_once(tmp_path, monkeypatch):
    """Staff who do not know a meter's supply group look at up to eight records and two of each group."""
    from meter_sim.engine import fleet_area

    keys = changed({})["supply_groups"]["123457"]
    groups = {"123457": keys} | {f"{200000 + number}": keys for number in range(20)}
    scenario = a_town(tmp_path, {"supply_groups": groups, "population.supply_group": "123457", "population.count": "2"})
    run, seen = fleet_area.AreaRun.run, []
    monkeypatch.setattr(fleet_area.AreaRun, "run", lambda self: (seen.append(self), run(self))[1])
    fleet.run(scenario)
    assert len(seen[0].array("wanted")) - fleet_area.state.MARGIN >= 2 * (8 + 2 * (len(groups) + 1))


def test_minutes_that_a_slow_clock_has_still_to_pass_are_never_forgotten(tmp_path):
    changes = REPLACED_LATE | {
        "points_of_sale": {"main": {}, "shop": {"clock_offset": "20 days"}},
        "customers": {"buyers": {"based_on": "poor_households", "point_of_sale": "shop"}},
    }
    scenario = a_town(tmp_path, changes)
    with pytest.raises(FleetError, match="the clock of the first point of sale is too far behind"):
        fleet.run(scenario)
