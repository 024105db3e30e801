"""Sessions in a folder, found again after a restart: what somebody saved, and a journal of each session's commands.

A saved session is a file, whole or not there. A journal is written line by line as things happen, so that a server that
is killed loses none of them. A session's name is what opens it, so file names are hashes of names.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from meter_sim.practice.error import PracticeError

_SAVED, _JOURNAL, _DRAFT = ".json", ".journal", ".draft"
_MOST_UNSAVED = 1000
"""Journals of sessions that nobody saved; the one that was written to longest ago goes first."""
_OLD_DRAFT = 86_400
"""Seconds after which a draft is a dead server's."""


class Store:
    """The folder. `most` is how many sessions may be saved, `most_in_memory` how many the server works on at once."""

    def __init__(self, folder: Path, most: int, most_in_memory: int) -> None:
        self._folder = folder
        self._most = most
        self._most_unsaved = max(_MOST_UNSAVED, 2 * most_in_memory)

    def open(self) -> None:
        """Make the folder, and see that it can be written. Raises PracticeError."""
        with self._able("written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            before = time.time() - _OLD_DRAFT
            for draft in self._folder.glob(f".*{_DRAFT}"):
                if draft.stat().st_mtime < before:
                    draft.unlink(missing_ok=True)
            handle, draft_name = tempfile.mkstemp(prefix=".", suffix=_DRAFT, dir=self._folder)
            os.close(handle)
            Path(draft_name).unlink()

    def save(self, session: str, data: bytes) -> None:
        """Keep what somebody saved. Raises PracticeError if the folder is full or cannot be written."""
        target = self._path(session, _SAVED)
        with self._able("written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not target.exists() and len(list(self._folder.glob(f"*{_SAVED}"))) >= self._most:
                raise PracticeError(f"{self._folder}: {self._most} sessions are saved, which is the most; delete some")
            _write_whole(target, data)

    def begin_journal(self, session: str, data: bytes) -> None:
        """Write a journal from its beginning. Raises PracticeError."""
        target = self._path(session, _JOURNAL)
        with self._able("written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                self._make_room()
            _write_whole(target, data)

    def append(self, session: str, line: bytes) -> None:
        """Add to a journal that is there. Raises PracticeError, after which its last line may be half there."""
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)  # a journal that was cleared away is not begun
        with self._able("written"):
            handle = os.open(self._path(session, _JOURNAL), flags)
            try:
                written = os.write(handle, line)
            finally:
                os.close(handle)
        if written < len(line):
            raise PracticeError(f"{self._folder}: cannot be written: only a part of a line was taken")

    def saved(self, session: str) -> bytes | None:
        """What somebody saved; None if nobody did. Raises PracticeError."""
        return self._read(session, _SAVED)

    def journal(self, session: str) -> bytes | None:
        """A session's journal; None if there is none. Raises PracticeError."""
        return self._read(session, _JOURNAL)

    def remove(self, session: str) -> None:
        """Forget a session. Raises PracticeError."""
        with self._able("written"):
            for suffix in (_JOURNAL, _SAVED):
                self._path(session, suffix).unlink(missing_ok=True)

    def _read(self, session: str, suffix: str) -> bytes | None:
        with self._able("read"):
            try:
                return self._path(session, suffix).read_bytes()
            except FileNotFoundError:
                return None

    @contextmanager
    def _able(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise PracticeError(f"{self._folder}: cannot be {done}: {error.strerror}") from None

    def _path(self, session: str, suffix: str) -> Path:
        return self._folder / f"{sha256(session.encode()).hexdigest()[:40]}{suffix}"

    def _make_room(self) -> None:
        journals = list(self._folder.glob(f"*{_JOURNAL}"))
        if len(journals) < self._most_unsaved:
            return
        unsaved = [path for path in journals if not path.with_suffix(_SAVED).exists()]
        if len(unsaved) >= self._most_unsaved:
            min(unsaved, key=lambda path: path.stat().st_mtime).unlink(missing_ok=True)


def _write_whole(target: Path, data: bytes) -> None:
    handle, draft = tempfile.mkstemp(prefix=".", suffix=_DRAFT, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(target)
    finally:
        Path(draft).unlink(missing_ok=True)
