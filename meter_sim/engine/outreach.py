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

_NOT_OUT = (RegisterState.NOT_STARTED, RegisterState.ISSUABLE)


class Outreach:
    """Carries out the phases of a programme, but for the crews' work."""

    def __init__(self, site: Site, view: RegisterView, households: Mapping[str, Household]) -> None:
        self._site = site
        self._view = view
        self._households = households

    def begin(self) -> None:
        """Start the processes of all phases."""
        site, programme = self._site, self._view.programme
        for phase in programme.phases:
            site.env.process(self._run(phase))
        if programme.credit_until is not None and not programme.replace_all:
            site.env.process(self._after_credit(programme.credit_until))

    def _run(self, phase: ProgrammePhase) -> Process:
        site, connections = self._site, self._in_area(phase.area)
        yield site.moment(phase.start, Phase.PROGRAMME)
        self._view.begun.add(phase.area)
        if phase.channel is Channel.WITH_PURCHASE:
            site.with_purchase[phase.area] = phase.print_with
            for connection in connections:
                site.put_down(connection)
            if phase.end is not None:
                yield site.moment(phase.end, Phase.PROGRAMME)
                self._withdraw(phase.area)
        elif phase.channel is not Channel.CREW:
            reached = [connection for connection in connections if not connection.setup.dead]
            for place, connection in enumerate(reached):
                told = phase.start + phase.send_over * place // len(reached)
                site.env.process(self._tell(phase, connection, told))

    def _after_credit(self, deadline: int) -> Process:
        """Once no credit is sold for the old key, every point of sale prints the change with the next purchase (G)."""
        site, programme = self._site, self._view.programme
        yield site.moment(deadline // 60 * 60 + 60, Phase.PROGRAMME)
        for area in {phase.area for phase in programme.phases}:
            site.with_purchase.setdefault(area, 1)
            self._view.begun.add(area)
            for connection in self._in_area(area):
                if connection.setup.name not in site.register.waiting:
                    site.put_down(connection)

    def _withdraw(self, area: str) -> None:
        """End printing with purchases; a change that still waits waits no more."""
        site = self._site
        site.with_purchase.pop(area, None)
        for connection in self._in_area(area):
            site.register.waiting.pop(connection.setup.name, None)
            site.register.printings.pop(connection.setup.name, None)

    def _tell(self, phase: ProgrammePhase, connection: Connection, told: int) -> Process:
        """A message to one customer: the sections themselves, or how to come by them."""
        site, view = self._site, self._view
        yield site.moment(told, Phase.PROGRAMME)
        if phase.end is not None and told >= phase.end:
            return
        if not self._is_wanted(connection):
            return
        site.count(connection, "messages")
        site.journal.happened(connection, EventKind.MESSAGE, reason=phase.channel.value)
        slip = self._issued(connection, phase) if phase.channel is Channel.SENT else None
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
            yield from household.ask_office(instant)
        else:
            yield site.moment(instant, Phase.DELIVERY)
        if self._is_wanted(connection) and (phase.end is None or site.now < phase.end):
            slip = self._issued(connection, phase)
            if isinstance(slip, Slip):
                household.enter_sections(slip, self._label(phase), phase.number)
        elif not view.holds_target(connection):
            again = site.reprint_key_change(connection, site.counter.name, self._label(phase))
            if again is not None:
                household.enter_sections(again, self._label(phase), phase.number)

    def _issued(self, connection: Connection, phase: ProgrammePhase) -> Slip | str:
        site = self._site
        connection.settle(site.now)
        plan = self._view.programme.plan
        return site.change_key(connection, plan, site.counter.name, self._label(phase), phase.channel.value)

    def _is_wanted(self, connection: Connection) -> bool:
        return self._view.presumed(connection) in _NOT_OUT and connection.setup.name not in self._view.cannot

    def _in_area(self, area: str) -> list[Connection]:
        return [connection for connection in self._site.connections.values() if connection.setup.area == area]

    @staticmethod
    def _label(phase: ProgrammePhase) -> str:
        return f"{phase.channel.value} {phase.number + 1}"
