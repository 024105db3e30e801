"""Arrays by their addresses, so that a kernel's whole state travels as one pointer.

A compiled function that takes many arrays copies seven words of each with every call. The fleet engine therefore keeps
the addresses and lengths of all arrays in one record, and looks at them through views that cost nothing. Whoever fills
in an address keeps the array alive.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic  # type: ignore[misc]
def pointer(typing_context: Any, address: Any) -> Any:  # noqa: ANN401 (numba has no types)
    """An address as a pointer, for `numba.carray`."""
    del typing_context

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        del context, signature
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(address), generated
