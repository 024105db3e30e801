"""No key of a rollout is without effect: for each there is a town in which another value changes what happens.

The keys are those of the schema, so that one that is added there and not here is told.
"""

from collections.abc import Iterator
from functools import cache
from typing import get_args

import pytest

from meter_sim.engine.reference import run
from meter_sim.results.result import result_of
from meter_sim.scenario.fields import Model, OrText
from meter_sim.scenario.meter_numbers import pan_of
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.schema import ScenarioSpec
from tests.rollout import BASE, write

SECTIONS = ("holidays", "areas", "population", "customers", "programme", "costs")


def models_in(annotation: object) -> Iterator[type[Model]]:
    """The mappings that a field's type names, but for quantities that are written as one text."""
    if isinstance(annotation, type) and issubclass(annotation, Model) and not issubclass(annotation, OrText):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def keys(model: type[Model], prefix: str = "") -> Iterator[str]:
    """The keys of a mapping and of those in it, by path; places in lists and names of areas are left out."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        if not prefix and path not in SECTIONS:
            continue
        inner = [*models_in(field.annotation), *(one for data in field.metadata for one in models_in(data))]
        for one in dict.fromkeys(inner):
            yield from keys(one, f"{path}.")
        if not inner:
            yield path


KEYS = tuple(keys(ScenarioSpec))

OLD, NEW = BASE["supply_groups"]["123457"]["vending_keys"]
DESK = {"staff": "1", "open": "08:00-16:30", "service": "2 h", "patience": "1 h"}
ALL_AT_ONCE = {
    "end": "2024-10-25 00:00",
    "supply_groups": {
        "123457": {"vending_keys": [OLD, NEW]},
        "123465": {"vending_keys": [OLD, NEW]},
    },
    "meter_models": {"rigid": {"takes_key_changes": "false"}, "three": {"kcts": "3"}},
    "holidays": ["2024-09-24"],
    "areas.town": {
        "depot": {
            "crews": "1", "visits_per_day": "3", "no_access": "40%", "calls_back": "50%", "revisit_after": "7 days",
            "replacement_takes": "2", "stock": "1", "deliveries": [{"at": "2024-10-05 00:00", "meters": "1"}],
        },
        "help_desk": DESK,
        "office": dict(DESK),  # of its own, to be changed alone
        "vending": {
            "sales_per_hour": "1", "busy_retry": "2 h",
            "outages": [{"start": "2024-09-16 00:00", "end": "2024-09-19 00:00"}],
        },
    },
    "population": {
        "count": "22", "supply_group": "123457", "loads": {"township": "50%", "informal": "50%"}, "use_varies": "30%",
        "cannot_change": "15%", "drawer": {"share": "30%"},
        "register_errors": {"supply_group": "3%", "key_revision": "3%", "tariff_index": "10%", "swapped": "10%", "dead": "10%"},
    },
    "customers": {
        "buyers": {
            "share": "55%", "buy": {"when_below": "5 kWh"}, "amount": "20 kWh", "free_units": "5 kWh", "enter_after": "2 h",
            "mistakes": {"wrong_digit": "30%", "credit_first": "25%", "one_section": "25%", "tries": "2"},
            "trouble": {"asks": "60%", "sittings": "2"},
            "campaign": {"answers": "50%", "at_deadline": "50%"},
            "spare": {"share": "20%", "kept": "12 days"},
        },
        "weekly": {"based_on": "weekly_buyers", "share": "15%", "buy": {"every": "7 days", "first": "2024-09-03 18:00"}},
        "paid": {"share": "15%", "buy": {"paydays": {"days": ["15"]}}, "amount": {"use_of": "30 days"}, "enter_after": "1 h"},
        "zero": {"never": "vacant"},
    },
    "programme": {
        "change_key": {"from": "1", "to": "2"},
        "supply_group": "123457",
        "replace_with": "keypad",
        "credit_until": "2024-10-16 20:14Z",
        "key_change_until": "2024-10-20 00:00",
        "lend": {"start": "2024-09-03", "until": "2024-09-12", "amount": "15 kWh", "pay_back": "50%"},
        "phases": {
            "town": [
                {"start": "2024-09-10", "channel": "with_purchase", "print_with": "2 purchases", "end": "2024-09-18"},
                {"start": "2024-09-12", "channel": "sent", "reaches": "70%", "send_over": "4 days", "end": "2024-09-15 12:00"},
                {"start": "2024-09-16", "channel": "crew", "end": "2024-10-14"},
                {"start": "2024-09-20", "channel": "office", "send_over": "4 days"},
                {"start": "2024-09-25", "channel": "fetched", "send_over": "4 days"},
            ]
        },
    },
    "costs": dict.fromkeys(("visit", "call", "office_visit", "meter", "token", "message", "kwh"), "1 currency"),
}  # fmt: skip

TWO_AREAS = {
    "end": "2024-10-01 00:00",
    "areas": {"town": {"share": "40%"}, "land": {}},
    "programme.phases": {"town": {"start": "2024-09-15", "channel": "with_purchase"}},
}
FILE = {
    "end": "2024-10-01 00:00",
    "population": {"file": "meters.csv"},
}
ROWS = "pan,last_purchase\n" + "".join(
    f"{pan_of(number).digits},2024-{number % 6 + 3:02d}-10\n" for number in range(1, 31)
)
OWN = {
    "end": "2024-10-01 00:00",
    "customers.buyers": {"share": "80%", "behaviour": "own_days:Days", "options": {"days": "7"}},
}
CODE = """
from meter_sim.people.behaviour import Behaviour


class Days(Behaviour):
    def next_purchase(self, seen):
        every = int(self.options["days"])
        return seen.calendar.midnight(seen.calendar.day(seen.now) + every) + 12 * 3600

    def amount(self, seen):
        return 200


class Noon(Days):
    def amount(self, seen):
        return 300
"""
REPLACE = {
    "end": "2024-10-01 00:00",
    "areas.town": {"depot": {"crews": "1", "stock": "5"}},
    "programme.replace_with": "keypad",
    "programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}},
}
TRUTH = {
    "end": "2024-09-20 00:00",
    "supply_groups": ALL_AT_ONCE["supply_groups"],
    "population.supply_group": "123457",
}
SHOP = {"end": "2024-09-20 00:00", "points_of_sale": {"main": {}, "shop": {"clock_offset": "2 h"}}}

OFFICE = ALL_AT_ONCE | {"programme.phases": {"town": {"start": "2024-09-10", "channel": "office"}}}

DEPOT, DESKS, VENDING = "areas.town.depot", ("areas.town.help_desk", "areas.town.office"), "areas.town.vending"
PHASES = ALL_AT_ONCE["programme"]["phases"]["town"]


def phase(place, **other):
    """The phases with one of them changed."""
    changed = [dict(one) for one in PHASES]
    changed[place] |= other
    return {"programme.phases": {"town": changed}}


EFFECTS = {
    "holidays": (ALL_AT_ONCE, {"holidays": ["2024-09-25"]}),
    # areas
    "areas.share": (TWO_AREAS, {"areas.town.share": "60%"}),
    "areas.depot.crews": (ALL_AT_ONCE, {f"{DEPOT}.crews": "2"}),
    "areas.depot.visits_per_day": (ALL_AT_ONCE, {f"{DEPOT}.visits_per_day": "4"}),
    "areas.depot.open": (ALL_AT_ONCE, {f"{DEPOT}.open": "09:00-16:00"}),
    "areas.depot.days": (ALL_AT_ONCE, {f"{DEPOT}.days": ["mon", "tue"]}),
    "areas.depot.no_access": (ALL_AT_ONCE, {f"{DEPOT}.no_access": "10%"}),
    "areas.depot.calls_back": (ALL_AT_ONCE, {f"{DEPOT}.calls_back": "0%"}),
    "areas.depot.appointment_after": (ALL_AT_ONCE, {f"{DEPOT}.appointment_after": "9 days"}),
    "areas.depot.revisit_after": (ALL_AT_ONCE, {f"{DEPOT}.revisit_after": "3 days"}),
    "areas.depot.most_visits": (ALL_AT_ONCE, {f"{DEPOT}.most_visits": "1"}),
    "areas.depot.replacement_takes": (ALL_AT_ONCE, {f"{DEPOT}.replacement_takes": "1"}),
    "areas.depot.stock": (ALL_AT_ONCE, {f"{DEPOT}.stock": "0"}),
    "areas.depot.deliveries.at": (ALL_AT_ONCE, {f"{DEPOT}.deliveries": [{"at": "2024-09-30 00:00", "meters": "1"}]}),
    "areas.depot.deliveries.meters": (ALL_AT_ONCE, {f"{DEPOT}.deliveries": [{"at": "2024-10-05 00:00", "meters": "2"}]}),
    **{
        f"{desk.replace('.town', '')}.{name}": (OFFICE if desk == DESKS[1] else ALL_AT_ONCE, {f"{desk}.{name}": value})
        for desk in DESKS
        for name, value in {
            "staff": "2", "open": "09:00-12:00", "days": ["mon"], "service": "30 min", "patience": "10 min",
        }.items()
    },
    "areas.vending.sales_per_hour": (ALL_AT_ONCE, {f"{VENDING}.sales_per_hour": "5"}),
    "areas.vending.busy_retry": (ALL_AT_ONCE, {f"{VENDING}.busy_retry": "1 h"}),
    "areas.vending.outages.start": (ALL_AT_ONCE, {f"{VENDING}.outages": [{"start": "2024-09-18 00:00", "end": "2024-09-19 00:00"}]}),
    "areas.vending.outages.end": (ALL_AT_ONCE, {f"{VENDING}.outages": [{"start": "2024-09-16 00:00", "end": "2024-09-17 00:00"}]}),
    "areas.models": (ALL_AT_ONCE, {"areas.town.models": {"rigid": "100%"}}),
    "areas.loads": (ALL_AT_ONCE, {"areas.town.loads": {"informal": "100%"}}),
    "areas.customers": (ALL_AT_ONCE, {"areas.town.customers": {"paid": "100%"}}),
    "areas.cannot_change": (ALL_AT_ONCE, {"areas.town.cannot_change": "80%"}),
    # population
    "population.count": (ALL_AT_ONCE, {"population.count": "23"}),
    "population.file": (FILE, {"population": {"count": "30"}}),
    "population.supply_group": (TRUTH, {"population.supply_group": "123465"}),
    "population.key_revision": (TRUTH, {"population.key_revision": "2"}),
    "population.tariff_index": (TRUTH, {"population.tariff_index": "02"}),
    "population.models": (ALL_AT_ONCE, {"population.models": {"rigid": "100%"}}),
    "population.loads": (ALL_AT_ONCE, {"population.loads": {"township": "100%"}}),
    "population.use_varies": (ALL_AT_ONCE, {"population.use_varies": "10%"}),
    "population.cannot_change": (ALL_AT_ONCE, {"population.cannot_change": "60%"}),
    "population.credit": (ALL_AT_ONCE, {"population.credit": "7 kWh"}),
    "population.drawer.share": (ALL_AT_ONCE, {"population.drawer.share": "60%"}),
    "population.drawer.bought_before": (ALL_AT_ONCE, {"population.drawer.bought_before": "3 days"}),
    "population.drawer.entered_after": (ALL_AT_ONCE, {"population.drawer.entered_after": "3 days"}),
    **{
        f"population.register_errors.{name}": (ALL_AT_ONCE, {f"population.register_errors.{name}": "30%"})
        for name in ("supply_group", "key_revision", "tariff_index", "swapped", "dead")
    },
    "population.zero_buyer_after": (FILE, {"population.zero_buyer_after": "60 days"}),
    # customers
    "customers.based_on": (BASE | {"end": "2024-09-20 00:00"}, {"customers.buyers.based_on": "poor_households"}),
    "customers.share": (ALL_AT_ONCE, {"customers.buyers.share": "45%"}),
    "customers.buy.when_below": (ALL_AT_ONCE, {"customers.buyers.buy.when_below": "3 kWh"}),
    "customers.buy.every": (ALL_AT_ONCE, {"customers.weekly.buy.every": "6 days"}),
    "customers.buy.first": (ALL_AT_ONCE, {"customers.weekly.buy.first": "2024-09-04 18:00"}),
    "customers.buy.paydays.days": (ALL_AT_ONCE, {"customers.paid.buy.paydays.days": ["31"]}),
    "customers.never": (ALL_AT_ONCE | {"customers.buyers.share": "40%"}, {"customers.zero.never": "blocked"}),
    "customers.amount": (ALL_AT_ONCE, {"customers.buyers.amount": "21 kWh"}),
    "customers.free_units": (ALL_AT_ONCE, {"customers.buyers.free_units": "4 kWh"}),
    "customers.enter_after": (ALL_AT_ONCE, {"customers.buyers.enter_after": "1 h"}),
    "customers.between_entries": (ALL_AT_ONCE, {"customers.buyers.between_entries": "2 min"}),
    "customers.retry_after": (ALL_AT_ONCE, {"customers.buyers.retry_after": "3 days"}),
    "customers.point_of_sale": (SHOP, {"customers.buyers.point_of_sale": "shop"}),
    "customers.mistakes.wrong_digit": (ALL_AT_ONCE, {"customers.buyers.mistakes.wrong_digit": "10%"}),
    "customers.mistakes.credit_first": (ALL_AT_ONCE, {"customers.buyers.mistakes.credit_first": "0%"}),
    "customers.mistakes.one_section": (ALL_AT_ONCE, {"customers.buyers.mistakes.one_section": "60%"}),
    "customers.mistakes.tries": (ALL_AT_ONCE, {"customers.buyers.mistakes.tries": "3"}),
    "customers.trouble.asks": (ALL_AT_ONCE, {"customers.buyers.trouble.asks": "10%"}),
    "customers.trouble.tries_again_after": (ALL_AT_ONCE, {"customers.buyers.trouble.tries_again_after": "2 h"}),
    "customers.trouble.sittings": (ALL_AT_ONCE, {"customers.buyers.trouble.sittings": "1"}),
    "customers.campaign.answers": (ALL_AT_ONCE, {"customers.buyers.campaign.answers": "10%"}),
    "customers.campaign.answers_after": (ALL_AT_ONCE, {"customers.buyers.campaign.answers_after": "3 days"}),
    "customers.campaign.at_deadline": (ALL_AT_ONCE, {"customers.buyers.campaign.at_deadline": "0%"}),
    "customers.campaign.deadline_within": (ALL_AT_ONCE, {"customers.buyers.campaign.deadline_within": "3 days"}),
    "customers.spare.share": (ALL_AT_ONCE, {"customers.buyers.spare.share": "60%"}),
    "customers.spare.kept": (ALL_AT_ONCE, {"customers.buyers.spare.kept": "5 days"}),
    "customers.buy.paydays.at": (ALL_AT_ONCE, {"customers.paid.buy.paydays.at": "09:00"}),
    "customers.behaviour": (OWN, {"customers.buyers.behaviour": "own_days:Noon"}),
    "customers.options": (OWN, {"customers.buyers.options": {"days": "3"}}),
    # programme
    "programme.change_key.from": (TRUTH, {"programme.change_key": {"from": "2", "to": "1"}}),
    "programme.change_key.to": (
        REPLACE | {"supply_groups.123457.vending_keys": [OLD, NEW, NEW | {"key_revision": "3", "key": "test:old"}]},
        {"programme.change_key.to": "3"},
    ),
    "programme.change_key.supply_group": (ALL_AT_ONCE, {"programme.change_key.supply_group": "123465"}),
    "programme.change_key.tariff_index": (ALL_AT_ONCE, {"programme.change_key.tariff_index": "07"}),
    "programme.change_key.key_expiry": (ALL_AT_ONCE, {"programme.change_key.key_expiry": "200"}),
    "programme.change_key.three_sections": (
        ALL_AT_ONCE | {"population.models": {"three": "100%"}}, {"programme.change_key.three_sections": "true"},
    ),
    "programme.supply_group": (ALL_AT_ONCE, {"programme.supply_group": "123465"}),
    "programme.replace_with": (ALL_AT_ONCE, {"programme.replace_with": None}),
    "programme.replace_all": (REPLACE, {"programme.replace_all": "true"}),
    "programme.credit_until": (ALL_AT_ONCE, {"programme.credit_until": "2024-09-30 20:14Z"}),
    "programme.key_change_until": (
        ALL_AT_ONCE | {"programme.phases": {"town": {"start": "2024-10-12", "channel": "with_purchase"}}},
        {"programme.key_change_until": "2024-10-16 20:14Z"},
    ),
    "programme.phases.start": (ALL_AT_ONCE, phase(0, start="2024-09-05")),
    "programme.phases.channel": (OFFICE, {"programme.phases": {"town": {"start": "2024-09-10", "channel": "fetched"}}}),
    "programme.phases.end": (ALL_AT_ONCE, phase(2, end="2024-09-20")),
    "programme.phases.print_with": (ALL_AT_ONCE, phase(0, print_with="1 purchase")),
    "programme.phases.send_over": (ALL_AT_ONCE, phase(1, send_over="2 days")),
    "programme.phases.reaches": (ALL_AT_ONCE, phase(1, reaches="30%")),
    "programme.phases.visit": (ALL_AT_ONCE, phase(2, visit="not_issued")),
    "programme.lend.start": (ALL_AT_ONCE, {"programme.lend.start": "2024-09-08"}),
    "programme.lend.until": (ALL_AT_ONCE, {"programme.lend.until": "2024-09-06"}),
    "programme.lend.amount": (ALL_AT_ONCE, {"programme.lend.amount": "20 kWh"}),
    "programme.lend.pay_back": (ALL_AT_ONCE, {"programme.lend.pay_back": "30%"}),
    # costs
    **{
        f"costs.{name}": (OFFICE if name == "office_visit" else ALL_AT_ONCE, {f"costs.{name}": "2 currency"})
        for name in ("visit", "call", "office_visit", "meter", "token", "message", "kwh")
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Runs a changed town; the same one only once."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "meters.csv").write_text(ROWS)
    (folder / "own_days.py").write_text(CODE)

    @cache
    def of(text):
        (folder / "town.yaml").write_text(text, encoding="utf-8")
        scenario = read_scenario(folder / "town.yaml", allow_code=True)
        return result_of(scenario, run(scenario))

    def town(changes):
        return of(write(folder, changes).read_text(encoding="utf-8"))

    return town


def test_every_key_is_here():
    assert sorted(EFFECTS) == sorted(KEYS)


@pytest.mark.parametrize("key", sorted(EFFECTS))
def test_another_value_changes_what_happens(ran, key):
    base, other = EFFECTS[key]
    one, two = ran(base), ran(base | other)
    assert not (one.events_table.equals(two.events_table) and one.areas_table.equals(two.areas_table))
