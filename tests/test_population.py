"""Populations: drawn by shares or read from a file of meter records, in a steady state at the start."""

from collections import Counter
from decimal import Decimal
from math import sqrt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.distribution import ONE
from meter_sim.draws import Purpose, Trait, draw
from meter_sim.meter.load import LoadProfile, scaled
from meter_sim.meter.models import BUILT_IN
from meter_sim.people.customer import NeverBuys, first_purchase
from meter_sim.scenario.customers import customers_of
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.form import validated
from meter_sim.scenario.meter_numbers import GREATEST_CONNECTION, pan_of
from meter_sim.scenario.population import loads_used, population_of
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.profile_file import built_in_profile
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.schema import BUILT_IN_LOADS
from meter_sim.scenario.shares import Choice, area_counts, choice, complete_shares
from meter_sim.scenario.source import parse
from meter_sim.scenario.tables import Tables
from meter_sim.scenario.zone import calendar, zone_named
from meter_sim.sts.identity import Encryption, MeterPan, luhn
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.tid import BaseDate, is_reserved
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import SecureModule
from tests.kit import PAN, at, vending_key

KWH = 3_600_000
DAY = 86_400
START, END = at("2024-06-01"), at("2024-12-01")
REVISIONS = {"123457": (1, 2), "123458": (1,), "123459": (2,)}
KEYS = tuple(
    vending_key(revision, 1993 if revision == 1 else 2014, "test:old", "02" if revision == 1 else "04", group)
    for group, revisions in REVISIONS.items()
    for revision in revisions
)
HEAD = """\
name: test
start: 2024-06-01Z
end: 2024-12-01Z
timezone: UTC
supply_groups:
"""
for group, revisions in REVISIONS.items():
    HEAD += f'  "{group}":\n    vending_keys:\n'
    for revision in revisions:
        base, dkga = (1993, "02") if revision == 1 else (2014, "04")
        HEAD += f'    - {{key_revision: {revision}, base_date: {base}, dkga: "{dkga}", key: "test:old"}}\n'
POPULATION = 'supply_group: "123457"'
KINDS = """\
customers:
  homes: {based_on: households, share: 50%}
  poor: {based_on: poor_households, share: 20%}
  weekly: {based_on: weekly_buyers, share: 10%}
  empty: {based_on: vacant, share: 10%}
  past: {based_on: bypassed, share: 5%}
  cut: {based_on: blocked, share: 5%}
"""


def drawn(text: str, folder: Path = Path(), first: int = 1, start: int = START) -> tuple[MeterSetup, ...]:
    """The population of a scenario whose keys are given above."""
    source = parse(HEAD + text, "town.yaml")
    spec = validated(source)
    faults = Faults(source)
    tables = Tables(faults, {})
    zone = zone_named("UTC")
    loads = {}
    for name in loads_used(spec) & set(BUILT_IN_LOADS):
        built_in = BUILT_IN_LOADS[name]
        low, high = scaled(built_in_profile(built_in.profile), (6, 7, 8), built_in.mean)
        loads[name] = LoadProfile(low, high, (6, 7, 8), tables.variation(built_in.variation), built_in.mean)
    world = PopulationWorld(
        models=BUILT_IN,
        loads=loads,
        customers=customers_of(faults, spec, tables, zone, (start, END), folder),
        tables=tables,
        module=SecureModule(KEYS),
        calendar=calendar(zone, start, END),
        start=start,
        end=END,
        folder=folder,
        first_connection=first,
        taken_pans={meter.pan for meter in spec.meters},
    )
    meters = population_of(faults, spec, world)
    faults.stop()
    return meters


def population(more: str = "", rest: str = "", count: int = 2000) -> tuple[MeterSetup, ...]:
    return drawn(f"population: {{count: {count}, {POPULATION}{', ' + more if more else ''}}}\n{rest}")


def faults_of(text: str, folder: Path = Path(), first: int = 1) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        drawn(text, folder, first)
    return [fault.split(": ", 1)[1] for fault in error.value.faults]


def near(found: int, share: float, count: int) -> bool:
    """Whether a number of draws lies within five standard deviations."""
    return abs(found - share * count) <= 5 * sqrt(count * share * (1 - share))


# -- numbers ---------------------------------------------------------------------------------------------------


@given(st.integers(0, GREATEST_CONNECTION), st.integers(0, 9))
def test_a_connection_has_ten_pans(connection, generation):
    pan = pan_of(connection, generation)
    assert MeterPan(pan.digits) == pan
    assert pan.digits[6:16] == f"{7 + generation:02d}{connection:08d}"


@pytest.mark.parametrize("arguments", [(-1,), (GREATEST_CONNECTION + 1,), (1, 10), (1, -1)])
def test_no_pan_beyond_the_serial_numbers(arguments):
    with pytest.raises(ValueError, match="is outside 0 to"):
        pan_of(*arguments)


def test_the_meters_of_a_population_are_numbered():
    meters = population(count=300)
    assert [meter.connection for meter in meters] == list(range(1, 301))
    assert [meter.name for meter in meters] == [f"m{number}" for number in range(1, 301)]
    assert [meter.record.pan for meter in meters] == [pan_of(number) for number in range(1, 301)]
    assert len({meter.record.pan for meter in meters}) == 300
    assert {meter.area for meter in meters} == {"all"}
    assert not any(meter.listed or meter.dead or meter.truth or meter.drawer or meter.customer for meter in meters)


def test_the_numbers_go_on_behind_the_listed_meters():
    text = f"population: {{count: 3, {POPULATION}}}\n"
    assert [meter.connection for meter in drawn(text, first=41)] == [41, 42, 43]
    [fault] = faults_of(text, first=99_999_998)
    assert fault == (
        "population.count: meters have the numbers up to 99999999 behind connection 99999997 of the listed meters"
    )


def test_a_listed_meter_in_the_way():
    listed = (
        f'meters: [{{name: m2, pan: "{pan_of(3)}", supply_group: "123457", key_revision: 1}}]\n'
        f"population: {{count: 3, {POPULATION}}}\n"
    )
    assert faults_of(listed) == [
        "population.count: a listed meter is called 'm2' as one of the population would be",
        f"population.count: the listed meter 'm2' has the PAN {pan_of(3)} that the population's m3 would have",
    ]


# -- shares ----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8), st.integers(0, 10_000))
def test_areas_get_their_shares(weights, count):
    total = sum(weights)
    exact = {f"a{place}": Decimal(weight) / total for place, weight in enumerate(weights)}
    exact["a0"] += 1 - sum(exact.values())
    counts = area_counts(exact, count)
    assert sum(counts.values()) == count
    assert all(abs(counts[name] - share * count) < 1 for name, share in exact.items())


def test_of_equal_remainders_the_earlier_area_gets_more():
    quarter = Decimal("0.25")
    assert area_counts(dict.fromkeys("abcd", quarter), 6) == {"a": 2, "b": 2, "c": 1, "d": 1}


def test_areas_are_blocks_of_connections():
    meters = population(rest="areas: {north: {share: 33.3%}, south: {}, west: {share: 10%}}\n", count=1001)
    assert "".join(meter.area[0] for meter in meters) == "n" * 333 + "s" * 568 + "w" * 100


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1), st.integers(0, 0xFFFFFFFF))
def test_a_choice_never_falls_on_who_has_no_share(parts, word):
    found = choice({name: Decimal(part) / 100 for name, part in parts.items()})
    if found is None:
        assert not any(parts.values())
    else:
        assert parts[found.of(lambda: word)] > 0
        assert found.bounds[-1] == 1 << 32


def test_a_choice_goes_by_the_bounds():
    half = Choice(("a", "b"), (1 << 31, 1 << 32))
    assert [half.of(lambda word=word: word) for word in (0, (1 << 31) - 1, 1 << 31, 0xFFFFFFFF)] == ["a", "a", "b", "b"]


SHARES = [
    ("areas: {a: {share: 90%}, b: {share: 6%}}", "areas: the shares of the areas come to 96%, 100% are needed; leave one share out for the rest"),
    ("areas: {a: {share: 90%}, b: {share: 16%}}", "areas: the shares of the areas come to 106%, 100% are needed"),
    ("areas: {a: {share: 90%}, b: {share: 16%}, c: {}}", "areas: the shares of the areas come to 106%, at most 100% are allowed"),
    ("areas: {a: {}, b: {}}", "areas.b: a leaves its share out too, only one may take the rest"),
    ("areas: {a: {share: 100%}, b: {}}", "areas.b: no meter is in this area"),
    ("areas: {a: {models: {keypad: 50%}}}", "areas.a.models: the shares of the models come to 50%, 100% are needed"),
    ("areas: {a: {loads: {rural: 150%}}}", "areas.a.loads.rural: 150% is above 100%"),
    ("areas: {a: {customers: {homes: 100%}}}", "areas.a.customers.homes: no customer is called 'homes', the file defines none"),
    ("customers: {a: {based_on: vacant}, b: {based_on: blocked}}", "customers: no kind of customer has a share, 100% are needed"),
    ("customers: {a: {based_on: vacant, share: 40%}, b: {based_on: blocked, share: 40%}}", "customers: the shares of the customers come to 80%, 100% are needed; leave one share out for the rest"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), SHARES)
def test_shares_that_do_not_come_to_all(text, fault):
    assert fault in faults_of(f"population: {{count: 10, {POPULATION}}}\n{text}\n")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("models: {keypad: 60%, keypad_20: 30%}", "models: the shares of the models come to 90%, 100% are needed"),
        ("loads: {rural: 60%, flat: 50%}", "loads: the shares of the loads come to 110%, 100% are needed"),
        ("models: {keypda: 100%}", "models.keypda: no meter model is called 'keypda', did you mean keypad?"),
        ("loads: {rurl: 100%}", "loads.rurl: no load is called 'rurl', did you mean rural?"),
        ("key_revision: 7", "key_revision: supply group 123457 has no vending key of key revision 7, allowed are 1, 2"),
        ("models: {keypad_ea11: 100%}", "key_revision: DKGA02 makes 64-bit keys only; EA11 needs DKGA04"),
    ],
)
def test_what_a_population_cannot_be_of(more, fault):
    [told] = faults_of(f"population: {{count: 10, {POPULATION}, {more}}}\n")
    assert told.startswith(f"population.{fault}")


def test_the_supply_group():
    assert faults_of("population: {count: 10}\n") == [
        "population.supply_group: name the supply group, allowed are 123457, 123458, 123459"
    ]
    [fault] = faults_of('population: {count: 10, supply_group: "123456"}\n')
    assert fault.startswith("population.supply_group: no supply group is called '123456', did you mean")


def test_the_key_revision():
    assert population(count=1)[0].record.key_revision == 1
    assert population("key_revision: 2", count=1)[0].record.key_revision == 2
    programme = "programme: {change_key: {from: 2, to: 1}, phases: {}}\n"
    [meter] = population(rest=programme, count=1)
    assert (meter.record.key_revision, meter.record.tariff_index) == (2, "01")
    assert population('tariff_index: "07"', count=1)[0].record.tariff_index == "07"


def test_complete_shares_leaves_what_is_right():
    faults = Faults(parse("a: b", "x"))
    half = Decimal("0.5")
    assert complete_shares(faults, (), {"a": half, "b": None}, "areas") == {"a": half, "b": half}
    faults.stop()


def test_drawn_shares_are_near():
    meters = population(
        "models: {keypad: 70%, keypad_20: 30%}, loads: {township: 25%, rural: 75%}, cannot_change: 10%,"
        "register_errors: {supply_group: 5%, key_revision: 4%, tariff_index: 3%, swapped: 2%, dead: 1%},"
        "drawer: {share: 15%, bought_before: 3 days}",
        KINDS,
        count=5000,
    )
    assert near(sum(meter.model.name == "keypad_20" for meter in meters), 0.3, 5000)
    assert near(sum(not meter.model.takes_key_changes for meter in meters), 0.1, 5000)
    assert len({id(meter.model) for meter in meters}) == 4
    alive = [meter for meter in meters if not meter.dead]
    kinds = Counter(meter.customer.name for meter in alive)
    for name, share in (("homes", 0.5), ("poor", 0.2), ("weekly", 0.1), ("empty", 0.1), ("past", 0.05), ("cut", 0.05)):
        assert near(kinds[name], share, len(alive))
    loaded = [meter for meter in alive if meter.customer.name in ("homes", "poor", "weekly", "cut")]
    assert near(sum(meter.load.mean == 2_500 * 3600 for meter in loaded), 0.75, len(loaded))
    assert all(meter.load.mean == 0 for meter in alive if meter.customer.name in ("empty", "past"))
    buyers = [meter for meter in alive if meter.customer.never is None]
    assert near(sum(meter.drawer is not None for meter in buyers), 0.15, len(buyers))
    assert all(meter.drawer is None for meter in alive if meter.customer.never is not None)


def test_an_area_has_its_own_shares():
    meters = population(
        "models: {keypad: 100%}, cannot_change: 0%",
        KINDS
        + "areas: {a: {share: 50%, models: {keypad_20: 100%}, loads: {rural: 100%}, customers: {homes: 100%}, cannot_change: 100%}, b: {}}\n",
        count=200,
    )
    a, b = meters[:100], meters[100:]
    assert {(meter.model.name, meter.model.takes_key_changes, meter.customer.name) for meter in a} == {
        ("keypad_20", False, "homes")
    }
    assert {meter.load.mean for meter in a} == {2_500 * 3600}
    assert {(meter.model.name, meter.model.takes_key_changes) for meter in b} == {("keypad", True)}
    assert len({meter.customer.name for meter in b}) > 2


def test_one_kind_of_customer_needs_no_share():
    meters = population(rest="customers: {homes: {based_on: households}}\n", count=20)
    assert {meter.customer.name for meter in meters} == {"homes"}


def test_a_meter_without_an_electricity_register():
    kinds = "customers: {pump: {buy: {every: 7 days}, amount: 5 m3, enter_after: 1 h}}\n"
    meters = population("models: {water: 100%}", kinds, count=20)
    assert all((meter.load.mean, meter.customer.name, meter.credit) == (0, "pump", 0) for meter in meters)
    held = [amount for meter in meters for service, amount in meter.registers if service is Service.WATER]
    assert len(held) == 20
    assert 0 < sum(held) < 20 * 50


def test_customers_buy_what_their_meters_count():
    kinds = "customers: {pump: {share: 10%, buy: {every: 7 days}, amount: 5 m3, enter_after: 1 h}, homes: {based_on: households}}\n"
    assert faults_of(f"population: {{count: 300, {POPULATION}, models: {{keypad: 50%, keypad_20: 50%}}}}\n{kinds}") == [
        f"customers.pump: pump buys m3, and the model {model} counts kWh" for model in ("keypad", "keypad_20")
    ]


TRAITS = {
    "models": lambda meter: (meter.model.name,),
    "loads": lambda meter: (meter.load,),
    "cannot_change": lambda meter: (meter.model.takes_key_changes,),
    "use_varies": lambda meter: (meter.load_share,),
    "customers": lambda meter: (meter.customer.name,),
    "made": lambda meter: (meter.manufacture_tid,),
}
CHANGES = [
    ("models: {keypad: 10%, keypad_20: 90%}", {"models"}),
    ("loads: {township: 10%, flat: 90%}", {"loads"}),
    ("cannot_change: 50%", {"cannot_change"}),
    ("use_varies: 90%", {"use_varies"}),
    ("drawer: {share: 50%}", set()),
    ("register_errors: {tariff_index: 30%, swapped: 30%}", set()),
    ("credit: 5 kWh", set()),
]


@pytest.mark.parametrize(("change", "changed"), CHANGES)
def test_a_share_moves_nobody_else(change, changed):
    base = {
        "models": "{keypad: 80%, keypad_20: 20%}",
        "loads": "{township: 50%, flat: 50%}",
        "cannot_change": "2%",
        "use_varies": "30%",
    }
    key, _, value = change.partition(": ")
    before = population(", ".join(f"{name}: {text}" for name, text in base.items()), KINDS, 300)
    after = population(", ".join(f"{name}: {text}" for name, text in (base | {key: value}).items()), KINDS, 300)
    for name, trait in TRAITS.items():
        same = [trait(one) == trait(other) for one, other in zip(before, after, strict=True)]
        assert all(same) != (name in changed), name


def test_a_seed_and_nothing_else_decides():
    assert population("use_varies: 30%", KINDS, 50) == population("use_varies: 30%", KINDS, 50)
    assert population("use_varies: 30%", KINDS, 50) != population("use_varies: 30%", KINDS + "seed: 2\n", 50)


def test_no_two_traits_have_a_number():
    assert len({trait.value for trait in Trait}) == len(Trait.__members__) == 13


# -- the steady state ------------------------------------------------------------------------------------------


def test_registers_are_partly_used():
    meters = population(rest=KINDS, count=4000)
    by_kind = {
        name: [m.credit for m in meters if m.customer.name == name]
        for name in ("homes", "poor", "weekly", "empty", "past", "cut")
    }
    homes = by_kind["homes"]
    assert min(homes) >= 5 * KWH
    mean_amount = 40 * 1.1972  # of a lognormal with sigma 0.6, kWh
    assert sum(homes) / len(homes) / KWH == pytest.approx(5 + mean_amount / 2, rel=0.05)
    assert len(set(homes)) > 0.99 * len(homes)
    for name in ("empty", "past"):
        assert max(by_kind[name]) <= 20 * KWH
        assert sum(by_kind[name]) / len(by_kind[name]) / KWH == pytest.approx(10, rel=0.2)
    assert set(by_kind["cut"]) == {0}


def test_an_interval_buyer_has_what_lasts_to_the_first_purchase():
    for meter in population(rest="customers: {weekly: {based_on: weekly_buyers}}\n", count=200):
        words = (
            draw(1, purpose, meter.connection, 0) for purpose in (Purpose.FIRST_PURCHASE, Purpose.PURCHASE_INTERVAL)
        )
        until = meter.mean_use * (first_purchase(meter.customer, START, *words) - START) // DAY
        assert until * 3 // 4 <= meter.credit <= until * 5 // 4


def test_a_payday_buyer_has_what_lasts_to_the_payday():
    kind = 'customers: {pay: {buy: {paydays: {days: [11], at: "12:00"}}, amount: 50 kWh, enter_after: 1 min}}\n'
    until = 12_200 * 3600 * 21 // 2
    credits = [meter.credit for meter in population(rest=kind, count=200)]
    assert until * 3 // 4 <= min(credits) < until < max(credits) <= until * 5 // 4


def test_a_payday_comes_at_the_hour_at_which_the_engine_has_it():
    at_hours = "{uniform: {least: '00:00', greatest: '24:00'}}"
    kind = (
        f"customers: {{pay: {{buy: {{paydays: {{days: [2], at: {at_hours}}}}}, amount: 50 kWh, enter_after: 1 min}}}}\n"
    )
    day = START // DAY + 1
    for meter in population(rest=kind, count=300):
        word = draw(1, Purpose.PAYDAY_TIME, meter.connection, day)
        payday = day * DAY + min(meter.customer.paydays.after_midnight.value(word), DAY - 1)
        until = meter.mean_use * (payday - START) // DAY
        assert until * 3 // 4 <= meter.credit <= until * 5 // 4


def test_a_behaviour_of_its_own_is_like_a_buyer_at_level_0():
    kind = "customers: {own: {behaviour: meter_sim.people.behaviour:Behaviour, amount: 20 kWh, enter_after: 1 min}}\n"
    meters = population(rest=kind, count=400)
    credits = [meter.credit for meter in meters]
    assert 0 <= min(credits) < KWH
    assert 19 * KWH < max(credits) < 20 * KWH
    assert {meter.tid_spacing for meter in meters} == {20 * 1440 * 10 // 122}


def test_paydays_and_a_level_are_as_often_as_the_more_frequent():
    kind = "customers: {pay: {buy: {when_below: 2 kWh, paydays: {days: [1, 11, 21]}}, amount: %s kWh, enter_after: 1 min}}\n"
    for amount, spacing in (("20", 20 * 1440 * 10 // 122), ("2000", 10 * 1440)):
        meters = population(rest=kind % amount, count=30)
        assert {meter.tid_spacing for meter in meters} == {spacing}
        assert min(meter.credit for meter in meters) >= 2 * KWH


def test_a_credit_of_its_own():
    meters = population("credit: {uniform: {least: 3 kWh, greatest: 5 kWh}}", KINDS, 500)
    assert all(3 * KWH <= meter.credit <= 5 * KWH or meter.customer.name == "cut" for meter in meters)
    assert {meter.credit for meter in meters if meter.customer.name == "cut"} == {0}


def test_the_share_of_the_mean_use():
    shares = [meter.load_share for meter in population("use_varies: 40%")]
    assert sum(shares) / len(shares) == pytest.approx(ONE, rel=0.05)
    assert min(shares) >= 1
    assert {meter.load_share for meter in population(count=20)} == {ONE}


@pytest.mark.parametrize("revision", [1, 2])
def test_tid_stores_have_a_history(revision):
    base = BaseDate.Y1993 if revision == 1 else BaseDate.Y2014
    start = START // 60 - base.minute
    meters = population(f"key_revision: {revision}", KINDS, 1000)
    for meter in meters:
        assert 0 <= meter.manufacture_tid <= start - 365 * 1440
        if meter.tid_latest is None:  # not bought since it was made
            assert meter.customer.never is not None
            continue
        assert meter.manufacture_tid <= meter.tid_latest < start
        assert meter.tid_spacing >= 1
        if meter.customer.never is not None:
            assert 180 * 1440 <= start - meter.tid_latest <= 730 * 1440
        else:
            assert start - meter.tid_latest <= meter.tid_spacing + 1
    weekly = {meter.tid_spacing for meter in meters if meter.customer.name == "weekly"}
    assert len(weekly) == 1
    assert 7 * 1440 <= min(weekly) <= 7.5 * 1440
    [homes] = {meter.tid_spacing for meter in meters if meter.customer.name == "homes"}
    assert homes == pytest.approx(1440 * 40 * 1.1972 / 12.2, rel=0.02)


def test_no_history_before_the_base_date():
    start = at("2014-01-08")
    text = f"population: {{count: 300, {POPULATION}, key_revision: 2, drawer: {{share: 100%}}}}\n{KINDS}"
    meters = drawn(text, start=start)
    assert {meter.manufacture_tid for meter in meters} == {0}
    for meter in meters:
        assert meter.tid_latest is None or 1 <= meter.tid_latest < 7 * 1440
        assert meter.drawer is None or at("2014-01-01 00:02") <= meter.drawer.issued_at < start
    assert any(meter.drawer for meter in meters)
    assert not all(meter.drawer for meter in meters if meter.customer.never is None)


def test_no_tid_beyond_the_last_of_a_base_date():
    meters = drawn(f"population: {{count: 50, {POPULATION}, drawer: {{share: 100%}}}}\n{KINDS}", start=at("2026-06-01"))
    buyers = [meter for meter in meters if meter.customer.never is None]
    assert {meter.tid_latest for meter in buyers} == {GREATEST_TID}
    assert not any(meter.drawer for meter in buyers)


def test_drawers():
    kind = "customers: {often: {buy: {every: 1 min}, amount: 20 kWh, enter_after: 1 min}}\n"
    meters = population("drawer: {share: 100%, bought_before: 90 s, entered_after: 2 days}", kind, 100)
    for meter in meters:
        latest = (START // 60 - BaseDate.Y1993.minute) - 2
        assert (meter.tid_spacing, meter.tid_latest) == (1, latest + 1)
        assert meter.drawer.enter_at == START + 2 * DAY
        assert meter.drawer.tenths == 200
        assert meter.drawer.issued_at == START - 90 - 49 * 60  # the minutes above are those of the store
    meters = population("drawer: {share: 100%}", "customers: {homes: {based_on: households}}\n", 500)
    for meter in meters:
        issued = meter.drawer.issued_at // 60 - BaseDate.Y1993.minute
        assert meter.drawer.issued_at <= START - 60
        assert meter.drawer.enter_at > START
        assert not is_reserved(issued)
        assert (meter.tid_latest - issued) % meter.tid_spacing or issued > meter.tid_latest


# -- the register ----------------------------------------------------------------------------------------------


def errors(kind: str, count: int = 101, more: str = "") -> tuple[MeterSetup, ...]:
    return population(f"register_errors: {{{kind}: 100%}}{more}", KINDS, count)


def test_a_wrong_supply_group_is_the_next_with_that_key_revision():
    assert {(m.record.supply_group, m.truth.supply_group) for m in errors("supply_group")} == {("123457", "123458")}
    meters = errors("supply_group", more=", key_revision: 2")
    assert {meter.truth.supply_group for meter in meters} == {"123459"}
    assert {meter.truth.key_revision for meter in meters} == {2}


def test_a_wrong_key_revision_is_the_next_of_the_group():
    meters = errors("key_revision")
    assert {(meter.record.key_revision, meter.truth.key_revision) for meter in meters} == {(1, 2)}
    base = BaseDate.Y2014.minute
    assert all(meter.manufacture_tid <= START // 60 - base for meter in meters)
    assert {meter.truth.key_revision for meter in errors("key_revision", more=", key_revision: 2")} == {1}


@pytest.mark.parametrize(("right", "wrong"), [("01", "02"), ("98", "99"), ("99", "01"), ("00", "01")])
def test_a_wrong_tariff_index_is_the_next(right, wrong):
    meters = errors("tariff_index", more=f', tariff_index: "{right}"')
    assert {(meter.record.tariff_index, meter.truth.tariff_index) for meter in meters} == {(right, wrong)}


def test_swapped_meters_come_in_pairs():
    meters = errors("swapped")
    *pairs, last = meters
    assert last.truth is None
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        assert one.record.pan == pan_of(one.connection)
        assert (one.truth.pan, other.truth.pan) == (other.record.pan, one.record.pan)
        assert one.truth.supply_group == one.record.supply_group


def test_meters_are_swapped_within_their_area_and_algorithm():
    meters = population(
        "register_errors: {swapped: 40%}, key_revision: 2, models: {keypad: 60%, keypad_ea11: 40%}",
        "areas: {a: {share: 30%}, b: {}}\n",
        1000,
    )
    by_pan = {meter.record.pan: meter for meter in meters}
    swapped = [meter for meter in meters if meter.truth is not None]
    assert near(len(swapped), 0.4, 1000)
    for meter in swapped:
        other = by_pan[meter.truth.pan]
        assert other.truth.pan == meter.record.pan
        assert (other.area, other.record.encryption) == (meter.area, meter.record.encryption)


def test_dead_records():
    for meter in errors("dead", more=", drawer: {share: 100%}"):
        assert meter.dead
        assert (meter.customer, meter.load.mean, meter.credit, meter.drawer, meter.tid_latest) == (
            None,
            0,
            0,
            None,
            None,
        )


@pytest.mark.parametrize(
    ("group", "kind", "fault"),
    [
        ("123459", "supply_group", None),
        ("123458", "key_revision", "supply group 123458 has no other vending key than that of key revision 1"),
    ],
)
def test_errors_that_nothing_can_be_wrong_for(group, kind, fault):
    text = f'population: {{count: 10, supply_group: "{group}", register_errors: {{{kind}: 1%}}}}\n'
    if fault is None:
        drawn(text)
    else:
        assert faults_of(text) == [f"population.register_errors.{kind}: {fault}"]


# -- files of meter records ------------------------------------------------------------------------------------

FILE = f"population: {{file: meters.csv, {POPULATION}}}\n"
P1, P2, P3 = (pan_of(number).digits for number in (901, 902, 903))


def table(folder: Path, text: str | bytes, rest: str = "", first: int = 1) -> tuple[MeterSetup, ...]:
    (folder / "meters.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return drawn(FILE + rest, folder, first)


def table_faults(folder: Path, text: str | bytes, rest: str = "", first: int = 1) -> list[str]:
    (folder / "meters.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    found = faults_of(FILE + rest, folder, first)
    return [fault.removeprefix("population.file: meters.csv ") for fault in found]


FULL = (
    "pan,supply_group,key_revision,tariff_index,encryption,model,area,load,customer,kwh_per_month,last_purchase,credit_kwh,connection,name\n"
    f"{P1},123457,2,05,EA11,keypad_ea11,,rural,homes,75.5,2024-05-20,12.5,77,house_1\n"
    f"{P2},,,,,,,,,,,,,\n"
)


def test_a_row_says_what_is_known(tmp_path):
    second, first = table(tmp_path, FULL, KINDS)  # by connection: that of the empty row is its place, 2
    assert (first.name, first.connection, first.credit) == ("house_1", 77, 12_500 * 3600)
    record = first.record
    assert (record.pan.digits, record.supply_group, record.key_revision) == (P1, "123457", 2)
    assert (record.tariff_index, record.encryption) == ("05", Encryption.EA11)
    assert (first.model.name, first.customer.name, first.area, first.listed) == ("keypad_ea11", "homes", "all", False)
    assert first.load.mean == 2500 * 3600
    assert first.load_share == 755 * KWH * 12 * ONE // (10 * 365 * 2500 * 3600)
    assert first.tid_latest == at("2024-05-20 12:00") // 60 - BaseDate.Y2014.minute
    assert (second.name, second.connection, second.record.pan.digits) == ("m2", 2, P2)
    [as_drawn] = [meter for meter in population(rest=KINDS, count=2) if meter.connection == 2]
    for field in ("model", "load", "customer", "credit", "manufacture_tid", "tid_latest", "tid_spacing", "load_share"):
        assert getattr(second, field) == getattr(as_drawn, field), field


BAD = [
    ("pan", P1[:-1] + str((int(P1[-1]) + 1) % 10), f"the check digit is {P1[-1]}, not {(int(P1[-1]) + 1) % 10}"),
    ("pan", "123", "18 decimal digits are needed, or the 11 or 13 of a meter number"),
    ("pan", "07000009015", "DRN 07000009015 has the check digit 5, it should end in 4"),
    ("pan", "1234567890x", "DRN '1234567890x' is not 11 decimal digits"),
    ("supply_group", "12345", "supply group code '12345' is not 6 decimal digits"),
    ("supply_group", "123450", "no supply group is called so, did you mean 123459? allowed are 123457, 123458, 123459"),
    ("key_revision", "0", "'0' is not a whole number from 1 to 9"),
    ("tariff_index", "1", "tariff index '1' is not 2 decimal digits"),
    ("encryption", "EA09", "use EA07 or EA11"),
    ("model", "keypda", "no meter model is called so, did you mean keypad?"),
    ("area", "north", "no area is called so, allowed are all"),
    ("load", "rurl", "no load is called so, did you mean rural?"),
    ("customer", "hmes", "no customer is called so, did you mean homes?"),
    ("kwh_per_month", "-3", "'-3' is not a number"),
    ("kwh_per_month", "1,5", "'1,5' is not a number"),
    ("last_purchase", "20.5.2024", "'20.5.2024' is not a date, write 2024-12-25"),
    ("last_purchase", "2024-05-20 10:00", "'2024-05-20 10:00' is not a date, write 2024-12-25"),
    ("credit_kwh", "0.00000001", "not a whole number of watt-seconds"),
    ("credit_kwh", "999999999", "too large, at most 1000000000000000 watt-seconds are allowed"),
    ("connection", "x", "'x' is not a whole number from 0 to 99999999"),
    ("name", "7up", "not a name: letters, digits, _ and -, the first a letter"),
]


def test_a_meter_number_stands_for_its_pan(tmp_path):
    """What is printed on a meter: 11 digits with issuer 600727, 13 with 0000 (C)."""
    [short, long] = table(tmp_path, f"pan\n{P1[6:17]}\n0000000000000\n", KINDS)
    assert (short.record.pan.digits, long.record.pan.digits[:17]) == (P1, "0" * 17)


@pytest.mark.parametrize(("column", "cell", "fault"), BAD)
def test_a_bad_cell(tmp_path, column, cell, fault):
    header, values = ("pan", f'"{cell}"') if column == "pan" else (f"pan,{column}", f'{P2},"{cell}"')
    [told] = table_faults(tmp_path, f"{header}\n\n{values}\n", KINDS)
    assert told.startswith(f"row 3: {column} '{cell}': {fault}")


CONTRADICTIONS = [
    ("encryption,model", "EA11,keypad", "encryption 'EA11': the model keypad is EA07"),
    (
        "model,credit_kwh,customer",
        "water,3,empty",
        "credit_kwh: the model water has no electricity register, leave this out",
    ),
    ("model,load,customer", "water,rural,empty", "load: the model water has no electricity register, leave this out"),
    ("credit_kwh", "99999999", "credit_kwh: more than the credit_cap of keypad, 9999999.9 kWh"),
    ("load,kwh_per_month", "none,3", "kwh_per_month '3': the load none has a mean of 0 kWh"),
    ("load,kwh_per_month", "rural,5000", "kwh_per_month '5000': more than 64 times the mean of the load rural"),
    ("last_purchase", "2024-06-01", "last_purchase '2024-06-01': this is not before the start"),
    ("key_revision", "3", "key_revision: supply group 123457 has no vending key of key revision 3, allowed are 1, 2"),
    ("encryption", "EA11", "key_revision 1: DKGA02 makes 64-bit keys only; EA11 needs DKGA04"),
]


@pytest.mark.parametrize(("columns", "cells", "fault"), CONTRADICTIONS)
def test_cells_that_do_not_fit(tmp_path, columns, cells, fault):
    assert table_faults(tmp_path, f"pan,{columns}\n{P1},{cells}\n", KINDS) == [f"row 2: {fault}"]


def test_rows_go_by_the_lines_that_they_begin_in(tmp_path):
    text = f'pan,name\r\n{P1},"house\r\n1"\r\n{P2},h2,x\r\n{P3},h3\r\n{P3},h3\r\n'
    assert table_faults(tmp_path, b"\xef\xbb\xbf" + text.encode()) == [
        "row 2: name 'house  1': not a name: letters, digits, _ and -, the first a letter".replace(
            "house  1", r"house\r\n1"
        ),
        "row 4: 3 cells, 2 are needed, as many as there are columns",
        f"row 6: pan '{P3}': row 5 has the same",
        "row 6: name 'h3': row 5 has the same",
    ]


def test_a_byte_order_mark_and_line_ends_of_windows(tmp_path):
    meters = table(tmp_path, b"\xef\xbb\xbf" + f"pan\r\n{P1}\r\n".encode())
    assert [meter.record.pan.digits for meter in meters] == [P1]


def test_twice_the_same_connection_or_name(tmp_path):
    assert table_faults(tmp_path, f"pan,connection\n{P1},7\n{P2},7\n") == ["row 3: connection '7': row 2 has the same"]
    assert table_faults(tmp_path, f"pan,connection\n{P1},2\n{P2},\n") == ["row 3: connection 2: row 2 has the same"]
    assert table_faults(tmp_path, f"pan,name\n{P1},m2\n{P2},\n") == [
        "row 3: name 'm2': another row is called so, by its connection or its name"
    ]


def test_a_row_against_the_listed_meters(tmp_path):
    listed = f'meters: [{{name: shop, pan: "{PAN}", supply_group: "123457", key_revision: 1, connection: 4}}]\n'
    assert table_faults(tmp_path, f"pan,connection\n{P1},3\n", listed, first=5) == [
        "row 2: connection 3: those below 5 have listed meters"
    ]
    assert table_faults(tmp_path, f"pan,name\n{PAN},shop\n", listed, first=5) == [
        f"row 2: pan '{PAN}': the listed meter 'shop' has the same",
        "row 2: name 'shop': a listed meter is called so",
    ]


REPLACES = "programme: {change_key: {from: 1, to: 2}, replace_with: keypad, phases: {}}\n"


@pytest.mark.parametrize("generation", [1, 9])
def test_a_meter_that_has_the_pan_of_a_replacement(tmp_path, generation):
    taken, free = pan_of(7, generation), pan_of(8, generation)
    text = f"pan,connection\n{P1},7\n{taken},70\n{free},80\n"
    assert table_faults(tmp_path, text, REPLACES) == [
        f"row 3: pan '{taken}': a meter that replaces that of connection 7 would have the same, "
        "number the connections otherwise"
    ]
    assert len(table(tmp_path, text)) == len(table(tmp_path, text, REPLACES.replace("replace_with: keypad, ", ""))) == 3


def test_first_meters_are_no_replacements(tmp_path):
    others = (pan_of(7).digits, MeterPan.of("600727", "17" + "00000007" + luhn("1700000007")).digits)
    rows = "".join(f"{pan},{connection}\n" for connection, pan in enumerate(others, 7))
    assert len(table(tmp_path, f"pan,connection\n{rows}", REPLACES)) == 2


WHOLE = [
    (b"pan;area\n1;2\n", "meters.csv: the cells are parted by semicolons, save the file with commas"),
    (b"pan,nmae\n", "meters.csv: unknown column 'nmae', did you mean name? allowed are pan, supply_group"),
    (b"pan,pan\n", "meters.csv: the column pan is there twice"),
    (b"name\n", "meters.csv: the column pan is missing, it is needed"),
    (b"", "meters.csv: the column pan is missing, it is needed"),
    (b"pan\n", "meters.csv has no meter"),
    (b"pan\n\xff\n", "meters.csv is not UTF-8 text, save the file as UTF-8"),
    (b'pan\n"123\n', "meters.csv is not CSV: unexpected end of data"),
]


@pytest.mark.parametrize(("data", "fault"), WHOLE)
def test_a_file_that_is_none(tmp_path, data, fault):
    (tmp_path / "meters.csv").write_bytes(data)
    [told] = faults_of(FILE, tmp_path)
    assert told.startswith(f"population.file: {fault}")


def test_a_file_that_is_not_there(tmp_path):
    for name, why in (
        ("meters.csv", "cannot be read: No such file or directory"),
        ("meters.parquet", "cannot be read: No such file or directory"),
        ("meters.xlsx", "is neither .csv nor .parquet"),
    ):
        assert faults_of(f"population: {{file: {name}}}\n", tmp_path) == [f"population.file: {name} {why}"]
    (tmp_path / "dir.csv").mkdir()
    assert faults_of("population: {file: dir.csv}\n", tmp_path) == [
        "population.file: dir.csv cannot be read: it is no file"
    ]
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    [told] = faults_of("population: {file: bad.parquet}\n", tmp_path)
    assert told.startswith("population.file: bad.parquet cannot be read: ")


def test_many_bad_rows_are_counted(tmp_path):
    (tmp_path / "meters.csv").write_text("pan\n" + "1\n" * 50)
    with pytest.raises(ScenarioError) as error:
        drawn(FILE, tmp_path)
    assert len(error.value.faults) == 21
    assert error.value.faults[0].endswith(
        "population.file: meters.csv row 2: pan '1': 18 decimal digits are needed, or the 11 or 13 of a meter number"
    )
    assert error.value.faults[-1] == "30 more faults"


def test_a_vending_key_in_a_cell_is_not_repeated(tmp_path):
    key = "abababababababab"
    for text in (f"pan,name\n{P1},9{key}\n", f"pan,{key}\n{P1},x\n", f"pan,load\n{P1},{key}\n"):
        assert all(key not in fault for fault in table_faults(tmp_path, text))


def test_the_areas_of_a_file(tmp_path):
    areas = "areas: {north: {}, south: {}}\n"
    meters = table(tmp_path, f"pan,area\n{P1},south\n{P2},north\n", areas)
    assert [meter.area for meter in meters] == ["south", "north"]
    text = f"pan,area\n{P1},south\n"
    (tmp_path / "meters.csv").write_text(text)
    assert faults_of(FILE + areas, tmp_path) == ["areas.north: no meter is in this area"]
    listed = f'meters: [{{name: shop, pan: "{PAN}", supply_group: "123457", key_revision: 1, area: north}}]\n'
    assert len(drawn(FILE + areas + listed, tmp_path, 2)) == 1
    assert table_faults(tmp_path, f"pan,area\n{P1},south\n{P2},\n{P3},north\n", areas) == [
        "row 3: area: nothing stands here, allowed are north, south"
    ]
    (tmp_path / "meters.csv").write_text(text)
    assert faults_of(FILE + "areas: {south: {share: 100%}}\n", tmp_path) == [
        "areas.south.share: the file of meter records says the areas, leave the share out"
    ]
    (tmp_path / "meters.csv").write_text(f"pan\n{P1}\n")
    assert faults_of(FILE + areas, tmp_path) == [
        "population.file: meters.csv: the column area is missing, there are several areas"
    ]
    assert {meter.area for meter in drawn(FILE + "areas: {south: {}}\n", tmp_path)} == {"south"}


def test_who_has_not_bought_for_long_never_buys(tmp_path):
    rows = [(pan_of(number).digits, "2023-11-01" if number % 2 else "2024-05-01") for number in range(1, 201)]
    meters = table(tmp_path, "pan,last_purchase\n" + "".join(f"{pan},{day}\n" for pan, day in rows), KINDS)
    for meter in meters:
        assert (meter.customer.never is not None) == bool(meter.connection % 2)
    never = Counter(meter.customer.never for meter in meters if meter.connection % 2)
    assert near(never[NeverBuys.VACANT], 0.5, 100)
    assert near(never[NeverBuys.BLOCKED], 0.25, 100)


@pytest.mark.parametrize(
    ("day", "kind", "fault"),
    [
        ("2023-11-01", "households", "row 2 has not bought since 2023-11-01, and no kind of customer never buys"),
        ("2024-05-01", "vacant", "row 2 has bought on 2024-05-01, and no kind of customer ever buys"),
    ],
)
def test_no_kind_for_a_row(tmp_path, day, kind, fault):
    (tmp_path / "meters.csv").write_text(f"pan,last_purchase\n{P1},{day}\n")
    kinds = f"customers: {{one: {{based_on: {kind}}}}}\n"
    assert faults_of(FILE + kinds, tmp_path) == [f"population.zero_buyer_after: {fault}"]


def test_customers_without_shares_where_every_row_says_who(tmp_path):
    kinds = "customers: {a: {based_on: vacant}, b: {based_on: blocked}}\n"
    assert [m.customer.name for m in table(tmp_path, f"pan,customer\n{P1},b\n{P2},a\n", kinds)] == ["b", "a"]


def test_an_algorithm_without_a_model(tmp_path):
    [meter] = table(tmp_path, f"pan,encryption,key_revision\n{P1},EA11,2\n")
    assert (meter.model.name, meter.record.encryption) == ("keypad_ea11", Encryption.EA11)


def test_no_use_at_all(tmp_path):
    [meter] = table(tmp_path, f"pan,kwh_per_month\n{P1},0\n")
    assert meter.mean_use == 0


# -- Parquet ---------------------------------------------------------------------------------------------------

PARQUET = f"population: {{file: meters.parquet, {POPULATION}}}\n"


def parquet(folder: Path, columns: dict[str, pa.Array]) -> None:
    pq.write_table(pa.table(columns), folder / "meters.parquet")


def test_parquet_says_the_same_as_csv(tmp_path):
    lines = [line.split(",") for line in FULL.splitlines()]
    texts = {name: pa.array([cell or None for cell in cells]) for name, *cells in zip(*lines, strict=True)}
    parquet(tmp_path, texts)
    as_csv = table(tmp_path, FULL, KINDS)
    assert drawn(PARQUET + KINDS, tmp_path) == as_csv
    typed = {
        "key_revision": pa.array([2, None], pa.int8()),
        "kwh_per_month": pa.array([75.5, None]),
        "credit_kwh": pa.array([Decimal("12.5"), None]),
        "connection": pa.array([77.0, None]),
        "last_purchase": pa.array([at("2024-05-20") // DAY, None], pa.int32()).cast(pa.date32()),
        "model": texts["model"].dictionary_encode(),
    }
    parquet(tmp_path, texts | typed)
    assert drawn(PARQUET + KINDS, tmp_path) == as_csv


def test_parquet_rows_count_from_1(tmp_path):
    parquet(tmp_path, {"pan": pa.array([P1, "1", P1, None])})
    assert faults_of(PARQUET, tmp_path) == [
        "population.file: meters.parquet row 2: pan '1': 18 decimal digits are needed, or the 11 or 13 of a meter number",
        f"population.file: meters.parquet row 3: pan '{P1}': row 1 has the same",
        "population.file: meters.parquet row 4: pan: nothing stands here, it is needed",
    ]


def test_digits_in_parquet_are_strings(tmp_path):
    parquet(tmp_path, {"pan": pa.array([int(P1)]), "last_purchase": pa.array([True]), "nmae": pa.array(["x"])})
    [fault] = faults_of(PARQUET, tmp_path)
    assert "unknown column 'nmae', did you mean name?" in fault
    parquet(tmp_path, {"pan": pa.array([int(P1)]), "last_purchase": pa.array([True])})
    assert faults_of(PARQUET, tmp_path) == [
        "population.file: meters.parquet: the column pan holds int64, it must hold strings, since a number loses the zeros in front",
        "population.file: meters.parquet: the column last_purchase holds bool, it must hold strings",
    ]
    parquet(tmp_path, {"pan": pa.array([P1]), "kwh_per_month": pa.array([float("nan")])})
    assert "kwh_per_month 'nan'" in faults_of(PARQUET, tmp_path)[0]
