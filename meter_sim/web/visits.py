"""Sessions that run: each with its clock, which follows real time at the speed that was asked for."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

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
_ID_BYTES = 18


@dataclass(slots=True)
class Visit:
    """A session in memory. `key` opens it, `seen` is real time in milliseconds, `speed` session seconds a second."""

    key: str
    scenario: str
    session: Session
    seen: int
    now_ms: int
    speed: int = 1
    is_saved: bool = False
    changed: bool = True

    def tick(self, real_ms: int) -> None:
        """Let the session's time come to what the clock shows now."""
        elapsed, self.seen = min(real_ms - self.seen, MOST_AWAY), real_ms
        session = self.session
        ahead = advanced(self.now_ms, elapsed, self.speed, session.busy_until())
        self.now_ms = min(ahead, session.last_second * 1000)
        if self.now_ms // 1000 > session.now:
            session.do(Wait(at=self.now_ms // 1000))
            self.changed = True

    def do(self, command: Command) -> tuple[Happening, ...]:
        """Do a command. Raises PracticeError."""
        if len(self.session.commands) >= MOST_COMMANDS:
            raise PracticeError(f"session: it has {MOST_COMMANDS} commands, which is the most; begin another one")
        happened = self.session.do(command)
        self.changed = True
        return happened

    @property
    def is_held(self) -> bool:
        """Whether the clock goes slower than it is set, for somebody is at the keypad."""
        return self.speed > 1 and self.session.busy_until() * 1000 > self.now_ms

    def jump(self, at: int) -> None:
        """Go on to a later second at once. Raises PracticeError."""
        last = self.session.last_second
        if at > last:  # a second that no command can carry, too
            raise PracticeError(f"at: {at} is after the session's end {last}, begin a new one")
        self.do(Wait(at=at))
        self.now_ms = at * 1000


class Visits:
    """The sessions of a server: some in memory, the others put away in its folder.

    `real_ms` tells real time in milliseconds, from anywhere on.
    """

    def __init__(self, shelf: Shelf, options: Options, real_ms: Callable[[], int]) -> None:
        self.shelf = shelf
        self._options = options
        self._real_ms = real_ms
        self._store = Store(options.folder, options.most_saved)
        self._visits: dict[str, Visit] = {}

    def begin(self, scenario: str | None = None) -> Visit:
        """A new session. Raises PracticeError."""
        name = scenario or self.shelf.first
        if name not in self.shelf.scenarios:
            raise NotHereError(f"sessions: no scenario is called {name!r}, allowed are {', '.join(self.shelf)}")
        return self._take_in(_new_key(), name, Session(self.shelf.scenarios[name]))

    def load(self, kept: SavedSession) -> Visit:
        """A new session from a saved file. Raises PracticeError."""
        return self._take_in(_new_key(), *loaded(kept, self.shelf, "sessions"))

    def visit(self, key: str) -> Visit:
        """The session that a key opens, come to the present. Raises PracticeError."""
        visit = self._visits.pop(key, None) or self._brought_back(key)
        self._visits[key] = visit  # the latest stands last
        visit.tick(self._real_ms())
        return visit

    def found(self, key: str) -> Visit | None:
        """The same, or None if there is none or it cannot be taken up again."""
        try:
            return self.visit(key) if key else None
        except PracticeError:
            return None

    def save(self, visit: Visit) -> None:
        """Keep a session in the folder, as it is now. Raises PracticeError."""
        self._store.write(visit.key, self.file_of(visit), asked_for=True)
        visit.is_saved, visit.changed = True, False

    def file_of(self, visit: Visit) -> bytes:
        """A session as a file."""
        return saved(visit.scenario, visit.session)

    def forget(self, visit: Visit) -> None:
        """Remove a session from memory and folder. Raises PracticeError."""
        self._store.remove(visit.key)
        self._visits.pop(visit.key, None)

    def put_away_idle(self) -> None:
        """Put away the sessions that nobody asked for in a while."""
        before = self._real_ms() - 1000 * self._options.idle_after
        for visit in [visit for visit in self._visits.values() if visit.seen < before]:
            self._put_away(visit)

    def put_away_all(self) -> None:
        """Put away every session, as the server ends."""
        for visit in list(self._visits.values()):
            self._put_away(visit)

    @property
    def in_memory(self) -> int:
        """How many sessions are in memory."""
        return len(self._visits)

    def _put_away(self, visit: Visit) -> None:
        """Let a session leave memory; what nobody saved is lost where the folder cannot be written."""
        if visit.changed and visit.session.commands:
            with suppress(PracticeError):
                self._store.write(visit.key, self.file_of(visit), asked_for=False)
        self._visits.pop(visit.key, None)

    def _brought_back(self, key: str) -> Visit:
        found = self._store.read(key)
        if found is None:
            raise NotHereError("session: there is none under this name, begin one with POST /sessions")
        data, is_saved = found
        visit = self._take_in(key, *loaded(read(data, "session"), self.shelf, "session"))
        visit.is_saved, visit.changed = is_saved, False
        return visit

    def _take_in(self, key: str, scenario: str, session: Session) -> Visit:
        while len(self._visits) >= self._options.most_sessions:
            self._put_away(next(iter(self._visits.values())))  # the one that was asked for longest ago
        visit = Visit(key, scenario, session, self._real_ms(), session.now * 1000)
        self._visits[key] = visit
        return visit


def _new_key() -> str:
    return secrets.token_urlsafe(_ID_BYTES)


def check_room(visit: Visit, most_meters: int) -> None:
    """Refuse one meter more than a session may have. Raises PracticeError."""
    if len(visit.session.site.connections) >= most_meters:
        raise PracticeError(f"meters: a session has at most {most_meters}, begin another session")
