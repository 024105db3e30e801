"""Meter models: what each kind of meter has, and what it answers when asked for what it lacks."""

from dataclasses import replace

import pytest

from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import ALL_REGISTERS, Meter
from meter_sim.meter.model import MeterModel
from meter_sim.meter.models import BUILT_IN, default_model
from meter_sim.sts import cipher
from meter_sim.sts.amount import encode, encode_currency
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    ExtendedToken,
    Management,
    ManagementToken,
    Service,
    Token,
    meter_test,
)
from tests import kit

NOW = 1_700_000_000
KEYS = {Encryption.EA07: 0x0123456789ABCDEF, Encryption.EA11: 0x0123456789ABCDEF0011223344556677}


def new(model: MeterModel, **more) -> Meter:
    key = DecoderKey(model.encryption, KEYS[model.encryption])
    register = KeyRegister(key, KeyType.DUTK, kit.SGC, 1, "01", 255)
    return Meter(kit.PAN, register, model=model, manufacture_tid=0, **more)


def enter(meter: Meter, token: Token):
    return meter.enter(cipher.encipher(token, meter.keys.key), NOW)


def credit(service: Service, tid: int = 1000, amount: int = 50) -> Token:
    if service.in_currency:
        return CurrencyToken(service, tid, encode_currency(amount))
    return CreditToken(service, 0, tid, encode(amount))


def test_the_built_in_models():
    assert {name: model.name for name, model in BUILT_IN.items()} == {name: name for name in BUILT_IN}
    assert BUILT_IN["keypad"] == MeterModel()
    for model in BUILT_IN.values():
        assert model.kcts in ((4,) if model.encryption is Encryption.EA11 else (2, 3))
        assert len(set(model.services)) == len(model.services) > 0
    assert {model.kcts for model in BUILT_IN.values()} == {2, 3, 4}
    assert {service for model in BUILT_IN.values() for service in model.services} >= set(Service) - {5, 6, 7}
    assert default_model(Encryption.EA07).name == "keypad"
    assert default_model(Encryption.EA11).name == "keypad_ea11"


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("service", Service)
def test_credit_goes_to_the_register_of_its_service(name, service):
    model = BUILT_IN[name]
    meter = new(model)
    answer = enter(meter, credit(service))
    if service not in model.services:
        assert answer.name == "FunctionError"
        assert service.words in answer.reason
        assert all(register.balance == 0 for register in meter.registers.values())
        assert meter.tids.tids == (0,) * model.tid_store
        return
    assert answer.name == "Accept"
    unit = WS_PER_KWH // 10 if service is Service.ELECTRICITY else 1
    assert {kind: register.balance for kind, register in meter.registers.items() if register.balance} == {
        service: 50 * unit
    }
    assert meter.tids.tids[-1] == 1000
    assert enter(meter, credit(service)).name == "UsedError"


@pytest.mark.parametrize("name", ["water", "gas", "time", "currency"])
def test_the_valve_goes_by_the_register_that_there_is(name):
    meter = new(BUILT_IN[name])
    [service] = meter.model.services
    assert not meter.switch_closed
    enter(meter, credit(service))
    assert meter.switch_closed
    assert meter.use(1000) == 0
    enter(meter, ManagementToken(Management.CLEAR_CREDIT, 0, 2000, service))
    meter.set_switch()
    assert not meter.switch_closed
    answer = meter.enter(cipher.encipher(meter_test(0), None), NOW)
    assert answer.name == "Accept"
    assert not any(line.startswith("total") for line in answer.display)


def test_two_services_are_kept_apart():
    meter = new(BUILT_IN["two_services"])
    assert enter(meter, credit(Service.WATER, 1)).name == "Accept"
    assert not meter.switch_closed
    assert enter(meter, credit(Service.ELECTRICITY, 2)).name == "Accept"
    assert meter.switch_closed
    assert enter(meter, ManagementToken(Management.CLEAR_CREDIT, 0, 3, Service.GAS)).name == "RangeError"
    assert enter(meter, ManagementToken(Management.CLEAR_CREDIT, 0, 3, Service.WATER)).name == "Accept"
    assert meter.registers[Service.WATER].balance == 0
    assert meter.registers[Service.WATER].cleared == 50
    assert meter.register.balance == 5 * WS_PER_KWH
    enter(meter, credit(Service.WATER, 4))
    assert enter(meter, ManagementToken(Management.CLEAR_CREDIT, 0, 5, ALL_REGISTERS)).name == "Accept"
    assert [register.balance for register in meter.registers.values()] == [0, 0]


@pytest.mark.parametrize(
    ("service", "cap", "balance", "answer"),
    [
        (Service.WATER, {"register_cap": 100}, 50, "Accept"),
        (Service.WATER, {"register_cap": 100}, 51, "OverflowError"),
        (Service.TIME_CURRENCY, {"currency_cap": 100}, 50, "Accept"),
        (Service.TIME_CURRENCY, {"currency_cap": 100}, 51, "OverflowError"),
    ],
)
def test_caps_of_the_other_registers(service, cap, balance, answer):
    meter = new(MeterModel(services=(service,), **cap), registers=[(service, balance)])
    assert enter(meter, credit(service)).name == answer


@pytest.mark.parametrize(
    ("balance", "answer", "left"), [(100, "Accept", 50), (50, "Accept", 0), (49, "RangeError", 49)]
)
def test_money_may_be_taken_back_down_to_nothing(balance, answer, left):
    service = Service.ELECTRICITY_CURRENCY
    meter = new(BUILT_IN["currency"], registers=[(service, balance)])
    assert enter(meter, credit(service, amount=-50)).name == answer
    assert meter.registers[service].balance == left
    assert (1000 in meter.tids.tids) == (answer == "Accept")


def test_extended_functions():
    meter = new(replace(BUILT_IN["keypad"], extended_functions=(3, 63)))
    assert enter(meter, ExtendedToken(0, 1, 3, 1023)).name == "Accept"
    assert enter(meter, ExtendedToken(0, 2, 63, 0)).name == "Accept"
    assert enter(meter, ExtendedToken(0, 3, 4, 7)).name == "FunctionError"
    assert meter.extended == {3: 1023, 63: 0}
    assert enter(meter, ExtendedToken(0, 2, 4, 7)).name == "UsedError"
    assert enter(new(BUILT_IN["keypad"]), ExtendedToken(0, 3, 3, 7)).name == "FunctionError"


@pytest.mark.parametrize("name", BUILT_IN)
def test_unbalance_limits_are_for_three_phases(name):
    order = ManagementToken(Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, 0, 1000, 500)
    meter = new(BUILT_IN[name])
    assert enter(meter, order).name == ("Accept" if "three_phase" in name else "FunctionError")


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_a_meter_says_of_its_kind(name):
    model = BUILT_IN[name]
    shown = new(model).enter(cipher.encipher(meter_test(0), None), NOW).display
    assert f"EA {model.encryption}" in shown
    assert f"KCTs {model.kcts}" in shown


@pytest.mark.parametrize("command", [Management.SET_TARIFF_RATE, Management.SET_WATER_METER_FACTOR])
@pytest.mark.parametrize("name", ["keypad", "water", "keypad_ea11"])
def test_reserved_commands(name, command):
    assert enter(new(BUILT_IN[name]), ManagementToken(command, 0, 1000, 0)).name == "FunctionError"


@pytest.mark.parametrize(("name", "answer"), [("keypad", "Accept"), ("key_expiry", "KeyExpiredError")])
def test_key_expiry_is_the_model_s_choice(name, answer):
    meter = new(BUILT_IN[name])
    meter.keys = replace(meter.keys, key_expiry=10)
    assert enter(meter, credit(Service.ELECTRICITY, tid=11 << 16)).name == answer
    assert enter(meter, credit(Service.ELECTRICITY, tid=(11 << 16) - 1)).name == "Accept"


@pytest.mark.parametrize(("name", "holds"), [("keypad", True), ("no_lockout", False)])
def test_lockout_is_the_model_s_choice(name, holds):
    meter = new(BUILT_IN[name])
    wrong = cipher.encipher(credit(Service.ELECTRICITY), DecoderKey(Encryption.EA07, 1))
    answers = [meter.enter(wrong, NOW).name for _ in range(4)]
    assert answers == ["CRCError"] * 3 + (["LockedOut"] if holds else ["CRCError"])


@pytest.mark.parametrize(("name", "size"), [("keypad", 50), ("keypad_20", 20)])
def test_the_size_of_the_store(name, size):
    meter = new(BUILT_IN[name])
    for tid in range(2, size + 2):
        assert enter(meter, credit(Service.ELECTRICITY, tid)).name == "Accept"
    assert enter(meter, credit(Service.ELECTRICITY, 1)).name == "OldError"
    assert meter.tids.smallest == 2


@pytest.mark.parametrize("name", BUILT_IN)
def test_power_limits_are_for_electricity(name):
    meter = new(BUILT_IN[name])
    answer = enter(meter, ManagementToken(Management.SET_MAXIMUM_POWER_LIMIT, 0, 1000, 500))
    electric = name not in ("water", "gas", "time")
    assert answer.name == ("Accept" if electric else "FunctionError")
    assert meter.power_limit == (500 if electric else None)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"services": ()}, "one register or more"),
        ({"services": (Service.GAS, Service.GAS)}, "one register or more"),
        ({"tid_store": 0}, "a TID store has one entry or more"),
        ({"kcts": 4}, "a meter with EA07 supports 2 or 3 KCTs"),
        ({"encryption": Encryption.EA11}, "a meter with EA11 supports 4 KCTs"),
    ],
)
def test_models_that_cannot_be(more, message):
    with pytest.raises(ValueError, match=message):
        MeterModel(**more)


def test_content_of_a_register_that_is_not_there():
    with pytest.raises(ValueError, match="the model keypad has no register for gas"):
        new(BUILT_IN["keypad"], registers=[(Service.GAS, 1)])
    with pytest.raises(ValueError, match="the model water has no register for electricity"):
        new(BUILT_IN["water"], credit=7)


@pytest.mark.parametrize("service", [Service.ELECTRICITY, Service.ELECTRICITY_CURRENCY])
def test_a_default_key_takes_no_credit_of_any_kind(service):
    meter = new(MeterModel(services=(Service.ELECTRICITY, Service.ELECTRICITY_CURRENCY)))
    meter.keys = replace(meter.keys, key_type=KeyType.DDTK)
    assert enter(meter, credit(service)).name == "DDTKError"
    assert enter(meter, ManagementToken(Management.CLEAR_CREDIT, 0, 1000, 0)).name == "Accept"


def test_the_switch_goes_by_the_first_register_where_there_is_no_electricity():
    meter = new(MeterModel(services=(Service.GAS, Service.WATER)))
    enter(meter, credit(Service.WATER, 1))
    assert not meter.switch_closed
    enter(meter, credit(Service.GAS, 2))
    assert meter.switch_closed


def test_money_below_zero_does_not_overflow():
    service = Service.ELECTRICITY_CURRENCY
    meter = new(replace(BUILT_IN["currency"], currency_cap=100), registers=[(service, 100)])
    assert enter(meter, credit(service, amount=-50)).name == "Accept"
    assert meter.registers[service].balance == 50


def test_the_number_zero_is_an_entry_like_others():
    assert new(BUILT_IN["no_lockout"]).enter("0" * 20, NOW).name == "CRCError"


def test_the_time_out_of_the_short_model():
    assert BUILT_IN["keypad_20"].kct_timeout == 120
    assert BUILT_IN["keypad"].kct_timeout == 600
