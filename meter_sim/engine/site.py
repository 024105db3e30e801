"""What a run takes place in: points of sale, connections, the journal, and what passes between them."""

from collections.abc import Callable, Generator
from enum import Enum
from typing import Protocol

import simpy

from meter_sim.detail import Keep
from meter_sim.draws import Purpose, draw
from meter_sim.engine.area import AreaRun
from meter_sim.engine.connection import Connection
from meter_sim.engine.journal import Journal
from meter_sim.engine.ledger import Ledger
from meter_sim.engine.moment import Moment, Phase
from meter_sim.engine.register_view import RegisterView
from meter_sim.meter.answer import Answer
from meter_sim.programme import Area, Cause, Channel
from meter_sim.results.record import EventKind
from meter_sim.scenario.scenario import Scenario
from meter_sim.sts.token import CreditToken, Service
from meter_sim.vending.point_of_sale import KeyChangePlan, MeterRegister, PointOfSale, Slip, TidList
from meter_sim.vending.refusal import NOT_MIGRATED, Refusal, VendingBusy, VendingDown
from meter_sim.vending.secure_module import IssuedToken, SecureModule


class FieldWork(Protocol):
    """The crews of an area, as those see them who send them work."""

    def replace(self, connection: Connection) -> None:
        """Put a meter down for replacement."""
        ...

    def look_after(self, connection: Connection) -> None:
        """Put a meter down for a visit, if crews are sent out in the area now."""
        ...


class Sale(Enum):
    """What units are sold for."""

    PAID = "paid"
    SPARE = "spare"
    """Bought ahead, with a purchase."""
    FREE = "free"
    LENT = "lent"
    REPLACES = "replaces"
    """They take the place of a token that the meter will never accept."""


_EVENTS = {
    Sale.PAID: EventKind.PURCHASE,
    Sale.SPARE: EventKind.PURCHASE,
    Sale.FREE: EventKind.FREE_UNITS,
    Sale.LENT: EventKind.LENT,
    Sale.REPLACES: EventKind.TOKEN_REPLACED,
}

Process = Generator[simpy.Event, object, None]
Entering = Generator[simpy.Event, object, Answer]


class Site:
    """The vending side and the connections of one run.

    `env` is SimPy's clock, `connections` and `points_of_sale` go by name, `journal` is the event log.
    """

    def __init__(self, scenario: Scenario, keep: Keep) -> None:
        self.scenario = scenario
        self.env = simpy.Environment(initial_time=scenario.start)
        self.module = module = SecureModule(scenario.vending_keys)
        self.register = MeterRegister({meter.name: meter.record for meter in scenario.meters})
        shared = TidList()
        self._numbers = {pos.name: pos.number for pos in scenario.points_of_sale}
        self.points_of_sale = {
            pos.name: PointOfSale(
                name=pos.name,
                module=module,
                register=self.register,
                tids=shared if pos.shared_tid_list else TidList(),
                clock_offset=pos.clock_offset,
                after_last_minute=pos.after_last_minute,
                force_rollover=scenario.force_rollover,
            )
            for pos in scenario.points_of_sale
        }
        self.connections = {
            meter.name: Connection(scenario, meter, module.decoder_key(meter.truth or meter.record), self.env)
            for meter in scenario.meters
        }
        self.journal = Journal(self.env, module, self.presumed, keep, scenario.seed)
        self.ledgers = {name: Ledger() for name in self.connections}
        self.areas = {area.name: AreaRun(area, self.env, scenario.calendar) for area in scenario.areas}
        self.with_purchase: dict[str, dict[int, int]] = {}
        """Areas in which key changes are printed with purchases now: by number of the phase, with how many each."""
        self.field_work: dict[str, FieldWork] = {}
        """The depots at work, by area."""
        self._nowhere = AreaRun(Area(""), self.env, scenario.calendar)
        self.view = (
            None
            if scenario.programme is None
            else RegisterView(scenario.programme, module, self.register, tuple(self.connections.values()))
        )

    @property
    def now(self) -> int:
        """The second that the run has come to."""
        return int(self.env.now)

    def moment(self, instant: int, phase: Phase) -> Moment:
        """An event at an instant, in its phase."""
        return Moment(self.env, instant, phase)

    def presumed(self, connection: Connection) -> int:
        """The key revision that the vending side's register holds for a connection's meter."""
        return self.register.records[connection.setup.name].key_revision

    def area(self, connection: Connection) -> AreaRun:
        """The area that a connection lies in; one that shares nothing for connections in none."""
        return self.areas.get(connection.setup.area, self._nowhere)

    def count(self, connection: Connection, name: str, number: int = 1) -> None:
        """Count something of a connection's area."""
        self.area(connection).counts[name] += number

    def draw(self, purpose: Purpose, connection: Connection, count: int, sub: int = 0) -> int:
        """The 32-bit draw of a connection for a purpose."""
        return draw(self.scenario.seed, purpose, connection.number, count, sub)

    def put_down(self, connection: Connection) -> None:
        """Put the programme's change down for a meter's next purchase, where its area prints changes with purchases."""
        view, name = self.view, connection.setup.name
        if view is None or not view.in_scope(connection) or not view.is_open(name):
            return
        times = max(self.with_purchase.get(connection.setup.area, {}).values(), default=0)
        if times:
            self.counter.change_key_with_purchase(name, view.programme.plan, times)
            self.journal.happened(connection, EventKind.KEY_CHANGE_WAITING, point_of_sale=self.counter.name)

    def complain(self, connection: Connection) -> None:
        """A customer says that the meter refused what was bought: the register presumes no more that it changed."""
        view, name = self.view, connection.setup.name
        if view is None or not view.in_scope(connection) or name not in view.issued or name in view.complaints:
            return
        view.complaints.add(name)
        view.confirmed.discard(name)
        self.count(connection, "complaints")
        field_work = self.field_work.get(connection.setup.area)
        if field_work is not None:
            field_work.look_after(connection)

    @property
    def counter(self) -> PointOfSale:
        """The point of sale at which a programme issues: the first of the file."""
        return next(iter(self.points_of_sale.values()))

    # -- supply ------------------------------------------------------------------------------------------------

    def set_cause(self, connection: Connection, cause: Cause) -> None:
        """Say why a connection is without supply from now on, if it is."""
        if connection.cause is not cause and connection.cause is not Cause.NEVER_BUYS:
            connection.settle(self.now)
            connection.cause = cause

    def set_switch(self, connection: Connection) -> None:
        """Let the meter open or close its load switch, and say so if it moved."""
        if connection.meter.set_switch():
            self.supply_changed(connection)

    def supply_changed(self, connection: Connection) -> None:
        """Say that the load switch moved, in the journal and to all who reckon with it."""
        closed = connection.meter.switch_closed
        self.journal.happened(connection, EventKind.SUPPLY_ON if closed else EventKind.SUPPLY_OFF)
        connection.change()

    # -- vending -----------------------------------------------------------------------------------------------

    def sell(
        self,
        connection: Connection,
        amount: int,
        pos_name: str,
        label: str,
        *,
        on_reserved_minute: bool = False,
        service: Service = Service.ELECTRICITY,
        request: str | None = None,
        kind: Sale = Sale.PAID,
    ) -> Slip | str:
        """Sell an amount, or print the slip of a repeated request again; the slip, or the name of the refusal.

        Units that are free, lent or replace a token are no purchase.
        """
        pos, name = self.points_of_sale[pos_name], connection.setup.name
        before = None if request is None else pos.reprint(request)
        try:
            slip = pos.sell(
                connection.setup.name,
                amount=amount,
                now=self.now,
                rnd=self.rnd(connection, pos),
                on_reserved_minute=on_reserved_minute,
                service=service,
                request=request,
                with_change=kind is Sale.PAID or (kind is Sale.REPLACES and name in self.register.waiting),
            )
        except Refusal as refusal:
            return self.refuse_sale(connection, refusal, label, pos_name)
        reprint = slip is before
        self._sections_out(connection, slip, f"{label}.kct", Channel.WITH_PURCHASE.value, reprint=reprint)
        if slip.token is not None:
            if not reprint:
                tenths = tenths_of(slip.token)
                self._note(connection, slip.token)
                if kind in (Sale.PAID, Sale.SPARE):
                    connection.book_purchase(tenths)
                if kind is Sale.PAID:
                    self._confirm(connection, slip)
            self.count(connection, "tokens_printed")
            event = EventKind.REPRINT if reprint else _EVENTS[kind]
            self.journal.issued(connection, event, slip.token, label, pos_name)
        return slip

    def refuse_sale(self, connection: Connection, refusal: Refusal, label: str, pos_name: str) -> str:
        """Log a sale that was refused; returns the refusal's name."""
        if isinstance(refusal, NOT_MIGRATED):
            self.set_cause(connection, Cause.NOT_MIGRATED)
        elif isinstance(refusal, VendingDown | VendingBusy):
            self.set_cause(connection, Cause.NO_SALE)
            self.count(connection, "sales_delayed")
            return self.journal.refused(connection, EventKind.SALE_REFUSED, refusal, label, pos_name)
        self.count(connection, "sales_refused")
        return self.journal.refused(connection, EventKind.SALE_REFUSED, refusal, label, pos_name)

    def change_key(
        self, connection: Connection, plan: KeyChangePlan, pos_name: str, label: str, channel: str
    ) -> Slip | str:
        """Issue a key change by itself; the slip, or the name of the refusal. `channel` says how it goes out."""
        try:
            slip = self.points_of_sale[pos_name].change_key(connection.setup.name, plan, now=self.now)
        except Refusal as refusal:
            self.count(connection, "key_changes_refused")
            return self.journal.refused(connection, EventKind.ISSUE_REFUSED, refusal, label, pos_name)
        if self.view is not None:
            self.view.issued_by_itself(connection.setup.name)
        self._sections_out(connection, slip, label, channel)
        return slip

    def reprint_key_change(self, connection: Connection, pos_name: str, label: str) -> Slip | None:
        """Hand out the sections that were issued last once more; None if there are none."""
        slip = self.points_of_sale[pos_name].reprint_key_change(connection.setup.name)
        if slip is not None:
            self._sections_out(connection, slip, label, "")
        return slip

    def note(self, connection: Connection, token: IssuedToken) -> None:
        """Note a token that is handed out for the first time outside a sale."""
        self._note(connection, token)
        self.count(connection, "tokens_printed")

    def _note(self, connection: Connection, token: IssuedToken) -> None:
        if self.ledgers[connection.setup.name].issue(token, tenths_of(token)):
            self.count(connection, "tokens_issued")

    def hand_out(self, connection: Connection, slip: Slip, label: str, kind: EventKind) -> None:
        """Note and log the token of a slip that reaches a customer outside a sale."""
        assert slip.token is not None
        self.note(connection, slip.token)
        self.journal.issued(connection, kind, slip.token, label, slip.point_of_sale)

    def _sections_out(
        self, connection: Connection, slip: Slip, label: str, channel: str, *, reprint: bool = False
    ) -> None:
        if not slip.key_change:
            return
        again = reprint or slip.repeated
        self.count(connection, "tokens_printed", len(slip.key_change))
        if not again:
            self.count(connection, "key_changes_issued")
            for token in slip.key_change:
                self._note(connection, token)
            if self.view is not None:
                self.view.issued.setdefault(connection.setup.name, channel)
        self.journal.sections_issued(connection, slip, label, reprint=again)

    def _confirm(self, connection: Connection, slip: Slip) -> None:
        """A purchase under the new key, after the sections were out, says that they were entered."""
        name = connection.setup.name
        view = self.view
        if view is None or name not in view.issued or name in view.complaints:
            return
        if not slip.key_change or slip.repeated:
            view.confirmed.add(name)

    def rnd(self, connection: Connection, pos: PointOfSale) -> Callable[[int], int]:
        """Where a point of sale takes the RND of a connection's token from, by the minute that it is issued for."""
        number, seed = self._numbers[pos.name], self.scenario.seed
        return lambda minute: draw(seed, Purpose.TOKEN_RND, connection.number, minute, number) >> 28

    # -- entry -------------------------------------------------------------------------------------------------

    def type_digits(self, connection: Connection, text: str, every: int) -> Generator[simpy.Event, object, bool]:
        """Type digit by digit; whether the keypad took it all as one entry."""
        entry = connection.keypad.press(text[0], self.now)
        for digit in text[1:]:
            yield self.moment(self.now + every, Phase.ENTRY)
            entry = connection.keypad.press(digit, self.now)
        connection.keypad.clear()
        return entry == text

    def enter_slip(self, connection: Connection, slip: Slip, label: str, start: int, between: int) -> Entering:
        """Enter the tokens of a slip in printed order; the answer to the last."""
        names = [f"{label}.kct.{place}" for place in range(1, len(slip.key_change) + 1)] + [label]
        for place, (name, token) in enumerate(zip(names, slip.tokens, strict=True)):
            yield self.moment(start + place * between, Phase.ENTRY)
            answer = self.enter(connection, token.digits, name, token)
        return answer

    def enter(
        self,
        connection: Connection,
        digits: str,
        label: str,
        issued: IssuedToken | None,
        *,
        by: str = "",
        meant: IssuedToken | None = None,
    ) -> Answer:
        """Enter digits at the meter and log what it answers.

        `issued` is the token that they are, if that is known, `meant` the one that was to be entered where somebody
        mistyped, `by` how the meter came by its key change if it is not the channel that issued it.
        """
        now, meter = self.now, connection.meter
        connection.settle(now)
        credited, cleared = meter.register.credited, meter.register.cleared
        keys, closed, limit = meter.keys, meter.switch_closed, meter.power_limit
        answer = meter.enter(digits, now, connection.power(now))
        credited, cleared = meter.register.credited - credited, meter.register.cleared - cleared
        connection.book_entry(answer.status, credited, cleared)
        ledger = self.ledgers[connection.setup.name]
        if meant is not None:
            ledger.mistyped(meant.digits)
        elif issued is not None:
            ledger.enter(digits, answer)
        self.journal.entered(connection, digits, label, issued, answer, keys.key_revision, credited)
        if meter.keys is not keys:
            self.journal.happened(connection, EventKind.KEY_CHANGED, reason=f"{keys.shown} to {meter.keys.shown}")
            self._count_change(connection, by)
        if meter.switch_closed != closed:
            self.supply_changed(connection)
        elif credited or cleared or meter.power_limit != limit or meter.switch_closed != meter.may_supply:
            connection.change()
        return answer

    def _count_change(self, connection: Connection, by: str) -> None:
        """Count a key change by how it came about."""
        view = self.view
        if view is None or not view.in_scope(connection) or not view.holds_target(connection):
            return
        how = by or view.issued.get(connection.setup.name, "timeline")
        self.count(connection, f"changed_{how}")
        view.complaints.discard(connection.setup.name)
        self.count_lost(connection)

    def count_lost(self, connection: Connection) -> None:
        """Note the credit tokens that the meter would have taken before its key changed or it was replaced."""
        connection.tokens_lost += tuple(
            tenths
            for record, tenths in self.ledgers[connection.setup.name].open_credit
            if record.pan != connection.meter.pan or self.module.decoder_key(record) != connection.meter.keys.key
        )


def tenths_of(token: IssuedToken) -> int:
    """Tenths of a kWh that a token says; 0 for one that credits no electricity."""
    said = token.token
    return said.tenths if isinstance(said, CreditToken) and said.service is Service.ELECTRICITY else 0
