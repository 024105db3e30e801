"""The decorator of the kernels in this folder; their cache on disk goes by these sources and the standard's kernels.

These kernels are handed many arrays at every call and make none. Without numba's counting of references a call costs a
few nanoseconds instead of a hundred. So a kernel of this folder must not allocate; numba refuses one that does.
"""

from pathlib import Path
from typing import Any, cast

import numba
from numpy import int64

from meter_sim.sts.compiled.jit import Kernel, compiler

Whole = int | int64
"""A whole number of 64 bits, with its sign; that is what an `int` is in a kernel."""

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_SCALAR = (
    "distribution.py",
    "draws.py",
    "engine/moment.py",
    "local_time.py",
    "meter/answer.py",
    "meter/credit.py",
    "meter/load.py",
    "meter/meter.py",
    "people/crew.py",
    "people/customer.py",
    "people/help_desk.py",
    "programme.py",
    "results/area_day.py",
    "results/record.py",
    "sts/identity.py",
    "sts/key_change.py",
    "sts/tid.py",
    "sts/token.py",
    "vending/refusal.py",
)
"""Modules whose constants are built into the kernels of this folder."""

_with_cache = compiler(_HERE, *(_ROOT / name for name in _SCALAR))


def compiled(function: Kernel) -> Kernel:
    """Compile a function that allocates nothing, and keep the result on disk."""
    kernel = _with_cache(function)
    cast("Any", kernel).targetoptions["_nrt"] = False
    return kernel


def inner(function: Kernel) -> Kernel:
    """Compile a function that other kernels call and that allocates nothing; only they are kept on disk.

    To keep each of a hundred small functions by itself would take longer than to compile all.
    """
    kernel = numba.njit(nogil=True, error_model="numpy")(function)
    kernel.targetoptions["_nrt"] = False
    return cast("Kernel", kernel)


def is_on_disk(function: object) -> bool:
    """Whether a compiled function was kept on disk before."""
    try:
        return Path(cast("Any", function)._cache._cache_file._index_path).exists()
    except AttributeError:  # there is no cache, or numba has it otherwise
        return False
