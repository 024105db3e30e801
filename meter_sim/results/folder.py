"""Folders of results: complete or not there, and nothing else is written over."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Strange = Callable[[Path], str | None]
"""The first thing in a folder that may not be replaced, None if there is none."""


class ResultError(Exception):
    """A folder that cannot be written as a result, or is none; one line."""


def check_replaceable(target: Path, what: str, strange: Strange) -> None:
    """Refuse, with a ResultError, a folder that `what` (a result, an experiment) may not replace."""
    if not target.exists():
        return
    if target.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise ResultError(f"{target}: is the folder you are in, or above it; name a folder below it")
    if not target.is_dir():
        raise ResultError(f"{target}: is a file, name a folder")
    found = strange(target)
    if found:
        raise ResultError(f"{target}: holds {found}, which is no {what}; name a new folder or an earlier {what}")


@contextmanager
def complete_or_not_there(folder: Path, what: str, strange: Strange) -> Iterator[Path]:
    """A draft beside a folder, which takes its place at the end; an earlier one is replaced then.

    Raises ResultError if the folder holds something else or cannot be written.
    """
    target = folder.resolve()  # what a symbolic link points to, not the link
    check_replaceable(folder, what, strange)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise ResultError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        yield draft
        check_replaceable(folder, what, strange)
        put_in_place(draft, target)
    except OSError as error:
        raise ResultError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted."""
    return sorted(os.listdir(folder))  # noqa: PTH208 (names are all that is wanted)


def put_in_place(draft: Path, target: Path) -> None:
    """Let a draft on the same disk become a folder; an earlier one is replaced."""
    draft.chmod(0o755)
    if not target.exists():
        draft.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    try:
        target.rename(aside / target.name)
        try:
            draft.rename(target)
        except OSError:
            (aside / target.name).rename(target)
            raise
    finally:
        if target.exists():  # else the earlier result lies aside, and nothing may be lost
            shutil.rmtree(aside, ignore_errors=True)
