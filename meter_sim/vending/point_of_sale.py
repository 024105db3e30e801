"""Points of sale: where tokens are asked for, and the register of meters that the vending side goes by.

The register holds what the vending side *presumes*: a meter's record says "changed" as soon as key change tokens are
issued, whether or not anybody enters them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from meter_sim.sts import amount as coding
from meter_sim.sts import tid
from meter_sim.sts.errors import AmountOutOfRange as AmountTooLarge
from meter_sim.sts.token import Management, MeterTestToken, Service, tid_of
from meter_sim.vending.refusal import AmountOutOfRange, RequestRepeated
from meter_sim.vending.secure_module import IssuedToken, MeterRecord, SecureModule


class AfterLastMinute(StrEnum):
    """What a point of sale does when the base date has no TIDs left."""

    REFUSE = "refuse"
    WRAP = "wrap"
    """Counts on from 0, of which 0 is no TID and 1 the reserved minute: the fault of a system that did not switch."""


class TidList:
    """The minutes for which tokens were issued, per meter, on an axis that a change of base date does not move (C)."""

    def __init__(self) -> None:
        self._issued: dict[str, dict[int, int]] = {}

    def next_free(self, meter: str, minute: int, usable: Callable[[int], bool]) -> int:
        """The first minute from `minute` on that no token of this meter has and that is usable (C)."""
        issued = self._issued.get(meter, {})
        passed = []
        while minute in issued or not usable(minute):
            if minute in issued:
                passed.append(minute)
                minute = issued[minute]
            else:
                minute += 1
        for before in passed:  # a run of minutes is walked through once
            issued[before] = minute
        return minute

    def note(self, meter: str, minute: int) -> None:
        """Remember that a token was issued for this minute."""
        self._issued.setdefault(meter, {}).setdefault(minute, minute + 1)


@dataclass(frozen=True, slots=True)
class KeyChangePlan:
    """What a meter is to hold after the next key change.

    None leaves supply group and tariff index as they are; for `key_expiry` it means the new vending key's own KEN. The
    vending side keeps no KEN per meter, it checks TIDs against the vending key's (G). `three_sections` asks for the
    set of a 64-bit key that carries the supply group.
    """

    key_revision: int
    supply_group: str | None = None
    tariff_index: str | None = None
    key_expiry: int | None = None
    three_sections: bool = False

    def applied_to(self, record: MeterRecord) -> MeterRecord:
        """The record after this change."""
        return replace(
            record,
            key_revision=self.key_revision,
            supply_group=self.supply_group or record.supply_group,
            tariff_index=self.tariff_index or record.tariff_index,
        )


@dataclass(frozen=True, slots=True)
class ExtendedFunction:
    """What a class 2 subclass 10 token is to do: one of 64 functions, with ten bits."""

    index: int
    value: int


@dataclass(frozen=True, slots=True)
class Slip:
    """What a point of sale prints: key change sections first, then the token that was asked for."""

    point_of_sale: str
    key_change: tuple[IssuedToken, ...] = ()
    token: IssuedToken | None = None
    repeated: bool = False
    """Whether the sections were handed out before."""

    @property
    def tokens(self) -> tuple[IssuedToken, ...]:
        """All tokens in printed order."""
        return self.key_change if self.token is None else (*self.key_change, self.token)


@dataclass(slots=True)
class MeterRegister:
    """What the vending side keeps of each meter, by meter name, and slips by request.

    `records` are the meters as it presumes them, `waiting` the changes that wait for a purchase and `printings` with
    how many purchases each is to be printed, `to_repeat` how many of these are left, `changes` the sections that were
    issued last, `debts` what was lent and not paid back, in tenths of a kWh.
    """

    records: dict[str, MeterRecord] = field(default_factory=dict)
    waiting: dict[str, KeyChangePlan] = field(default_factory=dict)
    printings: dict[str, int] = field(default_factory=dict)
    to_repeat: dict[str, int] = field(default_factory=dict)
    changes: dict[str, tuple[IssuedToken, ...]] = field(default_factory=dict)
    debts: dict[str, int] = field(default_factory=dict)
    slips: dict[str, tuple[object, Slip]] = field(default_factory=dict)

    def correct(self, meter: str, record: MeterRecord) -> None:
        """Put a record right; a change that waits or was issued on the wrong record's strength is dropped."""
        self.records[meter] = record
        for kept in (self.waiting, self.printings, self.to_repeat, self.changes):
            kept.pop(meter, None)


RndOfMinute = Callable[[int], int]
"""The four random bits of the token that names a minute."""


@dataclass(slots=True)
class PointOfSale:
    """One counter, shop or phone service.

    `clock_offset` seconds are added to the true time; `force_rollover` overrides the rollover bit of key changes.
    """

    name: str
    module: SecureModule
    register: MeterRegister
    tids: TidList
    clock_offset: int = 0
    after_last_minute: AfterLastMinute = AfterLastMinute.REFUSE
    force_rollover: bool | None = None

    def reprint(self, request: str) -> Slip | None:
        """The slip that was printed under a request's id, or None if there is none; nothing is issued."""
        return self.register.slips[request][1] if request in self.register.slips else None

    def sell(
        self,
        meter: str,
        *,
        amount: int,
        now: int,
        rnd: RndOfMinute,
        on_reserved_minute: bool = False,
        service: Service = Service.ELECTRICITY,
        request: str | None = None,
        with_change: bool = True,
    ) -> Slip:
        """A credit token, behind the sections of a waiting key change if there is one and `with_change` is set.

        `amount` is tenths of the service's unit, for a service in currency 1e-5 of the base currency. A request that
        is repeated under its id, here or at another point of sale of the same register, gets the slip that was printed
        the first time, and no second TID. Where the slip was lost before it was noted, the secure module still knows
        the tokens.

        Raises a Refusal, after which nothing is changed: register, list and waiting change are as before.
        """
        asked = meter, service, amount
        if request is not None and request in self.register.slips:
            before, slip = self.register.slips[request]
            if before != asked:
                raise RequestRepeated(f"the request {request!r} was made before, and for something else")
            return slip
        plan = self.register.waiting.get(meter) if with_change else None
        old = self.register.records[meter]
        new = plan.applied_to(old) if plan else old
        repeated = with_change and plan is None and meter in self.register.to_repeat
        sections = self.register.changes[meter] if repeated else ()
        if plan:
            sections = self._sections(old, new, plan, now, request and f"{request}.kct")
        minute, number = self._tid(meter, new, now, on_reserved_minute)
        token = self.module.issue_credit(
            new,
            service=service,
            amount=amount,
            tid=number,
            rnd=rnd(minute),
            at=now + self.clock_offset,
            request=request,
        )
        issued_tid = tid_of(token.token)
        if issued_tid is not None and issued_tid != number:  # the module answered a repeated request
            minute += issued_tid - number
        self.tids.note(meter, minute)
        self.register.records[meter] = new
        if plan:
            del self.register.waiting[meter]
            self.register.changes[meter] = sections
            self._repeat(meter, self.register.printings.pop(meter, 1) - 1)
        elif repeated:
            self._repeat(meter, self.register.to_repeat[meter] - 1)
        slip = Slip(self.name, sections, token, repeated)
        if request is not None:
            self.register.slips[request] = asked, slip
        return slip

    def change_key(self, meter: str, plan: KeyChangePlan, *, now: int) -> Slip:
        """The sections of a key change, by themselves; one that waits for a purchase goes on waiting.

        Raises a Refusal.
        """
        old = self.register.records[meter]
        new = plan.applied_to(old)
        sections = self._sections(old, new, plan, now)
        self.register.records[meter] = new
        self.register.changes[meter] = sections
        return Slip(self.name, sections)

    def reprint_key_change(self, meter: str) -> Slip | None:
        """The sections that were issued last for a meter, once more; None if there are none."""
        sections = self.register.changes.get(meter)
        return None if sections is None else Slip(self.name, sections, repeated=True)

    def change_key_with_purchase(self, meter: str, plan: KeyChangePlan, purchases: int = 1) -> None:
        """Put a change down for the meter's next purchase; it replaces one that still waits.

        Its sections are printed again with the purchases after it, `purchases` times in all.
        """
        self.register.waiting[meter] = plan
        self.register.printings[meter] = purchases

    def _repeat(self, meter: str, times: int) -> None:
        if times > 0:
            self.register.to_repeat[meter] = times
        else:
            self.register.to_repeat.pop(meter, None)

    def manage(
        self,
        meter: str,
        command: Management,
        data: int,
        *,
        now: int,
        rnd: RndOfMinute,
        on_reserved_minute: bool = False,
    ) -> Slip:
        """A management token; power limits are given in watts. Raises a Refusal."""
        record = self.register.records[meter]
        minute, number = self._tid(meter, record, now, on_reserved_minute)
        if command in (
            Management.SET_MAXIMUM_POWER_LIMIT,
            Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT,
        ):
            try:
                data = coding.encode(data)
            except AmountTooLarge as error:
                raise AmountOutOfRange(str(error)) from None
        token = self.module.issue_management(
            record, command=command, data=data, tid=number, rnd=rnd(minute), at=now + self.clock_offset
        )
        self.tids.note(meter, minute)
        return Slip(self.name, token=token)

    def extended(
        self, meter: str, function: ExtendedFunction, *, now: int, rnd: RndOfMinute, on_reserved_minute: bool = False
    ) -> Slip:
        """A token for an extended function. Raises a Refusal."""
        record = self.register.records[meter]
        minute, number = self._tid(meter, record, now, on_reserved_minute)
        token = self.module.issue_extended(
            record,
            index=function.index,
            value=function.value,
            tid=number,
            rnd=rnd(minute),
            at=now + self.clock_offset,
        )
        self.tids.note(meter, minute)
        return Slip(self.name, token=token)

    def test(self, token: MeterTestToken) -> Slip:
        """A meter test token; it needs neither key nor TID."""
        return Slip(self.name, token=self.module.issue_meter_test(token))

    def _sections(
        self, old: MeterRecord, new: MeterRecord, plan: KeyChangePlan, now: int, request: str | None = None
    ) -> tuple[IssuedToken, ...]:
        return self.module.issue_key_change(
            old,
            new,
            at=now + self.clock_offset,
            rollover=self.force_rollover,
            key_expiry=plan.key_expiry,
            three_sections=plan.three_sections,
            request=request,
        )

    def _tid(self, meter: str, record: MeterRecord, now: int, on_reserved_minute: bool) -> tuple[int, int]:
        base = self.module.vending_key(record.supply_group, record.key_revision).base_date

        def number(minute: int) -> int:
            count = minute - base.minute
            wraps = count > tid.GREATEST and self.after_last_minute is AfterLastMinute.WRAP
            return count % (tid.GREATEST + 1) if wraps else count

        def usable(minute: int) -> bool:
            wrapped_to_zero = minute > base.minute and number(minute) == 0
            return not wrapped_to_zero and (on_reserved_minute or not tid.is_reserved(number(minute)))

        clock = tid.minute_of(now + self.clock_offset)
        minute = self.tids.next_free(meter, clock, usable)
        return minute, number(minute)
