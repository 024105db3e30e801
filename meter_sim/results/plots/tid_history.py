"""A meter's TID store through a run, replayed from the events of a result by the meter's own rules."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meter_sim.meter.answer import STATUS_BY_NAME, Status, ValidationResult
from meter_sim.meter.tid_store import TidStore, history, made_the_day_before
from meter_sim.results.plots.kept_scenario import KeptScenario
from meter_sim.results.plots.meter_story import span_of
from meter_sim.results.plots.needs import PictureError
from meter_sim.results.record import Event, EventKind
from meter_sim.results.summary import utc_text
from meter_sim.results.tables import events_of, of_meters
from meter_sim.sts.tid import BaseDate

if TYPE_CHECKING:
    from meter_sim.results.result import Result

_TID = re.compile(r"\bTID (\d+)(?: \(.*, base (\d+)\))?$")
_UNSEEN = (Status.CRC, Status.MFR_CODE, Status.LOCKED_OUT, Status.NOT_READY)
"""Answers of a meter that did not come to look at a TID."""
_SECTION, _FIRST_SECTION = " section of a key change", "1st section of a key change"
_SAYS = {Status.OLD: ValidationResult.OLD, Status.USED: ValidationResult.USED}


@dataclass(frozen=True, slots=True)
class Shown:
    """A token whose TID the meter saw: when (seconds, UTC), the result, and the base date where it is told."""

    time: int
    tid: int
    result: str
    base_date: BaseDate | None


@dataclass(frozen=True, slots=True)
class Held:
    """The store from an instant (seconds, UTC) on, smallest TID first.

    `why` says what filled it anew, else it is empty; `base_date` is the one under which a TID of manufacture counts.
    """

    time: int
    tids: tuple[int, ...]
    why: str = ""
    base_date: BaseDate | None = None


@dataclass(frozen=True, slots=True)
class TidHistory:
    """The tokens whose TIDs a meter saw, the states of its store, and how many entries it could not decipher."""

    shown: tuple[Shown, ...]
    held: tuple[Held, ...]
    unread: int


def tid_history(result: "Result", meter: str) -> TidHistory:
    """The history of a listed meter's store: as it was at the start, and after each token that changed it.

    Raises PictureError if the scenario in the result cannot be read, or if the store did not answer as the meter did.
    """
    replay = _Replay(KeptScenario(result), meter, span_of(result)[0])
    for event in events_of(of_meters(result.events_table, {meter})):
        if event.event is EventKind.REPLACED:
            replay.replaced(event)
        elif event.event is EventKind.ENTRY:
            replay.entered(event)
    return TidHistory(tuple(replay.shown), tuple(replay.held), replay.unread)


class _Replay:
    """A store that takes a meter's entries one by one."""

    def __init__(self, scenario: KeptScenario, meter: str, start: int) -> None:
        setup = scenario.setup(meter)
        self._scenario, self._meter = scenario, meter
        size = setup.model.tid_store
        self._store = TidStore(size, setup.manufacture_tid)
        if setup.tid_latest is not None:
            self._store.load(history(size, setup.manufacture_tid, setup.tid_latest, setup.tid_spacing))
        self._rollover = False
        self.shown: list[Shown] = []
        base = scenario.base_date(setup.record.supply_group, setup.record.key_revision)
        self.held = [Held(start, self._store.tids, "as it was at the start", base)]
        self.unread = 0

    def replaced(self, event: Event) -> None:
        """Another meter: its store is full of the TID of its manufacture."""
        new = self._scenario.replacement(self._meter, event.key_revision)
        base = self._scenario.base_date(new.record.supply_group, new.record.key_revision)
        self._store = TidStore(new.model.tid_store, made_the_day_before(event.time, base))
        self._keep(event.time, "meter replaced", base)

    def entered(self, event: Event) -> None:
        """An entry that was answered."""
        status = STATUS_BY_NAME.get(event.result)
        if status is None or status in _UNSEEN:
            self.unread += status is Status.CRC
        elif _SECTION in event.says:
            self._section(event, status)
        elif (match := _TID.search(event.says)) is not None:
            base = None if match[2] is None else BaseDate(int(match[2]))
            self._token(event, status, Shown(event.time, int(match[1]), event.result, base))

    def _section(self, event: Event, status: Status) -> None:
        """The first section that was taken last says whether the change that a later one completes is a rollover."""
        if event.says.startswith(_FIRST_SECTION) and status.accepted:
            self._rollover = event.says.endswith(", rollover")
        if status is Status.ACCEPT and self._rollover:
            self._store.fill(0)
            self._keep(event.time, "rollover: all zeros")

    def _token(self, event: Event, status: Status, shown: Shown) -> None:
        if self._store.check(shown.tid) is not _SAYS.get(status, ValidationResult.VALID):
            raise PictureError(
                f"tid_store: the events of {self._meter!r} do not fit its scenario: at {utc_text(event.time)} "
                f"the meter answered {event.result} to TID {shown.tid}; run the scenario again"
            )
        self.shown.append(shown)
        if status is Status.ACCEPT:
            self._store.add(shown.tid)
            self._keep(event.time)

    def _keep(self, time: int, why: str = "", base_date: BaseDate | None = None) -> None:
        self.held.append(Held(time, self._store.tids, why, base_date))
