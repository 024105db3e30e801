"""The reference engine: every meter and customer is a SimPy process. The plain statement of docs/model.md."""

from collections.abc import Callable, Iterator

from meter_sim.engine.connection import Connection
from meter_sim.engine.households import Household
from meter_sim.engine.moment import Phase
from meter_sim.engine.rehearsal import Rehearsal
from meter_sim.engine.site import Process, Site
from meter_sim.local_time import date_of
from meter_sim.results.record import Day, EventKind, Reading, Record
from meter_sim.scenario.scenario import Scenario


def run(scenario: Scenario, on_day: Callable[[int], None] | None = None) -> Record:
    """Run a scenario from start to end. `on_day` is told the second of each midnight, for a progress bar."""
    return _Run(scenario, on_day).record()


class _Run:
    """One run: the processes of each connection, and the rows that come of them."""

    def __init__(self, scenario: Scenario, on_day: Callable[[int], None] | None) -> None:
        self._scenario = scenario
        self._on_day = on_day
        self._site = Site(scenario)
        self._rehearsal = Rehearsal(self._site)
        self._local_days = tuple(_local_days(scenario))
        self._days: list[Day] = []
        self._readings: list[Reading] = []

    def record(self) -> Record:
        """Run to the end and collect the rows."""
        scenario, site = self._scenario, self._site
        connections = list(site.connections.values())
        for action in scenario.timeline:
            site.env.process(self._rehearsal.act(action))
        for connection in connections:
            site.env.process(self._keep_days(connection))
            site.env.process(self._take_readings(connection))
            site.env.process(self._watch_credit(connection))
            site.env.process(self._watch_limit(connection))
            if connection.setup.customer is not None:
                site.env.process(Household(site, connection, connection.setup.customer).live())
        site.env.run(until=scenario.end)
        for connection in connections:
            self._close_day(connection, *self._local_days[-1])
            self._readings.append(connection.reading(scenario.end))
        return Record(
            events=site.journal.events(),
            days=tuple(sorted(self._days, key=lambda row: (row.date, row.connection))),
            readings=tuple(sorted(self._readings, key=lambda row: (row.time, row.connection))),
            totals=tuple(
                connection.totals(scenario.end, site.presumed(connection), site.journal.not_entered(connection))
                for connection in connections
            ),
            findings=self._rehearsal.expectations.findings(scenario.timeline),
        )

    def _keep_days(self, connection: Connection) -> Process:
        for day, end in self._local_days[:-1]:
            yield self._site.moment(end, Phase.BOOKS)
            self._close_day(connection, day, end)

    def _close_day(self, connection: Connection, day: int, end: int) -> None:
        self._days.append(connection.close_day(date_of(day).isoformat(), end, self._site.presumed(connection)))
        if self._on_day is not None:
            self._on_day(end)

    def _take_readings(self, connection: Connection) -> Process:
        for instant in range(self._scenario.start, self._scenario.end, self._scenario.readings_every):
            yield self._site.moment(instant, Phase.BOOKS)
            self._readings.append(connection.reading(instant))

    def _watch_credit(self, connection: Connection) -> Process:
        """Open the load switch in the load phase of the second in which credit ends."""
        site = self._site
        while True:
            changed = connection.changed
            instant = connection.credit_ends() if connection.meter.switch_closed else None
            if instant is None:
                yield changed
                continue
            yield site.moment(instant, Phase.LOAD) | changed
            if not changed.triggered:
                site.journal.happened(connection, EventKind.CREDIT_ENDED)
                site.set_switch(connection)

    def _watch_limit(self, connection: Connection) -> Process:
        """Say when the power limit begins and ceases to bind."""
        site, meter = self._site, connection.meter
        while True:
            changed = connection.changed
            if meter.power_limit is None:
                yield changed
                continue
            binds = meter.switch_closed and connection.load.binds(site.now, meter.power_limit)
            if binds != connection.limited:
                yield site.moment(site.now, Phase.LIMIT) | changed
                if not changed.triggered:
                    connection.limited = binds
                    site.journal.happened(connection, EventKind.LIMIT_BINDS if binds else EventKind.LIMIT_CEASES)
                continue
            instant = connection.load.binding_changes(site.now, meter.power_limit, self._scenario.end)
            yield changed if instant is None else site.moment(instant, Phase.LIMIT) | changed


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
