"""Saved sessions in a folder: a file each, whole or not there, found again after a restart.

A session's id is what opens it, so file names are hashes of ids.
"""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from meter_sim.practice.error import PracticeError

_SAVED, _IDLE = ".json", ".idle.json"
_MOST_IDLE = 1000
"""Files of sessions that nobody saved and that were put away; the oldest goes first."""


class Store:
    """The folder. `most` is how many sessions may be saved."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    def write(self, session: str, data: bytes, *, asked_for: bool) -> None:
        """Keep a session; `asked_for` if somebody saved it, which puts it beyond being cleared away.

        Raises PracticeError if the folder is full or cannot be written.
        """
        target = self._path(session, _SAVED if asked_for else _IDLE)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if asked_for and not target.exists() and len(self._files(saved=True)) >= self._most:
                raise PracticeError(f"{self._folder}: {self._most} sessions are saved, which is the most; delete some")
            if not asked_for:
                self._make_room()
            _write_whole(target, data)
            if asked_for:
                self._path(session, _IDLE).unlink(missing_ok=True)
        except OSError as error:
            raise PracticeError(f"{self._folder}: cannot be written: {error.strerror}") from None

    def read(self, session: str) -> tuple[bytes, bool] | None:
        """A session's bytes and whether somebody saved it; None if it is not there. Raises PracticeError."""
        for suffix in (_IDLE, _SAVED):  # what was put away is later than what was saved
            try:
                return self._path(session, suffix).read_bytes(), self._path(session, _SAVED).exists()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise PracticeError(f"{self._folder}: cannot be read: {error.strerror}") from None
        return None

    def remove(self, session: str) -> None:
        """Forget a session. Raises PracticeError."""
        try:
            for suffix in (_SAVED, _IDLE):
                self._path(session, suffix).unlink(missing_ok=True)
        except OSError as error:
            raise PracticeError(f"{self._folder}: cannot be written: {error.strerror}") from None

    def _path(self, session: str, suffix: str) -> Path:
        return self._folder / f"{sha256(session.encode()).hexdigest()[:40]}{suffix}"

    def _files(self, *, saved: bool) -> list[Path]:
        return [path for path in self._folder.glob("*.json") if path.name.endswith(_IDLE) != saved]

    def _make_room(self) -> None:
        idle = self._files(saved=False)
        if len(idle) >= _MOST_IDLE:
            min(idle, key=lambda path: path.stat().st_mtime).unlink(missing_ok=True)


def _write_whole(target: Path, data: bytes) -> None:
    handle, draft = tempfile.mkstemp(prefix=".", suffix=".draft", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(target)
    finally:
        Path(draft).unlink(missing_ok=True)
