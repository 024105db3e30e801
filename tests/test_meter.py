"""The meter, token by token: results, their order, and what a refusal leaves alone."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_sim.meter.answer import STATUS_BY_NAME, AuthenticationResult, Status, TokenResult, ValidationResult
from meter_sim.meter.credit import WS_PER_KWH, WS_PER_TENTH
from meter_sim.meter.key_register import PendingSections
from meter_sim.meter.keypad import Lockout
from meter_sim.meter.tid_store import TidStore, history
from meter_sim.sts import cipher
from meter_sim.sts import key_change as changes
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.token import (
    CreditToken,
    FirstSection,
    Management,
    ManagementToken,
    MeterTestToken,
    OtherToken,
    SecondSection,
    Service,
    digits_of,
    join_class,
)
from tests.kit import credit, examples, key_change, meter, order, tid

NOW = 1_700_000_000
CREDIT = credit("2024-06-01 12:00")


def made(under, token) -> str:
    return cipher.encipher(token, under.keys.key)


def state(of):
    """Everything that a refused token must leave alone."""
    return copy.deepcopy(
        (of.keys, of.tids.tids, of.register, of.power_limit, of.unbalance_limit, of.tampered, of.switch_closed)
    )


def test_status_numbers_and_names():
    names = [
        "Accept",
        "1stKCT",
        "2ndKCT",
        "OverflowError",
        "KeyTypeError",
        "FormatError",
        "RangeError",
        "FunctionError",
        "OldError",
        "UsedError",
        "KeyExpiredError",
        "DDTKError",
        "CRCError",
        "MfrCodeError",
        "LockedOut",
        "NotReady",
        "3rdKCT",
        "4thKCT",
    ]
    assert [status.standard_name for status in Status] == names
    assert [int(status) for status in Status] == list(range(1, 19))
    assert list(STATUS_BY_NAME) == names


def test_an_accepted_token_credits_what_it_decodes_to():
    home = meter()
    answer = home.enter(credit("2024-06-01 12:00", tenths=20_000), NOW)
    assert answer.name == "Accept"
    assert (answer.authentication, answer.validation, answer.token_result) == ("Authentic", "Valid", "Accept")
    assert home.register.balance == 20_004 * WS_PER_TENTH  # 2000.0 bought, 2000.4 credited
    assert home.tids.tids[-1] == tid("2024-06-01 12:00")


@pytest.mark.parametrize(
    ("name", "three"),
    [
        ("CRCError", (AuthenticationResult.CRC_ERROR, None, None)),
        ("OldError", (AuthenticationResult.AUTHENTIC, ValidationResult.OLD, None)),
        ("FormatError", (None, None, TokenResult.FORMAT)),
    ],
)
def test_the_three_results(name, three):
    home = meter(made="2024-01-01")
    digits = {
        "CRCError": credit("2024-06-01 12:00", revision=2),
        "OldError": credit("2023-06-01 12:00"),
        "FormatError": "1",
    }[name]
    answer = home.enter(digits, NOW)
    assert answer.name == name
    assert (answer.authentication, answer.validation, answer.token_result) == three


@pytest.mark.parametrize(
    "text",
    ["", "7", "1" * 19, "1" * 21, "1234567890123456789x", "９" * 20, str(1 << 66), "9" * 20, "\n" * 20, "1 " * 10],
)
def test_texts_that_are_a_format_error(text):
    assert meter().enter(text, NOW).name == "FormatError"


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{20}", fullmatch=True))
def test_no_text_raises_and_a_refusal_changes_nothing(text):
    home = meter(credit=5 * WS_PER_KWH, lockout_after=0)
    before = state(home)
    answer = home.enter(text, NOW)
    if not answer.status.accepted:
        assert state(home) == before


def test_class_3_is_a_function_error():
    assert meter().enter(digits_of(join_class(3, 12345)), NOW).name == "FunctionError"


# -- the order of checks: each meter below has every fault from one place of the list on


def used_up(**more):
    """A meter in which CREDIT is used."""
    home = meter(tid_store=1, **more)
    home.tids.add(tid("2024-06-01 12:00"))
    return home


def token_with(tid_number, service=Service.WATER, amount=1):
    return CreditToken(service, 0, tid_number, amount)


def test_order_of_checks():
    new = tid("2024-06-01 13:00")
    home = meter(tid_store=1, made="2024-06-01 12:00", key_type=KeyType.DDTK, key_expiry=0, enforce_key_expiry=True)
    stored = home.tids.smallest
    home.power_off()
    assert home.enter("1", NOW).name == "NotReady"
    home.power_on()
    assert home.enter("1", NOW).name == "FormatError"
    for _ in range(3):
        assert home.enter(credit("2024-06-01 12:00", revision=2), NOW).name == "CRCError"
    assert home.enter("1", NOW).name == "FormatError"
    assert home.enter(digits_of(join_class(3, 0)), NOW).name == "FunctionError"
    assert home.enter("18446744073843772416", NOW).display == ("KRN 1.1",)
    assert home.enter(made(home, token_with(new)), NOW).name == "LockedOut"
    later = NOW + 10
    assert home.enter(made(home, token_with(stored - 1)), later).name == "OldError"
    assert home.enter(made(home, token_with(stored)), later).name == "UsedError"
    assert home.enter(made(home, token_with(new)), later).name == "KeyExpiredError"
    home = meter(made="2024-06-01 12:00", key_type=KeyType.DDTK, credit_cap=0)
    assert home.enter(made(home, token_with(new)), NOW).name == "DDTKError"
    home = meter(made="2024-06-01 12:00", credit_cap=0)
    assert home.enter(made(home, token_with(new)), NOW).name == "FunctionError"
    assert home.enter(made(home, token_with(new, Service.ELECTRICITY)), NOW).name == "OverflowError"


def test_old_comes_before_a_reserved_function():
    home = meter(made="2024-06-01 12:00")
    old = ManagementToken(Management.SET_TARIFF_RATE, 0, home.tids.smallest - 1, 0)
    assert home.enter(made(home, old), NOW).name == "OldError"


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (OtherToken(0, 4, 16_700_000 << 16), "FunctionError"),
        (OtherToken(0, 4, 0), "OldError"),
        (OtherToken(2, 10, 16_700_000 << 16), "FunctionError"),
        (OtherToken(2, 10, 0), "OldError"),
        (OtherToken(0, 9, 0), "FunctionError"),
        (OtherToken(2, 8, 0), "FunctionError"),  # a two-section meter
        (OtherToken(2, 15, 0), "FunctionError"),
        (token_with(16_700_000, Service.GAS), "FunctionError"),
        (ManagementToken(Management.SET_TARIFF_RATE, 0, 16_700_000, 0), "FunctionError"),
        (ManagementToken(Management.SET_WATER_METER_FACTOR, 0, 16_700_000, 0), "FunctionError"),
        (ManagementToken(Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, 0, 16_700_000, 10), "FunctionError"),
        (ManagementToken(Management.CLEAR_CREDIT, 0, 16_700_000, 4), "RangeError"),
        (ManagementToken(Management.CLEAR_TAMPER_CONDITION, 0, 16_700_000, 1), "FormatError"),
        (ManagementToken(Management.SET_MAXIMUM_POWER_LIMIT, 0, 16_700_000, 10_001), "RangeError"),
        (FirstSection(15, 0, False, False, KeyType.DUTK, 0), "RangeError"),
        (FirstSection(15, 10, False, False, KeyType.DUTK, 0), "RangeError"),
        (SecondSection(15, 100, 0), "RangeError"),
    ],
)
def test_what_the_meter_lacks_or_does_not_support(token, name):
    home = meter(greatest_limit=10_000, credit=WS_PER_KWH)
    before = state(home)
    assert home.enter(made(home, token), NOW).name == name
    assert state(home) == before
    assert home.pending.held(NOW) == ()


def test_overflow_is_not_stored():
    home = meter(credit=WS_PER_KWH, credit_cap=10 * WS_PER_KWH)
    assert home.enter(CREDIT, NOW).name == "OverflowError"
    home.use(WS_PER_KWH)
    assert home.enter(CREDIT, NOW).name == "Accept"
    assert home.register.balance == home.register.cap


# -- the TID store


def test_a_token_is_used_once():
    home = meter()
    assert home.enter(CREDIT, NOW).name == "Accept"
    assert home.enter(CREDIT, NOW).name == "UsedError"
    assert home.register.balance == 10 * WS_PER_KWH


def test_the_store_is_full_from_manufacture_on():
    home = meter(made="2024-06-01 12:00", tid_store=4)
    assert home.tids.tids == (tid("2024-06-01 12:00"),) * 4
    assert home.enter(credit("2024-06-01 11:59"), NOW).name == "OldError"
    assert home.enter(credit("2024-06-01 12:00"), NOW).name == "UsedError"
    assert home.enter(credit("2024-06-01 12:02"), NOW).name == "Accept"
    assert home.enter(credit("2024-06-01 12:03"), NOW).name == "Accept"


@pytest.mark.parametrize("size", [1, 5, 50])
def test_a_token_stays_good_until_as_many_later_ones_as_the_store_holds(size):
    home = meter(tid_store=size)
    for minute in range(size - 1):
        assert home.enter(credit(f"2024-06-01 13:{minute:02}"), NOW).name == "Accept"
    assert home.enter(CREDIT, NOW).name == "Accept"
    home = meter(tid_store=size)
    for minute in range(size):
        assert home.enter(credit(f"2024-06-01 13:{minute:02}"), NOW).name == "Accept"
    assert home.enter(CREDIT, NOW).name == "OldError"


def test_one_store_for_credit_and_management():
    home = meter()
    assert home.enter(order("2024-06-01 12:00", Management.SET_MAXIMUM_POWER_LIMIT, 100), NOW).name == "Accept"
    assert home.enter(CREDIT, NOW).name == "UsedError"


def test_a_token_from_the_future_is_accepted():
    assert meter().enter(credit("2024-11-24 20:15"), NOW).name == "Accept"


def test_expiry_is_optional():
    for enforced, name in ((True, "KeyExpiredError"), (False, "Accept")):
        home = meter(key_expiry=100, enforce_key_expiry=enforced)
        assert home.enter(CREDIT, NOW).name == name


# -- management, switch, tamper


def test_the_switch_opens_at_zero_and_closes_on_credit():
    home = meter(credit=WS_PER_KWH)
    assert home.switch_closed
    assert home.use(2 * WS_PER_KWH) == WS_PER_KWH
    assert home.switch_closed  # it opens in the load phase
    assert home.set_switch()
    assert not home.switch_closed
    assert home.use(5) == 0
    assert home.enter(CREDIT, NOW).name == "Accept"
    assert home.switch_closed


def test_tampering_cuts_until_a_token_clears_it():
    home = meter(credit=WS_PER_KWH)
    home.tamper()
    assert not home.switch_closed
    assert home.enter(CREDIT, NOW).name == "Accept"
    assert not home.switch_closed
    assert home.enter(order("2024-06-01 12:10", Management.CLEAR_TAMPER_CONDITION), NOW).name == "Accept"
    assert home.switch_closed
    home = meter(credit=WS_PER_KWH, tamper_opens_switch=False)
    home.tamper()
    assert home.switch_closed


@pytest.mark.parametrize("register", [0, 0xFFFF])
def test_clear_credit(register):
    home = meter(credit=WS_PER_KWH)
    assert home.enter(order("2024-06-01 12:00", Management.CLEAR_CREDIT, register), NOW).name == "Accept"
    assert (home.register.balance, home.register.cleared) == (0, WS_PER_KWH)


def test_limits():
    home = meter(phases=3)
    assert home.enter(order("2024-06-01 12:00", Management.SET_MAXIMUM_POWER_LIMIT, 5000), NOW).name == "Accept"
    unbalance = order("2024-06-01 12:02", Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, 10)
    assert home.enter(unbalance, NOW).name == "Accept"
    assert (home.power_limit, home.unbalance_limit) == (5000, 10)


def test_a_default_key_takes_no_credit_but_management():
    home = meter(key_type=KeyType.DDTK)
    assert home.enter(CREDIT, NOW).name == "DDTKError"
    assert home.enter(order("2024-06-01 12:10", Management.CLEAR_TAMPER_CONDITION), NOW).name == "Accept"


# -- meter tests


@pytest.mark.parametrize(
    ("test", "shown"),
    [
        (1, "load switch closed"),
        (2, "8.8.8.8.8.8.8.8"),
        (3, "total 2.5 kWh"),
        (4, "KRN 1.2"),
        (5, "TI 01"),
        (6, "keypad good"),
        (7, "power limit none"),
        (8, "tamper no"),
        (9, "power 1234 W"),
        (10, "firmware 1.0"),
        (11, "unbalance limit none"),
        (14, "EA 07"),
        (15, "KCTs 2"),
        (16, "SGC 123457"),
        (17, "KEN 255"),
        (18, "DRN 00000000000"),
    ],
)
def test_what_meter_tests_show(test, shown):
    home = meter(credit=3 * WS_PER_KWH)
    home.use(25 * WS_PER_TENTH + 1)
    answer = home.enter(cipher.encipher(MeterTestToken(0, 1 << test - 1), None), NOW, power=1234)
    assert (answer.name, answer.display) == ("Accept", (shown,))


def test_the_test_of_everything():
    for digits in ("56493153725450313471", "02305843005052951967"):
        assert len(meter().enter(digits, NOW).display) == 16


@pytest.mark.parametrize("control", [0, 1 << 11, 1 << 12, 1 << 35])
def test_tests_that_the_meter_lacks(control):
    assert meter().enter(cipher.encipher(MeterTestToken(0, control), None), NOW).name == "FunctionError"
    assert meter().enter(cipher.encipher(OtherToken(1, 2, 0), None), NOW).name == "FunctionError"


@pytest.mark.parametrize(("maker", "name"), [(0, "Accept"), (7, "Accept"), (8, "MfrCodeError")])
def test_maker_codes(maker, name):
    home = meter(manufacturer=7)
    assert home.enter(cipher.encipher(MeterTestToken(0, 8, maker), None), NOW).name == name


def test_a_meter_test_with_a_wrong_checksum():
    number = int("18446744073843772416") ^ 1
    assert meter().enter(str(number), NOW).name == "CRCError"


# -- lock-out


def test_lock_out_doubles_and_is_cleared_by_an_accepted_token():
    home = meter()
    wrong = credit("2024-06-01 12:00", revision=2)
    now, locks = NOW, []
    for _ in range(12):
        assert home.enter(wrong, now).name == "CRCError"
        locks.append(max(home.lockout.until - now, 0))
        if home.lockout.holds(now):
            assert home.enter(CREDIT, home.lockout.until - 1).name == "LockedOut"
        now = max(now, home.lockout.until)
    assert locks == [0, 0, 10, 20, 40, 80, 160, 320, 640, 1280, 1280, 1280]
    assert home.enter(CREDIT, now).name == "Accept"
    assert home.enter(wrong, now).name == "CRCError"
    assert not home.lockout.holds(now)


def test_only_crc_errors_count_and_lock_out_can_be_off():
    home = meter()
    home.enter(CREDIT, NOW)
    for _ in range(9):
        assert home.enter(CREDIT, NOW).name == "UsedError"
        assert home.enter("1", NOW).name == "FormatError"
    home = meter(lockout_after=0)
    for _ in range(9):
        assert home.enter(credit("2024-06-01 12:00", revision=2), NOW).name == "CRCError"


def test_class_1_works_when_locked_out_and_does_not_clear():
    home = meter()
    for _ in range(3):
        home.enter(credit("2024-06-01 12:00", revision=2), NOW)
    assert home.enter("18446744073843772416", NOW + 1).name == "Accept"
    assert home.enter(CREDIT, NOW + 9).name == "LockedOut"
    assert home.enter(CREDIT, NOW + 10).name == "Accept"


# -- what two key change sections say is in test_key_change.py


def test_displays():
    home = meter()
    first, second = key_change(1, 2)
    assert home.enter(second, NOW).display == ("2nd",)
    home.pending.clear()
    assert home.enter(first, NOW).display == ("1St",)
    assert home.enter(CREDIT, NOW).display == ("Accept",)
    assert home.enter(CREDIT, NOW).display == ("USEd",)
    assert home.enter(credit("2019-06-01 12:00"), NOW).display == ("OLd",)
    assert home.enter(credit("2024-06-01 12:00", revision=2), NOW).display == ("rEJEct",)


# -- edges that a slip of the hand would move


def test_sections_clear_the_lock_outs_count():
    home = meter()
    wrong = credit("2024-06-01 12:00", revision=3)
    first, _ = key_change(1, 2)
    for entries in ((wrong, wrong, first, wrong, wrong), (wrong,)):
        for digits in entries:
            home.enter(digits, NOW)
        assert home.lockout.holds(NOW) is (entries == (wrong,))


def test_wrong_test_tokens_count_but_not_while_locked():
    home, wrong = meter(), str(int("18446744073843772416") ^ 1)
    for _ in range(3):
        assert home.enter(wrong, NOW).name == "CRCError"
    assert home.lockout.until == NOW + 10
    assert home.enter(wrong, NOW + 5).name == "CRCError"
    assert home.lockout.until == NOW + 10


def test_a_power_cycle_keeps_the_lock_out_and_tampering_keeps_sections():
    home = meter()
    home.enter(key_change(1, 2)[0], NOW)
    home.tamper()
    assert home.pending.held(NOW) == (3,)
    for _ in range(3):
        home.enter(credit("2024-06-01 12:00", revision=2), NOW)
    home.power_off()
    home.power_on()
    assert home.enter(CREDIT, NOW + 9).name == "LockedOut"


def test_the_switch_stays_closed_after_clear_credit_until_the_load_phase():
    home = meter(credit=WS_PER_KWH)
    home.enter(order("2024-06-01 12:00", Management.CLEAR_CREDIT), NOW)
    assert home.switch_closed
    assert home.set_switch()
    assert not home.switch_closed


def test_the_greatest_limit_itself_is_taken_for_both_limits():
    home = meter(phases=3, greatest_limit=10_000)
    for minute, command in (
        (0, Management.SET_MAXIMUM_POWER_LIMIT),
        (10, Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT),
    ):
        assert home.enter(order(f"2024-06-01 13:{minute:02}", command, 10_000), NOW).name == "Accept"
        assert home.enter(order(f"2024-06-01 13:{minute + 2:02}", command, 10_001), NOW).name == "RangeError"


def test_what_tests_show_of_a_state_that_changed():
    home = meter(phases=3)
    home.enter(order("2024-06-01 12:00", Management.SET_MAXIMUM_POWER_LIMIT, 5000), NOW)
    home.enter(order("2024-06-01 12:02", Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, 70), NOW)
    home.tamper()
    shown = home.enter("56493153725450313471", NOW).display
    for line in ("load switch open", "power limit 5000 W", "unbalance limit 70 W", "tamper yes"):
        assert line in shown


def test_a_section_that_completes_a_forbidden_set_changes_nothing():
    home = meter()
    new = changes.NewKey(DecoderKey(Encryption.EA07, 12345), KeyType.DCTK, 5, "03", 77, True)
    first, second = (made(home, section) for section in changes.split(new))
    assert [home.enter(digits, NOW).name for digits in (first, second)] == ["1stKCT", "KeyTypeError"]
    assert home.pending.held(NOW) == (3,)
    assert home.enter(second, NOW + 599).name == "KeyTypeError"
    assert home.pending.held(NOW + 600) == ()
    assert home.enter(second, NOW + 600).name == "2ndKCT"
    assert home.enter(first, NOW + 600).name == "KeyTypeError"
    good_first, good_second = key_change(1, 2)
    assert [home.enter(digits, NOW + 600).name for digits in (good_second, good_first)] == ["2ndKCT", "Accept"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_later_section_takes_the_place_of_its_like(place):
    wanted, other = key_change(1, 2), key_change(1, 3)
    home = meter()
    home.enter(other[place], NOW)
    home.enter(wanted[place], NOW)
    assert home.enter(wanted[1 - place], NOW).name == "Accept"
    assert home.enter(credit("2024-12-01 12:00", revision=2), NOW).name == "Accept"


# -- meters that take no key change ----------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("kcts", [2, 3])
def test_a_meter_that_takes_no_key_change_takes_no_section(place, kcts):
    home = meter(takes_key_changes=False, kcts=kcts, credit=WS_PER_KWH)
    new = changes.NewKey(DecoderKey(Encryption.EA07, 12345), KeyType.DUTK, 5, "03", 77, True, "123458")
    section = changes.split(new)[place]
    before = whole(home)
    answer = home.enter(made(home, section), NOW)
    assert (answer.name, answer.token) == ("FunctionError", section)
    assert answer.reason == "this meter takes no key changes and must be replaced"
    assert whole(home) == before
    assert home.pending.held(NOW) == ()
    assert home.enter(CREDIT, NOW).name == "Accept"  # all else works


def test_a_meter_that_takes_no_key_change_is_not_changed_by_a_whole_set():
    home = meter(takes_key_changes=False)
    for digits in key_change(1, 2) * 2:
        assert home.enter(digits, NOW).name == "FunctionError"
    assert home.keys.key_revision == 1


# -- what a meter would answer ---------------------------------------------------------------------------------


def whole(of):
    """All that a meter is, to compare; two meters are the same if these are."""
    return {
        name: vars(value) if isinstance(value, PendingSections | TidStore | Lockout) else value
        for name, value in vars(copy.deepcopy(of)).items()
    }


_SECTIONS = [*key_change(1, 2), *key_change(1, 3), *key_change(2, 3), *key_change(2, 1, rollover=False)]
ENTRIES = [
    *_SECTIONS,
    *(
        credit(f"2024-06-01 13:{minute:02}", tenths=5000, revision=revision)
        for minute in (2, 4, 6)
        for revision in (1, 2)
    ),
    credit("2019-06-01 12:00"),
    *(order(f"2024-06-01 14:{place:02}", command) for place, command in enumerate(Management)),
    order("2024-06-01 15:00", Management.CLEAR_CREDIT, 0xFFFF),
    order("2024-06-01 15:02", Management.SET_MAXIMUM_POWER_LIMIT, 900),
    "18446744073843772416",
    "1",
    "9" * 20,
]


@settings(max_examples=examples(100))
@given(
    st.lists(st.tuples(st.sampled_from(ENTRIES), st.integers(0, 700)), max_size=12),
    st.sampled_from(ENTRIES) | st.from_regex(r"[0-9]{20}", fullmatch=True),
    st.sampled_from(["", "power off", "tamper"]),
    st.booleans(),
)
def test_asking_what_a_meter_would_answer_changes_nothing(entries, asked, state_of_things, rigid):
    home = meter(credit=WS_PER_KWH, tid_store=3, phases=3, takes_key_changes=not rigid)
    now = NOW
    for digits, pause in entries:
        home.enter(digits, now)
        now += pause
    if state_of_things == "power off":
        home.power_off()
    elif state_of_things == "tamper":
        home.tamper()
    before, twin = whole(home), copy.deepcopy(home)
    answer = home.would_answer(asked, now)
    assert whole(home) == before
    assert home.would_answer(asked, now) == answer
    assert home.pending.held(now) == twin.pending.held(now)
    twin.powered = True
    twin.lockout.clear()
    assert twin.enter(asked, now) == answer


def test_it_says_what_it_would_answer_without_power_and_locked():
    home = meter()
    for _ in range(3):
        home.enter(credit("2024-06-01 12:00", revision=2), NOW)
    assert (home.would_answer(CREDIT, NOW).name, home.enter(CREDIT, NOW).name) == ("Accept", "LockedOut")
    home.power_off()
    assert (home.would_answer(CREDIT, NOW).name, home.enter(CREDIT, NOW).name) == ("Accept", "NotReady")


def test_a_section_that_would_complete_a_change_does_not():
    home = meter()
    first, second = key_change(1, 2)
    home.enter(first, NOW)
    assert home.would_answer(second, NOW).name == "Accept"
    assert (home.keys.key_revision, home.pending.held(NOW)) == (1, (3,))
    assert home.enter(second, NOW).name == "Accept"
    assert home.keys.key_revision == 2


# -- a store with a past ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "tids"),
    [
        ((4, 100, 1000, 50), (850, 900, 950, 1000)),
        ((4, 930, 1000, 50), (930, 930, 950, 1000)),  # none before it was made
        ((4, 1000, 1000, 50), (1000,) * 4),
        ((1, 100, 1000, 50), (1000,)),
        ((3, 0, 10, 7), (0, 3, 10)),
    ],
)
def test_a_history(arguments, tids):
    assert history(*arguments) == tids


@given(st.integers(1, 60), st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 1000), st.integers(0, 12_000))
def test_a_store_with_a_history_checks_like_one_that_lived_it(size, made_at, later, spacing, asked):
    """Every purchase since it was made, entered one by one, and the same set at once."""
    latest = made_at + later
    lived, loaded = TidStore(size, made_at), TidStore(size, made_at)
    for bought in sorted(range(latest, made_at - 1, -spacing)):
        lived.add(bought)
    loaded.load(history(size, made_at, latest, spacing))
    assert loaded.tids == lived.tids
    assert loaded.check(asked) == lived.check(asked)
    assert len(loaded.tids) == size


def test_a_loaded_store_goes_on():
    store = TidStore(3, 0)
    store.load(history(3, 5, 30, 10))
    assert [store.check(number) for number in (9, 10, 15, 20, 30, 31)] == [
        ValidationResult.OLD,
        ValidationResult.USED,
        ValidationResult.VALID,
        ValidationResult.USED,
        ValidationResult.USED,
        ValidationResult.VALID,
    ]
    store.add(25)
    assert store.tids == (20, 25, 30)
    store.fill(0)
    assert store.tids == (0, 0, 0)
