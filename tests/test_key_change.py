"""Key changes at the meter, and what the rollover does to every kind of token."""

import itertools
from dataclasses import replace

import pytest

from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.models import BUILT_IN
from meter_sim.sts import cipher, key_change
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import WrongIdentity
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.key_change import NewKey
from meter_sim.sts.token import CreditToken, FirstSection, Management, Service, SupplyGroupSection
from tests import kit
from tests.kit import credit, meter, order

NOW = 1_700_000_000
FIRST, SECOND = kit.key_change(1, 2)


def migrated(**more):
    home = meter(**more)
    home.enter(FIRST, NOW)
    assert home.enter(SECOND, NOW).name == "Accept"
    return home


@pytest.mark.parametrize(
    ("entries", "answers"),
    [
        ((FIRST, SECOND), ("1stKCT", "Accept")),
        ((SECOND, FIRST), ("2ndKCT", "Accept")),
        ((FIRST, FIRST, SECOND), ("1stKCT", "1stKCT", "Accept")),
        ((SECOND, SECOND, FIRST), ("2ndKCT", "2ndKCT", "Accept")),
        ((FIRST, SECOND, FIRST, SECOND), ("1stKCT", "Accept", "CRCError", "CRCError")),
    ],
)
def test_sections_in_any_order(entries, answers):
    home = meter()
    assert tuple(home.enter(digits, NOW).name for digits in entries) == answers
    assert home.keys.shown == "2.2"
    assert home.keys.key == kit.module().decoder_key(kit.record(2))
    assert home.pending.held(NOW) == ()


@pytest.mark.parametrize(("wait", "answer"), [(599, "Accept"), (600, "2ndKCT"), (10_000, "2ndKCT")])
def test_the_time_out_after_the_latest_section(wait, answer):
    home = meter()
    home.enter(FIRST, NOW)
    assert home.enter(SECOND, NOW + wait).name == answer
    home = meter(kct_timeout=40)
    home.enter(FIRST, NOW)
    home.enter(FIRST, NOW + 39)
    assert home.enter(SECOND, NOW + 78).name == "Accept"


def test_a_power_cycle_loses_pending_sections():
    home = meter()
    home.enter(FIRST, NOW)
    assert home.pending.held(NOW) == (3,)
    home.power_off()
    home.power_on()
    assert home.enter(SECOND, NOW).name == "2ndKCT"
    assert home.pending.held(NOW) == (4,)


def test_credit_between_the_sections():
    home = meter()
    old, new = credit("2024-06-01 12:00"), credit("2024-06-01 12:00", revision=2)
    home.enter(FIRST, NOW)
    assert home.enter(old, NOW).name == "Accept"
    assert home.enter(new, NOW).name == "CRCError"
    assert home.enter(SECOND, NOW).name == "Accept"
    assert home.enter(new, NOW).name == "Accept"


def test_sections_of_two_changes_mix_into_a_key_that_nobody_can_address():
    other_first, other_second = kit.key_change(1, 3)
    assert other_first != FIRST
    home = meter()
    home.enter(FIRST, NOW)
    assert home.enter(other_second, NOW).name == "Accept"
    assert home.keys.shown == "2.2"
    for revision in (1, 2, 3):
        assert home.enter(credit("2024-06-01 12:00", revision=revision), NOW).name == "CRCError"


@pytest.mark.parametrize("old", KeyType)
@pytest.mark.parametrize("new", KeyType)
def test_key_types(old, new):
    home = meter(key_type=old, credit=WS_PER_KWH)
    before = home.keys
    sections = key_change.split(NewKey(DecoderKey(Encryption.EA07, 12345), new, 5, "03", 77, True))
    store = home.tids.tids
    first, second = (cipher.encipher(section, before.key) for section in sections)
    home.enter(first, NOW)
    answer = home.enter(second, NOW)
    if old.may_become(new):
        assert answer.name == "Accept"
        assert (home.keys.key.value, home.keys.key_type, home.keys.key_revision) == (12345, new, 5)
        assert (home.keys.tariff_index, home.keys.key_expiry, home.keys.supply_group) == ("03", 77, kit.SGC)
        assert home.tids.tids == (0,) * 50
    else:
        assert answer.name == "KeyTypeError"
        assert home.keys == before
        assert home.tids.tids == store
    assert home.register.balance == WS_PER_KWH


def test_a_two_section_meter_changes_after_the_pair_whatever_3kct_says():
    home = meter()
    first, second = key_change.split(NewKey(DecoderKey(Encryption.EA07, 12345), KeyType.DUTK, 2, "01", 255, False))
    third = FirstSection(first.ken_high, 2, False, True, KeyType.DUTK, first.key_word)
    home.enter(cipher.encipher(third, home.keys.key), NOW)
    assert home.enter(cipher.encipher(second, home.keys.key), NOW).name == "Accept"


@pytest.mark.parametrize("rollover", [True, False])
def test_only_rollover_zeroes_the_store(rollover):
    home = meter()
    store = home.tids.tids
    for digits in kit.key_change(1, 2, rollover=rollover):
        home.enter(digits, NOW)
    assert home.tids.tids == ((0,) * 50 if rollover else store)


def test_what_a_key_change_leaves_alone():
    home = meter(credit=3 * WS_PER_KWH, phases=3)
    home.enter(order("2024-06-01 12:00", Management.SET_MAXIMUM_POWER_LIMIT, 5000), NOW)
    home.tamper()
    home.use(WS_PER_KWH)
    register = home.register
    for digits in (FIRST, SECOND):
        home.enter(digits, NOW)
    assert home.register == register
    assert (home.power_limit, home.tampered, home.switch_closed) == (5000, True, False)


def test_a_change_of_the_key_expiry_number_alone_can_be_entered_again():
    home = meter()
    first, second = kit.key_change(1, 1, ken=85)
    assert home.enter(first, NOW).name == "1stKCT"
    assert home.enter(second, NOW).name == "Accept"
    assert home.keys.key_expiry == 85
    assert home.enter(first, NOW).name == "1stKCT"
    assert home.enter(second, NOW).name == "Accept"


# -- sets of three and four sections

THREE = [
    token.digits
    for token in kit.module().issue_key_change(
        kit.record(1), kit.record(2, group=kit.SGC), at=kit.at("2024-11-20"), three_sections=True
    )
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_sections_in_any_order(order):
    home = meter(kcts=3)
    names = ["1stKCT", "2ndKCT", "3rdKCT"]
    answers = [home.enter(THREE[place], NOW).name for place in order]
    assert answers == [names[order[0]], names[order[1]], "Accept"]
    assert home.keys.shown == "2.2"
    assert home.pending.held(NOW) == ()


def test_a_meter_for_two_sections_lacks_the_third_and_changes_after_the_pair():
    home = meter()
    assert home.enter(THREE[2], NOW).name == "FunctionError"
    assert [home.enter(digits, NOW).name for digits in THREE[:2]] == ["1stKCT", "Accept"]
    assert home.keys.shown == "2.2"
    assert home.enter(THREE[2], NOW).name == "CRCError"


def test_a_meter_for_three_sections_takes_a_set_of_two():
    home = meter(kcts=3)
    assert home.enter(THREE[2], NOW).name == "3rdKCT"
    assert [home.enter(digits, NOW).name for digits in (FIRST, SECOND)] == ["1stKCT", "Accept"]
    assert home.keys.supply_group == kit.SGC
    assert home.pending.held(NOW) == ()


@pytest.mark.parametrize(("kcts", "group"), [(2, kit.SGC), (3, "654321")])
def test_only_the_third_section_carries_the_supply_group(kcts, group):
    secure = kit.module(kit.vending_key(1, 2014, "test:new", group="654321"))
    sections = secure.issue_key_change(
        kit.record(1), kit.record(1, group="654321"), at=kit.at("2024-11-20"), three_sections=kcts == 3
    )
    home = meter(kcts=kcts)
    for section in sections:
        assert home.enter(section.digits, NOW).status.accepted
    assert home.keys.supply_group == group
    assert home.keys.key == secure.decoder_key(kit.record(1, group="654321"))


@pytest.mark.parametrize(
    ("section", "answer"),
    [
        (SupplyGroupSection(999_999), "3rdKCT"),
        (SupplyGroupSection(1_000_000), "RangeError"),
        (SupplyGroupSection(123457, 1), "FormatError"),
    ],
)
def test_what_a_third_section_may_say(section, answer):
    home = meter(kcts=3)
    assert home.enter(cipher.encipher(section, home.keys.key), NOW).name == answer
    assert home.pending.held(NOW) == ((8,) if answer == "3rdKCT" else ())


def test_a_third_section_of_another_change_does_not_set_the_supply_group():
    secure = kit.module(kit.vending_key(1, 2014, "test:new", group="654321"))
    other = secure.issue_key_change(
        kit.record(1), kit.record(1, group="654321"), at=kit.at("2024-11-20"), three_sections=True
    )
    home = meter(kcts=3)
    assert [home.enter(digits, NOW).name for digits in (other[2].digits, FIRST, SECOND)] == [
        "3rdKCT",
        "1stKCT",
        "Accept",
    ]
    assert home.keys.supply_group == kit.SGC


def test_what_is_held_ends_with_the_time_out():
    home = meter()
    home.enter(FIRST, NOW)
    assert home.pending.held(NOW + 599) == (3,)
    assert home.pending.held(NOW + 600) == ()


def test_half_a_supply_group_is_none():
    first, second, third, fourth = (cipher.decipher(digits, kit.module().decoder_key(LONG)) for digits in FOUR)
    assert key_change.supply_group_of([first, second, third]) is None
    assert key_change.supply_group_of([first, second, fourth]) is None
    assert key_change.supply_group_of([fourth, third]) == 654321


LONG = replace(kit.record(2), encryption=Encryption.EA11)


def long_meter():
    secure = kit.module()
    register = KeyRegister(secure.decoder_key(LONG), KeyType.DUTK, kit.SGC, 2, "01", 255)
    return Meter(kit.PAN, register, model=BUILT_IN["keypad_ea11"], manufacture_tid=0)


FOUR = [
    token.digits
    for token in kit.module(kit.vending_key(1, 2035, "test:new", group="654321")).issue_key_change(
        LONG, replace(LONG, key_revision=1, supply_group="654321", tariff_index="07"), at=kit.at("2024-11-20")
    )
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_four_sections_in_any_order(order):
    home = long_meter()
    names = ["1stKCT", "2ndKCT", "3rdKCT", "4thKCT"]
    shown = ["1St", "2nd", "3rd", "4th"]
    for place in order[:3]:
        answer = home.enter(FOUR[place], NOW)
        assert (answer.name, answer.display) == (names[place], (shown[place],))
        assert answer.status.accepted
    assert len(home.pending.held(NOW)) == 3
    assert home.enter(FOUR[order[3]], NOW).name == "Accept"
    keys = home.keys
    assert (keys.supply_group, keys.key_revision, keys.tariff_index, keys.key_expiry) == ("654321", 1, "07", 255)
    assert home.tids.tids == (0,) * 50


def test_four_sections_that_make_no_supply_group():
    home = long_meter()
    *three, fourth = FOUR
    for digits in three:
        home.enter(digits, NOW)
    odd = replace(cipher.decipher(fourth, home.keys.key), supply_group_high=0xFFF)
    before = home.keys
    assert home.enter(cipher.encipher(odd, before.key), NOW).name == "RangeError"
    assert home.keys is before
    assert home.pending.held(NOW) == (3, 4, 8)
    assert home.enter(fourth, NOW).name == "Accept"


def test_the_greatest_supply_group():
    home = long_meter()
    key, group = home.keys.key, 999_999
    for digits, change in zip(
        FOUR, ({}, {}, {"supply_group_low": group & 0xFFF}, {"supply_group_high": group >> 12}), strict=True
    ):
        answer = home.enter(cipher.encipher(replace(cipher.decipher(digits, key), **change), key), NOW)
    assert answer.name == "Accept"
    assert home.keys.supply_group == "999999"


def test_a_set_that_is_not_whole_does_not_join():
    first, second, third, fourth = (cipher.decipher(digits, kit.module().decoder_key(LONG)) for digits in FOUR)
    for part in ([second], [first], [first, second, third], [first, second, fourth]):
        with pytest.raises(ValueError, match="needs"):
            key_change.join(part)


def test_a_long_key_needs_its_supply_group():
    with pytest.raises(WrongIdentity, match="supply group"):
        key_change.split(NewKey(DecoderKey(Encryption.EA11, 1), KeyType.DUTK, 2, "01", 255, False))


def test_a_key_for_another_algorithm_fits_no_model():
    with pytest.raises(ValueError, match="keypad is EA07, the key is for EA11"):
        Meter(kit.PAN, long_meter().keys, model=BUILT_IN["keypad"], manufacture_tid=0)


# -- the table of section 8 of the rules: what the rollover does


def test_old_meter_old_credit_also_after_the_last_minute():
    assert meter().enter(credit("2024-11-24 20:15"), kit.at("2025-03-01")).name == "Accept"


def test_old_meter_new_credit_may_be_entered_again_later():
    home, new = meter(), credit("2024-12-01 10:00", revision=2)
    assert home.enter(new, NOW).name == "CRCError"
    for digits in (FIRST, SECOND):
        home.enter(digits, NOW)
    assert home.enter(new, NOW).name == "Accept"


def test_new_meter_old_credit_is_lost():
    home = migrated(credit=WS_PER_KWH)
    assert home.enter(credit("2024-11-20 10:00"), NOW).name == "CRCError"
    assert home.register.balance == WS_PER_KWH


def test_with_a_zero_fill_tid_zero_is_used_and_one_is_fine():
    home = migrated()
    for number, name in ((0, "UsedError"), (1, "Accept")):
        digits = cipher.encipher(CreditToken(Service.ELECTRICITY, 0, number, 1), home.keys.key)
        assert home.enter(digits, NOW).name == name


def test_wrapped_tids_are_old():
    home = meter()
    digits = cipher.encipher(CreditToken(Service.ELECTRICITY, 0, 2, 1), home.keys.key)
    assert home.enter(digits, NOW).name == "OldError"


def test_new_key_without_rollover_makes_everything_old():
    home = meter()
    for digits in kit.key_change(1, 2, rollover=False):
        home.enter(digits, NOW)
    assert home.enter(credit("2024-12-01 10:00", revision=2), NOW).name == "OldError"


def test_rollover_under_an_unchanged_key_lets_old_tokens_credit_again():
    home, old = meter(), credit("2024-06-01 12:00")
    assert [home.enter(old, NOW).name for _ in range(2)] == ["Accept", "UsedError"]
    for digits in kit.key_change(1, 1, rollover=True):
        home.enter(digits, NOW)
    assert home.enter(old, NOW).name == "Accept"
    assert home.register.balance == 20 * WS_PER_KWH


def test_kcts_issued_but_never_entered_break_the_next_change():
    home = meter()
    assert [home.enter(digits, NOW).name for digits in kit.key_change(2, 3)] == ["CRCError", "CRCError"]
    for digits in itertools.chain(kit.key_change(1, 2), kit.key_change(2, 3)):
        assert home.enter(digits, NOW).status.accepted
    assert home.keys.shown == "3.2"
