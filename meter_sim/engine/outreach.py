"""A programme's channels as processes: how key changes reach the meters of an area (docs/model.md, section 9)."""

from collections.abc import Mapping

from meter_sim.distribution import happens
from meter_sim.draws import Purpose
from meter_sim.engine.connection import Connection
from meter_sim.engine.households import Household
from meter_sim.engine.moment import Phase
from meter_sim.engine.register_view import RegisterView
from meter_sim.engine.site import Process, Site
from meter_sim.programme import Channel, RegisterState
from meter_sim.programme import Phase as ProgrammePhase
from meter_sim.results.record import EventKind
from meter_sim.vending.point_of_sale import Slip

_AFTER_CREDIT = -1
"""The number under which changes are printed after the last credit, beside those of the phases."""
_NOT_OUT = (RegisterState.NOT_STARTED, RegisterState.ISSUABLE)


class Outreach:
    """Carries out the phases of a programme, but for the crews' work."""

    def __init__(self, site: Site, view: RegisterView, households: Mapping[str, Household]) -> None:
        self._site = site
        self._view = view
        self._households = households
        self._over = False

    def begin(self) -> None:
        """Start the processes of all phases."""
        site, programme = self._site, self._view.programme
        for phase in programme.phases:
            site.env.process(self._run(phase))
        last = programme.key_change_until
        over = programme.credit_until is not None and last is not None and last // 60 <= programme.credit_until // 60
        if programme.credit_until is not None and not programme.replace_all and not over:
            site.env.process(self._after_credit(programme.credit_until))
        if programme.key_change_until is not None:
            site.env.process(self._after_key_changes(programme.key_change_until))

    def _run(self, phase: ProgrammePhase) -> Process:
        site, connections = self._site, self._in_area(phase.area)
        yield site.moment(phase.start, Phase.PROGRAMME)
        self._view.begun.add(phase.area)
        if phase.channel is Channel.WITH_PURCHASE:
            self._print_with_purchases(phase.area, phase.number, phase.print_with)
            if phase.end is not None:
                yield site.moment(phase.end, Phase.PROGRAMME)
                self._withdraw(phase.area, phase.number)
        elif phase.channel is not Channel.CREW:
            for place, connection in enumerate(connections):
                told = phase.start + phase.send_over * place // len(connections)
                site.env.process(self._tell(phase, connection, told))

    def _after_credit(self, deadline: int) -> Process:
        """Once no credit is sold for the old key, areas with a phase print the change with the next purchase (G)."""
        yield self._site.moment(_next_minute(deadline), Phase.PROGRAMME)
        for area in dict.fromkeys(phase.area for phase in self._view.programme.phases):
            self._view.begun.add(area)
            self._print_with_purchases(area, _AFTER_CREDIT, 1)

    def _after_key_changes(self, deadline: int) -> Process:
        """Once no key change is issued any more, none waits for a purchase, which would be refused with it."""
        yield self._site.moment(_next_minute(deadline), Phase.PROGRAMME)
        for area, phases in self._site.with_purchase.items():
            for number in list(phases):
                self._withdraw(area, number)
        self._over = True

    def _print_with_purchases(self, area: str, number: int, times: int) -> None:
        """Print changes with purchases from now on; those that wait already go on waiting."""
        site = self._site
        if self._over:
            return
        site.with_purchase.setdefault(area, {})[number] = times
        for connection in self._in_area(area):
            if connection.setup.name not in site.register.waiting:
                site.put_down(connection)

    def _withdraw(self, area: str, number: int) -> None:
        """End a phase's printing with purchases; where it was the last, a change that still waits waits no more."""
        site = self._site
        phases = site.with_purchase.get(area, {})
        phases.pop(number, None)
        if phases:
            return
        for connection in self._in_area(area):
            site.register.waiting.pop(connection.setup.name, None)
            site.register.printings.pop(connection.setup.name, None)

    def _tell(self, phase: ProgrammePhase, connection: Connection, told: int) -> Process:
        """A message to one customer: the sections themselves, or how to come by them."""
        site = self._site
        yield site.moment(told, Phase.PROGRAMME)
        if phase.end is not None and told >= phase.end:
            return
        if not self._is_wanted(connection):
            return
        site.count(connection, "messages")
        site.journal.happened(connection, EventKind.MESSAGE, reason=phase.channel.value)
        slip: Slip | str | None = self._issued(connection, phase) if phase.channel is Channel.SENT else None
        household = self._households.get(connection.setup.name)
        if household is None or not happens(phase.reaches, site.draw(Purpose.REACHED, connection, phase.number)):
            return
        if phase.channel is Channel.SENT:
            if isinstance(slip, Slip):
                household.receive(slip, self._label(phase), phase.number, told)
            return
        instant = household.answers(phase.number, told)
        if instant is None:
            return
        if phase.channel is Channel.OFFICE:
            yield site.moment(instant, Phase.DELIVERY)
            yield from household.ask_office()
        else:
            yield site.moment(instant, Phase.DELIVERY)
        if phase.end is not None and site.now >= phase.end:
            return
        if self._is_wanted(connection):
            slip = self._issued(connection, phase)
        elif self._view.presumed(connection) is RegisterState.PRESUMED:
            return
        else:  # it was issued before: the same sections once more
            slip = site.reprint_key_change(connection, site.counter.name, self._label(phase))
        if isinstance(slip, Slip):
            household.enter_sections(slip, self._label(phase), phase.number)

    def _issued(self, connection: Connection, phase: ProgrammePhase) -> Slip | str:
        site = self._site
        connection.settle(site.now)
        plan = self._view.programme.plan
        return site.change_key(connection, plan, site.counter.name, self._label(phase), phase.channel.value)

    def _is_wanted(self, connection: Connection) -> bool:
        return self._view.presumed(connection) in _NOT_OUT and self._view.is_open(connection.setup.name)

    def _in_area(self, area: str) -> list[Connection]:
        return [connection for connection in self._site.connections.values() if connection.setup.area == area]

    @staticmethod
    def _label(phase: ProgrammePhase) -> str:
        return f"{phase.channel.value} {phase.number + 1}"


def _next_minute(instant: int) -> int:
    """The first second after the minute of an instant, until whose end a key issues."""
    return instant // 60 * 60 + 60
