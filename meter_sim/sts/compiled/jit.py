"""The compiler of all kernels, with a cache on disk that cannot go stale.

numba keeps compiled functions on disk but notices a change only in the file of the function itself, not in the files
of those that it calls, nor in the tables built into it. So the folder of the cache is named after everything that the
kernels are made from: the sources in this folder, the scalar modules whose tables they take, numba and NumPy. A change
in any of them means another folder.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
import platformdirs

Kernel = TypeVar("Kernel", bound=Callable[..., object])

_HERE = Path(__file__).parent
_SCALAR = ("amount.py", "crc.py", "ea07.py", "ea11.py")
SOURCES = (_HERE, *(_HERE.parent / name for name in _SCALAR))
"""The folder of these kernels, and the scalar modules whose tables and rules are built into them."""

_FOLDERS_KEPT = 4
_SECONDS_KEPT = 7 * 24 * 3600
_FOLDER_NAME = re.compile(r"compiled-[0-9a-f]{16}")
_deciding = threading.Lock()


def fingerprint(sources: Iterable[Path]) -> str:
    """16 hex digits that name the sources (folders stand for their .py files), numba and NumPy. Raises OSError."""
    digest = hashlib.sha256(f"numba {numba.__version__} numpy {np.__version__}".encode())
    for source in sources:
        for path in sorted(source.glob("*.py")) if source.is_dir() else [source]:
            content = path.read_bytes()
            digest.update(f"\n{path.parent.name}/{path.name} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()[:16]


def _cache_folder(sources: Iterable[Path]) -> Path | None:
    """The folder for the kernels made from these sources, ready to be written; None where there can be none."""
    try:
        parent = Path(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_dir("meter_sim", appauthor=False))
        folder = parent / f"compiled-{fingerprint(sources)}"
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)
    except (OSError, RuntimeError):  # RuntimeError: nobody's home
        return None
    if is_new:
        _remove_older(parent)
    return folder


def _remove_older(parent: Path) -> None:
    """Remove folders that no run of the last week has used, except the newest few; others' trouble is no error."""
    used: list[tuple[float, Path]] = []
    for folder in parent.glob("compiled-*"):
        if _FOLDER_NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            try:
                used.append((folder.stat().st_mtime, folder))
            except OSError:
                continue
    used.sort(reverse=True)
    for last_used, folder in used[_FOLDERS_KEPT:]:
        if time.time() - last_used > _SECONDS_KEPT:
            shutil.rmtree(folder, ignore_errors=True)


class _Forgiving:
    """A kernel's cache on disk that is no reason to fail.

    What cannot be read is compiled again, what cannot be written is not kept. numba itself gives up on a file that a
    loss of power cut short, and on a disk that is full.
    """

    def __init__(self, cache: Any) -> None:  # noqa: ANN401 (numba has no types)
        self._cache = cache

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._cache, name)

    def load_overload(self, *arguments: Any) -> Any:  # noqa: ANN401
        """A compiled function from the disk, or None."""
        try:
            return self._cache.load_overload(*arguments)
        except Exception:  # whatever a damaged file may raise when it is unpickled
            with contextlib.suppress(Exception):
                self._cache.flush()
            return None

    def save_overload(self, *arguments: Any) -> None:  # noqa: ANN401
        """Keep a compiled function, if that can be."""
        with contextlib.suppress(Exception):
            self._cache.save_overload(*arguments)


def compiler(*more_sources: Path) -> Callable[[Kernel], Kernel]:
    """A decorator that compiles a function and keeps the result on disk.

    A package with kernels of its own names its folder (or files) here, so that they too count for the cache; the
    kernels of this package count always. Where the cache cannot be written the decorator compiles without one.
    """
    folder = _cache_folder((*SOURCES, *more_sources))

    def compiled(function: Kernel) -> Kernel:
        if folder is None:
            return cast("Kernel", numba.njit(nogil=True, error_model="numpy")(function))
        with _deciding:
            # numba reads this setting while it decorates; whoever else uses numba in this process keeps theirs.
            settings = vars(numba.config)
            before = settings["CACHE_DIR"]
            settings["CACHE_DIR"] = str(folder)
            try:
                kernel = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
            finally:
                settings["CACHE_DIR"] = before
        untyped = cast("Any", kernel)
        untyped._cache = _Forgiving(untyped._cache)
        return cast("Kernel", kernel)

    return compiled


compiled = compiler()
"""The decorator of the kernels in this folder."""
