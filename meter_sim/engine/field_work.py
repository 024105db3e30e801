"""Field crews as processes: a depot takes the day's work at its start and its crews go from door to door."""

from collections.abc import Generator
from dataclasses import dataclass

import simpy

from meter_sim.distribution import happens
from meter_sim.draws import Purpose
from meter_sim.engine.area import AreaRun
from meter_sim.engine.clerk import Clerk
from meter_sim.engine.connection import Connection
from meter_sim.engine.moment import Phase
from meter_sim.engine.register_view import RegisterView
from meter_sim.engine.site import Process, Sale, Site, tenths_of
from meter_sim.local_time import DAY
from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.tid_store import made_the_day_before
from meter_sim.people.crew import Depot, Job, VisitOutcome, day_plan, stop_instant
from meter_sim.programme import Channel, RegisterState, TrueState, Visit
from meter_sim.programme import Phase as ProgrammePhase
from meter_sim.results.record import EventKind
from meter_sim.scenario.meter_numbers import pan_of
from meter_sim.sts.token import Service
from meter_sim.vending.point_of_sale import Slip
from meter_sim.vending.secure_module import MeterRecord

Going = Generator[simpy.Event, object, VisitOutcome]

ENTRY_TAKES = 40
"""Seconds in which a crew enters a token (G)."""


@dataclass(slots=True)
class Task:
    """A meter that a crew is to go to.

    `due` is the first local day on which; `phases` are the phases that send the crew, None for a meter that somebody
    asked for; `visits` are those made so far.
    """

    connection: Connection
    job: Job
    due: int
    phases: set[int] | None
    visits: int = 0
    appointment: bool = False


class DepotRun:
    """The crews of one area during a run. `stock` counts the replacement meters that it has."""

    def __init__(self, site: Site, view: RegisterView, area: AreaRun, depot: Depot) -> None:
        self._site = site
        self._view = view
        self._area = area
        self._depot = depot
        self._clerk = Clerk(site)
        self._tasks: dict[int, Task] = {}
        self._visits: dict[int, int] = {}
        self._locked: set[int] = set()
        """Connections at which a visit found nobody."""
        self._active: dict[int, int | None] = {}
        """Phases that send crews now, with the instant at which each ends."""
        self._delivered = 0
        self.stock = depot.stock

    @property
    def waiting(self) -> int:
        """Meters that a crew is to go to."""
        return len(self._tasks)

    @property
    def replacements_waiting(self) -> int:
        """Of these, meters that are to be replaced."""
        return sum(task.job is Job.REPLACE for task in self._tasks.values())

    def replace(self, connection: Connection) -> None:
        """Put a meter down for replacement, if the programme has a model for it."""
        if self._view.programme.replacement is not None and not connection.replaced:
            known = self._tasks.get(connection.number)
            visits = 0 if known is None else known.visits
            self._tasks[connection.number] = Task(connection, Job.REPLACE, self._today() + 1, None, visits)

    def look_after(self, connection: Connection) -> None:
        """Put a meter down for a visit, if crews are sent out now."""
        if self._active and connection.number not in self._tasks:
            self._tasks[connection.number] = Task(connection, Job.CHANGE_KEY, self._today() + 1, None)

    def begin(self) -> None:
        """Start the processes: the phases that send crews, and the working days."""
        for phase in self._view.programme.phases:
            if phase.area == self._area.area.name and phase.channel is Channel.CREW:
                self._site.env.process(self._send(phase))
        self._site.env.process(self._work())

    # -- work --------------------------------------------------------------------------------------------------

    def _send(self, phase: ProgrammePhase) -> Process:
        """Put down the meters that a phase sends crews to, and drop what is open at its end."""
        site, view = self._site, self._view
        yield site.moment(phase.start, Phase.PROGRAMME)
        view.begun.add(phase.area)
        job = Job.REPLACE if view.programme.replace_all else Job.CHANGE_KEY
        for connection in site.connections.values():
            if connection.setup.area == phase.area and self._wants_visit(connection, phase.visit):
                task = self._tasks.setdefault(connection.number, Task(connection, job, self._today(), set()))
                if task.phases is not None:
                    task.phases.add(phase.number)
        self._active[phase.number] = phase.end
        if phase.end is not None:
            yield site.moment(phase.end, Phase.PROGRAMME)
            del self._active[phase.number]
            for number in [number for number, task in self._tasks.items() if not self._is_sent(task)]:
                del self._tasks[number]

    def _is_sent(self, task: Task) -> bool:
        """Whether a phase that goes on sends a crew to this meter, or somebody asked for it."""
        if task.phases is None:
            return True
        ends = [self._active[number] for number in task.phases if number in self._active]
        return any(end is None or end > self._site.now for end in ends)

    def _wants_visit(self, connection: Connection, visit: Visit) -> bool:
        state = self._view.presumed(connection)
        if connection.setup.name in self._view.cannot and not self._view.programme.replace_all:
            return False
        if state is RegisterState.ISSUED:
            return visit is Visit.UNCONFIRMED
        return state in (RegisterState.NOT_STARTED, RegisterState.ISSUABLE)

    def _work(self) -> Process:
        site, calendar, hours = self._site, self._site.scenario.calendar, self._depot.hours
        day = hours.day_open_after(calendar, site.scenario.start)
        while True:
            opens, closes = hours.span(calendar, day)
            if opens >= site.scenario.end:
                return
            if opens >= site.now:
                yield site.moment(opens, Phase.PROGRAMME)
                self._plan_day(opens, closes)
            day += 1
            while not hours.open_on(day):
                day += 1

    def _plan_day(self, opens: int, closes: int) -> None:
        """Take the day's work: what is due, appointments first, then by the day on which it became due."""
        self._receive(opens)
        self._drop_done()
        today, left = self._today(), self.stock
        due = sorted(
            (task for task in self._tasks.values() if task.due <= today and self._is_sent(task)),
            key=lambda task: (not task.appointment, task.due, task.connection.number),
        )
        tasks = []
        for task in due:
            if task.job is Job.REPLACE:
                if not left:
                    continue
                left -= 1
            tasks.append(task)
        for stop in day_plan(self._depot, [task.job for task in tasks]):
            task = tasks[stop.job]
            del self._tasks[task.connection.number]
            if task.job is Job.REPLACE:
                self.stock -= 1
            takes = self._depot.replacement_takes if task.job is Job.REPLACE else 1
            self._area.counts["visits_time_for"] += takes
            self._site.env.process(self._visit(task, stop_instant(self._depot, opens, closes, stop)))

    def _receive(self, now: int) -> None:
        deliveries = self._depot.deliveries
        self.stock += sum(delivery.meters for delivery in deliveries if self._delivered <= delivery.at < now + 1)
        self._delivered = now + 1

    def _drop_done(self) -> None:
        """Leave out meters that a purchase or a report has confirmed since."""
        for number, task in list(self._tasks.items()):
            state = self._view.presumed(task.connection)
            if state in (RegisterState.PRESUMED, RegisterState.OUT_OF_SCOPE) and task.job is Job.CHANGE_KEY:
                del self._tasks[number]

    # -- a visit -----------------------------------------------------------------------------------------------

    def _visit(self, task: Task, instant: int) -> Process:
        site, connection, counts = self._site, task.connection, self._area.counts
        yield site.moment(instant, Phase.ENTRY)
        number = self._visits[connection.number] = self._visits.get(connection.number, -1) + 1
        task.visits += 1
        connection.settle(site.now)
        outcome = yield from self._outcome(task, number)
        counts["visits"] += 1
        counts["revisits"] += connection.number in self._locked
        if outcome is VisitOutcome.NO_ACCESS:
            self._locked.add(connection.number)
        counts[f"visits_{outcome.value.replace(' ', '_')}"] += 1
        site.journal.happened(connection, EventKind.VISIT, reason=outcome.value)
        if task.job is Job.REPLACE and outcome is not VisitOutcome.REPLACED:
            self.stock += 1
        if outcome is VisitOutcome.NO_ACCESS:
            self._come_back(task, number)
        elif outcome is VisitOutcome.CANNOT_CHANGE:
            self._view.cannot.add(connection.setup.name)
            self.replace(connection)

    def _outcome(self, task: Task, number: int) -> Going:
        site, view, connection = self._site, self._view, task.connection
        if connection.setup.dead:
            view.struck_off.add(connection.setup.name)
            return VisitOutcome.NOT_FOUND
        locked = happens(self._depot.no_access, site.draw(Purpose.ACCESS, connection, number))
        if locked and not task.appointment:
            return VisitOutcome.NO_ACCESS
        if view.true(connection, site.now) is TrueState.NEW:
            self._clerk.put_register_right(connection)
            view.reported(connection.setup.name)
            return VisitOutcome.ALREADY
        if task.job is Job.REPLACE:
            return self._replace(connection)
        return (yield from self._change_key(connection))

    def _come_back(self, task: Task, number: int) -> None:
        """After a visit without access: an appointment, a later visit, or none any more."""
        site, depot = self._site, self._depot
        if task.visits >= depot.most_visits or not self._is_sent(task):
            return
        task.appointment = happens(depot.calls_back, site.draw(Purpose.CALLS_BACK, task.connection, number))
        after = depot.appointment_after if task.appointment else depot.revisit_after
        if task.appointment:
            self._area.counts["appointments"] += 1
        task.due = site.scenario.calendar.day(site.now + max(after, DAY))
        self._tasks[task.connection.number] = task

    def _change_key(self, connection: Connection) -> Going:
        """Enter the sections; where the meter refuses them, read it, put the register right and try once more."""
        site, view, name = self._site, self._view, connection.setup.name
        for attempt in range(2):
            slip: Slip | str | None = site.reprint_key_change(connection, site.counter.name, "crew")
            if slip is None:
                slip = site.change_key(connection, view.programme.plan, site.counter.name, "crew", Channel.CREW.value)
            if not isinstance(slip, Slip):
                return VisitOutcome.NOT_ISSUED
            for place, token in enumerate(slip.key_change, 1):
                site.enter(connection, token.digits, f"crew.{place}", token, by=Channel.CREW.value)
                yield site.moment(site.now + ENTRY_TAKES, Phase.ENTRY)
            if view.holds_target(connection):
                view.reported(name)
                return VisitOutcome.CHANGED
            if not connection.meter.model.takes_key_changes:
                self._clerk.put_register_right(connection)
                return VisitOutcome.CANNOT_CHANGE
            if attempt == 0 and not self._clerk.put_register_right(connection):
                break
        return VisitOutcome.NOT_TAKEN

    def _replace(self, connection: Connection) -> VisitOutcome:
        """Put a new meter in place, made with the new key, and credit what was left on the old one."""
        site, view = self._site, self._view
        model = view.programme.replacement
        assert model is not None
        old = view.target(connection.setup.name)
        record = MeterRecord(
            pan_of(connection.number, connection.replaced + 1),
            model.encryption,
            old.supply_group,
            old.key_revision,
            old.tariff_index,
        )
        vending_key = site.module.vending_key(record.supply_group, record.key_revision)
        if vending_key.active_from is not None and site.now < vending_key.active_from:
            return VisitOutcome.NOT_ISSUED  # what is left on the old meter could not be credited
        keys = KeyRegister(
            key=site.module.decoder_key(record),
            key_type=vending_key.key_type,
            supply_group=record.supply_group,
            key_revision=record.key_revision,
            tariff_index=record.tariff_index,
            key_expiry=vending_key.key_expiry,
        )
        made = made_the_day_before(site.now, vending_key.base_date)
        was_closed = connection.meter.switch_closed
        new = Meter(record.pan, keys, model=model, manufacture_tid=made)
        if not connection.meter.powered:
            new.power_off()
        service, left = _left(connection.meter)
        connection.replace_meter(new, site.now)
        site.count_lost(connection)
        view.replaced(connection.setup.name, record)
        self._area.counts["changed_replaced"] += 1
        site.journal.happened(connection, EventKind.REPLACED, reason=record.pan.digits)
        if was_closed:
            site.supply_changed(connection)
        else:
            connection.change()
        if left:
            slip = site.sell(connection, left, site.counter.name, "crew credit", service=service, kind=Sale.REPLACES)
            if isinstance(slip, Slip) and slip.token is not None:
                site.count(connection, "replaced_tokens")
                site.count(connection, "replaced_tenths", tenths_of(slip.token))
                site.enter(connection, slip.token.digits, "crew credit", slip.token, by="replaced")
        return VisitOutcome.REPLACED

    def _today(self) -> int:
        return self._site.scenario.calendar.day(self._site.now)


def _left(meter: Meter) -> tuple[Service, int]:
    """What is left on the register that the switch goes by, as a token says it, in the customer's favour."""
    if Service.ELECTRICITY in meter.registers:
        return Service.ELECTRICITY, -(-meter.register.balance // WS_PER_TENTH)
    service = meter.model.services[0]
    return service, meter.registers[service].balance
