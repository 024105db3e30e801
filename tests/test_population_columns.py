"""Populations as columns: drawn in compiled loops, range by range, and read without drawing."""

import pickle
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meter_sim import compiled_draws
from meter_sim.distribution import Distribution, constant, lognormal, uniform
from meter_sim.draws import Purpose, draw
from meter_sim.meter.models import BUILT_IN
from meter_sim.scenario.compiled_population import pan_of as compiled_pan
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.meter_columns import SETUP, columns_of, kinds_of
from meter_sim.scenario.meter_numbers import GREATEST_CONNECTION, pan_of
from meter_sim.scenario.reader import read_scenario, read_scenario_file
from meter_sim.scenario.scenario import Scenario
from tests.kit import PAN, examples

SCENARIOS = sorted(
    path for path in (Path(__file__).parents[1] / "scenarios").glob("*.yaml") if "\n  count: " in path.read_text()
)
WORDS = st.integers(0, (1 << 32) - 1)


def both(path: Path, overrides: dict[str, str] | None = None) -> tuple[Scenario, Scenario]:
    """A scenario with its meters, and one that is read without drawing them."""
    return read_scenario(path, overrides), read_scenario(path, overrides, drawn=False)


def assert_same(rows: np.ndarray, others: np.ndarray) -> None:
    assert rows.dtype == others.dtype == SETUP
    assert rows.shape == others.shape
    for name in SETUP.names:
        np.testing.assert_array_equal(rows[name], others[name], name)


def assert_drawn_alike(eager: Scenario, lazy: Scenario, random: Random, cuts: int = 5) -> None:
    """The whole population, ranges of it, and single meters are those of the scenario that was drawn."""
    population = lazy.population
    assert population is not None
    assert eager.population is None
    assert lazy.meters == tuple(meter for meter in eager.meters if meter.listed)
    assert (lazy.meter_count, lazy.meter_days) == (len(eager.meters), eager.meter_days)
    assert replace(lazy, population=None, meters=eager.meters) == eager
    meters = eager.meters[len(lazy.meters) :]
    first = population.first_connection
    whole = population.columns(first, population.count)
    assert_same(whole, columns_of(meters, population.kinds))
    other = pickle.loads(pickle.dumps(population))
    assert other == population
    for _ in range(cuts):
        start = random.randrange(len(meters))
        number = random.randrange(1, len(meters) - start + 1)
        assert_same(other.columns(first + start, number), whole[start : start + number])
        assert population.meter(first + start) == meters[start]
    areas = [(name, sum(meter.area == name for meter in meters)) for name in population.kinds.areas]
    assert [(name, number) for name, _, number in population.areas] == areas
    kinds = kinds_of(lazy)
    assert (kinds.areas, kinds.supply_groups) == (population.kinds.areas, population.kinds.supply_groups)
    assert kinds.models[: len(population.kinds.models)] == population.kinds.models
    assert_same(columns_of(meters, kinds), whole)
    assert [bool(row["listed"]) for row in columns_of(lazy.meters, kinds)] == [True] * len(lazy.meters)


# -- compiled draws ----------------------------------------------------------------------------------------------


@given(st.integers(0, (1 << 64) - 1), st.sampled_from(Purpose), WORDS, st.integers(-(1 << 31), 1 << 31), WORDS)
def test_a_compiled_draw(seed, purpose, connection, count, sub):
    assert compiled_draws.draw(np.uint64(seed), int(purpose), connection, count, sub) == draw(
        seed, purpose, connection, count, sub
    )


TABLES = (
    constant(7),
    uniform(-5, 10**15),
    lognormal(86_400, Decimal("0.7")),
    lognormal(1 << 38, Decimal(4)),
    Distribution((-(1 << 60), *(0 for _ in range(255)), 1 << 60)),
)


@given(st.integers(0, len(TABLES) - 1), WORDS)
def test_a_compiled_value(table, word):
    rows = np.array([table.knots for table in TABLES], np.int64)
    assert compiled_draws.value(rows, table, word) == TABLES[table].value(word)


@example(2_305_842_991_765_389_504, 2_147_483_713)
@given(st.integers(0, (1 << 61) - 1), WORDS)
def test_compiled_parts(amount, word):
    assert compiled_draws.part_of(amount, word) == amount * word >> 32
    assert compiled_draws.about(amount, word) == amount * ((3 << 31) + word) >> 33


@given(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 63) - 1), st.integers(1, (1 << 63) - 1))
def test_compiled_products(one, other, divisor):
    for by in (divisor, divisor >> 31 or 1, 86_400):
        exact = min(one * other // by, (1 << 63) - 1)
        assert compiled_draws.product_over(one, other, by) == exact
        assert compiled_draws.product_over(one >> 33, other >> 20, by) == min(
            (one >> 33) * (other >> 20) // by, (1 << 63) - 1
        )


@given(st.integers(0, GREATEST_CONNECTION))
def test_compiled_numbers(connection):
    for generation in (0, 1):
        assert compiled_pan(connection, generation) == int(pan_of(connection, generation).digits)


# -- the columns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_shipped_scenarios(path):
    random = Random(path.stem)
    for count in (random.randrange(60, 100), 900):
        seed = str(random.getrandbits(64))
        assert_drawn_alike(*both(path, {"population.count": str(count), "seed": seed}), random)


MODELS = ["keypad", "keypad_20", "keypad_ea11", "three_phase", "two_services", "small", "capped", "endless"]
LOADS = ["township", "informal", "rural", "flat", "none", "own", "nothing", "tiny", "vast"]
KINDS = """\
meter_models:
  small: {tid_store: 1, credit_cap: 3 kWh}
  endless: {credit_cap: 277777777 kWh, tid_store: 10000}
  capped: {encryption: EA11, kcts: 4, tid_store: 7, credit_cap: 50 kWh}
  flow: {services: [water], register_cap: 90}
  cubic: {services: [gas, water], encryption: EA11, kcts: 4}
loads:
  own: {profile: township, mean: 31.7 kWh, variation: 40%}
  nothing: {profile: flat, mean: 0 kWh, variation: 0%}
  tiny: {profile: flat, mean: 1 Ws}
  vast: {profile: flat, mean: 1000 kWh}
points_of_sale: {main: {}}
"""
ELECTRIC = {
    "level": "buy: {when_below: 2.5 kWh}, amount: {lognormal: {median: 12 kWh, sigma: 1.5}}, enter_after: 20 min",
    "with_paydays": "buy: {when_below: 1 kWh, paydays: {days: [1, 15, 31]}}, amount: {uniform: {least: 1 kWh, greatest: 90 kWh}}, enter_after: 20 min",
    "weekly": "buy: {every: {lognormal: {median: 7 days, sigma: 0.9}}}, amount: 40 kWh, enter_after: 20 min",
    "monthly": 'buy: {paydays: {days: [30, 3], at: {uniform: {least: "00:00", greatest: "23:59"}}}}, amount: 150 kWh, enter_after: 1 h',
    "by_use": "buy: {when_below: 3 kWh}, amount: {use_of: {lognormal: {median: 9 days, sigma: 1.0}}}, enter_after: 1 h",
    "irregular": "buy: {every: {uniform: {least: 1 s, greatest: 400 days}}}, amount: {use_of: 9 days}, enter_after: 1 h",
    "empty": "based_on: vacant",
    "past": "based_on: bypassed",
    "cut": "based_on: blocked",
    "much": "buy: {when_below: 3 kWh}, amount: {lognormal: {median: 277777777 kWh, sigma: 4.0}}, enter_after: 1 h",
    "years": "buy: {paydays: {days: [9]}, when_below: 1 Ws}, amount: {use_of: {lognormal: {median: 18000 days, sigma: 4.0}}}, enter_after: 1 h",
    "seldom": "buy: {every: {lognormal: {median: 18000 days, sigma: 4.0}}}, amount: 1 kWh, enter_after: 1 h",
    "late": "buy: {every: 3 days, first: 2024-07-01 12:00}, amount: 4 kWh, enter_after: 1 h",
}
WATER = {
    "tank": "buy: {every: {lognormal: {median: 7 days, sigma: 0.4}}}, amount: {lognormal: {median: 3 m3, sigma: 0.5}}, enter_after: 1 h",
    "pump": "buy: {paydays: {days: [28, 29]}}, amount: {uniform: {least: 1 m3, greatest: 40 m3}}, enter_after: 1 h",
    "dry": "based_on: vacant",
    "shut": "based_on: blocked",
}


def shares(random: Random, names: list[str]) -> str:
    """Shares of some names that come to 100 %."""
    some = random.sample(names, random.randrange(1, len(names) + 1))
    parts = [random.randrange(1, 100) for _ in some]
    exact = [part * 10_000 // sum(parts) for part in parts]
    exact[0] += 10_000 - sum(exact)
    return ", ".join(f"{name}: {part / 100:.2f}%" for name, part in zip(some, exact, strict=True))


def a_scenario(random: Random, count: int) -> str:
    """A scenario with a population of many kinds."""
    water = random.random() < 0.25
    customers, models = (WATER, ["flow", "cubic", "water", "gas"]) if water else (ELECTRIC, MODELS)
    start = random.choice(["2024-06-01 00:00", "2024-06-03 13:37", "2024-01-31 18:20:05", "2024-06-30 23:59:59"])
    zone = random.choice(["UTC", "Africa/Johannesburg", "Africa/Cairo", "America/Asuncion"])
    customers = {name: text for name, text in customers.items() if name != "late" or start.startswith("2024-06")}
    text = f"name: town\nstart: {start}\nend: 2024-12-01 00:00\ntimezone: {zone}\nseed: {random.getrandbits(64)}\n"
    text += "supply_groups:\n"
    for group, revisions in (("123457", (1, 2, 3)), ("123458", (2,)), ("123459", (3, 2))):
        text += f'  "{group}":\n    vending_keys:\n'
        for revision in revisions:
            base = 2014 if revision > 1 else 1993
            key_type = random.choice(["DDTK", "DUTK"])
            text += f'    - {{key_revision: {revision}, base_date: {base}, dkga: "04", key: test:old, '
            text += f"key_type: {key_type}, key_expiry: {random.randrange(200, 256)}}}\n"
    text += KINDS
    text += "customers:\n"
    used = random.sample(list(customers), random.randrange(1, len(customers) + 1))
    for place, name in enumerate(used):
        share = ", share: 1%" if len(used) > 1 and place else ""
        text += f"  {name}: {{{customers[name]}{share}}}\n"
    own = [f"own{place}" for place in range(random.randrange(1, 5))]
    if random.random() < 0.7:
        text += "areas:\n"
        for name in own:
            area = {"share": "7%"} if name != "own0" else {}
            if random.random() < 0.5:
                area["models"] = "{" + shares(random, models) + "}"
            if random.random() < 0.5:
                area["loads"] = "{" + shares(random, LOADS) + "}"
            if random.random() < 0.5:
                area["customers"] = "{" + shares(random, used) + "}"
            if random.random() < 0.5:
                area["cannot_change"] = f"{random.randrange(100)}%"
            text += f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in area.items())}}}\n"
    if random.random() < 0.5:
        text += f'meters: [{{name: shop, pan: "{PAN}", supply_group: "123457", key_revision: 2, connection: 41}}]\n'
    errors = ["supply_group", "key_revision", "tariff_index", "swapped", "dead"]
    error_shares = shares(random, [*errors, "right"]).split(", ")
    population = {
        "count": str(count),
        "supply_group": '"123457"',
        "key_revision": random.choice("23"),
        "tariff_index": random.choice(['"01"', '"98"', '"99"', '"00"']),
        "models": "{" + shares(random, models) + "}",
        "register_errors": "{" + ", ".join(share for share in error_shares if "right" not in share) + "}",
    }
    if random.random() < 0.8:
        population["loads"] = "{" + shares(random, LOADS) + "}"
    if random.random() < 0.7:
        population["use_varies"] = random.choice(["20%", "300%", "1%"])
    if random.random() < 0.7:
        population["drawer"] = random.choice(
            [
                "{share: 60%}",
                "{share: 100%, bought_before: 1 s, entered_after: 0 s}",
                "{share: 80%, bought_before: {lognormal: {median: 300 days, sigma: 2.5}}}",
            ]
        )
    if random.random() < 0.3:
        population["credit"] = random.choice(["3 kWh", "{lognormal: {median: 9 kWh, sigma: 1.0}}"])
    text += "population:\n" + "".join(f"  {key}: {value}\n" for key, value in population.items())
    if not water and random.random() < 0.5:
        text += (
            'programme: {change_key: {from: 2, to: 3}, supply_group: "123457", replace_with: keypad_3kct, phases: {}}\n'
        )
    return text


@pytest.mark.parametrize("number", range(examples(24)))
def test_populations_of_all_kinds(tmp_path, number):
    random = Random(number)
    path = tmp_path / "town.yaml"
    path.write_text(a_scenario(random, random.choice([30, 400, 700])))
    eager, lazy = both(path)
    assert_drawn_alike(eager, lazy, random)


def test_a_range_outside():
    population = read_scenario(SCENARIOS[0], {"population.count": "100"}, drawn=False).population
    for first, number in ((0, 5), (99, 3), (101, 1), (3, -1)):
        with pytest.raises(ValueError, match="are not within 1 to 100"):
            population.columns(first, number)
    assert population.columns(101, 0).size == 0


def test_a_kind_that_is_not_known():
    scenario = read_scenario(SCENARIOS[0], {"population.count": "10"})
    kinds = kinds_of(scenario)
    assert columns_of(scenario.meters, kinds).size == 10
    with pytest.raises(ValueError, match="is none of the kinds"):
        columns_of(scenario.meters, replace(kinds, models=(BUILT_IN["time"],)))


def test_a_listed_meter_as_a_record(tmp_path):
    path = tmp_path / "town.yaml"
    path.write_text(
        a_scenario(Random(1), 5).split("areas:")[0].split("meters:")[0].split("population:")[0]
        + f'meters: [{{name: tap, pan: "{PAN}", supply_group: "123457", key_revision: 2, model: flow, '
        "registers: {water: 5 m3}, connection: 4294967295}]\n"
    )
    scenario = read_scenario(path)
    kinds = kinds_of(scenario)
    [row] = columns_of(scenario.meters, kinds)
    assert (row["connection"], row["pan"], row["other"], row["listed"]) == (4294967295, int(PAN.digits), 50, True)
    assert (row["customer"], row["tid_latest"], row["drawer_tenths"]) == (-1, -1, 0)
    assert kinds.models[row["model"]].name == "flow"


# -- reading without drawing ---------------------------------------------------------------------------------------

HEAD = """\
name: test
start: 2024-06-01Z
end: 2024-12-01Z
supply_groups:
  "123457":
    vending_keys:
    - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old}
    - {key_revision: 2, base_date: 2014, dkga: "04", key: test:new}
  "123458": {vending_keys: [{key_revision: 1, base_date: 1993, dkga: "02", key: test:old}]}
  "123459": {vending_keys: [{key_revision: 2, base_date: 2014, dkga: "04", key: test:old}]}
"""
P = 'count: 300, supply_group: "123457"'
PUMP = "{buy: {every: 7 days}, amount: 5 m3, enter_after: 1 h"
HOME = "{buy: {when_below: 5 kWh}, amount: 5 kWh, enter_after: 1 h"
LISTED = '{{name: {name}, pan: "{pan}", supply_group: "123457", key_revision: 1}}'
PROGRAMME = 'programme: {change_key: {from: 1, to: 2}, supply_group: "123457", phases: {}'
BACK = 'programme: {change_key: {from: 2, to: 1}, supply_group: "123457", phases: {}'
REFUSED = {
    "supply group": "population: {count: 10}",
    "no such group": 'population: {count: 10, supply_group: "123456"}',
    "revision": f"population: {{{P}, key_revision: 7}}",
    "models": f"population: {{{P}, models: {{keypad: 60%, keypad_20: 30%}}}}",
    "unknown model": f"population: {{{P}, models: {{keypda: 100%}}}}",
    "area without meter": f"population: {{{P}}}\nareas: {{a: {{}}, b: {{share: 0.001%}}}}",
    "area shares": f"population: {{{P}}}\nareas: {{a: {{share: 50%}}, b: {{share: 0.001%}}}}",
    "too many": f"population: {{{P}}}\nmeters: [{LISTED.format(name='a', pan=PAN)[:-1]}, connection: 99999998}}]",
    "names": f"population: {{{P}}}\nmeters: [{LISTED.format(name='m7', pan=pan_of(9))}, {LISTED.format(name='m301', pan=pan_of(2))}]",
    "not in the way": f"population: {{{P}}}\nmeters: [{LISTED.format(name='m303', pan=pan_of(303))}, {LISTED.format(name='m07', pan=pan_of(4, 1))}]",
    "ea11": f"population: {{{P}, models: {{keypad_ea11: 100%}}}}",
    "some ea11": f"population: {{{P}, models: {{keypad: 50%, keypad_ea11: 50%}}}}",
    "hardly any ea11": f"population: {{{P}, models: {{keypad: 99.9999%, keypad_ea11: 0.0001%}}}}",
    "ea11 with a wrong revision": f"population: {{{P}, key_revision: 2, models: {{keypad_ea11: 100%}}, register_errors: {{key_revision: 5%}}}}",
    "ea11 rarely with a wrong revision": f"population: {{{P}, key_revision: 2, models: {{keypad_ea11: 100%}}, register_errors: {{key_revision: 0.0001%}}}}",
    "no other group": 'population: {count: 9, supply_group: "123458", register_errors: {key_revision: 5%}}',
    "misfits": f"population: {{{P}, models: {{keypad: 50%, three_phase: 50%}}}}\ncustomers: {{homes: {HOME}, share: 50%}}, pump: {PUMP}, share: 50%}}}}",
    "level above cap": f"population: {{{P}, models: {{small: 50%, keypad: 50%}}}}\nmeter_models: {{small: {{credit_cap: 1 kWh}}}}\ncustomers: {{homes: {HOME}}}}}",
    "all dead": f"population: {{{P}, register_errors: {{dead: 100%}}}}\ncustomers: {{pump: {PUMP}}}}}",
    "misfit in an area": f"population: {{{P}}}\nareas: {{a: {{share: 30%}}, b: {{customers: {{pump: 100%}}}}}}\ncustomers: {{homes: {HOME}, share: 100%}}, pump: {PUMP}, share: 0%}}}}",
    "water is lent": f"population: {{{P}, models: {{water: 30%, keypad: 70%}}}}\n{PROGRAMME}, lend: {{start: 2024-07-01, until: 2024-08-01, amount: 5 kWh, pay_back: 50%}}}}",
    "water is replaced": f"population: {{{P}, models: {{water: 30%, keypad: 70%}}}}\n{PROGRAMME}, replace_with: keypad}}",
    "to a key of 64 bits": f"population: {{{P}, key_revision: 2, models: {{keypad_ea11: 30%, keypad: 70%}}}}\n{BACK}}}",
    "rarely to it": f"population: {{{P}, key_revision: 2, models: {{keypad_ea11: 1%, keypad: 99%}}}}\n{BACK}}}",
    "programme fits": f"population: {{{P}, register_errors: {{supply_group: 20%, swapped: 20%}}}}\n{PROGRAMME}, replace_with: keypad_ea11}}",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_the_same_is_refused(tmp_path, text):
    path = tmp_path / "town.yaml"
    path.write_text(f"{HEAD}{text}\n")
    told = []
    for drawn in (True, False):
        try:
            scenario = read_scenario(path, drawn=drawn)
        except ScenarioError as error:
            told.append(error.faults)
        else:
            told.append(())
            assert (scenario.population is None) == drawn
    assert told[0] == told[1]
    fine = ("not in the way", "hardly any ea11", "ea11 rarely with a wrong revision", "all dead", "programme fits")
    assert bool(told[0]) == (text not in [REFUSED[name] for name in fine]), told[0]


def test_scenarios_of_a_file_are_read_without_drawing(tmp_path):
    path = tmp_path / "town.yaml"
    text = f"{HEAD}population: {{{P}}}\noverrides:\n  more: {{population.count: 11500000}}\n"
    path.write_text(f"{text}  wrong: {{population.models: {{keypad_ea11: 100%}}}}\nscenarios: {{big: [more]}}\n")
    with pytest.raises(ScenarioError, match="DKGA02 makes 64-bit keys only") as error:
        read_scenario(path, drawn=False)
    with pytest.raises(ScenarioError) as other:
        read_scenario(path)
    assert error.value.faults == other.value.faults
    path.write_text(f"{text}scenarios: {{big: [more]}}\n")
    scenario = read_scenario(path, scenario="big", drawn=False)
    assert scenario.population.count == scenario.meter_count == 11_500_000
    assert scenario.population.meter(11_500_000).name == "m11500000"
    file, as_it_is = read_scenario_file(path, drawn=False)
    assert file.scenario(file.variant("big"), drawn=False).population == scenario.population
    assert as_it_is.population.count == 300


def test_small_areas_of_a_large_population_are_no_fault(tmp_path):
    """Scenarios of a file are looked at with all their meters, also those that are not run."""
    path = tmp_path / "town.yaml"
    path.write_text(
        f"{HEAD}population: {{{P}}}\nareas: {{a: {{}}, b: {{share: 1%}}}}\noverrides:\n"
        "  more: {population.count: 1000000, areas.b.share: 0.001%}\nscenarios: {big: [more]}\n"
    )
    assert read_scenario(path, drawn=False).meter_count == 300


def test_a_population_of_a_file_is_drawn(tmp_path):
    path = tmp_path / "town.yaml"
    path.write_text(f'{HEAD}population: {{file: meters.csv, supply_group: "123457"}}\n')
    (tmp_path / "meters.csv").write_text(f"pan\n{pan_of(1)}\n")
    scenario = read_scenario(path, drawn=False)
    assert scenario.population is None
    assert scenario.meter_count == len(scenario.meters) == 1


def test_tables_with_too_great_numbers_are_drawn(tmp_path):
    """A resolved scenario may bring tables of its own, whose values no compiled loop need hold."""
    path = tmp_path / "town.yaml"
    home = "{buy: {when_below: 5 kWh}, amount: {lognormal: {median: 5 kWh, sigma: 0.5}}, enter_after: 1 h}"
    table = [*range(256), 1 << 62]
    text = f"{HEAD}population: {{{P}}}\ncustomers: {{homes: {home}}}\n"
    path.write_text(f"{text}tables: {{lognormal median 50 sigma 0.5: {table}}}\n")
    scenario = read_scenario(path, drawn=False)
    assert scenario.population is None
    assert len(scenario.meters) == 300
    path.write_text(text)
    assert read_scenario(path, drawn=False).population is not None


def test_a_country_is_read_quickly():
    """Reading does not depend on the number of meters; a million are drawn in seconds."""
    for path in SCENARIOS:
        before = time.process_time()
        population = read_scenario(path, {"population.count": "11500000"}, drawn=False).population
        assert time.process_time() - before < 10
    population.columns(1, 1)
    before = time.process_time()
    rows = population.columns(5_000_000, 1_000_000)
    assert time.process_time() - before < 30
    assert rows["connection"][-1] == 5_999_999
    assert_same(population.columns(5_500_000, 10), rows[500_000:500_010])
