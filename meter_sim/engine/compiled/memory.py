"""Arrays by their addresses, so that a kernel's whole state travels as one pointer.

A compiled function that takes many arrays copies several words of each with every call. The fleet engine therefore
keeps the addresses and lengths of all arrays in one record, and looks at them through views that cost nothing: each is
put together where it is used. Whoever fills in an address keeps the array alive.
"""

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
from numba import types
from numba.core import cgutils as _cgutils
from numba.extending import intrinsic
from numba.np import arrayobj as _arrayobj

cgutils, arrays = cast("Any", _cgutils), cast("Any", _arrayobj)  # numba has no types


def _view(context: Any, builder: Any, kind: Any, address: Any, shape: list[Any]) -> Any:  # noqa: ANN401
    """The struct of an array in C order at an address, which nobody owns."""
    array = arrays.make_array(kind)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    if isinstance(kind.dtype, types.Record):
        item = kind.dtype.size
    size = context.get_constant(types.intp, item)
    strides = [size]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.inttoptr(address, context.get_data_type(kind.dtype).as_pointer())
    arrays.populate_array(
        array,
        data=data,
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=size,
        meminfo=None,
    )
    return array._getvalue()


def _field(builder: Any, record: Any, kind: Any, name: str) -> Any:  # noqa: ANN401
    """A whole number of a record in a kernel."""
    place = cgutils.get_record_member(builder, record, kind.offset(name), cgutils.intp_t)
    return builder.load(place, align=8)


def view_of(name: str, dtype: "np.dtype[Any]") -> Callable[[Any], Any]:
    """A function of a kernel: the array of a record whose address is its field `name` and whose length `room_name`."""
    item = numba.from_dtype(dtype)

    @intrinsic
    def view(typing_context: Any, record: Any) -> Any:  # noqa: ANN401
        del typing_context
        kind = types.Array(item, 1, "C")

        def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            address = _field(builder, arguments[0], signature.args[0], name)
            length = _field(builder, arguments[0], signature.args[0], f"room_{name}")
            return _view(context, builder, kind, address, [length])

        return kind(record), generated

    return cast("Callable[[Any], Any]", view)


@intrinsic
def _numbers(typing_context: Any, address: Any, length: Any) -> Any:  # noqa: ANN401
    """A column of whole numbers at an address."""
    del typing_context
    kind = types.Array(types.int64, 1, "C")

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        del signature
        return _view(context, builder, kind, arguments[0], [arguments[1]])

    return kind(types.int64, types.int64), generated


numbers = cast("Callable[[Any, Any], Any]", _numbers)
"""A function of a kernel: a column of whole numbers at an address, of a length."""


def table_view(name: str, *, height: int = 0, width: int = 0) -> Callable[[Any], Any]:
    """A function of a kernel: a table of whole numbers, `room_name` in all, of this height or of this width."""
    kind = types.Array(types.int64, 2, "C")

    @intrinsic
    def view(typing_context: Any, record: Any) -> Any:  # noqa: ANN401
        del typing_context

        def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            address = _field(builder, arguments[0], signature.args[0], name)
            room = _field(builder, arguments[0], signature.args[0], f"room_{name}")
            known = context.get_constant(types.intp, height or width)
            other = builder.sdiv(room, known)
            shape = [known, other] if height else [other, known]
            return _view(context, builder, kind, address, shape)

        return kind(record), generated

    return cast("Callable[[Any], Any]", view)


def rows_of(dtype: "np.dtype[Any]") -> Callable[[int, int, int], Any]:
    """A function of a kernel: a table of records at an address."""
    item = numba.from_dtype(dtype)

    @intrinsic
    def view(typing_context: Any, address: Any, number: Any, width: Any) -> Any:  # noqa: ANN401
        del typing_context
        kind = types.Array(item, 2, "C")

        def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            del signature
            return _view(context, builder, kind, arguments[0], [arguments[1], arguments[2]])

        return kind(types.int64, types.int64, types.int64), generated

    return cast("Callable[[int, int, int], Any]", view)
