"""A bench sheet: what a technician keys in at one meter, step by step, and what the meter must show.

Nothing that must show is written down here: every token is entered at a simulated meter of the chosen model, in the
order of the sheet, and its answer stands on the sheet. What a display says is as certain as `meter_sim.meter.answer`
says it is (L for words, G for the wording of meter tests).
"""

from collections.abc import Callable
from dataclasses import dataclass

from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.model import MeterModel
from meter_sim.sts import amount, cipher
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import TidOutOfRange
from meter_sim.sts.identity import KeyType, MeterPan
from meter_sim.sts.key_change import NewKey, split
from meter_sim.sts.tid import BaseDate, is_reserved, tid_at
from meter_sim.sts.token import (
    CreditToken,
    CurrencyToken,
    KeyChangeSection,
    Management,
    ManagementToken,
    Service,
    meter_test,
)
from meter_sim.sts.words import TEST_NAMES, credit_text

STEP_SECONDS = 60
"""Seconds between two entries: longer than the first lock-outs, shorter than any time-out of pending sections (L)."""
LOW_LIMIT = 2_500
"""Power limit in watts that is set and shown (G)."""
HIGH_LIMIT = amount.decode(amount.encode(100_000))
"""Power limit in watts that is set afterwards and binds no ordinary connection (G): 100 004, the next to 100 000 that a
token can say (C)."""
OLD_TID = 2
"""The TID of the token that is older than any store: the first that an ordinary token of a base date has (C)."""

_TESTS = (4, 5, 16, 17, 14, 15, 18, 2, 8, 7)
_SMALL_TENTHS = 10
_SMALL_CURRENCY = 10_000  # 0.10, which a token can say exactly
_WRONG_IN_A_ROW = 2  # the third locks the keypad of an ordinary meter (L)


@dataclass(frozen=True, slots=True)
class Bench:
    """The meter on the bench: who it is, what its key register holds, the base date of its key, and its model."""

    pan: MeterPan
    keys: KeyRegister
    base_date: BaseDate
    model: MeterModel


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key change at the bench: the new key, its base date, and the supply group that its tokens are made for.

    `new.supply_group` is None where the sections carry none; the meter then goes on showing its own (C).
    """

    new: NewKey
    base_date: BaseDate
    supply_group: str


@dataclass(frozen=True, slots=True)
class Step:
    """One entry: what it is for, its 20 digits, and what the meter must answer.

    `must_show` is the display, line by line, `result` the standard's name of the answer, such as Accept or OldError.
    `minute` is the minute on the axis that the token's TID names, None for a token without a TID.
    """

    number: int
    purpose: str
    digits: str
    must_show: tuple[str, ...]
    result: str
    minute: int | None = None


def last_minute(steps: tuple[Step, ...]) -> int:
    """The latest minute on the axis that a TID of the steps names. Raises ValueError where no step has a TID."""
    return max(step.minute for step in steps if step.minute is not None)


def steps(
    bench: Bench,
    minute: int,
    change: KeyChange | None = None,
    *,
    with_old: bool = False,
    with_clear_credit: bool = False,
) -> tuple[Step, ...]:
    """The test script of one meter: meter tests, credit, limits and tamper, and a key change if there is one.

    TIDs are those of `minute`, on the axis, and the following ones, without the reserved 00:01 (C). The simulated
    meter is fresh: made the minute before, without credit, limits and tamper. At most two wrong entries follow one
    another, so that the keypad does not lock (L); where an accepted token cannot be had between them, the entry comes
    when the lock-out is over.

    `with_old` adds a token older than the store, `with_clear_credit` a ClearCredit.

    Raises TidOutOfRange where a minute has no TID, or where no TID can be older than the store; ValueError where the
    model's algorithm is not that of the key.
    """
    script = _Script(bench, minute)
    script.meter_tests(_TESTS)
    script.credit(with_old=with_old, with_clear_credit=with_clear_credit)
    script.management()
    if change is not None:
        script.key_change(change)
    return tuple(script.steps)


_Made = Callable[[int], CreditToken | CurrencyToken | ManagementToken]


def _small_credit(service: Service) -> Callable[[int], CreditToken | CurrencyToken]:
    """What makes a small credit token of a TID: one of the service's unit, or a tenth of the currency."""
    if service.in_currency:
        return lambda tid: CurrencyToken(service, tid, amount.encode_currency(_SMALL_CURRENCY))
    return lambda tid: CreditToken(service, 0, tid, amount.encode(_SMALL_TENTHS))


def _complement(key: DecoderKey) -> DecoderKey:
    return DecoderKey(key.encryption, key.value ^ (1 << key.encryption.key_bits) - 1)


class _Script:
    """Steps under way: the simulated meter, its clock, and the next minute that a TID may take."""

    def __init__(self, bench: Bench, minute: int) -> None:
        self.steps: list[Step] = []
        self._key = bench.keys.key
        self._base_date = bench.base_date
        self._minute = minute
        self._now = minute * 60
        self._made = tid_at(bench.base_date, minute) - 1
        self._meter = Meter(bench.pan, bench.keys, model=bench.model, manufacture_tid=self._made)
        self._service = bench.model.services[0]
        self._limit = min(HIGH_LIMIT, bench.model.greatest_limit)

    # -- the script --------------------------------------------------------------------------------------------

    def meter_tests(self, tests: tuple[int, ...]) -> None:
        for test in tests:
            self._enter(f"Meter test {test}: {TEST_NAMES[test]}", cipher.encipher(meter_test(test), None))

    def credit(self, *, with_old: bool, with_clear_credit: bool) -> None:
        if with_clear_credit:
            self._manage(Management.CLEAR_CREDIT, self._service.value, f" of {self._service.words}")
        first, *others = self._meter.model.services
        self._credit(first, "")
        entered = self.steps[-1]
        self._enter(f"The token of step {entered.number} again", entered.digits, entered.minute)
        if with_old:
            self._old()
        for service in others:
            self._credit(service, "")

    def management(self) -> None:
        low = min(LOW_LIMIT, self._limit)
        self._set_limit(low)
        self.meter_tests((7,))
        self._foreign()
        lacking = next((service for service in Service if service not in self._meter.model.services), None)
        if lacking is not None:
            self._credit(lacking, f" for {lacking.words}, which is not this meter's")
        self._set_limit(self._limit)
        self._manage(Management.CLEAR_TAMPER_CONDITION, 0, "")
        self._manage(
            Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, amount.encode(self._limit), f" of {self._limit} W"
        )

    def key_change(self, change: KeyChange) -> None:
        old, new = self._meter.keys, change.new
        left = self._timed(_small_credit(self._service), unreadable_under=new.key)
        shown = f"{new.key_revision}.{new.key_type.value}"
        sections = split(new)
        again = self._sections(sections, f"Key change to {shown}")
        self.meter_tests(
            (
                4,
                *((16,) if change.supply_group != old.supply_group else ()),
                *((5,) if new.tariff_index != old.tariff_index else ()),
                *((17,) if new.key_expiry != old.key_expiry else ()),
            )
        )
        self._key, self._base_date = new.key, change.base_date
        text = credit_text(_small_credit(self._service)(0))
        again.append((f"Credit of {text} of the old key, not entered before", *left))
        while again:
            for purpose, digits, minute in again[:_WRONG_IN_A_ROW]:
                self._enter(purpose, digits, minute)
            del again[:_WRONG_IN_A_ROW]
            if again and new.key_type is KeyType.DDTK:  # takes no credit
                self._set_limit(self._limit)
            else:
                self._credit(self._service, f" of the new key, {shown}")

    # -- single steps ------------------------------------------------------------------------------------------

    def _sections(self, sections: tuple[KeyChangeSection, ...], purpose: str) -> list[tuple[str, str, int | None]]:
        """Enter a set in printed order; returns what enters it once more."""
        digits = [cipher.encipher(section, self._key) for section in sections]
        again: list[tuple[str, str, int | None]] = []
        for place, entry in enumerate(digits, 1):
            self._enter(f"{purpose}: section {place} of {len(digits)}", entry)
            again.append((f"Section {place} of {len(digits)} again (step {self.steps[-1].number})", entry, None))
        return again

    def _credit(self, service: Service, remark: str) -> None:
        digits, minute = self._timed(_small_credit(service))
        self._enter(f"Credit of {credit_text(_small_credit(service)(0))}{remark}", digits, minute)

    def _old(self) -> None:
        if self._made <= OLD_TID:
            raise TidOutOfRange(
                f"no TID is older than the meter's store so soon after base date {self._base_date.value}"
            )
        token = _small_credit(self._service)(OLD_TID)
        minute = self._base_date.minute + OLD_TID
        self._enter("Credit with a TID older than the whole store", cipher.encipher(token, self._key), minute)

    def _foreign(self) -> None:
        """A credit token of another meter: its key is the complement, which belongs to nobody."""
        key, self._key = self._key, _complement(self._key)
        digits, minute = self._timed(_small_credit(self._service), unreadable_under=key)
        self._key = key
        self._enter("Credit made under another key, as for another meter", digits, minute)

    def _set_limit(self, watts: int) -> None:
        self._manage(Management.SET_MAXIMUM_POWER_LIMIT, amount.encode(watts), f" of {watts} W")

    def _manage(self, command: Management, data: int, remark: str) -> None:
        digits, minute = self._timed(lambda tid: ManagementToken(command, 0, tid, data))
        self._enter(f"{command.standard_name}{remark}", digits, minute)

    def _timed(self, made: _Made, unreadable_under: DecoderKey | None = None) -> tuple[str, int]:
        """A token under the key of the hour with the next TID, and that TID's minute.

        `unreadable_under` is a key under which it must not pass the CRC; one token in 65 536 does by chance (C).
        """
        while True:
            tid = tid_at(self._base_date, self._minute)
            minute, self._minute = self._minute, self._minute + 1
            if is_reserved(tid):
                continue
            digits = cipher.encipher(made(tid), self._key)
            if unreadable_under in (None, self._key) or cipher.decipher(digits, unreadable_under) is None:
                return digits, minute

    def _enter(self, purpose: str, digits: str, minute: int | None = None) -> None:
        self._now = max(self._now + STEP_SECONDS, self._meter.lockout.until)
        answer = self._meter.enter(digits, self._now)
        self.steps.append(Step(len(self.steps) + 1, purpose, digits, answer.display, answer.name, minute))
