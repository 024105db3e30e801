"""The decorator of the kernels in this folder; their cache on disk goes by these sources and the standard's kernels.

These kernels are handed many arrays at every call and make none. Without numba's counting of references a call costs a
few nanoseconds instead of a hundred. So a kernel of this folder must not allocate; numba refuses one that does.
"""

import itertools
from pathlib import Path
from typing import Any, cast

import numba
from numba.core import codegen as _codegen
from numba.core import compiler as _compiler
from numba.core import types as _types
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


# numba has no types.
_njit: Any = numba.njit
_unliteral: Any = cast("Any", _types).unliteral


class _Linked(cast("type[Any]", _codegen.JITCodeLibrary)):  # type: ignore[misc]
    """The code of a kernel that only other kernels call: it is linked into theirs, and there optimised with all else.

    numba itself would optimise it here and make machine code of it, together with all that it calls, and so for every
    step of a chain of calls: most of the minutes that compiling took went into code that is never run.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No machine code, no address."""
        del name
        return 0

    @property
    def codegen(self) -> "_Linked":
        """What is asked for an environment, which only Python's own calls would need."""
        return self

    def set_env(self, name: str, environment: object) -> None:
        """Nothing: see `codegen`."""


class _LinkedCompiler(cast("type[Any]", _compiler.Compiler)):  # type: ignore[misc]
    """The compiler of kernels that only other kernels call."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments)
        self.state.library = _Linked(self.state.targetctx.codegen(), f"linked.{next(_numbers)}")
        self.state.library.enable_object_caching()


_numbers = itertools.count()


def compiled(function: Kernel) -> Kernel:
    """Compile a function that allocates nothing, and keep the result on disk; for other kernels it is `inner`."""
    kernel = _with_cache(function)
    untyped, twin = cast("Any", kernel), cast("Any", inner(function))
    untyped.targetoptions["_nrt"] = False
    untyped.get_call_template = twin.get_call_template
    untyped.get_overload = twin.get_overload
    return kernel


def inner(function: Kernel) -> Kernel:
    """Compile a function that only other kernels call and that allocates nothing; only they are kept on disk.

    It is compiled for kinds of arguments, not for each constant that it is called with.
    """
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    kernel = _njit(nogil=True, error_model="numpy", pipeline_class=_LinkedCompiler, **options)(function)
    untyped = cast("Any", kernel)
    untyped.targetoptions["_nrt"] = False
    template_of = untyped.get_call_template

    def call_template(arguments: tuple[Any, ...], named: dict[str, Any]) -> object:
        plain = {name: _unliteral(kind) for name, kind in named.items()}
        return template_of(tuple(_unliteral(kind) for kind in arguments), plain)

    untyped.get_call_template = call_template
    return cast("Kernel", kernel)


def is_on_disk(function: object) -> bool:
    """Whether a compiled function was kept on disk before."""
    try:
        return Path(cast("Any", function)._cache._cache_file._index_path).exists()
    except AttributeError:  # there is no cache, or numba has it otherwise
        return False
