"""One decoder: takes 20 digits, answers a result, changes its state.

The order of checks is that of the standard (L; C for the list of results); what exactly falls under FunctionError,
RangeError and FormatError is our own choice (G) and stands in the methods below.
"""

import copy
from collections.abc import Collection

from meter_sim.meter.answer import Answer, Status, ValidationResult, section_taken
from meter_sim.meter.credit import WS_PER_TENTH, CreditRegister, per_tenth
from meter_sim.meter.key_register import KeyRegister, PendingSections
from meter_sim.meter.keypad import Lockout
from meter_sim.meter.model import MeterModel
from meter_sim.meter.tid_store import TidStore
from meter_sim.sts import amount, cipher
from meter_sim.sts.identity import KeyType, MeterPan, ken_expires
from meter_sim.sts.key_change import join, supply_group_of
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    FirstSection,
    KeyChangeSection,
    Management,
    ManagementToken,
    MeterTestToken,
    SecondSection,
    Service,
    SupplyGroupSection,
    TidToken,
    Token,
    number_of,
    split_class,
    token_of,
)

ALL_REGISTERS = 0xFFFF
"""The register number by which a ClearCredit token means every register; others are a service's subclass."""
GREATEST_SGC = 999_999

_LIMITS = (Management.SET_MAXIMUM_POWER_LIMIT, Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT)
_ELECTRIC = {Service.ELECTRICITY, Service.ELECTRICITY_CURRENCY}

_DISPLAY_TEST = "8.8.8.8.8.8.8.8"


class Meter:
    """A prepayment meter with a keypad.

    It has no clock in token acceptance: `now` (seconds) serves time-outs and the lock-out only. The load is booked
    from outside with `use` and draws on the electricity register; registers of other services hold what was credited.
    The switch (of a water or gas meter the valve) says whether there is supply.

    `credit` is the electricity register's first content in watt-seconds, `registers` what those of other services
    hold at first, in the unit of each. Raises ValueError if the key register's algorithm is not the model's, and for
    content of a register that the model lacks.
    """

    def __init__(
        self,
        pan: MeterPan,
        keys: KeyRegister,
        *,
        model: MeterModel,
        manufacture_tid: int,
        credit: int = 0,
        registers: Collection[tuple[Service, int]] = (),
    ) -> None:
        if keys.key.encryption is not model.encryption:
            raise ValueError(f"the model {model.name} is EA{model.encryption}, the key is for EA{keys.key.encryption}")
        held = {service for service, _ in registers} | ({Service.ELECTRICITY} if credit else set())
        if not held <= set(model.services):
            raise ValueError(f"the model {model.name} has no register for {min(held - set(model.services)).words}")
        self.pan = pan
        self.model = model
        self.keys = keys
        self.pending = PendingSections(model)
        self.tids = TidStore(model.tid_store, manufacture_tid)
        self.registers = {service: CreditRegister(balance=0, cap=model.cap(service)) for service in model.services}
        self.register = self.registers.get(Service.ELECTRICITY, CreditRegister(balance=0, cap=0))
        self.register.balance = credit
        for service, balance in registers:
            self.registers[service].balance = balance
        self.extended: dict[int, int] = {}
        self.lockout = Lockout(model)
        self.power_limit: int | None = None
        self.unbalance_limit: int | None = None
        self.tampered = False
        self.powered = True
        self.switch_closed = self.may_supply

    # -- supply ------------------------------------------------------------------------------------------------

    @property
    def may_supply(self) -> bool:
        """Whether the load switch may be closed: power, no tampering, credit."""
        return self.powered and not self.locked_by_tamper and self._supply_register.balance > 0

    @property
    def _supply_register(self) -> CreditRegister:
        services = self.model.services
        return self.register if Service.ELECTRICITY in services else self.registers[services[0]]

    @property
    def locked_by_tamper(self) -> bool:
        """Whether tampering keeps the switch open."""
        return self.tampered and self.model.tamper_opens_switch

    def use(self, demand: int) -> int:
        """Book demand in watt-seconds since the last booking; returns what was supplied."""
        return self.register.use(demand) if self.switch_closed else 0

    def set_switch(self) -> bool:
        """Open or close the load switch as the state asks; returns whether it moved."""
        moved = self.switch_closed != self.may_supply
        self.switch_closed = self.may_supply
        return moved

    def power_off(self) -> None:
        """The supply to the meter fails: the switch is without effect and pending sections are lost (C/L)."""
        self.powered = False
        self.pending.clear()
        self.set_switch()

    def power_on(self) -> None:
        """The supply to the meter returns."""
        self.powered = True
        self.set_switch()

    def tamper(self) -> None:
        """The meter notices tampering and stays so until a ClearTamperCondition token."""
        self.tampered = True
        self.set_switch()

    # -- entry -------------------------------------------------------------------------------------------------

    def enter(self, digits: str, now: int, power: int = 0) -> Answer:
        """Take an entry and answer it; never raises, whatever the text.

        `power` is the load in watts at this second, which meter test 9 shows. A refused entry changes nothing but the
        lock-out's count, also the section that completes a forbidden change; execution and storing of the TID are one
        step (C).
        """
        if not self.powered:
            return Answer(Status.NOT_READY, reason="the meter has no power")
        number = number_of(digits)
        if number is None:
            return Answer(Status.FORMAT, reason="not 20 decimal digits below 2^66")
        token_class, block = split_class(number)
        if token_class == 3:
            return Answer(Status.FUNCTION, reason="class 3 is reserved")
        if token_class == 1:
            return self._meter_test(block, now, power)
        if self.lockout.holds(now):
            return Answer(Status.LOCKED_OUT, reason=f"locked for {self.lockout.until - now} s more")
        key = self.keys.key
        token = token_of(token_class, cipher.decrypt_block(block, key), key.encryption)
        if token is None:
            self.lockout.count_wrong(now)
            return Answer(Status.CRC, reason=f"does not decipher under the meter's key ({self.keys.shown})")
        answer = self._take(token, now)
        if answer.status.accepted:
            self.lockout.clear()
            if self.may_supply:
                self.set_switch()
        return answer

    def would_answer(self, digits: str, now: int) -> Answer:
        """What it would answer to an entry now, with power and without a lock-out; nothing changes."""
        twin = copy.copy(self)
        twin.pending, twin.tids = copy.deepcopy(self.pending), copy.deepcopy(self.tids)
        twin.lockout = copy.copy(self.lockout)
        twin.registers = {service: copy.copy(register) for service, register in self.registers.items()}
        twin.register = twin.registers.get(Service.ELECTRICITY, self.register)
        twin.extended = dict(self.extended)
        twin.lockout.clear()
        twin.powered = True
        return twin.enter(digits, now)

    def _take(self, token: Token, now: int) -> Answer:
        if isinstance(token, KeyChangeSection):
            return self._key_change(token, now)
        if not isinstance(token, TidToken):
            return _unknown(token)
        refusal = self._check_tid(token) or self._check_function(token)
        if refusal is not None:
            return refusal
        if isinstance(token, CreditToken | CurrencyToken):
            self.registers[token.service].credit(_credited(token))
        elif isinstance(token, ManagementToken):
            self._manage(token)
        else:
            self.extended[token.index] = token.value
        self.tids.add(token.tid)
        return Answer(Status.ACCEPT, token)

    def _check_tid(self, token: TidToken) -> Answer | None:
        tid = token.tid
        validation = self.tids.check(tid)
        if validation is ValidationResult.OLD:
            return Answer(Status.OLD, token, f"TID {tid} is below the smallest in the store, {self.tids.smallest}")
        if validation is ValidationResult.USED:
            return Answer(Status.USED, token, f"TID {tid} is in the store")
        if self.model.enforce_key_expiry and ken_expires(self.keys.key_expiry, tid):
            return Answer(
                Status.KEY_EXPIRED, token, f"TID {tid} is beyond the key expiry number {self.keys.key_expiry}"
            )
        if token.token_class == 0 and self.keys.key_type is KeyType.DDTK:
            return Answer(Status.DDTK, token, "the key register holds a default key, which takes no credit")
        return None

    def _check_function(self, token: TidToken) -> Answer | None:
        if isinstance(token, CreditToken | CurrencyToken):
            return self._check_credit(token)
        if isinstance(token, ManagementToken):
            return self._check_management(token)
        if token.index not in self.model.extended_functions:
            return Answer(Status.FUNCTION, token, f"extended function {token.index} is not built in")
        return None

    def _check_credit(self, token: CreditToken | CurrencyToken) -> Answer | None:
        register = self.registers.get(token.service)
        if register is None:
            return Answer(Status.FUNCTION, token, f"this meter has no register for {token.service.words}")
        credited = _credited(token)
        if register.overflows_with(credited):
            return Answer(Status.OVERFLOW, token, "the credit register would overflow")
        if register.balance + credited < 0:
            return Answer(Status.RANGE, token, "the credit register would fall below zero")
        return None

    def _check_management(self, token: ManagementToken) -> Answer | None:
        command, data = token.command, token.data
        if command in (Management.SET_TARIFF_RATE, Management.SET_WATER_METER_FACTOR):
            return Answer(Status.FUNCTION, token, f"{command.standard_name} is reserved")
        if command in _LIMITS and not set(self.model.services) & _ELECTRIC:
            return Answer(Status.FUNCTION, token, f"a meter without electricity has no {command.standard_name}")
        if command is Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT and self.model.phases == 1:
            return Answer(Status.FUNCTION, token, "a one-phase meter has no unbalance limit")
        if command is Management.CLEAR_CREDIT and data not in (ALL_REGISTERS, *self.registers):
            return Answer(Status.RANGE, token, f"register {data} is not in this meter")
        if command in _LIMITS and amount.decode(data) > self.model.greatest_limit:
            return Answer(
                Status.RANGE, token, f"{amount.decode(data)} W is above this meter's {self.model.greatest_limit} W"
            )
        if command is Management.CLEAR_TAMPER_CONDITION and data != 0:
            return Answer(Status.FORMAT, token, "the pad bits are not zero")
        return None

    def _manage(self, token: ManagementToken) -> None:
        if token.command is Management.SET_MAXIMUM_POWER_LIMIT:
            self.power_limit = amount.decode(token.data)
        elif token.command is Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT:
            self.unbalance_limit = amount.decode(token.data)
        elif token.command is Management.CLEAR_TAMPER_CONDITION:
            self.tampered = False
        else:
            for service, register in self.registers.items():
                if token.data in (service, ALL_REGISTERS):
                    register.clear()

    # -- key change --------------------------------------------------------------------------------------------

    def _key_change(self, section: KeyChangeSection, now: int) -> Answer:
        if not self.model.takes_key_changes:
            return Answer(Status.FUNCTION, section, "this meter takes no key changes and must be replaced")
        if isinstance(section, FirstSection) and not 1 <= section.key_revision <= 9:
            return Answer(Status.RANGE, section, f"key revision number {section.key_revision} is outside 1 to 9")
        if isinstance(section, SecondSection) and section.tariff_index > 99:
            return Answer(Status.RANGE, section, f"tariff index {section.tariff_index} is outside 0 to 99")
        if isinstance(section, SupplyGroupSection):
            if self.model.kcts < 3:
                return Answer(Status.FUNCTION, section, "this meter takes key changes in two sections only")
            if section.pad:
                return Answer(Status.FORMAT, section, "the pad bits are not zero")
            if section.supply_group > GREATEST_SGC:
                return Answer(Status.RANGE, section, f"{section.supply_group} is not a supply group code")
        complete = self.pending.completed_by(section, now)
        if complete:
            return self._change_key(complete, section)
        self.pending.add(section, now)
        return Answer(section_taken(section.subclass), section)

    def _change_key(self, complete: tuple[KeyChangeSection, ...], section: KeyChangeSection) -> Answer:
        group = supply_group_of(complete)
        if group is not None and group > GREATEST_SGC:
            return Answer(Status.RANGE, section, f"{group} is not a supply group code")
        new = join(complete)
        old_type = self.keys.key_type
        if not old_type.may_become(new.key_type):
            return Answer(Status.KEY_TYPE, section, f"a {old_type.name} may not be followed by a {new.key_type.name}")
        self.pending.clear()
        self.keys = self.keys.changed(new)
        if new.rollover:
            self.tids.fill(0)
        return Answer(Status.ACCEPT, section)

    # -- class 1 -----------------------------------------------------------------------------------------------

    def _meter_test(self, block: int, now: int, power: int) -> Answer:
        token = token_of(1, block)
        if token is None:
            if not self.lockout.holds(now):
                self.lockout.count_wrong(now)
            return Answer(Status.CRC, reason="the checksum is wrong")
        if not isinstance(token, MeterTestToken):
            return Answer(Status.FUNCTION, token, f"class 1 subclass {token.subclass} is not built in")
        if token.manufacturer not in (0, self.model.manufacturer):
            return Answer(
                Status.MFR_CODE,
                token,
                f"made for maker {token.manufacturer}, this meter's maker is {self.model.manufacturer}",
            )
        answers = self._test_answers(power)
        asked = tuple(answers) if token.tests == (0,) else token.tests
        shown = tuple(answers[test] for test in asked if test in answers)
        if not shown:
            return Answer(Status.FUNCTION, token, f"test {', '.join(map(str, asked)) or 'none'} is not built in")
        return Answer(Status.ACCEPT, token, shown=shown)

    def _test_answers(self, power: int) -> dict[int, str]:
        """What each meter test shows (C for the list of tests, G for the wording)."""
        keys = self.keys
        total = {3: f"total {_tenths(self.register.used)} kWh"} if Service.ELECTRICITY in self.registers else {}
        return {
            1: f"load switch {'closed' if self.switch_closed else 'open'}",
            2: _DISPLAY_TEST,
            **total,
            4: f"KRN {keys.shown}",
            5: f"TI {keys.tariff_index}",
            6: "keypad good",
            7: f"power limit {_limit(self.power_limit)}",
            8: f"tamper {'yes' if self.tampered else 'no'}",
            9: f"power {power} W",
            10: f"firmware {self.model.firmware}",
            11: f"unbalance limit {_limit(self.unbalance_limit)}",
            14: f"EA {keys.key.encryption}",
            15: f"KCTs {self.model.kcts}",
            16: f"SGC {keys.supply_group}",
            17: f"KEN {keys.key_expiry}",
            18: f"DRN {self.pan.drn}",
        }


def _credited(token: CreditToken | CurrencyToken) -> int:
    """What a token credits, in the unit of its service's register."""
    return token.units if isinstance(token, CurrencyToken) else token.tenths * per_tenth(token.service)


def _unknown(token: Token) -> Answer:
    return Answer(
        Status.FUNCTION, token, f"class {token.token_class} subclass {token.subclass} is unknown to this meter"
    )


def _tenths(energy: int) -> str:
    whole, tenth = divmod(energy // WS_PER_TENTH, 10)
    return f"{whole}.{tenth}"


def _limit(watts: int | None) -> str:
    return "none" if watts is None else f"{watts} W"
