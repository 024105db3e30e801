"""The reference engine: every meter, customer and crew is a SimPy process. The plain statement of docs/model.md."""

from collections.abc import Callable, Iterator

from meter_sim.detail import Detail, Keep
from meter_sim.engine.area_books import AreaBooks
from meter_sim.engine.connection import Connection
from meter_sim.engine.field_work import DepotRun
from meter_sim.engine.households import Household
from meter_sim.engine.local_days import local_days
from meter_sim.engine.moment import Phase
from meter_sim.engine.outcome import outcome_of
from meter_sim.engine.outreach import Outreach
from meter_sim.engine.rehearsal import Rehearsal
from meter_sim.engine.site import Process, Site
from meter_sim.engine.watches import watch_credit, watch_limit
from meter_sim.local_time import date_of
from meter_sim.meter.answer import Status
from meter_sim.results.area_day import AreaDay
from meter_sim.results.record import Day, Reading, Record
from meter_sim.scenario.scenario import Scenario


def run(scenario: Scenario, on_day: Callable[[int], None] | None = None, detail: Detail | Keep = Detail.ALL) -> Record:
    """Run a scenario from start to end.

    `on_day` is told the second of each midnight, for a progress bar; `detail` says which events are kept of meters that
    are not listed by themselves. Raises BehaviourError where a behaviour of the user's own fails.
    """
    return _Run(scenario, on_day, Keep.of(detail)).record()


class _Run:
    """One run: the processes of each connection, and the rows that come of them."""

    def __init__(self, scenario: Scenario, on_day: Callable[[int], None] | None, keep: Keep) -> None:
        self._scenario = scenario
        self._on_day = on_day
        self._site = Site(scenario, keep)
        self._rehearsal = Rehearsal(self._site)
        self._local_days = tuple(local_days(scenario))
        self._connections = tuple(self._site.connections.values())
        self._listed = tuple(connection for connection in self._connections if connection.setup.listed)
        self._days: list[Day] = []
        self._unlisted = [0] * len(Status)
        self._area_days: list[AreaDay] = []
        self._readings: list[Reading] = []
        self._depots = self._made_depots()
        self._books = tuple(self._made_books())

    def _made_depots(self) -> dict[str, DepotRun]:
        site, view = self._site, self._site.view
        if view is None:
            return {}
        return {
            name: DepotRun(site, view, area, area.area.depot)
            for name, area in site.areas.items()
            if area.area.depot is not None
        }

    def _made_books(self) -> Iterator[AreaBooks]:
        by_area: dict[str, list[Connection]] = {name: [] for name in self._site.areas}
        for connection in self._connections:
            if connection.setup.area in by_area:
                by_area[connection.setup.area].append(connection)
        for name, area in self._site.areas.items():
            yield AreaBooks(area, tuple(by_area[name]), self._site.view, self._depots.get(name), self._scenario.costs)

    def record(self) -> Record:
        """Run to the end and collect the rows."""
        scenario, site = self._scenario, self._site
        for action in scenario.timeline:
            site.env.process(self._rehearsal.act(action))
        site.env.process(self._keep_days())
        households: dict[str, Household] = {}
        for connection in self._connections:
            if connection.setup.listed:
                site.env.process(self._take_readings(connection))
                site.env.process(watch_limit(site, connection))
            site.env.process(watch_credit(site, connection))
            if connection.setup.customer is not None:
                household = Household(site, connection, connection.setup.customer)
                households[connection.setup.name] = household
                site.env.process(household.live())
        if site.view is not None:
            site.field_work.update(self._depots)
            Outreach(site, site.view, households).begin()
            for depot in self._depots.values():
                depot.begin()
        site.env.run(until=scenario.end)
        self._close_day(*self._local_days[-1])
        self._readings.extend(connection.reading(scenario.end) for connection in self._listed)
        return Record(
            events=site.journal.events(),
            days=tuple(sorted(self._days, key=lambda row: (row.date, row.connection))),
            area_days=tuple(self._area_days),
            readings=tuple(sorted(self._readings, key=lambda row: (row.time, row.connection))),
            totals=tuple(
                connection.totals(scenario.end, site.presumed(connection), site.journal.not_entered(connection))
                for connection in self._listed
            ),
            unlisted_entries=tuple(self._unlisted),
            findings=self._rehearsal.expectations.findings(scenario.timeline),
            outcome=outcome_of(site, self._connections) if scenario.areas else None,
        )

    def _keep_days(self) -> Process:
        for day, end in self._local_days[:-1]:
            yield self._site.moment(end, Phase.BOOKS)
            self._close_day(day, end)

    def _close_day(self, day: int, end: int) -> None:
        """Close the books of every connection, then those of the areas; what is due in the second sees them closed."""
        date, site, books = date_of(day).isoformat(), self._site, {}
        for connection in self._connections:
            books[connection.number] = connection.close_books(end)
            if connection.setup.listed:
                self._days.append(connection.day(date, books[connection.number], end, site.presumed(connection)))
            else:
                for place, number in enumerate(books[connection.number].entries):
                    if number:
                        self._unlisted[place] += number
            if self._on_day is not None:
                self._on_day(end)
        self._area_days.extend(kept.close(date, end, books) for kept in self._books)

    def _take_readings(self, connection: Connection) -> Process:
        for instant in range(self._scenario.start, self._scenario.end, self._scenario.readings_every):
            yield self._site.moment(instant, Phase.BOOKS)
            self._readings.append(connection.reading(instant))
