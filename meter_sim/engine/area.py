"""What the connections of an area share during a run: its desks, its vending, and what is counted of it."""

from collections import Counter
from collections.abc import Generator

import simpy

from meter_sim.engine.moment import Turns
from meter_sim.local_time import HOUR, LocalCalendar
from meter_sim.people.help_desk import Desk, Outcome, Queue, Request
from meter_sim.programme import Area
from meter_sim.vending.refusal import Refusal, VendingBusy, VendingDown

Asking = Generator[simpy.Event, object, Request]
Waiting = Generator[simpy.Event, object, Refusal | None]


class DeskRun:
    """A help desk or an office during a run; `name` is help_desk or office, `counts` those of its area."""

    def __init__(
        self, name: str, desk: Desk, env: simpy.Environment, calendar: LocalCalendar, counts: Counter[str]
    ) -> None:
        self.name = name
        self.desk = desk
        self._env = env
        self._calendar = calendar
        self._counts = counts
        self._queue = Queue(desk)
        self._turns = Turns(env)
        self.waits: list[tuple[int, int]] = []
        """Of each request: when it came, and seconds of waiting."""

    def ask(self, connection: int, word: int) -> Asking:
        """A request in this second, which lies within the opening hours; what becomes of it."""
        yield self._turns.wait(connection)
        now = int(self._env.now)
        closes = self.desk.hours.span(self._calendar, self._calendar.day(now))[1]
        request = self._queue.ask(now, closes, word)
        waited = request.waited_until - now
        self._count("requests", 1)
        self._count(request.outcome.value.replace(" ", "_"), 1)
        self._count("wait_s", waited)
        self._longest("wait_s", waited)
        self._longest("queue", request.queue)
        self.waits.append((now, waited))
        return request

    def _count(self, what: str, number: int) -> None:
        self._counts[f"{self.name}_{what}"] += number

    def _longest(self, what: str, number: int) -> None:
        name = f"{self.name}_longest_{what}"
        self._counts[name] = max(self._counts[name], number)


class AreaRun:
    """An area during a run. `counts` is what was counted of it since midnight, by the names of results/area_day.py."""

    def __init__(self, area: Area, env: simpy.Environment, calendar: LocalCalendar) -> None:
        self.area = area
        self.counts: Counter[str] = Counter()
        self.help_desk = self._desk("help_desk", area.help_desk, env, calendar)
        self.office = self._desk("office", area.office, env, calendar)
        self._env = env
        self._turns = Turns(env)
        self._hour = -1
        self._sales = 0

    def _desk(self, name: str, desk: Desk | None, env: simpy.Environment, calendar: LocalCalendar) -> DeskRun | None:
        return None if desk is None else DeskRun(name, desk, env, calendar, self.counts)

    @property
    def helper(self) -> DeskRun | None:
        """Where a customer asks about refused tokens: the help desk, else the office."""
        return self.help_desk or self.office

    def sale(self, connection: int) -> Waiting:
        """Wait for a turn at the area's vending; None if it may sell now, else why not."""
        now = int(self._env.now)
        if any(outage.start <= now < outage.end for outage in self.area.outages):
            return VendingDown(f"the vending of the area {self.area.name} is down")
        most = self.area.sales_per_hour
        if most is None:
            return None
        yield self._turns.wait(connection)
        if now // HOUR != self._hour:
            self._hour, self._sales = now // HOUR, 0
        if self._sales >= most:
            return VendingBusy(f"the vending of the area {self.area.name} did {most} sales in this hour already")
        self._sales += 1
        return None

    def take_counts(self) -> Counter[str]:
        """What was counted since the last time, and begin anew."""
        counted = Counter(self.counts)
        self.counts.clear()
        return counted


def is_served(request: Request) -> bool:
    """Whether an asker got an answer."""
    return request.outcome is Outcome.SERVED
