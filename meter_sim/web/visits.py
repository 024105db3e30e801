"""Sessions that run: each with its clock, which follows real time at the speed that was asked for."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from meter_sim.practice import journal
from meter_sim.practice.clock import advanced
from meter_sim.practice.commands import Command, Wait
from meter_sim.practice.error import NotHereError, PracticeError
from meter_sim.practice.happening import Happening
from meter_sim.practice.saved import MOST_COMMANDS, SavedSession, loaded, read, saved
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import Shelf
from meter_sim.web.options import Options
from meter_sim.web.store import Store

MOST_AWAY = 60_000
"""Milliseconds for which the clock runs on when nobody asks; after that it stands until somebody does."""
GREATEST_JUMP = 400 * 86_400
"""Seconds that may pass at once."""
_ID_BYTES = 18
_LINES_TO_SPARE = 200


@dataclass(slots=True)
class Visit:
    """A session in memory. `key` opens it, `seen` is real time in milliseconds, `speed` session seconds a second.

    `store` holds its journal, which has `lines` lines; None where it is not written yet or could not be.
    """

    key: str
    scenario: str
    session: Session
    store: Store
    seen: int
    now_ms: int
    speed: int = 1
    is_saved: bool = False
    lines: int | None = None
    later: bool = False

    def tick(self, real_ms: int) -> None:
        """Let the session's time come to what the clock shows now."""
        elapsed, self.seen = min(real_ms - self.seen, MOST_AWAY), real_ms
        session = self.session
        ahead = advanced(self.now_ms, elapsed, self.speed, session.busy_until())
        self.now_ms = min(ahead, session.last_second * 1000)
        if self.now_ms // 1000 > session.now:
            session.do(Wait(at=self.now_ms // 1000))
            self.later = True

    def do(self, command: Command) -> tuple[Happening, ...]:
        """Do a command. Raises PracticeError."""
        if len(self.session.commands) >= MOST_COMMANDS:
            raise PracticeError(f"session: it has {MOST_COMMANDS} commands, which is the most; begin another one")
        happened = self.session.do(command)
        self._note(journal.command_line(command, self.session))
        return happened

    @property
    def is_held(self) -> bool:
        """Whether the clock goes slower than it is set, for somebody is at the keypad."""
        return self.speed > 1 and self.session.busy_until() * 1000 > self.now_ms

    def jump(self, at: int) -> None:
        """Go on to a later second at once. Raises PracticeError."""
        now, last = self.session.now, self.session.last_second
        if at > last:  # a second that no command can carry, too
            raise PracticeError(f"at: {at} is after the session's end {last}, begin a new one")
        if at > now + GREATEST_JUMP:
            raise PracticeError("at: more than 400 days at once, go on in smaller steps")
        self.do(Wait(at=at))
        self.now_ms = at * 1000

    def go_at(self, speed: int) -> None:
        """Set how fast the clock goes."""
        if speed != self.speed:
            self.speed = speed
            self._note(journal.speed_line(speed))

    def file(self) -> bytes:
        """The session as a file."""
        return saved(self.scenario, self.session, self.speed)

    def keep(self) -> None:
        """See that the journal holds all that happened, up to the present. Raises PracticeError."""
        if self.later if self.lines is not None else self.is_begun:
            self._write()
        self.later = False

    @property
    def is_begun(self) -> bool:
        """Whether anything but time is in it."""
        return any(not isinstance(command, Wait) for command in self.session.commands[:2])

    def _note(self, line: bytes) -> None:
        """Add a line to the journal. What cannot be written now is written with the next line."""
        self.later = False
        if self.lines is not None and self.lines <= 2 * len(self.session.commands) + _LINES_TO_SPARE:
            with suppress(PracticeError):
                self.store.append(self.key, line)
                self.lines += 1
                return
        with suppress(PracticeError):
            self._write()

    def _write(self) -> None:
        self.lines = None
        self.store.begin_journal(self.key, journal.beginning(self.scenario, self.session, self.speed))
        self.lines = 2 + len(self.session.commands)


class Visits:
    """The sessions of a server: some in memory, the others put away in its folder.

    `real_ms` tells real time in milliseconds, from anywhere on.
    """

    def __init__(self, shelf: Shelf, options: Options, real_ms: Callable[[], int]) -> None:
        self.shelf = shelf
        self._options = options
        self._real_ms = real_ms
        self._store = Store(options.folder, options.most_saved, options.most_sessions)
        self._visits: dict[str, Visit] = {}

    def new(self, scenario: str | None = None) -> Visit:
        """A session that is not taken in yet. Raises PracticeError."""
        name = scenario or self.shelf.first
        if name not in self.shelf.scenarios:
            raise NotHereError(f"sessions: no scenario is called {name!r}, allowed are {', '.join(self.shelf)}")
        return self._visit(_new_key(), name, Session(self.shelf.scenarios[name]))

    def begin(self, scenario: str | None = None) -> Visit:
        """A new session. Raises PracticeError."""
        return self.take_in(self.new(scenario))

    def load(self, kept: SavedSession) -> Visit:
        """A new session from a saved file. Raises PracticeError."""
        visit = self._visit(_new_key(), *loaded(kept, self.shelf, "sessions"), kept.speed)
        most = max(self._options.most_meters, len(visit.session.scenario.meters))
        if len(visit.session.site.connections) > most:
            raise PracticeError(f"sessions: the file has more than {most} meters, which is the most of a session")
        return self.take_in(visit)

    def take_in(self, visit: Visit) -> Visit:
        """Take a session into memory. Raises PracticeError where none can be put away for it."""
        while len(self._visits) >= self._options.most_sessions:
            self._put_away(next(iter(self._visits.values())))  # the one that was asked for longest ago
        self._visits[visit.key] = visit
        return visit

    def visit(self, key: str) -> Visit:
        """The session that a key opens, come to the present. Raises PracticeError."""
        visit = self._visits.pop(key, None) or self._brought_back(key)
        self._visits[key] = visit  # the latest stands last
        visit.tick(self._real_ms())
        return visit

    def found(self, key: str) -> Visit | None:
        """The same, or None if there is none. Raises PracticeError if it is there and cannot be taken up again."""
        try:
            return self.visit(key) if key else None
        except NotHereError:
            return None

    def save(self, visit: Visit) -> None:
        """Keep a session in the folder, as it is now. Raises PracticeError."""
        self._store.save(visit.key, visit.file())
        visit.is_saved = True

    def forget(self, visit: Visit) -> None:
        """Remove a session from memory and folder. Raises PracticeError."""
        self._store.remove(visit.key)
        self._visits.pop(visit.key, None)

    def put_away_idle(self) -> None:
        """Put away the sessions that nobody asked for in a while; what cannot be written stays."""
        before = self._real_ms() - 1000 * self._options.idle_after
        for visit in [visit for visit in self._visits.values() if visit.seen < before]:
            try:
                self._put_away(visit)
            except PracticeError:
                return

    def put_away_all(self) -> str:
        """Put away every session, as the server ends. What was lost, in a line; empty if nothing was."""
        lost, why = 0, ""
        for visit in list(self._visits.values()):
            try:
                self._put_away(visit)
            except PracticeError as error:
                lost, why = lost + 1, str(error)
        return f"sessions: {lost} could not be kept: {why}" if lost else ""

    @property
    def in_memory(self) -> int:
        """How many sessions are in memory."""
        return len(self._visits)

    def _put_away(self, visit: Visit) -> None:
        visit.keep()
        self._visits.pop(visit.key, None)

    def _brought_back(self, key: str) -> Visit:
        """A session from the folder: as its journal says, or as it was saved where the journal cannot be followed."""
        data, noted = self._store.saved(key), self._store.journal(key)
        if data is None and noted is None:
            raise NotHereError("session: there is none under this name, begin one with POST /sessions")
        if noted is not None:
            try:
                visit = self._again(key, journal.read_journal(noted, "session"))
                visit.lines = noted.count(b"\n") if noted.endswith(b"\n") else None
            except PracticeError:
                if data is None:
                    raise
                noted = None
        if noted is None:
            assert data is not None
            visit = self._again(key, read(data, "session"))
        visit.is_saved = data is not None
        return self.take_in(visit)

    def _again(self, key: str, kept: SavedSession) -> Visit:
        return self._visit(key, *loaded(kept, self.shelf, "session"), kept.speed)

    def _visit(self, key: str, scenario: str, session: Session, speed: int = 1) -> Visit:
        return Visit(key, scenario, session, self._store, self._real_ms(), session.now * 1000, speed)


def _new_key() -> str:
    return secrets.token_urlsafe(_ID_BYTES)


def check_room(visit: Visit, most_meters: int) -> None:
    """Refuse one meter more than a session may have. Raises PracticeError."""
    if len(visit.session.site.connections) >= most_meters:
        raise PracticeError(f"meters: a session has at most {most_meters}, begin another session")
