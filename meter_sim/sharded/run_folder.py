"""The folder of a run that is not over yet: run.json, and a folder for each shard that is done."""

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from meter_sim.engine.shards import Shard
from meter_sim.results.part import Part
from meter_sim.scenario.scenario import Scenario
from meter_sim.sharded.identity import Choices, changed, digest, identity_of
from meter_sim.sharded.part_files import write_part
from meter_sim.sharded.store import DRAFT, LocalStore, Store

RUN, LOCK = "run.json", "lock"
MANIFEST = "manifest.json"
RESULT_DRAFT = ".result"
"""Where a result is put together before it takes its place."""
_SHARD = re.compile(r"shard-[0-9]{5,}")


class RunError(Exception):
    """A run that cannot begin, go on or end; one line."""


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that is on the disk: its number, its meters and rows of events."""

    number: int
    meters: int
    events: int


def shard_name(number: int) -> str:
    """The folder of a shard."""
    return f"shard-{number:05}"


class RunFolder:
    """The shards of one run. `run` is the hash of all that its result depends on."""

    def __init__(self, store: Store, run: str) -> None:
        self.store = store
        self.run = run

    @classmethod
    def begun(cls, store: Store, scenario: Scenario, choices: Choices, shards: tuple[Shard, ...], resume: bool) -> Self:
        """Begin a run, or go on with one that is the same. Raises RunError."""
        found = store.read(RUN)
        if found is None:
            strange = next((name for name in store.names() if not name.startswith(DRAFT) and name != LOCK), None)
            if strange is not None:
                raise RunError(f"{store}: holds {strange}, which is of no run; move it away, or name another --out")
            identity = identity_of(scenario, choices, salt := secrets.token_hex(16))
            head: dict[str, Any] = {"name": scenario.name, "salt": salt, "shards": len(shards), "identity": identity}
            store.write(RUN, (json.dumps(head, indent=2) + "\n").encode())
            return cls(store, digest(identity))
        try:
            head = json.loads(found)
            before, salt = dict(head["identity"]), str(head["salt"])
            identity = identity_of(scenario, choices, salt)
        except (ValueError, KeyError, TypeError):
            raise RunError(f"{store}: {RUN} cannot be read; remove the folder to begin anew") from None
        if not resume:
            kept = sum(bool(_SHARD.fullmatch(name)) for name in store.names())
            raise RunError(
                f"{store}: a run that is not over lies here, {kept} of {head.get('shards')} shards are done; go on "
                "with --resume, or remove the folder to begin anew"
            )
        if what := changed(before, identity):
            raise RunError(f"{store}: the run was begun with {what}; give the same, or remove the folder to begin anew")
        return cls(store, digest(identity))

    def clear(self) -> None:
        """Remove what was left half written."""
        for name in self.store.names():
            if name.startswith(DRAFT) or name == RESULT_DRAFT:
                self.store.remove(name)

    def done(self, shard: Shard) -> Done | None:
        """A shard that is there and whole; None, and it is removed, where it is not."""
        name = shard_name(shard.number)
        found = self.store.read(f"{name}/{MANIFEST}")
        if found is not None:
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                manifest = json.loads(found)
                if manifest["run"] == self.run and self._is_whole(name, manifest["files"]):
                    return Done(shard.number, int(manifest["meters"]), int(manifest["events"]))
        self.store.remove(name)
        return None

    def _is_whole(self, name: str, files: Mapping[str, Mapping[str, Any]]) -> bool:
        return all(self._hash(f"{name}/{file}") == kept["sha256"] for file, kept in files.items())

    def _hash(self, name: str) -> str | None:
        try:
            with self.store.open(name) as file:
                hashed = sha256()
                while block := file.read(1 << 20):
                    hashed.update(block)
                return hashed.hexdigest()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def keep(self, shard: Shard, part: Part) -> Done:
        """Write what a shard left behind; it is there as a whole or not at all."""
        done = Done(shard.number, shard.meters, part.events.num_rows)
        with self.store.draft() as draft:
            write_part(part, draft)
            manifest = {
                "run": self.run,
                "shard": shard.number,
                "pieces": [
                    {"area": piece.area, "first_connection": piece.first_connection, "meters": piece.meters}
                    for piece in shard.pieces
                ],
                "meters": done.meters,
                "events": done.events,
                "files": {path.name: _manifest_row(path) for path in sorted(draft.iterdir())},
            }
            (draft / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8", newline="\n")
            self.store.keep(draft, shard_name(shard.number), MANIFEST)
        return done

    def belongs(self) -> bool:
        """Whether this is the run's folder, seen from here."""
        with suppress(ValueError, KeyError, TypeError):
            return digest(json.loads(self.store.read(RUN) or b"")["identity"]) == self.run
        return False


def _manifest_row(path: Path) -> dict[str, int | str]:
    content = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return {"bytes": path.stat().st_size, "sha256": content.hexdigest()}


class Lock:
    """Keeps a second process out of a folder on a disk while one works there; where the system can."""

    def __init__(self, store: Store) -> None:
        self._file = None
        if not isinstance(store, LocalStore):
            return
        try:
            import fcntl
        except ImportError:
            return
        store.folder.mkdir(parents=True, exist_ok=True)
        file = (store.folder / LOCK).open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise RunError(f"{store}: another process works here; wait until it is over") from None
        self._file = file

    def release(self) -> None:
        """Let others in."""
        if self._file is not None:
            self._file.close()
