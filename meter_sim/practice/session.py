"""A session of practice: a scenario's meters and counter, advanced by commands and nothing else.

Every answer is the engine's own. The state is a fold of the commands, so that the same commands give the same session;
nothing here reads a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from meter_sim.detail import Keep
from meter_sim.engine import by_hand
from meter_sim.engine.connection import Connection
from meter_sim.engine.expectations import Expectations
from meter_sim.engine.ledger import Ledger
from meter_sim.engine.site import Site
from meter_sim.engine.watches import watch_credit, watch_limit
from meter_sim.meter import display
from meter_sim.meter.answer import Answer
from meter_sim.meter.credit import per_tenth
from meter_sim.practice import commands as of
from meter_sim.practice.error import NotHereError, PracticeError
from meter_sim.practice.happening import Entry, Happening, Kind, Slip
from meter_sim.practice.lesson import Progress
from meter_sim.practice.put_up import meter_setup, practised
from meter_sim.practice.steps import order_text, steps_of
from meter_sim.practice.why import taken_apart
from meter_sim.results.record import Event, EventKind
from meter_sim.scenario.quantities import Bought
from meter_sim.scenario.scenario import Scenario
from meter_sim.sts import words
from meter_sim.sts.errors import FieldOutOfRange, StsError
from meter_sim.sts.tid import BaseDate
from meter_sim.sts.token import Management, Service, meter_test
from meter_sim.vending.point_of_sale import KeyChangePlan
from meter_sim.vending.point_of_sale import Slip as Printed
from meter_sim.vending.refusal import Refusal, VendingKeyUnknown
from meter_sim.vending.secure_module import IssuedToken

_MANAGEMENT = {
    "power_limit": Management.SET_MAXIMUM_POWER_LIMIT,
    "unbalance_limit": Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT,
    "clear_credit": Management.CLEAR_CREDIT,
    "clear_tamper": Management.CLEAR_TAMPER_CONDITION,
}


def _bought_text(service: Service, amount: int) -> str:
    return str(Bought(amount // per_tenth(service), service.unit))


@dataclass(slots=True)
class Shown:
    """What a meter's face is at: the latest answer's lines, since when, and the display key's page."""

    answer: tuple[str, ...] = ()
    since: int = 0
    page: int = 0


class Session:
    """One session. `commands` are those that were done, `happenings` what came of them, `progress` the lesson.

    `slips` are what the counter printed, `shown` what each meter's face is at, by the meter's name. `proof` is a hash
    of all that came of the commands, each on the one before.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = practised(scenario)
        self.site = Site(self.scenario, Keep())
        self.commands: list[of.Command] = []
        self.happenings: list[Happening] = []
        self.slips: list[Slip] = []
        self.progress = Progress(steps_of(self.scenario))
        self.latest_entry: Happening | None = None
        self.proof = b""
        self._proved = 0
        self.shown = {name: Shown() for name in self.site.connections}
        self._issued: dict[str, tuple[str, IssuedToken]] = {}
        for connection in self.site.connections.values():
            self._watch(connection)

    @property
    def now(self) -> int:
        """The second that the session has come to."""
        return self.site.now

    @property
    def last_second(self) -> int:
        """The last second of the session."""
        return self.scenario.end - 1

    def rows(self, latest: int | None = None) -> tuple[Event, ...]:
        """What happened as rows of an event log: all of it, or the latest so many rows."""
        length = self.site.journal.length
        return self.site.journal.written_since(0 if latest is None else max(length - latest, 0))

    def connection(self, meter: str) -> Connection:
        """A meter's connection, by its name or PAN. Raises PracticeError."""
        for name, connection in self.site.connections.items():
            if meter in (name, connection.meter.pan.digits):
                return connection
        known = ", ".join(connection.meter.pan.digits for connection in self.site.connections.values())
        raise NotHereError(f"meters: {meter!r} is no meter of this session, there are {known}")

    def busy_until(self) -> int:
        """The second up to which somebody is at a keypad: digits stand, an answer is read, or sections are pending."""
        now = self.now
        times = [now]
        for name, connection in self.site.connections.items():
            if connection.meter.powered:
                if connection.keypad.standing(now):
                    times.append(connection.keypad.forgets_after + 1)
                shown = self.shown[name]
                times.append(shown.since + display.answer_seconds(shown.answer))
                times.append(connection.meter.pending.kept_until(now))
        return max(times)

    def do(self, command: of.Command) -> tuple[Happening, ...]:
        """Do a command at its second; what came of it. Raises PracticeError, after which nothing is done."""
        if command.at < self.now:
            raise PracticeError(f"at: {command.at} is before the session's time {self.now}, the clock only goes on")
        if command.at > self.last_second:
            raise PracticeError(f"at: {command.at} is after the session's end {self.last_second}, begin a new one")
        self._check(command)
        self._advance(command.at)
        expectations, wanted = Expectations(), self.progress.current
        try:
            happened = self._done(command)
        except PracticeError:
            self._record(of.Wait(at=command.at))
            self._prove(())
            raise
        self._record(command)
        noted = []
        for happening in happened:
            if wanted is not None and wanted.expect is not None and wanted.meter == happening.meter:
                connection = self.site.connections[wanted.meter]
                of_state = replace(wanted.expect, result=None, display=None)
                presumed = self.site.presumed(connection)
                connection.settle(self.now)
                expectations.hold(of_state, connection, self.now, "", None, presumed)
                happening = replace(happening, failure=expectations.failure(of_state))
            self.progress = self.progress.after(happening)
            wanted = self.progress.current
            noted.append(happening)
            if happening.entry is not None:
                self.latest_entry = happening
        self.happenings += noted
        self._prove(tuple(noted))
        return tuple(noted)

    def _prove(self, happened: tuple[Happening, ...]) -> None:
        journal = self.site.journal
        for item in (*journal.written_since(self._proved), *happened):
            self.proof = sha256(self.proof + repr(item).encode()).digest()
        self._proved = journal.length

    def _record(self, command: of.Command) -> None:
        if self.commands and isinstance(self.commands[-1], of.Wait):
            self.commands.pop()  # the time of the next command says it too
        self.commands.append(command)

    # -- how it is done ----------------------------------------------------------------------------------------

    def _watch(self, connection: Connection) -> None:
        self.site.env.process(watch_credit(self.site, connection))
        self.site.env.process(watch_limit(self.site, connection))

    def _advance(self, at: int) -> None:
        if at > self.now:
            self.site.env.run(until=at)

    def _check(self, command: of.Command) -> None:
        """Refuse what cannot be done, before time passes."""
        if isinstance(command, of.Press | of.Enter | of.Buy | of.ChangeKey | of.Order | of.Power | of.Tamper):
            self.connection(command.meter)
        if isinstance(command, of.PutUp):
            setup = meter_setup(self.scenario, self.site.module, command, 0)
            pans = {connection.meter.pan for connection in self.site.connections.values()}
            if setup.record.pan in pans:
                raise PracticeError(f"meters: {setup.record.pan} is in this session already, choose another PAN")
        if isinstance(command, of.Order) and command.order == "test":
            try:
                meter_test(command.value)
            except FieldOutOfRange as error:
                raise PracticeError(f"orders: {error}") from None
        if isinstance(command, of.Order) and command.order == "clear_credit" and command.value > 0xFFFF:
            raise PracticeError(f"orders: register {command.value} is outside 0 to 65535")

    def _done(self, command: of.Command) -> tuple[Happening, ...]:
        if isinstance(command, of.Press):
            return self._press(self.connection(command.meter), command.keys)
        if isinstance(command, of.Enter):
            return (self._enter(self.connection(command.meter), command.digits),)
        if isinstance(command, of.Buy):
            return (self._buy(self.connection(command.meter), command),)
        if isinstance(command, of.ChangeKey):
            return (self._change_key(self.connection(command.meter), command),)
        if isinstance(command, of.Order):
            return (self._order(self.connection(command.meter), command),)
        if isinstance(command, of.Power):
            return self._power(self.connection(command.meter), on=command.on)
        if isinstance(command, of.Tamper):
            connection = self.connection(command.meter)
            by_hand.tamper(self.site, connection, "the seal is broken")
            return (self._happened(connection, Kind.TAMPERED),)
        if isinstance(command, of.PutUp):
            return (self._put_up(command),)
        if isinstance(command, of.Look):
            return (Happening(self.now, self._lesson_meter, Kind.LOOKED),)
        if isinstance(command, of.Skip):
            return (Happening(self.now, self._lesson_meter, Kind.SKIPPED),)
        return ()

    @property
    def _lesson_meter(self) -> str:
        step = self.progress.current
        return "" if step is None else step.meter

    def _happened(self, connection: Connection, kind: Kind) -> Happening:
        return Happening(self.now, connection.setup.name, kind)

    def _press(self, connection: Connection, keys: str) -> tuple[Happening, ...]:
        return tuple(entered for key in keys if (entered := self._pressed(connection, key)) is not None)

    def _pressed(self, connection: Connection, key: str) -> Happening | None:
        if not connection.meter.powered:
            return None
        shown = self.shown[connection.setup.name]
        if key == of.DISPLAY_KEY:
            typed = connection.keypad.standing(self.now)
            connection.keypad.clear()
            if typed:
                return self._enter(connection, typed)
            if self.now < shown.since + display.answer_seconds(shown.answer):
                shown.answer = ()
            else:
                shown.page = (shown.page + 1) % len(display.PAGES)
            return None
        shown.page, shown.answer = 0, ()
        entry = connection.keypad.press(key, self.now)
        return None if entry is None else self._enter(connection, entry)

    def _enter(self, connection: Connection, digits: str) -> Happening:
        site, meter, name = self.site, connection.meter, connection.setup.name
        label, issued = self._issued.get(digits, ("", None))
        keys, closed = meter.keys, meter.switch_closed
        base = self._base_date(connection, issued)
        written = site.journal.length
        before = {service: register.credited for service, register in meter.registers.items()}
        answer = site.enter(connection, digits, label, issued)
        credited = {service: register.credited - before[service] for service, register in meter.registers.items()}
        row = next(row for row in site.journal.written_since(written) if row.event is EventKind.ENTRY)
        lines = self._lines(answer, reconnected=meter.switch_closed and not closed)
        self.shown[name] = Shown(lines, self.now)
        entry = Entry(
            digits=digits,
            label=label,
            result=answer.name,
            accepted=answer.status.accepted,
            answer=answer.display,
            shown=lines,
            reason=row.reason,
            credited=next((_bought_text(service, amount) for service, amount in credited.items() if amount), ""),
            why=taken_apart(digits, keys, answer, issued, base),
        )
        return replace(self._happened(connection, Kind.ENTERED), result=answer.name, reason=row.reason, entry=entry)

    @staticmethod
    def _lines(answer: Answer, *, reconnected: bool) -> tuple[str, ...]:
        return display.answer_lines(answer.display, reconnected=reconnected)

    def _base_date(self, connection: Connection, issued: IssuedToken | None) -> BaseDate | None:
        """The base date of the vending key of a token, as far as anybody knows; the meter does not (C)."""
        keys, record = connection.meter.keys, None if issued is None else issued.record
        group, revision = keys.supply_group, keys.key_revision
        if record is not None:
            group, revision = record.supply_group, record.key_revision
        try:
            return self.site.module.vending_key(group, revision).base_date
        except VendingKeyUnknown:
            return None

    # -- the counter -------------------------------------------------------------------------------------------

    @property
    def _pos(self) -> str:
        return self.site.counter.name

    def _buy(self, connection: Connection, command: of.Buy) -> Happening:
        service = Service(command.service)
        number = str(len(self.slips) + 1)
        asked = str(Bought(command.amount, service.unit))
        refusal, slip = self._refusal_or(
            lambda: self.site.sell(connection, command.amount, self._pos, number, service=service)
        )
        happened = replace(self._happened(connection, Kind.BOUGHT), amount=command.amount, service=service)
        if slip is None:
            return replace(happened, result=refusal[0], reason=refusal[1])
        return replace(happened, result="Issued", slip=self._printed(happened, slip, asked))

    def _change_key(self, connection: Connection, command: of.ChangeKey) -> Happening:
        plan = KeyChangePlan(
            command.to, command.supply_group, command.tariff_index, command.key_expiry, command.three_sections
        )
        number = str(len(self.slips) + 1)
        if command.with_purchase:
            try:
                self.site.module.decoder_key(plan.applied_to(self.site.register.records[connection.setup.name]))
            except StsError as error:  # every purchase would meet it
                happened = replace(self._happened(connection, Kind.KEY_CHANGE), to=command.to)
                return replace(happened, result=type(error).__name__, reason=str(error))
            except Refusal:
                pass  # the purchase says so, and by then it may be otherwise
            self.site.counter.change_key_with_purchase(connection.setup.name, plan)
            self.site.journal.happened(connection, EventKind.KEY_CHANGE_WAITING, point_of_sale=self._pos)
            waits = self._happened(connection, Kind.KEY_CHANGE_WAITS)
            return replace(waits, result="Waiting", to=command.to)
        refusal, slip = self._refusal_or(
            lambda: self.site.change_key(connection, plan, self._pos, f"{number}.kct", "practice")
        )
        happened = replace(self._happened(connection, Kind.KEY_CHANGE), to=command.to)
        if slip is None:
            return replace(happened, result=refusal[0], reason=refusal[1])
        return replace(happened, result="Issued", slip=self._printed(happened, slip, f"KRN {command.to}"))

    def _order(self, connection: Connection, command: of.Order) -> Happening:
        order: by_hand.Order = (
            meter_test(command.value)
            if command.order == "test"
            else (_MANAGEMENT[command.order], 0 if command.order == "clear_tamper" else command.value)
        )
        number = str(len(self.slips) + 1)

        def issue() -> Printed | str:
            token = by_hand.issue_order(self.site, connection, order, self._pos, number)
            return token if isinstance(token, str) else Printed(self._pos, token=token)

        refusal, slip = self._refusal_or(issue)
        happened = replace(self._happened(connection, Kind.ORDER), order=order_text(order))
        if slip is None:
            return replace(happened, result=refusal[0], reason=refusal[1])
        return replace(happened, result="Issued", slip=self._printed(happened, slip, order_text(order)))

    def _refusal_or(self, issue: Callable[[], Printed | str]) -> tuple[tuple[str, str], Printed | None]:
        """What the counter hands out; else the refusal's name and reason."""
        written = self.site.journal.length
        try:
            slip = issue()
        except StsError as error:  # such as a key that this meter's algorithm has no use for
            return (type(error).__name__, str(error)), None
        if isinstance(slip, Printed):
            return ("", ""), slip
        reason = next(row.reason for row in self.site.journal.written_since(written) if row.result == slip)
        return (slip, reason), None

    def _printed(self, happened: Happening, slip: Printed, asked: str) -> Slip:
        number = len(self.slips) + 1
        names = [f"{number}.kct.{place}" for place in range(1, len(slip.key_change) + 1)] + [str(number)]
        tokens = tuple(zip(names, slip.tokens, strict=False))
        says = "" if slip.token is None else words.summary(slip.token.token)
        printed = Slip(number, self.now, happened.meter, happened.kind, asked, says, tokens)
        self._issued |= {token.digits: (name, token) for name, token in tokens}
        self.slips.append(printed)
        return printed

    # -- the supply and the meters -----------------------------------------------------------------------------

    def _power(self, connection: Connection, *, on: bool) -> tuple[Happening, ...]:
        if connection.meter.powered == on:
            return ()
        if on:
            by_hand.power_on(self.site, connection)
            return (self._happened(connection, Kind.POWER_ON),)
        by_hand.power_off(self.site, connection)
        self.shown[connection.setup.name] = Shown()
        return (self._happened(connection, Kind.POWER_OFF),)

    def _put_up(self, command: of.PutUp) -> Happening:
        site = self.site
        number = 1 + max(connection.number for connection in site.connections.values())
        setup = meter_setup(self.scenario, site.module, command, number)
        connection = Connection(self.scenario, setup, site.module.decoder_key(setup.record), site.env)
        connection.settle(self.now)
        site.register.records[setup.name] = setup.record
        site.connections[setup.name] = connection
        site.ledgers[setup.name] = Ledger()
        self.shown[setup.name] = Shown()
        self._watch(connection)
        return self._happened(connection, Kind.PUT_UP)
