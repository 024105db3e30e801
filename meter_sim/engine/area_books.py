"""The daily books of an area: closed at midnight over all its connections and over what was counted since."""

from collections import Counter

from meter_sim.engine.area import AreaRun
from meter_sim.engine.connection import Books, Connection
from meter_sim.engine.field_work import DepotRun
from meter_sim.engine.register_view import RegisterView
from meter_sim.meter.answer import Status
from meter_sim.programme import Cause, Costs, RegisterState, TrueState
from meter_sim.results.area_costs import costs_of
from meter_sim.results.area_day import AreaDay, column

_OFF_METERS = tuple(column("off", cause, "_meters") for cause in Cause)
_OFF_S = tuple(column("off", cause, "_s") for cause in Cause)
_UNSERVED = tuple(column("unserved", cause, "_ws") for cause in Cause)
_TRUE = {state: column("true", state) for state in TrueState}
_REGISTER = {state: column("register", state) for state in RegisterState}
_MOVED = (RegisterState.ISSUED, RegisterState.PRESUMED)


class AreaBooks:
    """Counts an area's day from the books of its connections."""

    def __init__(
        self,
        area: AreaRun,
        connections: tuple[Connection, ...],
        view: RegisterView | None,
        depot: DepotRun | None,
        costs: Costs,
    ) -> None:
        self._area = area
        self._connections = connections
        self._view = view
        self._depot = depot
        self._costs = costs
        self._start = sum(connection.setup.credit for connection in connections)

    def close(self, date: str, now: int, books: dict[int, Books]) -> AreaDay:
        """The row of a day that ends at this second; `books` are those of the connections, by number."""
        counts = self._area.take_counts()
        entries = [0] * len(Status)
        counts["register_start_ws"] = self._start
        for connection in self._connections:
            self._add(connection, books[connection.number], counts, entries, now)
        self._start = counts["register_end_ws"]
        if self._depot is not None:
            counts["visits_waiting"] = self._depot.waiting
            counts["replacements_waiting"] = self._depot.replacements_waiting
            counts["stock"] = self._depot.stock
        costs = costs_of(counts.__getitem__, self._costs)
        return AreaDay(date, self._area.area.name, dict(counts) | costs, tuple(entries))

    def _add(self, connection: Connection, books: Books, counts: Counter[str], entries: list[int], now: int) -> None:
        self._state(connection, counts, now)
        if connection.setup.dead:
            return
        counts["register_end_ws"] += connection.meter.register.balance
        counts["credited_ws"] += books.credited
        counts["used_ws"] += books.used
        counts["cleared_ws"] += books.cleared
        counts["removed_ws"] += books.removed
        counts["unserved_ws"] += books.unserved
        counts["off_tamper_s"] += books.off_tamper
        counts["off_power_s"] += books.off_power
        if books.purchases:
            counts["purchases"] += books.purchases
            counts["bought_tenths"] += books.bought_tenths
        off = False
        for place, seconds in enumerate(books.off_by_cause):
            if seconds:
                off = True
                counts[_OFF_METERS[place]] += 1
                counts[_OFF_S[place]] += seconds
                counts[_UNSERVED[place]] += books.unserved_by_cause[place]
        counts["off_meters"] += off
        for place, number in enumerate(books.entries):
            if number:
                entries[place] += number

    def _state(self, connection: Connection, counts: Counter[str], now: int) -> None:
        if connection.setup.dead:
            struck = self._view is not None and connection.setup.name in self._view.struck_off
            counts["dead_records"] += not struck
            return
        counts["meters"] += 1
        if self._view is None:
            return
        true, presumed = self._view.true(connection, now), self._view.presumed(connection)
        counts[_TRUE[true]] += 1
        counts[_REGISTER[presumed]] += 1
        if presumed in _MOVED:
            counts["presumed_not_changed"] += true is not TrueState.NEW
        elif presumed is not RegisterState.OUT_OF_SCOPE:
            counts["changed_not_presumed"] += true is TrueState.NEW
