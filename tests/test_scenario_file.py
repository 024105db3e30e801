"""What a scenario file may say, and the one line for each thing that it may not."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.meter.models import BUILT_IN
from meter_sim.scenario import quantities
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.quantities import QuantityError
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.source import Plain, parse
from tests.kit import at

SCENARIOS = Path(__file__).parent.parent / "scenarios"

GOOD = """\
name: a test
start: 2024-11-01 00:00
end: 2024-12-31 00:00
timezone: Africa/Windhoek
supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old}
      - {key_revision: 2, base_date: 2014, dkga: "04", key: test:new}
meters:
  - {name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 1, credit: 12 kWh}
timeline:
  - {at: 2024-11-08 18:00, buy: 50 kWh, meter: home, as: first}
  - {at: 2024-11-08 19:00, enter: first, meter: home, expect: Accept}
"""


def read(tmp_path, text, **overrides):
    file = tmp_path / "test.yaml"
    file.write_text(text, encoding="utf-8")
    return read_scenario(file, overrides)


def faults(tmp_path, text):
    with pytest.raises(ScenarioError) as error:
        read(tmp_path, text)
    for fault in error.value.faults:
        assert "\n" not in fault
        assert fault.startswith(str(tmp_path / "test.yaml"))
    return [fault.removeprefix(str(tmp_path / "test.yaml")) for fault in error.value.faults]


def test_a_good_file(tmp_path):
    scenario = read(tmp_path, GOOD)
    assert (scenario.start, scenario.end) == (at("2024-10-31 22:00"), at("2024-12-30 22:00"))
    assert scenario.meters[0].credit == 12 * 3_600_000
    assert scenario.meters[0].connection == 1


# One fault, one line: what is replaced in GOOD by what, and the line that comes of it.
BAD = [
    ("name: a test", "nmae: a test", ":1: nmae: unknown key, did you mean name?"),
    (
        "credit: 12 kWh",
        "credit: 12 kwh",
        ":11: meters[0].credit: '12 kwh' is not an energy, the unit kwh is unknown, allowed are MWh, kWh",
    ),
    ("credit: 12 kWh", "credit: 12", ":11: meters[0].credit: '12' is not an energy, write a number and a unit"),
    ("credit: 12 kWh", "credit: [12]", ":11: meters[0].credit: an energy such as 50 kWh is needed"),
    ("credit: 12 kWh", "credits: 12 kWh", ":11: meters[0].credits: unknown key, did you mean credit?"),
    (
        "credit: 12 kWh",
        "credit: 12.00000001 kWh",
        ":11: meters[0].credit: '12.00000001 kWh' is not a whole number of Ws",
    ),
    (
        '000000009"',
        '000000008"',
        ":11: meters[0].pan: MeterPAN 600727000000000008 has the check digit 8, it should end in 9",
    ),
    ('"600727000000000009"', "600727000000000009", ':11: meters[0].pan: a digit string must stand in quotes: "600727'),
    ('group: "123457"', "group: 123457", ':11: meters[0].supply_group: a digit string must stand in quotes: "123457"'),
    (
        'group: "123457"',
        'group: "123458"',
        ":11: meters[0].supply_group: no supply group is called '123458', did you mean",
    ),
    ('  "123457":', "  123457:", ':6: supply_groups.123457: a digit string must stand in quotes: "123457"'),
    ('  "123457":', '  "12345":', ":6: supply_groups.12345: supply group code '12345' is not 6 decimal digits"),
    ("end: 2024-12-31 00:00", "end: 2024-11-01 00:00", ":3: end: the end 2024-11-01 00:00 is not after the start"),
    ("end: 2024-12-31 00:00", "end: 2124-12-31 00:00", ":3: end: '2124-12-31 00:00' is outside the years 1993 to 2100"),
    ("end: 2024-12-31 00:00", "end: 31 Dec 2024", ":3: end: '31 Dec 2024' is not an instant, write 2024-11-24 20:15"),
    ("end: 2024-12-31 00:00", "end: 2024-13-31 00:00", ":3: end: '2024-13-31 00:00' is not an instant"),
    ("end: 2024-12-31 00:00\n", "", ":1: end: this key is missing, it is needed"),
    ("Africa/Windhoek", "Africa/Windhook", ":4: timezone: 'Africa/Windhook' is no time zone"),
    (
        "buy: 50 kWh, meter: home",
        "buy: 50 kWh, meter: hoem",
        ":13: timeline[0].meter: no meter is called 'hoem', did you mean home?",
    ),
    ("buy: 50 kWh", "bye: 50 kWh", ":13: timeline[0].bye: unknown key, did you mean buy?"),
    ("buy: 50 kWh", "byu: 50 kWh, bought: 1", ":13: timeline[0].byu: unknown key, did you mean buy?"),
    (
        "- {at: 2024-11-08 18:00, buy: 50 kWh, meter: home, as: first}",
        "- buy",
        ":13: timeline[0]: a mapping is needed, with one of the keys buy",
    ),
    ("buy: 50 kWh", "buy: 50 kWh, enter: x", ":13: timeline[0]: an action has exactly one of the keys buy"),
    (
        "buy: 50 kWh",
        "buy: 50.05 kWh",
        ":13: timeline[0].buy: '50.05 kWh' cannot be bought, an amount is a whole number of tenths",
    ),
    ("buy: 50 kWh", "buy: 0 kWh", ":13: timeline[0].buy: '0 kWh' cannot be bought"),
    ("buy: 50 kWh", "buy: 5.05 m3", ":13: timeline[0].buy: '5.05 m3' is not a whole number of 0.1 m3"),
    (
        "buy: 50 kWh",
        "buy: 0.000001 currency",
        ":13: timeline[0].buy: '0.000001 currency' is not a whole number of 0.00001",
    ),
    ("buy: 50 kWh", "buy: 0 m3", ":13: timeline[0].buy: '0 m3' cannot be bought, an amount is above 0"),
    (
        "buy: 50 kWh",
        "buy: 5 h",
        ":13: timeline[0].buy: '5 h' is not an amount, write a number and a unit (MWh, kWh, Wh",
    ),
    ("buy: 50 kWh", "buy: -5 currency", ":13: timeline[0].buy: '-5 currency' is not an amount, write a number and a"),
    (
        "buy: 50 kWh",
        "buy: 10000000000000.1 m3",
        ":13: timeline[0].buy: '10000000000000.1 m3' is too large, at most 10^14",
    ),
    (
        "as: first",
        "as: first, expect: {registers: {water: abc}}",
        ":13: timeline[0].expect.registers.water: 'abc' is not",
    ),
    (
        "as: first",
        "as: first, expect: {registers: {water: 0}}",
        ":13: timeline[0].expect.registers.water: '0' is not an",
    ),
    (
        "meters:",
        "meter_models: {m: {extended_functions: [1, 1]}}\nmeters:",
        ":10: meter_models.m.extended_functions: an e",
    ),
    ("buy: 50 kWh", "buy: 5 m3, service: time", ":13: timeline[0].buy: 5 m3 is no amount of time, m3 buys water, gas"),
    ("buy: 50 kWh", "buy: 5 m3, service: wter", ":13: timeline[0].service: 'wter' is no service, did you mean water?"),
    ("as: first", "as: first, expect: {registers: {water: 5 min}}", ":13: timeline[0].expect.registers: 5 min is no"),
    (
        "as: first",
        "as: first, expect: {registers: {electricity: 5 kWh}}",
        ":13: timeline[0].expect.registers: the elec",
    ),
    ("credit: 12 kWh", "model: water, credit: 1 kWh", ":11: meters[0].credit: the model water has no electricity"),
    ("credit: 12 kWh", "model: water, load: flat", ":11: meters[0].load: the model water has no electricity register"),
    ("credit: 12 kWh", "registers: {water: 5 m3}", ":11: meters[0].registers: the model keypad has no register for wa"),
    (
        "credit: 12 kWh",
        "model: water, registers: {water: 99999999 m3}",
        ":11: meters[0].registers: more than the water register holds",
    ),
    ("meters:", "meter_models: {m: {based_on: keypda}}\nmeters:", ":10: meter_models.m.based_on: no built-in meter mo"),
    ("meters:", "meter_models: {m: {kcts: 4}}\nmeters:", ":10: meter_models.m.kcts: a meter with EA07 supports 2 or 3"),
    ("meters:", "meter_models: {m: {kcts: 3, encryption: EA11}}\nmeters:", ":10: meter_models.m.kcts: a meter with EA"),
    ("meters:", "meter_models: {m: {encryption: EA09}}\nmeters:", ":10: meter_models.m.encryption: EA09 (DES) is dep"),
    (
        "meters:",
        "meter_models: {m: {services: [gas, gas]}}\nmeters:",
        ":10: meter_models.m.services: an entry stands he",
    ),
    ("meters:", "meter_models: {m: {services: []}}\nmeters:", ":10: meter_models.m.services: the list has 0 entries"),
    ("meters:", "meter_models: {water: {phases: 3}}\nmeters:", ":10: meter_models.water: this name is built in"),
    ("enter: first", "change_key: {to: 1, three_sections: yes}", ":14: timeline[1].change_key.three_sections: 'yes'"),
    ("buy: 50 kWh", "manage: {extended: {function: 64, value: 0}}", ":13: timeline[0].manage.extended.function: '64'"),
    ("buy: 50 kWh", "manage: {extended: {function: 6}}", ":13: timeline[0].manage.extended.value: this key is missing"),
    ("at: 2024-11-08 18:00", "at: 2024-10-08 18:00", ":13: timeline[0].at: 2024-10-08 18:00 is outside the run"),
    ("at: 2024-11-08 19:00", "at: 2024-11-08 18:00", ":14: timeline[1].at: 'first' is entered before it is issued"),
    (
        "enter: first",
        "enter: frist",
        ":14: timeline[1].enter: no token of this timeline is called 'frist', did you mean first?",
    ),
    ("enter: first", "enter: first.1", ":14: timeline[1].enter: 'first.1' is no token, write first, or first.kct.1"),
    ("enter: first", "enter: first.kct.4", ":14: timeline[1].enter: 'first.kct.4' is no token"),
    ("enter: first", "enter: 12345678901234567890", ":14: timeline[1].enter: a digit string must stand in quotes"),
    (
        "expect: Accept",
        "expect: Acept",
        ":14: timeline[1].expect: 'Acept' is no result of this action, did you mean Accept?",
    ),
    ("expect: Accept", "expect: Issued", ":14: timeline[1].expect: 'Issued' is no result of this action"),
    ("expect: Accept", "expect: {}", ":14: timeline[1].expect: nothing is expected"),
    (
        "expect: Accept",
        "expect: {switch: on}",
        ":14: timeline[1].expect.switch: 'on' is not allowed, write open or closed",
    ),
    ("expect: Accept", "expect: {credit: 0.05 kWh}", ":14: timeline[1].expect.credit: a display shows whole tenths"),
    ("expect: Accept", "digit_every: 5", ":14: timeline[1].digit_every: '5' is not a duration"),
    (
        "as: first",
        "as: first, point_of_sale: shop",
        ":13: timeline[0].point_of_sale: no point of sale is called 'shop'",
    ),
    ("as: first", "as: 1st", ":13: timeline[0].as: '1st' is not a name"),
    ("as: first", "as: first, enter_after: 0 s", ":13: timeline[0].enter_after: a token is entered at least 1 s after"),
    (
        "key: test:old",
        "key: test:odl",
        ":8: supply_groups.123457.vending_keys[0].key: the vending key is neither test:old or",
    ),
    ('dkga: "02"', 'dkga: "01"', ":8: supply_groups.123457.vending_keys[0].dkga: DKGA01 is legacy"),
    ('dkga: "02"', 'dkga: "03"', ":8: supply_groups.123457.vending_keys[0].dkga: DKGA03 is withdrawn"),
    (
        "base_date: 1993",
        "base_date: 1994",
        ":8: supply_groups.123457.vending_keys[0].base_date: '1994' is not a base date",
    ),
    (
        "key_revision: 2",
        "key_revision: 1",
        ":9: supply_groups.123457.vending_keys[1].key_revision: key revision 1 stands here twice",
    ),
    (
        "key_revision: 2",
        "key_revision: 10",
        ":9: supply_groups.123457.vending_keys[1].key_revision: '10' is not a whole number from 1 to 9",
    ),
    (
        "key_revision: 1, credit",
        "key_revision: 3, credit",
        ":11: meters[0].key_revision: supply group 123457 has no vending key of",
    ),
    ("credit: 12 kWh", "encryption: EA11", ":11: meters[0].key_revision: DKGA02 makes 64-bit keys only"),
    ("credit: 12 kWh", "encryption: EA11, model: keypad", ":11: meters[0].encryption: the model keypad is EA07"),
    ("credit: 12 kWh", "encryption: EA09", ":11: meters[0].encryption: EA09 (DES) is deprecated"),
    ("credit: 12 kWh", "model: fancy", ":11: meters[0].model: no meter model is called 'fancy'"),
    ("credit: 12 kWh", "load: towship", ":11: meters[0].load: no load is called 'towship', did you mean township?"),
    (
        "credit: 12 kWh",
        "customer: me",
        ":11: meters[0].customer: no customer is called 'me', the file defines none",
    ),
    ("credit: 12 kWh", "manufactured: 2025-01-01", ":11: meters[0].manufactured: 2025-01-01 is after the start"),
    ("timeline:", "seed: -1\ntimeline:", ":12: seed: '-1' is not a whole number from 0"),
    ("timeline:", "version: 2\ntimeline:", ":12: version: '2' is not 1, the only one allowed"),
    ("timeline:", "readings_every: 0 s\ntimeline:", ":12: readings_every: the time between readings must be above 0"),
    ("timeline:", "name: again\ntimeline:", ":12: name: the key stands here twice"),
    ("timeline:", "loads: {flat: {profile: flat}}\ntimeline:", ":12: loads.flat: this name is built in"),
    (
        "timeline:",
        "loads: {own: {profile: flta}}\ntimeline:",
        ":12: loads.own.profile: no built-in profile, did you mean flat?",
    ),
    ("timeline:", "loads: {own: {csv: no.csv, mean: 1 kWh}}\ntimeline:", ":12: loads.own.csv: "),
    ("timeline:", "loads: {own: {mean: 1 kWh}}\ntimeline:", ":12: loads.own: give the shape by one of"),
    (
        "timeline:",
        "loads: {own: {profile: flat, variation: 20}}\ntimeline:",
        ":12: loads.own.variation: '20' is not a percentage",
    ),
    (
        "timeline:",
        "meter_models: {m: {tid_store: 0}}\ntimeline:",
        ":12: meter_models.m.tid_store: '0' is not a whole number from 1",
    ),
    (
        "timeline:",
        "meter_models: {m: {phases: 2}}\ntimeline:",
        ":12: meter_models.m.phases: '2' is not allowed, a meter has 1 or 3",
    ),
    (
        "timeline:",
        "points_of_sale: {main: {clock: 1 h}}\ntimeline:",
        ":12: points_of_sale.main.clock: unknown key, did you mean clock_offset?",
    ),
    (
        "timeline:",
        "points_of_sale: {force_rollover: maybe}\ntimeline:",
        ":12: points_of_sale.force_rollover: 'maybe' is not allowed, write true or false",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {}, amount: 1 kWh, enter_after: 1 h}}\ntimeline:",
        ":12: customers.c.buy: give one of when_below, every and paydays",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {every: 1 h}, amount: {uniform: {least: 2 kWh, greatest: 1 kWh}}, enter_after: 1 h}}\ntimeline:",
        ":12: customers.c.amount.uniform.least: least is above greatest",
    ),
    (
        "timeline:",
        "tables: {x: [1]}\ntimeline:",
        ":12: tables.x: no distribution of this scenario is called 'x', allowed are share with",
    ),
    ("credit: 12 kWh", "credit:", ":11: meters[0].credit: nothing stands behind the key"),
    ("buy: 50 kWh", "manage: {power_limit: }", ":13: timeline[0].manage.power_limit: nothing stands behind the key"),
    (
        "buy: 50 kWh",
        "manage: {power_limit: 20000 kW}",
        ":13: timeline[0].manage.power_limit: '20000 kW' is too large, at most 18201624 W",
    ),
    ("buy: 50 kWh", "manage: {test: krn}", ":13: timeline[0].manage.test: 'krn' is no meter test"),
    (
        "buy: 50 kWh",
        "manage: {power_limit: 1 W, manufacturer: 3}",
        ":13: timeline[0].manage.manufacturer: manufacturer goes with test",
    ),
    ("buy: 50 kWh", "manage: {clear_tamper: false}", ":13: timeline[0].manage: give one of test, power_limit"),
    ("buy: 50 kWh", "manage: {clear_credit: steam}", ":13: timeline[0].manage.clear_credit: 'steam' is no register"),
    ("expect: Accept", "expect: {result: }", ":14: timeline[1].expect.result: nothing stands behind the key"),
    ("as: first", "as: first, expect: TimedOut", ":13: timeline[0].expect: 'TimedOut' is no result of this action"),
    (
        "as: first",
        "as: first, expect: {display: x}",
        ":13: timeline[0].expect: this action shows nothing on the display",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, power_cycle: 2 h, meter: home}\n  - {at: 2024-11-02 02:00, power_cycle: 1 s, meter: home}",
        ":14: timeline[1].at: the supply of this meter is away",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, power_cycle: 0 s, meter: home}",
        ":13: timeline[0].power_cycle: the supply must be away",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, tamper: seal, meter: home, expect: Accept}",
        ":13: timeline[0].expect: 'Accept' is no result of this action, expect a state",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, change_key: {to: 3}, meter: home}",
        ":13: timeline[0].change_key.to: supply group 123457 has no vending key",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, change_key: {to: 2, with_purchase: true}, meter: home, as: x}",
        ":13: timeline[0].as: sections that come with a purchase",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, change_key: {to: 2}, meter: home, as: x}\n  - {at: 2024-11-03, enter: x, meter: home}",
        ":14: timeline[1].enter: a key change has sections, write x.1 or x.2",
    ),
    (
        "timeline:",
        "timeline:\n  - {at: 2024-11-02, buy: 1 kWh, meter: home, as: first}",
        ":14: timeline[1].as: a token is called 'first' already",
    ),
    (
        "timeline:",
        "loads: {own: {profile: flat, high_season: [6, 6]}}\ntimeline:",
        ":12: loads.own.high_season: a month stands here twice",
    ),
    (
        "timeline:",
        "loads: {own: {profile: flat, mean: 2 MWh}}\ntimeline:",
        ":12: loads.own.mean: a mean is at most 1 MWh a day",
    ),
    (
        "timeline:",
        "loads: {own: {profile: flat, variation: 301%}}\ntimeline:",
        ":12: loads.own.variation: a variation is at most 300%",
    ),
    (
        "timeline:",
        "loads: {own: {csv: /dev/zero, mean: 1 MWh}}\ntimeline:",
        ":12: loads.own.csv: /dev/zero cannot be read: it is no file",
    ),
    (
        "timeline:",
        'loads: {own: {csv: "a\\0b", mean: 1 MWh}}\ntimeline:',
        ":12: loads.own.csv: a text is needed, in one line and without control characters",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {when_below: 0 kWh}, amount: 1 kWh, enter_after: 1 h}}\ntimeline:",
        ":12: customers.c.buy.when_below: the level must be above 0",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {when_below: 1 kWh}, amount: 1 kWh, enter_after: 1 h, retry_after: 0 s}}\ntimeline:",
        ":12: customers.c.retry_after: the wait after a refusal must be above 0",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {every: 1 h, first: 2025-01-01}, amount: 1 kWh, enter_after: 1 h}}\ntimeline:",
        ":12: customers.c.buy.first: 2025-01-01 is outside the run",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {every: 1 h}, amount: {lognormal: {median: 2 kWh, sigma: 5}}, enter_after: 1 h}}\ntimeline:",
        ":12: customers.c.amount.lognormal.sigma: '5' is not a number from 0 to 4",
    ),
    (
        "timeline:",
        "customers: {c: {buy: {every: 1 h}, amount: {lognormal: }, enter_after: 1 h}}\ntimeline:",
        ":12: customers.c.amount.lognormal: nothing stands behind",
    ),
    (
        "timeline:",
        "meter_models: {m: {kct_timeout: 0 s}}\ntimeline:",
        ":12: meter_models.m.kct_timeout: a time-out must be above 0",
    ),
    (
        "timeline:",
        "points_of_sale: {force_rolover: true}\ntimeline:",
        ":12: points_of_sale.force_rolover: a mapping is needed, or the key force_rollover",
    ),
    (
        'dkga: "02"',
        "dkga: 02",
        ':8: supply_groups.123457.vending_keys[0].dkga: a digit string must stand in quotes: "02"',
    ),
    (
        "key: test:old",
        "key: test:old, issue_from: 2024-12-01, issue_until: 2024-11-01",
        ":8: supply_groups.123457.vending_keys[0].issue_until: 2024-11-01 is before issue_from",
    ),
    ("Africa/Windhoek", "A" * 300, ":4: timezone: "),
    ("name: a test", 'name: "a\\nb"', ":1: name: a text is needed, in one line"),
    ("name: a test", '"a\\nb": 1\nname: x', ":1: a b: unknown key"),
    ("timeline:", "seed: " + "1" * 5000 + "\ntimeline:", ":12: seed: '111"),
    ("name: a test", "name: !!python/object:os.system a", ":1: name: a tag is not allowed"),
    ("name: a test", "name: !own a", ":1: name: a tag is not allowed"),
    ("name: a test", "<<: {}\nname: a test", ":1: merge keys (<<) are not read"),
    ("name: a test", "name: [a", ":2: not valid YAML: "),
    ("name: a test", "name: a\ttest\x01", ":1: not valid YAML: a character that YAML does not allow"),
    ("name: a test", "name: *nothing", ":1: not valid YAML: found undefined alias"),
    ("name: a test", "--- {}\n---\nname: a test", ": not valid YAML: expected a single document"),
    ("name: a test", "name: &a [*a]", ":1: name[0]"),
    ("name: a test", "name: " + "[" * 500, ""),
]


@pytest.mark.parametrize(
    ("old", "new", "line"), BAD, ids=[f"{number}: {row[1][:30]!r}" for number, row in enumerate(BAD)]
)
def test_one_fault_one_line(tmp_path, old, new, line):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if line is None:
        read(tmp_path, text)
        return
    [fault] = faults(tmp_path, text)
    if line.startswith(": not valid"):
        assert re.match(r":\d+" + re.escape(line), fault)
    else:
        assert fault.startswith(line), fault


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", ":1: the file is empty"),
        (b"# only a comment\n", ":1: the file is empty"),
        (b"just a text\n", ":1: a mapping is needed"),
        (b"- a\n- list\n", ":1: a mapping is needed"),
        (b"name: \xff\xfe\n", ":1: not UTF-8 text"),
        (b"#" * (1 << 20) + b"#", ": cannot be read: the file has more than 1048576 bytes"),
    ],
)
def test_files_that_are_no_scenario(tmp_path, data, says):
    file = tmp_path / "test.yaml"
    file.write_bytes(data)
    with pytest.raises(ScenarioError) as error:
        read_scenario(file)
    assert str(error.value).startswith(f"{file}{says}")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read_scenario(tmp_path / "none.yaml")


def test_an_alias_bomb(tmp_path):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    [fault] = faults(tmp_path, bomb)
    assert "more than 200000 values with all aliases resolved" in fault


def test_several_faults_are_all_told(tmp_path):
    text = GOOD.replace("12 kWh", "12 kwh").replace("50 kWh", "50 kwh")
    assert [fault.split(":")[1] for fault in faults(tmp_path, text)] == ["11", "13"]


def test_a_key_in_hex_is_never_repeated(tmp_path):
    secret = "0123456789abcdef"
    good = read(tmp_path, GOOD.replace("test:old", f'"{secret}"'))
    assert secret not in good.resolved.lower()
    assert secret not in repr(good)
    for wrong in (
        secret[:-1],
        secret + "00",
        f"{secret[:15]} {secret[15:]}",
        f"[{secret}]",
        f'{{hex: "{secret}"}}',
        f"{{{secret}: 1}}",
        f'"{secret}',
        f"*{secret}",
        f"!{secret} x",
        f"test:old, {secret}: 1",
        f"test:old, issue_until: {secret}",
        f"test:old, key: {secret}",
    ):
        for fault in faults(tmp_path, GOOD.replace("test:old", wrong)):
            assert secret[:12] not in fault


def test_overrides(tmp_path):
    scenario = read(tmp_path, GOOD, **{"meters.0.credit": "5 kWh", "seed": "9", "loads.own": "{profile: rural}"})
    assert scenario.meters[0].credit == 5 * 3_600_000
    assert scenario.seed == 9
    scenario = read(tmp_path, GOOD, **{"meters.0.pan": "000001000000000082", "meters.0.tariff_index": "07"})
    assert scenario.meters[0].record.tariff_index == "07"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("meters.1.credit", "5 kWh", "--set meters.1.credit: '1' is no place in the list, allowed are 0 to 0"),
        ("name.first", "x", "--set name.first: there is nothing below name"),
        ("meters.0.credit", "5 kwh", "--set meters.0.credit: meters[0].credit: '5 kwh' is not an energy"),
        ("meters.0.credits", "5 kWh", "--set meters.0.credits: meters[0].credits: unknown key, did you mean credit?"),
        ("seeds", "5", "--set seeds: seeds: unknown key, did you mean seed?"),
        ("meters", "[a", "--set meters: not valid YAML"),
        (".name", "x", "--set .name: write a path"),
        ("customers.c.amount", "1 kWh", "--set customers.c.amount: customers.c.buy: this key is missing"),
        ("meters.0", "{name: home}", "--set meters.0: meters[0].pan: this key is missing"),
        ("meters." + "1" * 5000, "x", "--set meters.111"),
        (
            "supply_groups.123457.vending_keys.0.key",
            "dead beef cafe babe 00",
            "--set supply_groups.123457.vending_keys.0.key: ",
        ),
        (
            "supply_groups.123457.vending_keys.0.dkga",
            "0xdeadbeefcafebabe",
            "--set supply_groups.123457.vending_keys.0.dkga: ",
        ),
    ],
)
def test_wrong_overrides(tmp_path, path, value, line):
    with pytest.raises(ScenarioError) as error:
        read(tmp_path, GOOD, **{path: value})
    assert error.value.faults[0].startswith(line)
    assert "babe" not in str(error.value)


def test_what_a_resolved_scenario_says_is_the_same_scenario(tmp_path):
    for file in sorted(SCENARIOS.glob("*.yaml")):
        first = read_scenario(file)
        if first.population_file is not None:
            (tmp_path / first.population_file[0]).write_bytes(first.population_file[1])
        again = read(tmp_path, first.resolved)
        assert again.resolved == first.resolved
        assert again.meters == first.meters
        assert again.vending_keys == first.vending_keys
        assert [(action.at, action.meter) for action in again.timeline] == [
            (action.at, action.meter) for action in first.timeline
        ]


def test_a_resolved_scenario_without_its_key_says_so(tmp_path):
    resolved = read(tmp_path, GOOD.replace("test:old", '"0123456789abcdef"')).resolved
    [fault] = faults(tmp_path, resolved)
    assert "the vending key was left out of this resolved scenario" in fault


def test_saved_tables_are_used(tmp_path):
    text = GOOD.replace("credit: 12 kWh", "load: rural")
    saved = "tables:\n  share with variation 0.25: " + str([65_536] * 257) + "\n"
    assert read(tmp_path, text).meters[0].load.variation.knots[0] < 65_536
    assert read(tmp_path, text + saved).meters[0].load.variation.knots[0] == 65_536
    [fault] = faults(tmp_path, text + saved.replace("[65536,", "[65537,"))
    assert "257 whole numbers that do not fall" in fault


def test_a_profile_of_the_users_own(tmp_path):
    (tmp_path / "mine.csv").write_text("hour,workday,saturday,sunday\n" + "".join(f"{h},1,1,1\n" for h in range(24)))
    text = GOOD.replace("credit: 12 kWh", "load: own")
    own = read(tmp_path, text + "loads: {own: {csv: mine.csv, mean: 24 kWh, variation: 0%}}\n")
    assert own.meters[0].load.low[0] == (3_600_000,) * 24
    assert "mine.csv" not in own.resolved
    (tmp_path / "mine.csv").write_text("hour\n")
    [fault] = faults(tmp_path, text + "loads: {own: {csv: mine.csv, mean: 24 kWh}}\n")
    assert fault.startswith(":15: loads.own.csv: row 1: the columns must be")


def test_lines_and_quotes_are_kept():
    source = parse('a: 1\nb: "01"\nc:\n  - {d: null}\n', "x")
    assert source.tree == {"a": "1", "b": "01", "c": [{"d": None}]}
    assert isinstance(source.tree["a"], Plain)
    assert not isinstance(source.tree["b"], Plain)
    assert source.where(("c", 0, "d")) == "x:4"


# -- quantities


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (quantities.energy, "50 kWh", 180_000_000),
        (quantities.energy, "1.5MWh", 5_400_000_000),
        (quantities.energy, "7 Ws", 7),
        (quantities.amount, "0.1 kWh", 1),
        (quantities.duration, "20 min", 1200),
        (quantities.duration, "1.5 h", 5400),
        (quantities.duration, "2 days", 172_800),
        (quantities.offset, "-2 h", -7200),
        (quantities.power, "2.5 kW", 2500),
        (quantities.percentage, "3.5%", Decimal("0.035")),
        (quantities.number, "0.6", Decimal("0.6")),
    ],
)
def test_quantities(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (quantities.energy, "-5 kWh"),
        (quantities.energy, "1e3 kWh"),
        (quantities.energy, "５ kWh"),
        (quantities.energy, "9999999999999 MWh"),
        (quantities.energy, "1" * 30 + " kWh"),
        (quantities.duration, "51000 days"),
        (quantities.time, "2101-01-01"),
        (quantities.time, "1992-12-31"),
        (quantities.time, "9999-12-31"),
        (quantities.duration, "0.5 s"),
        (quantities.duration, "-1 s"),
        (quantities.power, "5 kWh"),
        (quantities.percentage, "0.5"),
        (quantities.number, "nan"),
        (quantities.time, "2024-02-30"),
        (quantities.time, "2024-02-03 24:00"),
        (quantities.time, "2024-02-03 10:00+02:00"),
    ],
)
def test_wrong_quantities(read, text):
    with pytest.raises(QuantityError):
        read(text)


@given(st.integers(0, quantities.GREATEST_ENERGY), st.integers(0, quantities.GREATEST_DURATION))
def test_texts_of_quantities_read_back(energy, seconds):
    assert quantities.energy(quantities.energy_text(energy)) == energy
    assert quantities.duration(quantities.duration_text(seconds)) == seconds
    assert quantities.offset(quantities.duration_text(-seconds)) == -seconds
    assert (
        quantities.power(quantities.power_text(seconds % quantities.GREATEST_POWER))
        == seconds % quantities.GREATEST_POWER
    )


def test_the_saved_scenario_reads_back_whatever_was_in_it(tmp_path):
    (tmp_path / "mine.csv").write_text("hour,workday,saturday,sunday\n" + "".join(f"{h},1,2,3\n" for h in range(24)))
    text = GOOD.replace("12 kWh", "12.3456 kWh").replace(
        "expect: Accept", 'digit_every: 1 s, expect: {result: Accept, display: "1"}'
    )
    text += """\
  - {at: 2024-11-09 10:00, enter: "1234 5678 9012 3456 7890", meter: home}
  - {at: 2024-11-09 10:01, enter: "²²", meter: home}
  - {at: 2024-11-09 10:02, enter: "12345678901234567890", meter: home}
  - {at: 2024-11-09 10:03, manage: {test: drn, manufacturer: 7}, meter: home}
  - {at: 2024-11-09 10:04, manage: {clear_tamper: true}, meter: home, as: clear}
  - {at: 2024-11-09 10:05, change_key: {to: 2, tariff_index: "07", key_expiry: 9}, meter: home}
loads:
  unused: {csv: mine.csv, mean: 3 kWh, variation: 12.5%, high_season: [1, 2]}
customers:
  c: {buy: {every: {uniform: {least: 1 h, greatest: 90 s}}}, amount: {lognormal: {median: 2.5 kWh, sigma: 0.000001}}, enter_after: 1 s}
meter_models:
  m: {firmware: "2.10", lockout: {after: 0}, manufacturer: 7}
points_of_sale: {force_rollover: false, main: {clock_offset: -90 s}, "b-1": {shared_tid_list: false, after_last_minute: wrap}}
""".replace("least: 1 h, greatest: 90 s", "least: 90 s, greatest: 1 h")
    first = read(tmp_path, text)
    again = read(tmp_path, first.resolved)
    assert again.resolved == first.resolved
    assert (again.meters, again.points_of_sale, again.timeline[0]) == (
        first.meters,
        first.points_of_sale,
        first.timeline[0],
    )
    assert [action for action in again.timeline if action.expect is None] == [
        action for action in first.timeline if action.expect is None
    ]


def test_many_faults_are_told_shortly(tmp_path):
    file = tmp_path / "test.yaml"
    file.write_text(GOOD + "".join(f"  - {{x{n}: 1}}\n" for n in range(100)))
    with pytest.raises(ScenarioError) as error:
        read_scenario(file)
    assert len(error.value.faults) == 21
    assert error.value.faults[-1] == "80 more faults"


def test_what_a_model_leaves_out_is_its_base_s(tmp_path):
    models = "meter_models:\n  mine: {based_on: keypad_20, phases: 3}\n  long: {encryption: EA11, tid_store: 7}\n"
    models += "  open: {based_on: no_lockout, kct_timeout: 5 min}\n"
    text = GOOD.replace("meters:", models + "meters:", 1).replace('dkga: "02"', 'dkga: "04"')

    def model(name):
        return read(tmp_path, text.replace("credit: 12 kWh", f"model: {name}")).meters[0].model

    assert model("mine") == replace(BUILT_IN["keypad_20"], name="mine", phases=3)
    assert model("long") == replace(BUILT_IN["keypad_ea11"], name="long", tid_store=7)
    assert model("open") == replace(BUILT_IN["no_lockout"], name="open", kct_timeout=300)
    assert model("three_phase") == BUILT_IN["three_phase"]


@pytest.mark.parametrize(
    ("said", "model"), [("", "keypad"), (", encryption: EA07", "keypad"), (", encryption: EA11", "keypad_ea11")]
)
def test_the_model_of_a_meter_that_names_none(tmp_path, said, model):
    text = GOOD.replace('dkga: "02"', 'dkga: "04"').replace("credit: 12 kWh", f"credit: 12 kWh{said}")
    [meter] = read(tmp_path, text).meters
    assert meter.model is BUILT_IN[model]
    assert meter.record.encryption is meter.model.encryption


def test_four_sections_only_where_they_are(tmp_path):
    text = GOOD.replace('dkga: "02"', 'dkga: "04"').replace("buy: 50 kWh", "change_key: {to: 1}")
    assert "write first.1 or first.2" in faults(tmp_path, text.replace("enter: first", "enter: first.3"))[0]
    long = text.replace("credit: 12 kWh", "encryption: EA11").replace("enter: first", "enter: first.4")
    assert read(tmp_path, long).timeline[1].text == "first.4"
    [fault] = faults(tmp_path, long.replace("{to: 1}", "{to: 1, three_sections: true}"))
    assert "three_sections: a meter with EA11 takes four sections" in fault


def test_what_is_left_out_of_a_lockout_is_its_base_s(tmp_path):
    models = "meter_models:\n  mine: {based_on: no_lockout, lockout: {first: 20 s}}\n"
    text = GOOD.replace("meters:", models + "meters:", 1).replace("credit: 12 kWh", "model: mine")
    model = read(tmp_path, text).meters[0].model
    assert (model.lockout_after, model.lockout_first, model.lockout_longest) == (0, 20, 1280)


@pytest.mark.parametrize(
    "change",
    ["change_key: {to: 1}", "change_key: {to: 1, with_purchase: true}", 'change_key: {to: 4, supply_group: "654321"}'],
)
def test_a_long_key_is_not_derived_by_dkga02(tmp_path, change):
    group = '  "654321": {vending_keys: [{key_revision: 4, base_date: 2014, dkga: "02", key: test:old}]}\nmeters:'
    text = GOOD.replace("meters:", group, 1).replace("key_revision: 1, tariff", "key_revision: 2, tariff")
    text = text.replace("key_revision: 1, credit", "key_revision: 2, credit")
    text = text.replace("credit: 12 kWh", "encryption: EA11").replace("buy: 50 kWh", change).replace(", as: first", "")
    text = "\n".join(line for line in text.splitlines() if "enter: first" not in line) + "\n"
    [fault] = faults(tmp_path, text)
    assert "timeline[0].change_key.to: DKGA02 makes 64-bit keys only, and this meter has EA11" in fault


def test_a_meter_without_electricity_shows_no_kwh(tmp_path):
    text = GOOD.replace("credit: 12 kWh", "model: water").replace("as: first", "as: first, expect: {credit: 0 kWh}")
    [fault] = faults(tmp_path, text)
    assert "timeline[0].expect.credit: the model water has no electricity register, expect registers" in fault
