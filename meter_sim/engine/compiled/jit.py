"""The decorator of the kernels in this folder; their cache on disk goes by these sources and the standard's kernels.

These kernels are handed many arrays at every call and make none. Without numba's counting of references a call costs a
few nanoseconds instead of a few hundred; a kernel of this folder must therefore not allocate.
"""

from pathlib import Path
from typing import Any, cast

from numpy import int64

from meter_sim.sts.compiled.jit import Kernel, compiler

Whole = int | int64
"""A whole number of 64 bits, with its sign; that is what an `int` is in a kernel."""

_with_cache = compiler(Path(__file__).parent)


def compiled(function: Kernel) -> Kernel:
    """Compile a function that allocates nothing, and keep the result on disk."""
    kernel = _with_cache(function)
    cast("Any", kernel).targetoptions["_nrt"] = False
    return kernel
