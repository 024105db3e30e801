"""What a run takes place in: points of sale, connections, the journal, and what passes between them."""

from collections.abc import Callable, Generator

import simpy

from meter_sim.draws import Purpose, draw
from meter_sim.engine.connection import Connection
from meter_sim.engine.journal import Journal
from meter_sim.engine.moment import Moment, Phase
from meter_sim.meter.answer import Answer
from meter_sim.results.record import EventKind
from meter_sim.scenario.scenario import Scenario
from meter_sim.sts.token import CreditToken, Service
from meter_sim.vending.point_of_sale import MeterRegister, PointOfSale, Slip, TidList
from meter_sim.vending.refusal import Refusal
from meter_sim.vending.secure_module import IssuedToken, SecureModule

Process = Generator[simpy.Event, object, None]
Entering = Generator[simpy.Event, object, Answer]


class Site:
    """The vending side and the connections of one run.

    `env` is SimPy's clock, `connections` and `points_of_sale` go by name, `journal` is the event log.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.env = simpy.Environment(initial_time=scenario.start)
        module = SecureModule(scenario.vending_keys)
        self._register = MeterRegister({meter.name: meter.record for meter in scenario.meters})
        shared = TidList()
        self._numbers = {pos.name: pos.number for pos in scenario.points_of_sale}
        self.points_of_sale = {
            pos.name: PointOfSale(
                name=pos.name,
                module=module,
                register=self._register,
                tids=shared if pos.shared_tid_list else TidList(),
                clock_offset=pos.clock_offset,
                after_last_minute=pos.after_last_minute,
                force_rollover=scenario.force_rollover,
            )
            for pos in scenario.points_of_sale
        }
        self.connections = {
            meter.name: Connection(scenario, meter, module.decoder_key(meter.record), self.env)
            for meter in scenario.meters
        }
        self.journal = Journal(self.env, module, self.presumed)

    @property
    def now(self) -> int:
        """The second that the run has come to."""
        return int(self.env.now)

    def moment(self, instant: int, phase: Phase) -> Moment:
        """An event at an instant, in its phase."""
        return Moment(self.env, instant, phase)

    def presumed(self, connection: Connection) -> int:
        """The key revision that the vending side's register holds for a connection's meter."""
        return self._register.records[connection.setup.name].key_revision

    def draw(self, purpose: Purpose, connection: Connection, count: int) -> int:
        """The 32-bit draw of a connection for a purpose."""
        return draw(self.scenario.seed, purpose, connection.number, count)

    # -- supply ------------------------------------------------------------------------------------------------

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
    ) -> Slip | str:
        """Sell an amount, or print the slip of a repeated request again; the slip, or the name of the refusal."""
        pos = self.points_of_sale[pos_name]
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
            )
        except Refusal as refusal:
            return self.journal.refused(connection, EventKind.SALE_REFUSED, refusal, label, pos_name)
        kind = EventKind.PURCHASE if slip is not before else EventKind.REPRINT
        if slip.key_change:
            self.journal.sections_issued(connection, slip, f"{label}.kct", reprint=slip is before)
        if slip.token is not None:
            if slip is not before:
                token = slip.token.token
                in_kwh = isinstance(token, CreditToken) and token.service is Service.ELECTRICITY
                connection.book_purchase(token.tenths if isinstance(token, CreditToken) and in_kwh else 0)
            self.journal.issued(connection, kind, slip.token, label, pos_name)
        return slip

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

    def enter(self, connection: Connection, digits: str, label: str, issued: IssuedToken | None) -> Answer:
        """Enter digits at the meter and log what it answers; `issued` is the token that they are, if that is known."""
        now, meter = self.now, connection.meter
        connection.settle(now)
        credited, cleared = meter.register.credited, meter.register.cleared
        keys, closed, limit = meter.keys, meter.switch_closed, meter.power_limit
        answer = meter.enter(digits, now, connection.power(now))
        credited, cleared = meter.register.credited - credited, meter.register.cleared - cleared
        connection.book_entry(answer.status, credited, cleared)
        self.journal.entered(connection, digits, label, issued, answer, keys.key_revision, credited)
        if meter.keys is not keys:
            self.journal.happened(connection, EventKind.KEY_CHANGED, reason=f"{keys.shown} to {meter.keys.shown}")
        if meter.switch_closed != closed:
            self.supply_changed(connection)
        elif credited or cleared or meter.power_limit != limit or meter.switch_closed != meter.may_supply:
            connection.change()
        return answer
