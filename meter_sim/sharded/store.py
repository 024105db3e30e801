"""Where a run keeps its shards until it is over: a folder beside the result, or a place that fsspec knows."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

HIDDEN = "."
"""What the names of unfinished things begin with."""
DRAFT = ".draft."
"""What the name of a shard begins with while it is written."""


class StoreError(Exception):
    """A place that cannot be used; one line."""


class Store(Protocol):
    """A folder of folders. Whatever has a name is whole."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes see what one writes."""
        ...

    def names(self) -> list[str]:
        """What is there, sorted; nothing if the place is not there."""
        ...

    def read(self, name: str) -> bytes | None:
        """A file, given as `name` or `folder/name`; None where it is not there."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file at once; makes the place if it is not there."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        ...

    def draft(self) -> AbstractContextManager[Path]:
        """A local folder to fill."""
        ...

    def keep(self, draft: Path, name: str, last: str) -> None:
        """Let a filled draft become the folder `name`, at once or with the file `last` as the last."""
        ...

    def remove(self, name: str) -> None:
        """Remove a folder."""
        ...

    def remove_all(self) -> None:
        """Remove the place with all that is in it."""
        ...


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A folder on a disk. What is written is on the disk before it has its name."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def is_shared(self) -> bool:
        """Whether other processes see what one writes."""
        return True

    def names(self) -> list[str]:
        """What is there, sorted."""
        try:
            return sorted(os.listdir(self.folder))  # noqa: PTH208 (names are all that is wanted)
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes | None:
        """A file; None where it is not there."""
        try:
            return (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file under a hidden name and rename it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{DRAFT}{name}.{os.getpid()}"
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            path.replace(self.folder / name)
            _sync(self.folder)
        finally:
            path.unlink(missing_ok=True)

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        return (self.folder / name).open("rb")

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A hidden folder in the place itself, which is gone at the end."""
        folder = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, draft: Path, name: str, last: str) -> None:
        """Rename a filled draft once its files are on the disk; a folder that is there already stays."""
        del last
        draft.chmod(0o755)
        for path in draft.iterdir():
            _sync(path)
        _sync(draft)
        try:
            draft.rename(self.folder / name)
        except OSError:
            if not (self.folder / name).is_dir():
                raise
        _sync(self.folder)

    def remove(self, name: str) -> None:
        """Remove a folder or a file; hidden first, so that no half of it keeps the name."""
        path = self.folder / name
        if path.is_dir() and not path.is_symlink():
            aside = path if name.startswith(HIDDEN) else path.rename(self.folder / f"{DRAFT}{name}.{os.getpid()}")
            shutil.rmtree(aside, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def remove_all(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _sync(path: Path) -> None:
    """See to it that a file, or a folder's names, are on the disk, where the system can."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Url:
    """A place that fsspec knows, such as s3://bucket/folder or memory://folder."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> "Url":
        return Url(f"{self.text.rstrip('/')}/{name}")

    def beside(self, ending: str) -> "Url":
        """The place with an ending to its name."""
        return Url(self.text.rstrip("/") + ending)


@dataclass(frozen=True, slots=True)
class UrlStore:
    """A place that fsspec knows. A folder is whole once its last file is there."""

    url: Url

    def __str__(self) -> str:
        return self.url.text

    @property
    def is_shared(self) -> bool:
        """Whether other processes see what one writes."""
        return not self.url.text.startswith("memory:")

    def _place(self) -> tuple[Any, str]:
        try:
            import fsspec
        except ImportError:
            what = "a URL needs fsspec, which is not installed; run: pip install 'meter_sim[cluster]'"
            raise StoreError(f"{self.url}: {what}") from None
        try:
            system, path = fsspec.core.url_to_fs(self.url.text)
        except (ImportError, ValueError) as error:
            raise StoreError(f"{self.url}: {' '.join(str(error).split())}") from None
        return system, path.rstrip("/")

    def names(self) -> list[str]:
        """What is there, sorted."""
        system, path = self._place()
        system.invalidate_cache()
        try:
            return sorted({str(found).rstrip("/").rsplit("/", 1)[-1] for found in system.ls(path, detail=False)})
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes | None:
        """A file; None where it is not there."""
        system, path = self._place()
        try:
            content: bytes = system.cat_file(f"{path}/{name}")
        except (FileNotFoundError, IsADirectoryError):
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file at once."""
        system, path = self._place()
        system.makedirs(path, exist_ok=True)
        system.pipe_file(f"{path}/{name}", content)

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        system, path = self._place()
        file: IO[bytes] = system.open(f"{path}/{name}", "rb")
        return file

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A folder among the temporary files of this machine, which is gone at the end."""
        with tempfile.TemporaryDirectory(prefix="meter_sim.") as folder:
            yield Path(folder)

    def keep(self, draft: Path, name: str, last: str) -> None:
        """Upload a filled draft, the file `last` after all others."""
        system, path = self._place()
        system.makedirs(f"{path}/{name}" if name else path, exist_ok=True)
        for file in sorted(draft.iterdir(), key=lambda file: (file.name == last, file.name)):
            system.put_file(str(file), f"{path}/{name}/{file.name}" if name else f"{path}/{file.name}")

    def remove(self, name: str) -> None:
        """Remove a folder or a file."""
        system, path = self._place()
        with suppress(FileNotFoundError):
            system.rm(f"{path}/{name}", recursive=True)

    def remove_all(self) -> None:
        """Remove the place with all that is in it."""
        system, path = self._place()
        with suppress(FileNotFoundError):
            system.rm(path, recursive=True)


def parts_of(out: "Path | Url") -> Store:
    """The place beside a result in which a run keeps its shards."""
    if isinstance(out, Url):
        return UrlStore(out.beside(".parts"))
    target = out.resolve()
    return LocalStore(target.with_name(f"{target.name}.parts"))
