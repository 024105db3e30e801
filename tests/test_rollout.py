"""Whole programmes: nothing is lost, nothing is drawn twice, and uptake follows from who buys when."""

from collections import Counter, defaultdict

import pytest

from meter_sim.detail import Detail
from meter_sim.meter.answer import Status
from meter_sim.people.crew import VisitOutcome
from meter_sim.people.help_desk import Outcome
from meter_sim.programme import Cause, RegisterState, TrueState
from meter_sim.results.area_day import CHANGED_BY, COST_PARTS, column
from meter_sim.results.record import EventKind
from tests.rollout import DEPOT, DESK, series, total, town

CREWS = {
    "areas.town": {"depot": {**DEPOT, "stock": "1", "replacement_takes": "1"}, "office": DESK},
    "population.cannot_change": "10%",
    "population.register_errors": {"tariff_index": "5%", "swapped": "15%", "dead": "10%", "key_revision": "4%"},
    "programme.replace_with": "keypad",
    "programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}},
}
SELF = {"areas.town": {"help_desk": {**DESK, "patience": "20 min"}}, "population.drawer": {"share": "30%"}}
MIXED = {
    "areas.town": {"depot": {**DEPOT, "stock": "1"}, "help_desk": DESK, "vending": {"sales_per_hour": "1"}},
    "population.cannot_change": "10%",
    "population.drawer": {"share": "30%"},
    "programme.replace_with": "keypad",
    "programme.key_change_until": "2024-12-10 00:00",
    "programme.lend": {"start": "2024-11-01", "until": "2024-11-24", "amount": "15 kWh", "pay_back": "50%"},
    "programme.phases": {
        "town": [
            {"start": "2024-09-15", "channel": "with_purchase", "print_with": "2 purchases", "end": "2024-11-01"},
            {"start": "2024-10-15", "channel": "crew", "visit": "unconfirmed"},
        ]
    },
    "costs": {
        "visit": "200 currency", "call": "10 currency", "meter": "2000 currency", "token": "0.1 currency",
        "kwh": "2.5 currency", "message": "0.5 currency", "office_visit": "5 currency",
    },
}  # fmt: skip
MESSAGES = {
    "areas.town": {"office": {**DESK, "staff": "1"}},
    "programme.phases": {
        "town": [
            {"start": "2024-09-10", "channel": "sent", "reaches": "70%", "send_over": "5 days"},
            {"start": "2024-10-10", "channel": "office"},
        ]
    },
}
FETCHED = {
    "areas.town": {"help_desk": DESK},
    "customers.buyers": {"based_on": "weekly_buyers", "share": "80%"},
    "programme.phases": {"town": {"start": "2024-09-10", "channel": "fetched"}},
}
PROGRAMMES = {"crews": CREWS, "self": SELF, "mixed": MIXED, "messages": MESSAGES, "fetched": FETCHED}


@pytest.fixture(scope="module", params=sorted(PROGRAMMES))
def programme(request, tmp_path_factory):
    return town(tmp_path_factory.mktemp(request.param), PROGRAMMES[request.param])


# -- conservation --------------------------------------------------------------------------------------------------


def test_every_token_is_in_exactly_one_end_state(programme):
    meters = programme.record.outcome.meters
    for meter in meters:
        assert sum(meter.fates.values()) == meter.tokens_issued
        assert all(number > 0 for number in meter.fates.values())
    assert sum(meter.tokens_issued for meter in meters) == total(programme, "tokens_issued")
    kinds = (
        EventKind.PURCHASE, EventKind.FREE_UNITS, EventKind.LENT, EventKind.TOKEN_REPLACED, EventKind.HELD,
        EventKind.KEY_CHANGE_ISSUED,
    )  # fmt: skip
    issued = [(event.meter, event.digits) for event in programme.record.events if event.event in kinds]
    assert len(issued) == total(programme, "tokens_issued")
    assert len(set(issued)) == len(issued)


def test_accepted_tokens_are_those_that_meters_took(programme):
    """Each digit string that a meter accepted is one accepted token; nothing is accepted twice but a section."""
    accepted = Counter(
        event.digits
        for event in programme.record.events
        if event.event is EventKind.ENTRY and Status(event.status).accepted
    )
    credits = {
        event.digits
        for event in programme.record.events
        if event.event in (EventKind.PURCHASE, EventKind.FREE_UNITS, EventKind.LENT, EventKind.TOKEN_REPLACED)
    }
    assert all(accepted[digits] <= 1 for digits in credits)
    fates = Counter()
    for meter in programme.record.outcome.meters:
        for (fate, _), number in meter.fates.items():
            fates[fate] += number
    assert fates["accepted"] == len(accepted)


def test_energy_balances_every_day(programme):
    before = None
    for day in programme.record.area_days:
        counts = day.counts
        assert before is None or counts["register_start_ws"] == before
        before = counts["register_end_ws"]
        assert counts["register_start_ws"] + counts["credited_ws"] == (
            counts["register_end_ws"] + counts["used_ws"] + counts["cleared_ws"] + counts["removed_ws"]
        )


def test_every_meter_is_in_one_true_and_one_presumed_state(programme):
    for day in programme.record.area_days:
        meters = day.counts["meters"]
        assert sum(day.counts.get(column("true", state), 0) for state in TrueState) == meters
        assert sum(day.counts.get(column("register", state), 0) for state in RegisterState) == meters
    dead = sum(meter.dead for meter in programme.record.outcome.meters)
    assert series(programme, "meters")[0] + dead == 30
    for state in TrueState:
        at_end = sum(meter.true == state for meter in programme.record.outcome.meters if not meter.dead)
        assert at_end == series(programme, column("true", state))[-1]


def test_every_change_has_a_way_by_which_it_came(programme):
    new = column("true", TrueState.NEW)
    gained = series(programme, new)[-1] - series(programme, new)[0]
    already = sum(meter.true == TrueState.NEW for meter in programme.record.outcome.meters)
    assert sum(total(programme, f"changed_{how}") for how in CHANGED_BY) in (gained, already)


def test_visits_calls_and_entries_are_accounted_for(programme):
    assert total(programme, "visits") == sum(total(programme, column("visits", one)) for one in VisitOutcome)
    assert total(programme, "visits") == sum(event.event is EventKind.VISIT for event in programme.record.events)
    for desk in ("help_desk", "office"):
        outcomes = sum(total(programme, f"{desk}_{one.value.replace(' ', '_')}") for one in Outcome)
        assert total(programme, f"{desk}_requests") == outcomes
    entries = Counter(event.result for event in programme.record.events if event.event is EventKind.ENTRY)
    for place, status in enumerate(Status):
        assert entries[status.standard_name] == sum(day.entries[place] for day in programme.record.area_days)
    assert programme.summary["entries"] == dict(sorted(entries.items()))


def test_seconds_without_supply_have_one_cause_each(programme):
    off = sum(total(programme, column("off", cause, "_s")) for cause in Cause)
    open_since, seconds = {}, 0
    start, end = 1725141600, 1735682400
    for meter in programme.record.outcome.meters:
        open_since[meter.meter] = None
    first = {}
    for event in programme.record.events:
        if event.event in (EventKind.SUPPLY_OFF, EventKind.SUPPLY_ON):
            first.setdefault(event.meter, event.event)
    begins_off = {
        meter.meter
        for meter in programme.record.outcome.meters
        if not meter.dead and (first.get(meter.meter) is EventKind.SUPPLY_ON or (meter.never_buys == "blocked"))
    }
    for name in begins_off:
        open_since[name] = start
    for event in programme.record.events:
        if event.event is EventKind.SUPPLY_OFF:
            open_since[event.meter] = event.time
        elif event.event is EventKind.SUPPLY_ON and open_since[event.meter] is not None:
            seconds += event.time - open_since[event.meter]
            open_since[event.meter] = None
    seconds += sum(end - since for since in open_since.values() if since is not None)
    assert off == seconds


def test_costs_are_counts_times_prices(tmp_path):
    result = town(tmp_path, MIXED)
    assert total(result, "cost_visits") == total(result, "visits") * 200 * 100_000
    assert total(result, "cost_calls") == total(result, "help_desk_requests") * 10 * 100_000
    assert total(result, "cost_meters") == total(result, "visits_replaced") * 2000 * 100_000
    assert total(result, "cost_tokens") == total(result, "tokens_printed") * 10_000
    assert result.summary["measures"]["cost"] == sum(result.summary["measures"][f"cost_{part}"] for part in COST_PARTS)
    lost = ("unserved_refused_tokens_ws", "unserved_not_migrated_ws", "unserved_no_sale_ws")
    for day in result.record.area_days:
        wanted = sum(day.counts.get(name, 0) for name in lost) * 250_000 // 3_600_000
        assert day.counts["cost_energy_not_sold"] == wanted


# -- chance --------------------------------------------------------------------------------------------------------


def customers_luck(result):
    """Of each connection and purchase: what was bought, and the wait until it was first entered."""
    bought, luck = {}, {}
    for event in result.record.events:
        if event.event is EventKind.PURCHASE:
            bought[event.meter, event.label] = event.time, event.says.split()[0]
        elif event.event is EventKind.ENTRY and (event.meter, event.label) in bought:
            time, says = bought[event.meter, event.label]
            luck.setdefault((event.meter, event.label), (says, event.time - time))
    return luck


def test_crews_change_no_customers_draws(tmp_path):
    """In the crew area itself: the k-th purchase and the k-th delay of every connection are the same."""
    few = town(tmp_path, CREWS)
    many = town(tmp_path, CREWS | {"areas.town": {**CREWS["areas.town"], "depot": {**DEPOT, "crews": "9"}}})
    assert total(few, "visits_changed") > 0
    assert series(few, "true_new_key") != series(many, "true_new_key")
    one, other = customers_luck(few), customers_luck(many)
    both = one.keys() & other.keys()
    assert len(both) > 0.9 * len(one)
    assert {key: one[key][0] for key in both} == {key: other[key][0] for key in both}
    first_entry_same = sum(one[key][1] == other[key][1] for key in both)
    assert first_entry_same == len(both)


def test_error_draws_belong_to_purchase_and_try(tmp_path, monkeypatch):
    """Every draw that two plans have in common is the same, purpose by purpose."""
    from meter_sim.engine.site import Site

    def drawn(changes):
        seen = defaultdict(dict)
        plain = Site.draw

        def spy(self, purpose, connection, count, sub=0):
            word = plain(self, purpose, connection, count, sub)
            seen[purpose.name][connection.number, count, sub] = word
            return word

        with monkeypatch.context() as patch:
            patch.setattr(Site, "draw", spy)
            town(tmp_path, changes)
        return seen

    one = drawn(CREWS)
    other = drawn(CREWS | {"areas.town": {**CREWS["areas.town"], "depot": {**DEPOT, "crews": "9"}}})
    for purpose in ("PURCHASE_AMOUNT", "ENTRY_DELAY", "WRONG_DIGIT", "WHICH_DIGIT", "ACCESS"):
        common = one[purpose].keys() & other[purpose].keys()
        assert len(common) > 5
        assert all(one[purpose][key] == other[purpose][key] for key in common)


def test_a_run_is_the_same_again_whatever_is_kept_of_it(tmp_path):
    full, again = town(tmp_path, MIXED), town(tmp_path, MIXED)
    assert full.events_table.equals(again.events_table)
    assert full.areas_table.equals(again.areas_table)
    for detail in (Detail.REFUSALS, Detail.NONE):
        less = town(tmp_path, MIXED, detail=detail)
        assert less.areas_table.equals(full.areas_table)
        assert less.summary == full.summary
        kept = less.record.events
        assert bool(kept) == (detail is Detail.REFUSALS)
        assert all(event.result not in ("Accept", "Issued") for event in kept)


def test_the_resolved_scenario_runs_to_the_same(tmp_path):
    full = town(tmp_path, MIXED)
    (tmp_path / "town.yaml").write_text(full.scenario_text, encoding="utf-8")
    from meter_sim.engine.reference import run
    from meter_sim.results.result import result_of
    from meter_sim.scenario.reader import read_scenario

    scenario = read_scenario(tmp_path / "town.yaml")
    again = result_of(scenario, run(scenario))
    assert again.events_table.equals(full.events_table)
    assert again.scenario_text == full.scenario_text


# -- uptake --------------------------------------------------------------------------------------------------------

INTERVAL = {
    "share": "80%",
    "buy": {"every": "7 days"},
    "amount": {"use_of": "7 days"},
    "enter_after": "1 h",
}


def half_time(result):
    """Days from the start until half of the buyers' meters have the new key."""
    curve = series(result, "true_new_key")
    return next(day for day, number in enumerate(curve) if number >= 11)


def test_uptake_follows_who_buys_when(tmp_path):
    """Under with_purchase every key change comes after the meter's own first purchase in the phase."""
    result = town(tmp_path, {"customers.buyers": INTERVAL})
    start = 1726351200  # 2024-09-15 00:00 in Johannesburg
    first, changed = {}, {}
    for event in result.record.events:
        if event.event is EventKind.PURCHASE and event.time >= start:
            first.setdefault(event.meter, event.time)
        if event.event is EventKind.KEY_CHANGED:
            changed[event.meter] = event.time
    assert changed
    assert all(changed[meter] == first[meter] + 3600 + 40 for meter in changed)
    assert max(changed.values()) < start + 8 * 86_400


@pytest.mark.parametrize(
    ("slower", "by_days"),
    [
        ({"buy": {"every": "28 days"}, "amount": {"use_of": "28 days"}}, 5),
        ({"enter_after": "12 days"}, 10),
    ],
)
def test_the_curve_responds(tmp_path, slower, by_days):
    quick = town(tmp_path, {"customers.buyers": INTERVAL})
    slow = town(tmp_path, {"customers.buyers": INTERVAL | slower})
    assert half_time(slow) >= half_time(quick) + by_days


def test_the_plateau_is_the_zero_buyers(tmp_path):
    shares, left = ("90%", "70%", "40%"), []
    for share in shares:
        result = town(tmp_path, {"customers.buyers": INTERVAL | {"share": share}, "population.count": "60"})
        meters = result.record.outcome.meters
        unchanged = sum(meter.true != TrueState.NEW for meter in meters)
        assert unchanged == sum(meter.never_buys != "" for meter in meters)
        left.append(unchanged)
    assert left == sorted(left)
    assert left[0] < left[1] < left[2]


# -- channels ------------------------------------------------------------------------------------------------------


def test_sections_are_printed_with_so_many_purchases(tmp_path):
    result = town(tmp_path, {"customers.buyers": INTERVAL})
    prints = Counter(
        event.meter
        for event in result.record.events
        if event.event in (EventKind.KEY_CHANGE_ISSUED, EventKind.REPRINT) and event.label.endswith(".kct.1")
    )
    assert set(prints.values()) == {3}


def test_sections_that_did_their_work_are_not_entered_again(tmp_path):
    result = town(tmp_path, {"customers.buyers": INTERVAL})
    changed = {event.meter: event.time for event in result.record.events if event.event is EventKind.KEY_CHANGED}
    sections = [event for event in result.record.events if event.event is EventKind.ENTRY and ".kct." in event.label]
    assert len(changed) > 20
    assert len(sections) == 2 * len(changed)
    assert all(event.time <= changed[event.meter] for event in sections)


def test_crews_keep_to_their_day(tmp_path):
    result = town(tmp_path, CREWS)
    by_day = Counter()
    for event in result.record.events:
        if event.event is EventKind.VISIT:
            local = event.time + 7200
            assert 8 * 3600 <= local % 86_400 < 16.5 * 3600 + 600
            assert (local // 86_400 + 3) % 7 < 5
            by_day[local // 86_400] += 1
    assert max(by_day.values()) <= 4


def test_crews_find_what_is_wrong_in_the_register(tmp_path):
    result = town(tmp_path, CREWS)
    assert total(result, "visits_not_found") == sum(meter.dead for meter in result.record.outcome.meters) > 0
    assert series(result, "true_wrong_key")[0] > 0
    assert series(result, "true_wrong_key")[-1] == 0
    assert total(result, "corrected_records") > 0
    replaced = [event for event in result.record.events if event.event is EventKind.REPLACED]
    assert len(replaced) == total(result, "visits_replaced") == 1  # as many as the depot has in stock
    assert total(result, "visits_cannot_change") > 1
    assert series(result, "replacements_waiting")[-1] == total(result, "visits_cannot_change") - 1


def test_an_outage_and_a_full_hour_put_sales_off(tmp_path):
    outage = {"start": "2024-10-05 00:00", "end": "2024-10-08 00:00"}
    result = town(tmp_path, {"areas.town": {"vending": {"sales_per_hour": "1", "outages": [outage]}}})
    sales = [event.time for event in result.record.events if event.event is EventKind.PURCHASE]
    down = 1728079200  # 2024-10-05 00:00 in Johannesburg
    assert not any(down <= time < down + 3 * 86_400 for time in sales)
    hours = Counter(event.time // 3600 for event in result.record.events if event.event is EventKind.PURCHASE)
    spare = {event.time // 3600 for event in result.record.events if event.label.endswith("spare")}
    assert all(number == 1 for hour, number in hours.items() if hour not in spare)
    assert total(result, "sales_delayed") > 0
    assert total(result, "off_no_sale_s") > 0


def test_what_was_lent_is_paid_back_or_owed(tmp_path):
    result = town(tmp_path, MIXED | {"programme.phases": {"town": {"start": "2024-12-20", "channel": "crew"}}})
    lent = total(result, "lent_tenths")
    assert lent > 0
    assert lent % 150 == 0
    owed = sum(meter.debt_tenths for meter in result.record.outcome.meters)
    assert lent == total(result, "paid_back_tenths") + owed


def test_no_key_change_after_its_last_day(tmp_path):
    phase = {"start": "2024-11-20", "channel": "with_purchase"}
    changes = SELF | {"programme.key_change_until": "2024-11-30 00:00", "programme.phases": {"town": phase}}
    late = {"based_on": "weekly_buyers", "share": "80%", "buy": {"every": "60 days"}}
    result = town(tmp_path, changes | {"customers.buyers": late})
    until = 1732917600 + 60
    issued = [event.time for event in result.record.events if event.event is EventKind.KEY_CHANGE_ISSUED]
    assert issued
    assert max(issued) < until
    refused = {event.result for event in result.record.events if event.event is EventKind.SALE_REFUSED}
    assert refused == {"IssueUntilPassed"}
    assert total(result, "off_not_migrated_s") > 0


def test_after_credit_every_point_of_sale_prints_the_change(tmp_path):
    """A phase by crews that never come: those who buy after the last credit get their sections then."""
    crews = {"areas.town": {"depot": {"crews": "0"}}}
    result = town(tmp_path, crews | {"programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}}})
    deadline = 1732479300
    issued = [event.time for event in result.record.events if event.event is EventKind.KEY_CHANGE_ISSUED]
    assert issued
    assert min(issued) >= deadline
    assert total(result, "visits") == 0


def test_the_ten_questions_are_answered_by_name(programme):
    assert list(programme.summary["answers"]) == [
        "rate_and_start", "channels_and_crews", "never_come", "drawers", "replacements",
        "without_supply_after_deadline", "revisits", "queues_in_last_month", "key_changes_after_deadline",
        "presumed_and_true",
    ]  # fmt: skip
    for answer in programme.summary["answers"].values():
        assert list(answer) == ["town", "(all)"]
        assert answer["town"] == answer["(all)"]


# -- a behaviour of one's own --------------------------------------------------------------------------------------

OWN = '''
from meter_sim.people.behaviour import Behaviour


class Sunday(Behaviour):
    """Buys every so many days, at noon."""

    def next_purchase(self, seen):
        day = seen.calendar.day(seen.now)
        every = int(self.options["days"])
        return seen.calendar.midnight(day + every - day % every) + 12 * 3600

    def amount(self, seen):
        return 200 + (seen.chance(seen.purchases) >> 25)

    def enter_after(self, seen):
        return None if seen.purchases % 5 == 4 else 60
'''


def own(tmp_path, code=OWN, **options):
    (tmp_path / "own_habits.py").write_text(code)
    changes = {"customers.buyers": {"share": "80%", "behaviour": "own_habits:Sunday", "options": {"days": "7"}}}
    return town(tmp_path, changes, **options)


@pytest.fixture
def fresh_modules(monkeypatch):
    import sys

    yield
    sys.modules.pop("own_habits", None)


@pytest.mark.usefixtures("fresh_modules")
def test_a_behaviour_of_ones_own_decides(tmp_path):
    result = own(tmp_path, allow_code=True)
    sales = [event for event in result.record.events if event.event is EventKind.PURCHASE]
    assert sales
    assert all((event.time + 7200) % (7 * 86_400) == 12 * 3600 for event in sales)
    assert any(fate == "not entered" for meter in result.record.outcome.meters for fate, _ in meter.fates)


@pytest.mark.usefixtures("fresh_modules")
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 'soon'", "answered 'soon', a whole number or None is needed"),
        ("return True", "answered True, a whole number or None is needed"),
    ],
)
def test_a_behaviour_that_fails_says_so_in_one_line(tmp_path, wrong, told):
    from meter_sim.engine.habits import BehaviourError

    code = f"from meter_sim.people.behaviour import Behaviour\nclass Sunday(Behaviour):\n    def next_purchase(self, seen): {wrong}\n"
    with pytest.raises(BehaviourError) as error:
        own(tmp_path, code, allow_code=True)
    assert str(error.value).endswith(told)
    assert "\n" not in str(error.value)
