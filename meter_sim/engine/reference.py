"""The reference engine: every meter and customer is a SimPy process. The plain statement of docs/model.md."""

from collections.abc import Callable, Generator, Iterator

import simpy

from meter_sim.engine.connection import Connection
from meter_sim.engine.draws import Purpose, draw
from meter_sim.engine.expectations import Expectations
from meter_sim.engine.journal import Journal
from meter_sim.engine.moment import Moment, Phase
from meter_sim.local_time import date_of
from meter_sim.meter.answer import Answer, Status
from meter_sim.people.customer import amount_bought, entry_delay, first_purchase, next_purchase
from meter_sim.results.record import Day, EventKind, Reading, Record
from meter_sim.scenario import scenario as timeline
from meter_sim.scenario.scenario import Action, Expectation, Scenario
from meter_sim.sts.token import DIGITS, CreditToken, MeterTestToken
from meter_sim.vending.point_of_sale import MeterRegister, PointOfSale, Slip, TidList
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import IssuedToken, SecureModule

Process = Generator[simpy.Event, object, None]
Entering = Generator[simpy.Event, object, Answer]

_PHASES: dict[type[Action], Phase] = {
    timeline.PowerCycle: Phase.POWER,
    timeline.Tamper: Phase.POWER,
    timeline.ChangeKey: Phase.PROGRAMME,
    timeline.Enter: Phase.ENTRY,
    timeline.Manage: Phase.ENTRY,
    timeline.Buy: Phase.PURCHASE,
    timeline.Observe: Phase.OBSERVATION,
}


def run(scenario: Scenario, on_day: Callable[[int], None] | None = None) -> Record:
    """Run a scenario from start to end. `on_day` is told the second of each midnight, for a progress bar."""
    return _Run(scenario, on_day).record()


class _Run:
    """One run: the vending side, the connections, and the rows that come of it."""

    def __init__(self, scenario: Scenario, on_day: Callable[[int], None] | None) -> None:
        self._scenario = scenario
        self._on_day = on_day
        self._env = simpy.Environment(initial_time=scenario.start)
        self._module = SecureModule(scenario.vending_keys)
        self._register = MeterRegister({meter.name: meter.record for meter in scenario.meters})
        shared = TidList()
        self._numbers = {pos.name: pos.number for pos in scenario.points_of_sale}
        self._points_of_sale = {
            pos.name: PointOfSale(
                name=pos.name,
                module=self._module,
                register=self._register,
                tids=shared if pos.shared_tid_list else TidList(),
                clock_offset=pos.clock_offset,
                after_last_minute=pos.after_last_minute,
                force_rollover=scenario.force_rollover,
            )
            for pos in scenario.points_of_sale
        }
        self._connections = {
            meter.name: Connection(scenario, meter, self._module.decoder_key(meter.record), self._env)
            for meter in scenario.meters
        }
        self._journal = Journal(self._env, self._module, self._presumed)
        self._expectations = Expectations()
        self._local_days = tuple(_local_days(scenario))
        self._days: list[Day] = []
        self._readings: list[Reading] = []

    def record(self) -> Record:
        """Run to the end and collect the rows."""
        scenario, env = self._scenario, self._env
        for action in scenario.timeline:
            env.process(self._act(action))
        for connection in self._connections.values():
            env.process(self._keep_days(connection))
            env.process(self._take_readings(connection))
            env.process(self._watch_credit(connection))
            env.process(self._watch_limit(connection))
            if connection.setup.customer is not None:
                env.process(self._buy_and_enter(connection))
        env.run(until=scenario.end)
        for connection in self._connections.values():
            self._close_day(connection, *self._local_days[-1])
            self._readings.append(connection.reading(scenario.end))
        return Record(
            events=self._journal.events(),
            days=tuple(sorted(self._days, key=lambda row: (row.date, row.connection))),
            readings=tuple(sorted(self._readings, key=lambda row: (row.time, row.connection))),
            totals=tuple(
                connection.totals(scenario.end, self._presumed(connection), self._journal.not_entered(connection))
                for connection in self._connections.values()
            ),
            findings=self._expectations.findings(scenario.timeline),
        )

    @property
    def _now(self) -> int:
        return int(self._env.now)

    def _moment(self, instant: int, phase: Phase) -> Moment:
        return Moment(self._env, instant, phase)

    # -- books -------------------------------------------------------------------------------------------------

    def _keep_days(self, connection: Connection) -> Process:
        for day, end in self._local_days[:-1]:
            yield self._moment(end, Phase.BOOKS)
            self._close_day(connection, day, end)

    def _close_day(self, connection: Connection, day: int, end: int) -> None:
        self._days.append(connection.close_day(date_of(day).isoformat(), end, self._presumed(connection)))
        if self._on_day is not None:
            self._on_day(end)

    def _take_readings(self, connection: Connection) -> Process:
        for instant in range(self._scenario.start, self._scenario.end, self._scenario.readings_every):
            yield self._moment(instant, Phase.BOOKS)
            self._readings.append(connection.reading(instant))

    # -- the meter by itself -----------------------------------------------------------------------------------

    def _watch_credit(self, connection: Connection) -> Process:
        while True:
            if connection.meter.switch_closed and (instant := connection.credit_ends()) is not None:
                changed = connection.changed
                yield self._moment(instant, Phase.LOAD) | changed
                if changed.triggered:
                    continue
                connection.settle(instant)
                self._journal.happened(connection, EventKind.CREDIT_ENDED)
                self._set_switch(connection)
            else:
                yield connection.changed

    def _watch_limit(self, connection: Connection) -> Process:
        meter = connection.meter
        while True:
            if meter.power_limit is None:
                yield connection.changed
                continue
            changed = connection.changed
            now = self._now
            binds = meter.switch_closed and connection.load.binds(now, meter.power_limit)
            if binds != connection.limited:
                yield self._moment(now, Phase.LIMIT) | changed
                if not changed.triggered:
                    connection.limited = binds
                    self._journal.happened(connection, EventKind.LIMIT_BINDS if binds else EventKind.LIMIT_CEASES)
                continue
            instant = connection.load.binding_changes(now, meter.power_limit, self._scenario.end)
            yield changed if instant is None else self._moment(instant, Phase.LIMIT) | changed

    def _set_switch(self, connection: Connection) -> None:
        """Let the meter open or close its load switch, and say so if it moved."""
        if connection.meter.set_switch():
            self._supply_changed(connection)

    def _supply_changed(self, connection: Connection) -> None:
        closed = connection.meter.switch_closed
        self._journal.happened(connection, EventKind.SUPPLY_ON if closed else EventKind.SUPPLY_OFF)
        connection.change()

    # -- timeline ----------------------------------------------------------------------------------------------

    def _act(self, action: Action) -> Process:
        connection = self._connections[action.meter]
        yield self._moment(action.at, _PHASES[type(action)])
        connection.settle(action.at)
        if isinstance(action, timeline.Buy):
            yield from self._act_buy(connection, action)
        elif isinstance(action, timeline.ChangeKey):
            yield from self._expect(action.expect, connection, self._act_change_key(connection, action))
        elif isinstance(action, timeline.Enter):
            yield from self._act_enter(connection, action)
        elif isinstance(action, timeline.PowerCycle):
            yield from self._act_power_cycle(connection, action)
        elif isinstance(action, timeline.Tamper):
            was_closed = connection.meter.switch_closed
            connection.meter.tamper()
            self._journal.happened(connection, EventKind.TAMPERED, reason=action.cause)
            if was_closed != connection.meter.switch_closed:
                self._supply_changed(connection)
            yield from self._expect(action.expect, connection, "")
        elif isinstance(action, timeline.Observe):
            self._journal.happened(connection, EventKind.OBSERVATION, reason=action.note)
            yield from self._expect(action.expect, connection, "")
        elif isinstance(action, timeline.Manage):
            yield from self._act_manage(connection, action)

    def _act_buy(self, connection: Connection, action: timeline.Buy) -> Process:
        slip = self._sell(connection, action.tenths, action.point_of_sale, action.label, action.reserved_minute)
        if not isinstance(slip, Slip):
            yield from self._expect(action.expect, connection, slip)
        elif action.enter_after is None:
            yield from self._expect(action.expect, connection, "Issued")
        else:
            start = self._now + action.enter_after
            answer = yield from self._enter_slip(connection, slip, action.label, start, action.between_entries)
            yield from self._expect(action.expect, connection, answer.name, answer)

    def _act_change_key(self, connection: Connection, action: timeline.ChangeKey) -> str:
        pos = self._points_of_sale[action.point_of_sale]
        if action.with_purchase:
            pos.change_key_with_purchase(action.meter, action.plan)
            self._journal.happened(connection, EventKind.KEY_CHANGE_WAITING, point_of_sale=pos.name)
            return "Waiting"
        try:
            slip = pos.change_key(action.meter, action.plan, now=self._now)
        except Refusal as refusal:
            return self._journal.refused(connection, EventKind.ISSUE_REFUSED, refusal, action.label, pos.name)
        self._journal.sections_issued(connection, slip, action.label)
        return "Issued"

    def _act_enter(self, connection: Connection, action: timeline.Enter) -> Process:
        text, token = action.text, None
        label = "" if action.issued_to is None else action.text
        if action.issued_to is not None:
            token = self._journal.token(self._connections[action.issued_to], action.text)
            if token is None:
                self._journal.not_taken(connection, "", action.text, "NoToken", "it was not issued")
                yield from self._expect(action.expect, connection, "NoToken")
                return
            text = token.digits
        if action.digit_every and len(text) == DIGITS and text.isdecimal():
            typed = yield from self._type(connection, text, action.digit_every)
            if not typed:
                why = "the keypad forgot the digits between two keys"
                self._journal.not_taken(connection, text, label, "TimedOut", why)
                yield from self._expect(action.expect, connection, "TimedOut")
                return
        answer = self._enter(connection, text, label, token)
        yield from self._expect(action.expect, connection, answer.name, answer)

    def _type(self, connection: Connection, text: str, every: int) -> Generator[simpy.Event, object, bool]:
        """Type digit by digit; whether the keypad took it as an entry."""
        entry = connection.keypad.press(text[0], self._now)
        for digit in text[1:]:
            yield self._moment(self._now + every, Phase.ENTRY)
            entry = connection.keypad.press(digit, self._now)
        connection.keypad.clear()
        return entry == text

    def _act_power_cycle(self, connection: Connection, action: timeline.PowerCycle) -> Process:
        was_closed = connection.meter.switch_closed
        connection.meter.power_off()
        connection.keypad.clear()
        self._journal.happened(connection, EventKind.POWER_OFF)
        if was_closed:
            self._supply_changed(connection)
        yield self._moment(self._now + action.off_for, Phase.POWER)
        connection.settle(self._now)
        connection.meter.power_on()
        self._journal.happened(connection, EventKind.POWER_ON)
        if connection.meter.switch_closed:
            self._supply_changed(connection)
        yield from self._expect(action.expect, connection, "")

    def _act_manage(self, connection: Connection, action: timeline.Manage) -> Process:
        pos = self._points_of_sale[action.point_of_sale]
        try:
            if isinstance(action.order, MeterTestToken):
                slip = pos.test(action.order)
            else:
                command, data = action.order
                slip = pos.manage(
                    action.meter,
                    command,
                    data,
                    now=self._now,
                    rnd=self._rnd(connection, pos),
                    on_reserved_minute=action.reserved_minute,
                )
        except Refusal as refusal:
            outcome = self._journal.refused(connection, EventKind.ISSUE_REFUSED, refusal, action.label, pos.name)
            yield from self._expect(action.expect, connection, outcome)
            return
        self._journal.issued(connection, EventKind.ORDER_ISSUED, slip.tokens[0], action.label, pos.name)
        if action.enter_after:
            yield self._moment(self._now + action.enter_after, Phase.ENTRY)
        answer = self._enter(connection, slip.tokens[0].digits, action.label, slip.tokens[0])
        yield from self._expect(action.expect, connection, answer.name, answer)

    # -- vending -----------------------------------------------------------------------------------------------

    def _sell(
        self, connection: Connection, tenths: int, pos_name: str, label: str, on_reserved_minute: bool = False
    ) -> Slip | str:
        """Sell an amount; the slip, or the name of the refusal."""
        pos = self._points_of_sale[pos_name]
        try:
            slip = pos.sell(
                connection.setup.name,
                tenths=tenths,
                now=self._now,
                rnd=self._rnd(connection, pos),
                on_reserved_minute=on_reserved_minute,
            )
        except Refusal as refusal:
            return self._journal.refused(connection, EventKind.SALE_REFUSED, refusal, label, pos_name)
        if slip.key_change:
            self._journal.sections_issued(connection, slip, f"{label}.kct")
        if slip.token is not None and isinstance(slip.token.token, CreditToken):
            connection.book_purchase(slip.token.token.tenths)
            self._journal.issued(connection, EventKind.PURCHASE, slip.token, label, pos_name)
        return slip

    def _rnd(self, connection: Connection, pos: PointOfSale) -> Callable[[int], int]:
        number, seed = self._numbers[pos.name], self._scenario.seed
        return lambda minute: draw(seed, Purpose.TOKEN_RND, connection.number, minute, number) >> 28

    # -- entry -------------------------------------------------------------------------------------------------

    def _enter_slip(self, connection: Connection, slip: Slip, label: str, start: int, between: int) -> Entering:
        """Enter the tokens of a slip in printed order; the answer to the last."""
        names = [f"{label}.kct.{place}" for place in range(1, len(slip.key_change) + 1)] + [label]
        for place, (name, token) in enumerate(zip(names, slip.tokens, strict=True)):
            yield self._moment(start + place * between, Phase.ENTRY)
            answer = self._enter(connection, token.digits, name, token)
        return answer

    def _enter(self, connection: Connection, digits: str, label: str, issued: IssuedToken | None) -> Answer:
        """Enter digits at the meter and log what it answers; `issued` is the token that they are, if that is known."""
        now, meter = self._now, connection.meter
        connection.settle(now)
        credited, cleared = meter.register.credited, meter.register.cleared
        keys, closed, limit = meter.keys, meter.switch_closed, meter.power_limit
        answer = meter.enter(digits, now, connection.power(now))
        credited, cleared = meter.register.credited - credited, meter.register.cleared - cleared
        connection.book_entry(answer.status, credited, cleared)
        self._journal.entered(connection, digits, label, issued, answer, keys.key_revision, credited)
        if meter.keys is not keys:
            self._journal.happened(connection, EventKind.KEY_CHANGED, reason=f"{keys.shown} to {meter.keys.shown}")
        if meter.switch_closed != closed:
            self._supply_changed(connection)
        elif credited or cleared or meter.power_limit != limit:
            connection.change()
        return answer

    # -- customer ----------------------------------------------------------------------------------------------

    def _buy_and_enter(self, connection: Connection) -> Process:
        customer = connection.setup.customer
        assert customer is not None
        if customer.when_below is None:
            yield from self._buy_at_intervals(connection)
            return
        count = 0
        while True:
            instant = connection.falls_below(customer.when_below)
            changed = connection.changed
            if instant is None:
                yield changed
                continue
            yield self._moment(instant, Phase.PURCHASE) | changed
            if changed.triggered:
                continue
            slip = self._customer_buys(connection, count)
            accepted = False
            if isinstance(slip, Slip):
                answer = yield from self._customer_enters(connection, slip, count)
                accepted = answer.status is Status.ACCEPT
                count += 1
            if not accepted:
                yield self._moment(self._now + customer.retry_after, Phase.PURCHASE)
            connection.settle(self._now)

    def _buy_at_intervals(self, connection: Connection) -> Process:
        customer = connection.setup.customer
        assert customer is not None
        count = 0
        instant = first_purchase(
            customer,
            self._scenario.start,
            self._draw(Purpose.FIRST_PURCHASE, connection, 0),
            self._draw(Purpose.PURCHASE_INTERVAL, connection, 0),
        )
        while instant < self._scenario.end:
            yield self._moment(instant, Phase.PURCHASE)
            slip = self._customer_buys(connection, count)
            if isinstance(slip, Slip):
                self._env.process(self._ignore_result(self._customer_enters(connection, slip, count)))
            count += 1
            instant = next_purchase(customer, instant, self._draw(Purpose.PURCHASE_INTERVAL, connection, count))

    def _ignore_result(self, entering: Entering) -> Process:
        yield from entering

    def _customer_buys(self, connection: Connection, count: int) -> Slip | str:
        customer = connection.setup.customer
        assert customer is not None
        connection.settle(self._now)
        tenths = amount_bought(customer, self._draw(Purpose.PURCHASE_AMOUNT, connection, count))
        return self._sell(connection, tenths, customer.point_of_sale, _label(customer.name, count))

    def _customer_enters(self, connection: Connection, slip: Slip, count: int) -> Entering:
        customer = connection.setup.customer
        assert customer is not None
        start = self._now + entry_delay(customer, self._draw(Purpose.ENTRY_DELAY, connection, count))
        return self._enter_slip(connection, slip, _label(customer.name, count), start, customer.between_entries)

    def _draw(self, purpose: Purpose, connection: Connection, count: int) -> int:
        return draw(self._scenario.seed, purpose, connection.number, count)

    # -- rows --------------------------------------------------------------------------------------------------

    def _presumed(self, connection: Connection) -> int:
        return self._register.records[connection.setup.name].key_revision

    # -- expectations ------------------------------------------------------------------------------------------

    def _expect(
        self, expect: Expectation | None, connection: Connection, result: str, answer: Answer | None = None
    ) -> Process:
        """Hold what came of an action, and the state that its second leaves, against what was expected."""
        if expect is None:
            return
        yield self._moment(self._now, Phase.OBSERVATION)
        connection.settle(self._now)
        presumed = self._presumed(connection)
        self._expectations.hold(expect, connection, self._now, result, answer, presumed)


def _local_days(scenario: Scenario) -> Iterator[tuple[int, int]]:
    """The local days of a run, each with the second at which its books are closed: midnight, or the run's end.

    A date that a zone leaves out has no day; where a clock is put back over midnight the day begins once.
    """
    calendar, start, end = scenario.calendar, scenario.start, scenario.end
    day = calendar.day(start)
    while (midnight := calendar.midnight(day + 1)) < end:
        if midnight > start:
            yield day, midnight
            start = midnight
        day += 1
    yield day, end


def _label(customer: str, count: int) -> str:
    return f"{customer} #{count + 1}"
