"""Programmes that cannot work: each is refused with the file, in one line that says what and where."""

import re
from pathlib import Path

import pytest

from meter_sim.people.behaviour import Behaviour
from meter_sim.programme import Channel
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.scenario import Scenario
from tests.kit import at

GOOD = """\
name: a rollout
start: 2024-06-01Z
end: 2024-12-01Z
timezone: UTC
supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old}
      - {key_revision: 2, base_date: 2014, dkga: "04", key: test:new}
      - {key_revision: 3, base_date: 2014, dkga: "02", key: test:old}
customers:
  homes: {based_on: households, share: 100%}
areas:
  north: {share: 60%, depot: {crews: 2}, office: {staff: 1}}
  south: {}
population: {count: 20}
programme:
  change_key: {from: 1, to: 2}
  credit_until: 2024-11-01
  key_change_until: 2024-11-20
  phases:
    north: {start: 2024-07-01, channel: with_purchase}
    south: [{start: 2024-08-01, channel: sent, reaches: 80%}]
"""


def read(folder: Path, text: str, *, allow_code: bool = False) -> Scenario:
    (folder / "test.yaml").write_text(text, encoding="utf-8")
    return read_scenario(folder / "test.yaml", allow_code=allow_code)


def faults(folder: Path, text: str, *, allow_code: bool = False) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        read(folder, text, allow_code=allow_code)
    assert not any("\n" in fault for fault in error.value.faults)
    return [fault.removeprefix(str(folder / "test.yaml")) for fault in error.value.faults]


def test_a_good_programme(tmp_path):
    scenario = read(tmp_path, GOOD)
    programme = scenario.programme
    assert (programme.from_revision, programme.plan.key_revision, programme.replacement) == (1, 2, None)
    assert [(phase.number, phase.area, phase.channel) for phase in programme.phases] == [
        (0, "north", Channel.WITH_PURCHASE),
        (1, "south", Channel.SENT),
    ]
    assert [area.name for area in scenario.areas] == ["north", "south"]
    until = {key.key_revision: (key.issue_until, key.key_change_until) for key in scenario.vending_keys}
    assert until == {1: (at("2024-11-01"), at("2024-11-20")), 2: (None, None), 3: (None, None)}


def test_of_two_last_minutes_the_earlier_holds(tmp_path):
    for of_key, until in (("2024-10-01", "2024-10-01"), ("2024-11-10", "2024-11-01")):
        text = GOOD.replace("key: test:old", f"key: test:old, issue_until: {of_key}", 1)
        assert read(tmp_path, text).vending_keys[0].issue_until == at(until)


def test_a_resolved_programme_reads_back(tmp_path):
    first = read(tmp_path, GOOD)
    again = read(tmp_path, first.resolved)
    assert again.resolved == first.resolved
    assert (again.programme, again.areas, again.meters) == (first.programme, first.areas, first.meters)


AREAS = """\
areas:
  north: {share: 60%, depot: {crews: 2}, office: {staff: 1}}
  south: {}
"""
RUN = "from 2024-06-01Z to before 2024-12-01Z"
NO_KEY = "supply group 123457 has no vending key of key revision 7, allowed are 1, 2, 3"
SOUTH = "south: [{start: 2024-08-01, channel: sent, reaches: 80%}]"
UNTIL = "  credit_until: 2024-11-01\n"
KIND = "{based_on: households, share: 100%}"
PROFILES = (
    "poor_households, households, weekly_buyers, monthly_buyers, free_units_households, vacant, bypassed, blocked"
)
MODELS = (
    "keypad, keypad_20, keypad_3kct, keypad_ea11, key_expiry, no_lockout, three_phase, three_phase_ea11, "
    "two_services, water, gas, time, currency"
)
INSTANT = "write 2024-11-24 20:15 (local time) or 2024-11-24 20:15Z (UTC)"

KEYS = [
    ("from: 1", "from: 7", f":18: programme.change_key.from: {NO_KEY}"),
    ("to: 2", "to: 7", f":18: programme.change_key.to: {NO_KEY}"),
    ("to: 2", "to: 10", ":18: programme.change_key.to: '10' is not a whole number from 1 to 9"),
    ("to: 2", "to: 1", ":18: programme.change_key.to: this is the key that the meters hold already"),
    (
        "to: 2",
        'to: 2, supply_group: "123459"',
        ":18: programme.change_key.supply_group: no supply group is called '123459', did you mean 123457? allowed are 123457",
    ),
    (
        "  change_key",
        '  supply_group: "123459"\n  change_key',
        ":18: programme.supply_group: no supply group is called '123459', did you mean 123457? allowed are 123457",
    ),
    (
        "to: 2}\n",
        "to: 3}\n  replace_with: keypad_ea11\n",
        ":19: programme.replace_with: DKGA02 makes 64-bit keys only, and keypad_ea11 has EA11; change to a key of DKGA04",
    ),
    (
        UNTIL,
        f"{UNTIL}  replace_with: keypda\n",
        f":20: programme.replace_with: no meter model is called 'keypda', did you mean keypad? allowed are {MODELS}",
    ),
    (
        UNTIL,
        f"{UNTIL}  replace_all: true\n",
        ":20: programme.replace_all: name the model of the new meters in replace_with",
    ),
]
DATES = [
    (
        "key_change_until: 2024-11-20",
        "key_change_until: 2024-10-20",
        ":20: programme.key_change_until: 2024-10-20 is before credit_until, and key changes would end before credit does",
    ),
    (
        "credit_until: 2024-11-01",
        "credit_until: 2024-05-20",
        ":19: programme.credit_until: 2024-05-20 is before the start 2024-06-01Z",
    ),
    (
        "credit_until: 2024-11-01",
        "credit_until: 2024-11-31",
        f":19: programme.credit_until: '2024-11-31' is not an instant, {INSTANT}",
    ),
    (
        "  phases:",
        "  lend: {start: 2024-10-01, until: 2024-09-01, amount: 5 kWh, pay_back: 20%}\n  phases:",
        ":21: programme.lend.until: 2024-09-01 is not after the start 2024-10-01",
    ),
    (
        "  phases:",
        "  lend: {start: 2024-10-01, until: 2024-11-01, amount: 5 kWh, pay_back: 120%}\n  phases:",
        ":21: programme.lend.pay_back: 120% is above 100%",
    ),
    (
        "south: {}",
        "south: {vending: {outages: [{start: 2024-07-02, end: 2024-07-01}]}}",
        ":15: areas.south.vending.outages[0].end: 2024-07-01 is not after the start 2024-07-02",
    ),
    (
        "south: {}",
        "south: {vending: {outages: [{start: 2024-07-02}]}}",
        ":15: areas.south.vending.outages[0].end: this key is missing, it is needed",
    ),
    (
        "crews: 2",
        "crews: 2, deliveries: [{at: 2024-13-01, meters: 3}]",
        f":14: areas.north.depot.deliveries[0].at: '2024-13-01' is not an instant, {INSTANT}",
    ),
    ("areas:", "holidays: [2024-02-30]\nareas:", ":13: holidays[0]: '2024-02-30' is not a date, write 2024-12-25"),
    (
        "areas:",
        "holidays: [2024-12-25, 2024-12-26 10:00]\nareas:",
        ":13: holidays[1]: '2024-12-26 10:00' is not a date, write 2024-12-25",
    ),
    ("areas:", "holidays: [2024-12-25Z]\nareas:", ":13: holidays[0]: '2024-12-25Z' is not a date, write 2024-12-25"),
    ("areas:", "holidays: [2101-12-25]\nareas:", ":13: holidays[0]: '2101-12-25' is outside the years 1993 to 2100"),
]
PHASES = [
    (
        "start: 2024-07-01",
        "start: 2024-12-01",
        f":22: programme.phases.north[0].start: 2024-12-01 is outside the run, {RUN}",
    ),
    (
        "start: 2024-07-01",
        "start: 2024-05-31",
        f":22: programme.phases.north[0].start: 2024-05-31 is outside the run, {RUN}",
    ),
    (
        "start: 2024-07-01",
        "start: 2024-07-01, end: 2024-06-20",
        ":22: programme.phases.north[0].end: 2024-06-20 is not after the start 2024-07-01",
    ),
    (
        "start: 2024-07-01",
        "start: 2024-07-01, end: 2024-07-01",
        ":22: programme.phases.north[0].end: 2024-07-01 is not after the start 2024-07-01",
    ),
    (
        "    north:",
        "    nroth:",
        ":22: programme.phases.nroth: no area is called 'nroth', did you mean north? allowed are north, south",
    ),
    (
        SOUTH,
        "south: {start: 2024-08-01, channel: crew}",
        ":23: programme.phases.south[0].channel: the area south has no depot, give it one or another channel",
    ),
    (
        SOUTH,
        "south: {start: 2024-08-01, channel: office}",
        ":23: programme.phases.south[0].channel: the area south has no office, give it one or another channel",
    ),
    (
        SOUTH,
        "south: [{start: 2024-08-01, channel: snet}]",
        ":23: programme.phases.south[0].channel: 'snet' is not allowed, did you mean sent? "
        "allowed are with_purchase, sent, fetched, crew, office",
    ),
    (SOUTH, "south: []", ":23: programme.phases.south: the list has 0 entries, at least 1 are needed"),
    *(
        (
            SOUTH,
            f"south: {nothing}",
            ":23: programme.phases.south: a phase is needed, with the keys start and channel, or a list of phases",
        )
        for nothing in ("", "sent")
    ),
    (
        "channel: with_purchase",
        "channel: crew, print_with: 3 purchases",
        ":22: programme.phases.north[0].print_with: print_with goes with the channel with_purchase",
    ),
    (
        "channel: with_purchase",
        "channel: with_purchase, print_with: 3",
        ":22: programme.phases.north[0].print_with: '3' is not a number of purchases from 1 to 99, write 3 purchases",
    ),
    (
        "channel: with_purchase",
        "channel: with_purchase, print_with: 0 purchases",
        ":22: programme.phases.north[0].print_with: '0 purchases' is not a number of purchases from 1 to 99, write 3 purchases",
    ),
    (
        "channel: with_purchase",
        "channel: with_purchase, send_over: 3 days",
        ":22: programme.phases.north[0].send_over: send_over goes with the channel sent or fetched or office",
    ),
    (
        "channel: with_purchase",
        "channel: with_purchase, reaches: 50%",
        ":22: programme.phases.north[0].reaches: reaches goes with the channel sent or fetched or office",
    ),
    (
        "channel: with_purchase",
        "channel: with_purchase, visit: not_issued",
        ":22: programme.phases.north[0].visit: visit goes with the channel crew",
    ),
]
SHARES = [
    ("share: 60%", "share: 101%", ":14: areas.north.share: 101% is above 100%"),
    ("share: 60%", "share: 100%", ":15: areas.south: no meter is in this area"),
    (
        "south: {}",
        "south: {share: 30%}",
        ":13: areas: the shares of the areas come to 90%, 100% are needed; leave one share out for the rest",
    ),
    ("south: {}", "south: {share: 50%}", ":13: areas: the shares of the areas come to 110%, 100% are needed"),
    (
        KIND,
        "{based_on: households, share: 90%}",
        ":11: customers: the shares of the customers come to 90%, 100% are needed; leave one share out for the rest",
    ),
    (
        KIND,
        f"{KIND}\n  poor: {{based_on: poor_households, share: 20%}}",
        ":11: customers: the shares of the customers come to 120%, 100% are needed",
    ),
    (
        "share: 60%",
        "share: 60%, customers: {homes: 90%}",
        ":14: areas.north.customers: the shares of the customers come to 90%, 100% are needed",
    ),
    (
        "count: 20",
        "count: 20, register_errors: {dead: 60%, swapped: 50%}",
        ":16: population.register_errors: the shares come to more than 100%",
    ),
]
CUSTOMERS = [
    (
        "buy: {paydays: {days: [25]}, every: 7 days}",
        "buy: give one of when_below, every and paydays; only paydays and when_below go together",
    ),
    (
        "buy: {when_below: 1 kWh, every: 7 days}",
        "buy: give one of when_below, every and paydays; only paydays and when_below go together",
    ),
    ("buy: {when_below: 1 kWh, first: 2024-07-01}", "buy.first: first goes with every"),
    ("buy: {paydays: {days: [32]}}", "buy.paydays.days[0]: '32' is not a whole number from 1 to 31"),
    ("buy: {paydays: {days: []}}", "buy.paydays.days: the list has 0 entries, at least 1 are needed"),
    ('buy: {paydays: {days: [1], at: "25:00"}}', "buy.paydays.at: '25:00' is not a time of day, write 08:00"),
    ("buy: {paydays: {days: [1], at: 08:60}}", "buy.paydays.at: '08:60' is not a time of day, write 08:00"),
    (
        "buy: {paydays: {days: [1], at: {uniform: {least: 10:00, greatest: 09:00}}}}",
        "buy.paydays.at.uniform.least: least is above greatest",
    ),
    ("never: vacant, buy: {when_below: 1 kWh}", "never: who never buys has no buy"),
    ("never: vacant, behaviour: a:B", "behaviour: a behaviour decides when to buy, leave buy and never out"),
    ("never: vcant", "never: 'vcant' is not allowed, did you mean vacant? allowed are vacant, bypassed, blocked"),
    ("behaviour: a.B", "behaviour: 'a.B' is not an import path, write module:Class"),
    ("options: {a: b}", "options: options go with behaviour"),
    ("point_of_sale: shop", "point_of_sale: no point of sale is called 'shop', allowed are main"),
    (
        "mistakes: {credit_first: 60%, one_section: 50%}",
        "mistakes.one_section: credit_first and one_section come to more than 100%",
    ),
    (
        "mistakes: {one_section: 97%}",  # with the profile's own 4 % of credit first
        "mistakes.one_section: credit_first and one_section come to more than 100%",
    ),
    ("mistakes: {tries: 0}", "mistakes.tries: '0' is not a whole number from 1 to 20"),
    ("campaign: {answers: 130%}", "campaign.answers: 130% is above 100%"),
]
HOURS = [
    ("open: 16:00-08:00", "open: '16:00-08:00': the closing is not after the opening"),
    ("open: 08:00-08:00", "open: '08:00-08:00': the closing is not after the opening"),
    ("open: 8:00-16:00", "open: '8:00' is not a time of day, write 08:00"),
    ("open: 08:00-24:01", "open: '24:01' is not a time of day, write 08:00"),
    ("open: 08:00", "open: '08:00' is not a span of the day, write 08:00-16:30"),
    ("open: [1]", "open: a span of the day such as 08:00-16:30 is needed"),
    ("days: []", "days: the list has 0 entries, at least 1 are needed"),
    ("days: [monday]", "days[0]: 'monday' is not allowed, did you mean mon? allowed are mon, tue, wed, thu, fri, sat, sun"),
]  # fmt: skip
COSTS = [
    ("visit: 3", "visit: '3' is not an amount of money, write 12.50 currency"),
    ("visit: 3 kWh", "visit: '3 kWh' is not an amount of money, write 12.50 currency"),
    ("visit: 0.000001 currency", "visit: '0.000001 currency' is not a whole number of 0.00001 of the currency"),
]
BAD = [
    *KEYS,
    *DATES,
    *PHASES,
    *SHARES,
    (
        KIND,
        "{based_on: huseholds, share: 100%}",
        f":12: customers.homes.based_on: no built-in profile 'huseholds', did you mean households? allowed are {PROFILES}",
    ),
    *((KIND, KIND[:-1] + f", {more}}}", f":12: customers.homes.{fault}") for more, fault in CUSTOMERS),
    *(("crews: 2", f"crews: 2, {more}", f":14: areas.north.depot.{fault}") for more, fault in HOURS),
    *(("staff: 1", f"staff: 1, {more}", f":14: areas.north.office.{fault}") for more, fault in HOURS[:1]),
    *(("areas:", f"costs: {{{more}}}\nareas:", f":13: costs.{fault}") for more, fault in COSTS),
]


@pytest.mark.parametrize(("old", "new", "line"), BAD, ids=[f"{number}-{row[1][:40]}" for number, row in enumerate(BAD)])
def test_one_fault_one_line(tmp_path, old, new, line):
    assert old in GOOD
    assert faults(tmp_path, GOOD.replace(old, new, 1)) == [line]


def test_a_date_before_the_start_is_told_beside_what_it_breaks(tmp_path):
    text = GOOD.replace("key_change_until: 2024-11-20", "key_change_until: 2024-05-20")
    assert faults(tmp_path, text) == [
        ":20: programme.key_change_until: 2024-05-20 is before the start 2024-06-01Z",
        ":20: programme.key_change_until: 2024-05-20 is before credit_until, and key changes would end before credit does",
    ]


def test_only_a_crew_replaces_meters(tmp_path):
    text = GOOD.replace(UNTIL, f"{UNTIL}  replace_with: keypad_ea11\n  replace_all: true\n")
    what = "only a crew replaces a meter, write crew or leave replace_all out"
    assert faults(tmp_path, text) == [
        f":24: programme.phases.north[0].channel: {what}",
        f":25: programme.phases.south[0].channel: {what}",
    ]
    crews = re.sub(r"    south: .*\n", "", text).replace("channel: with_purchase", "channel: crew")
    assert read(tmp_path, crews).programme.replace_all


def test_the_key_that_meters_hold_already_is_one_to_replace_them_under(tmp_path):
    crews = re.sub(r"    south: .*\n", "", GOOD).replace("channel: with_purchase", "channel: crew")
    crews = crews.replace("to: 2", "to: 1").replace(UNTIL, f"{UNTIL}  replace_with: keypad_20\n  replace_all: true\n")
    assert read(tmp_path, crews).programme.replacement.name == "keypad_20"


LISTED = 'meters: [{{name: shop, pan: "600727000000000009", supply_group: "123457", key_revision: 1, area: {}}}]\n'


def test_areas_and_programmes_of_listed_meters_only(tmp_path):
    text = GOOD.replace("population: {count: 20}\n", LISTED.format("north"))
    assert faults(tmp_path, text) == [":15: areas.south: no meter is in this area"]
    text = text.replace(AREAS, "")
    text = text[: text.index("programme:")]
    assert faults(tmp_path, text) == [":13: meters[0].area: no area is called 'north', the file defines none"]


def test_a_listed_meter_in_an_area_that_is_not_there(tmp_path):
    assert faults(tmp_path, GOOD + LISTED.format("nroth")) == [
        ":24: meters[0].area: no area is called 'nroth', did you mean north? allowed are north, south"
    ]


def test_a_listed_meter_fills_an_area_too(tmp_path):
    text = GOOD.replace("share: 60%", "share: 100%") + LISTED.format("south")
    assert {meter.area for meter in read(tmp_path, text).meters} == {"north", "south"}


@pytest.mark.parametrize("where", ["population", "listed"])
def test_long_keys_are_not_changed_to_dkga02(tmp_path, where):
    """What the meters to change are built for counts, not only what they are replaced with."""
    text = GOOD.replace("from: 1, to: 2", "from: 2, to: 3")
    name = "m1"
    if where == "population":
        text = text.replace("count: 20", "count: 20, models: {keypad_ea11: 100%}")
    else:
        name = "shop"
        text += LISTED.format("south").replace("key_revision: 1", "key_revision: 2, encryption: EA11")
    assert faults(tmp_path, text) == [
        ":18: programme.change_key.to: DKGA02 makes 64-bit keys only; EA11 needs DKGA04, "
        f"and {name} of supply group 123457 is to change"
    ]
    out_of_scope = text.replace("from: 2, to: 3", "from: 1, to: 3")
    if where == "listed":
        assert read(tmp_path, out_of_scope)


# -- behaviours of the user's own ------------------------------------------------------------------------------

OWN = GOOD.replace(KIND, "{behaviour: PATH, share: 100%, amount: 1 kWh, enter_after: 1 h}")


def behaviour_faults(folder: Path, path: str) -> list[str]:
    found = faults(folder, OWN.replace("PATH", path), allow_code=True)
    return [fault.removeprefix(":12: customers.homes.behaviour: ") for fault in found]


def test_no_code_runs_unless_it_is_allowed(tmp_path):
    (tmp_path / "not_allowed_here.py").write_text("raise SystemExit('it ran')\n")
    assert faults(tmp_path, OWN.replace("PATH", "not_allowed_here:Own")) == [
        ":12: customers.homes.behaviour: this runs Python code of the scenario's author; "
        "look at it, then allow it with --allow-code"
    ]


def test_a_behaviour_beside_the_scenario(tmp_path):
    (tmp_path / "careful_buyers.py").write_text(
        "from meter_sim.people.behaviour import Behaviour\nclass Careful(Behaviour):\n    pass\nclass Other:\n    pass\n"
    )
    scenario = read(tmp_path, OWN.replace("PATH", "careful_buyers:Careful"), allow_code=True)
    kind = scenario.meters[0].customer.behaviour
    assert issubclass(kind, Behaviour)
    assert kind.__name__ == "Careful"
    assert behaviour_faults(tmp_path, "careful_buyers:Careles") == ["the module careful_buyers has no Careles"]
    assert behaviour_faults(tmp_path, "careful_buyers:Other") == [
        "'careful_buyers:Other' is no class made from meter_sim.people.behaviour.Behaviour"
    ]


@pytest.mark.parametrize(
    ("name", "code", "fault"),
    [
        ("not_there", None, "ModuleNotFoundError: No module named 'not_there'"),
        ("breaks_at_once", "raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("no_python", "class", "SyntaxError: invalid syntax (no_python.py, line 1)"),
    ],
)
def test_a_behaviour_that_cannot_be_imported(tmp_path, name, code, fault):
    if code is not None:
        (tmp_path / f"{name}.py").write_text(code)
    assert behaviour_faults(tmp_path, f"{name}:Own") == [f"'{name}:Own' cannot be imported: {fault}"]
