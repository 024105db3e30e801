"""Small arrays on the stack, for kernels that must not ask for memory."""

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils as _cgutils
from numba.extending import intrinsic
from numba.np import arrayobj as _arrayobj

cgutils, arrays = cast("Any", _cgutils), cast("Any", _arrayobj)  # numba has no types


def on_stack(dtype: type[np.generic], *shape: int) -> Callable[[], Any]:
    """A function of a kernel: an array of this shape, of unknown content, that is gone when the kernel returns."""
    kind = types.Array(numba.from_dtype(np.dtype(dtype)), len(shape), "C")
    item = np.dtype(dtype).itemsize

    @intrinsic
    def made(typing_context: Any) -> Any:  # noqa: ANN401 (numba has no types)
        del typing_context

        def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            del signature, arguments
            words = -(-item * int(np.prod(shape)) // 8)
            place = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(64), words))
            array = arrays.make_array(kind)(context, builder)
            lengths = [context.get_constant(types.intp, length) for length in shape]
            strides = [
                context.get_constant(types.intp, item * int(np.prod(shape[axis + 1 :]))) for axis in range(len(shape))
            ]
            arrays.populate_array(
                array,
                data=builder.bitcast(place, context.get_data_type(kind.dtype).as_pointer()),
                shape=cgutils.pack_array(builder, lengths),
                strides=cgutils.pack_array(builder, strides),
                itemsize=context.get_constant(types.intp, item),
                meminfo=None,
            )
            return array._getvalue()

        return kind(), generated

    return cast("Callable[[], Any]", made)
