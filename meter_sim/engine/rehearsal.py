"""The timeline of a scenario as processes: each action at its moment, and what it was expected to bring."""

from meter_sim.engine.by_hand import issue_order, power_off, power_on, tamper
from meter_sim.engine.connection import Connection
from meter_sim.engine.expectations import Expectations
from meter_sim.engine.moment import Phase
from meter_sim.engine.site import Process, Site
from meter_sim.meter.answer import Answer
from meter_sim.results.record import EventKind
from meter_sim.scenario.scenario import (
    Action,
    Buy,
    ChangeKey,
    Enter,
    Expectation,
    Manage,
    Observe,
    PowerCycle,
    Tamper,
)
from meter_sim.sts.token import DIGITS
from meter_sim.vending.point_of_sale import Slip

_PHASES: dict[type[Action], Phase] = {
    PowerCycle: Phase.POWER,
    Tamper: Phase.POWER,
    ChangeKey: Phase.PROGRAMME,
    Enter: Phase.ENTRY,
    Manage: Phase.ENTRY,
    Buy: Phase.PURCHASE,
    Observe: Phase.OBSERVATION,
}


class Rehearsal:
    """The hand-written part of a scenario. `expectations` collects what came of it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.expectations = Expectations()

    def act(self, action: Action) -> Process:
        """One action, from its moment to the last of what follows from it."""
        site = self._site
        connection = site.connections[action.meter]
        yield site.moment(action.at, _PHASES[type(action)])
        connection.settle(action.at)
        if isinstance(action, Buy):
            yield from self._buy(connection, action)
        elif isinstance(action, ChangeKey):
            yield from self._expect(action.expect, connection, self._change_key(connection, action))
        elif isinstance(action, Enter):
            yield from self._enter(connection, action)
        elif isinstance(action, PowerCycle):
            yield from self._power_cycle(connection, action)
        elif isinstance(action, Tamper):
            tamper(site, connection, action.cause)
            yield from self._expect(action.expect, connection)
        elif isinstance(action, Observe):
            site.journal.happened(connection, EventKind.OBSERVATION, reason=action.note)
            yield from self._expect(action.expect, connection)
        elif isinstance(action, Manage):
            yield from self._manage(connection, action)

    def _buy(self, connection: Connection, action: Buy) -> Process:
        site = self._site
        slip = site.sell(
            connection,
            action.amount,
            action.point_of_sale,
            action.label,
            on_reserved_minute=action.reserved_minute,
            service=action.service,
            request=action.request,
        )
        if not isinstance(slip, Slip):
            yield from self._expect(action.expect, connection, slip)
        elif action.enter_after is None:
            yield from self._expect(action.expect, connection, "Issued")
        else:
            start = site.now + action.enter_after
            answer = yield from site.enter_slip(connection, slip, action.label, start, action.between_entries)
            yield from self._expect(action.expect, connection, answer.name, answer)

    def _change_key(self, connection: Connection, action: ChangeKey) -> str:
        site = self._site
        pos = site.points_of_sale[action.point_of_sale]
        if action.with_purchase:
            pos.change_key_with_purchase(action.meter, action.plan)
            site.journal.happened(connection, EventKind.KEY_CHANGE_WAITING, point_of_sale=pos.name)
            return "Waiting"
        slip = site.change_key(connection, action.plan, pos.name, action.label, "timeline")
        return "Issued" if isinstance(slip, Slip) else slip

    def _enter(self, connection: Connection, action: Enter) -> Process:
        site = self._site
        text, label, token = action.text, "", None
        if action.issued_to is not None:
            label = action.text
            token = site.journal.token(site.connections[action.issued_to], label)
            if token is None:
                site.journal.not_taken(connection, "", label, "NoToken", "it was not issued")
                yield from self._expect(action.expect, connection, "NoToken")
                return
            text = token.digits
        if action.digit_every and len(text) == DIGITS and text.isdecimal():
            typed = yield from site.type_digits(connection, text, action.digit_every)
            if not typed:
                why = "the keypad forgot the digits between two keys"
                site.journal.not_taken(connection, text, label, "TimedOut", why)
                yield from self._expect(action.expect, connection, "TimedOut")
                return
        answer = site.enter(connection, text, label, token)
        yield from self._expect(action.expect, connection, answer.name, answer)

    def _power_cycle(self, connection: Connection, action: PowerCycle) -> Process:
        site = self._site
        power_off(site, connection)
        yield site.moment(site.now + action.off_for, Phase.POWER)
        power_on(site, connection)
        yield from self._expect(action.expect, connection)

    def _manage(self, connection: Connection, action: Manage) -> Process:
        site = self._site
        token = issue_order(
            site,
            connection,
            action.order,
            action.point_of_sale,
            action.label,
            reserved_minute=action.reserved_minute,
        )
        if isinstance(token, str):
            yield from self._expect(action.expect, connection, token)
            return
        if action.enter_after:
            yield site.moment(site.now + action.enter_after, Phase.ENTRY)
        answer = site.enter(connection, token.digits, action.label, token)
        yield from self._expect(action.expect, connection, answer.name, answer)

    def _expect(
        self, expect: Expectation | None, connection: Connection, result: str = "", answer: Answer | None = None
    ) -> Process:
        """Hold what came of an action, and the state that its second leaves, against what was expected."""
        if expect is None:
            return
        site = self._site
        yield site.moment(site.now, Phase.OBSERVATION)
        connection.settle(site.now)
        self.expectations.hold(expect, connection, site.now, result, answer, site.presumed(connection))
