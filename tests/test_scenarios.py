"""Every scenario that ships: its expectations are met, and its summary is the kept one."""

import json

import pytest

import meter_sim
from meter_sim.meter.answer import Status
from meter_sim.results.plots.look import is_accepted, marker_of
from meter_sim.results.record import EventKind
from tests.keep_summaries import SCENARIOS, SUMMARIES, kept

FILES = sorted(SCENARIOS.glob("*.yaml"))
NAMES = [file.stem for file in FILES]


@pytest.fixture(scope="module")
def results():
    return {file.stem: meter_sim.run(file) for file in FILES}


def test_all_that_should_ship_ships():
    assert sorted(path.stem for path in SUMMARIES.glob("*.json")) == NAMES
    assert NAMES == [
        "clock_ahead",
        "default_key",
        "emergency_rekey",
        "household_rollover",
        "key_expiry",
        "kinds_of_meters",
        "meter_list",
        "new_key_without_rollover",
        "not_migrated",
        "replace_ea07_by_ea11",
        "rollover_2045",
        "rollover_crews",
        "rollover_mixed",
        "rollover_self_entry",
        "rollover_water",
        "rollover_without_new_key",
        "tokens_in_the_drawer",
        "two_vendors",
        "wrapped_tid",
        "wrong_order",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_expectations_and_summary(results, name):
    result = results[name]
    assert result.failures == ()
    assert result.summary["expectations"]["met"] >= 3 or "areas" in result.summary
    assert kept(result.summary) == json.loads((SUMMARIES / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_no_watt_second_is_lost(results, name):
    for meter in results[name].summary["meters"].values():
        assert meter["initial_ws"] + meter["credited_ws"] == (
            meter["used_ws"] + meter["register_ws"] + meter["cleared_ws"]
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_token_credits_twice_only_in_the_counterfactual(results, name):
    accepted = [
        (event.meter, event.digits)
        for event in results[name].record.events
        if event.event is EventKind.ENTRY and event.credited_ws
    ]
    assert (len(accepted) == len(set(accepted))) is (name != "rollover_without_new_key")


def test_not_migrated_says_when_the_credit_ends(results):
    home = results["not_migrated"].summary["meters"]["home"]
    # 110 kWh at exactly 10 kWh a day from 2024-11-27 08:00 in Windhoek on
    assert home["credit_ended"] == ["2024-11-12 22:00:00Z", "2024-12-08 06:00:00Z"]
    assert home["refused_by_vending"] == {"IssueUntilPassed": 1}


def test_every_section_that_is_taken_is_drawn_as_accepted():
    taken = {"Accept", "1stKCT", "2ndKCT", "3rdKCT", "4thKCT"}
    assert {status.standard_name for status in Status if is_accepted(status.standard_name)} == taken
    assert {marker_of(name)["marker"] for name in taken} == {"o"}
