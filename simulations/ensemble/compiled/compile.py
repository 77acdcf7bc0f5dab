"""How numba compiles the functions of this package, and two operations that it lacks."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit, types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic, overload

OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
"""Of every compiled function. Numba's default error model tests each divisor, which stops vectorisation.
Fused multiply-adds are allowed; reordering is not, for a replica's numbers must not depend on its place."""

_INLINED: Any = {"forceinline": True, **OPTIONS}

inlined = njit(**_INLINED)
"""Decorates a function that melts into the compiled functions that call it."""

_SOURCES = hashlib.sha256(
    b"".join(p.read_bytes() for p in sorted(Path(__file__).parent.glob("*.py")))
).digest()


class _Cache(FunctionCache):
    """A compiled function on disk, out of date when any source of this package changes.

    Numba itself looks only at the file that the function stands in, not at what melts into it.
    """

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _SOURCES)


def compiled(function: Any) -> Any:
    """Decorates a function that Python calls; it is compiled once for each precision and kept on disk."""
    dispatcher = njit(nogil=True, **OPTIONS)(function)
    with contextlib.suppress(RuntimeError):  # typed at a prompt: there is no file beside which to keep it
        dispatcher._cache = _Cache(function)
    return dispatcher


Real = Any
"""float64 or float32: compiled functions take either and stay in it."""

_intrinsic: Any = intrinsic  # its annotations speak of the decorated function, not of what it becomes

INTEGER: Any = {types.float64: types.int64, types.float32: types.int32}
"""Float type -> integer type of the same width."""


@_intrinsic
def bits(typing_context: Any, number: Any) -> Any:
    """The bits of a float as an integer of its width, or those of an integer as a float."""
    target = INTEGER.get(number) or {integer: real for real, integer in INTEGER.items()}[number]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return target(number), generate


@_intrinsic
def like(typing_context: Any, number: Any, model: Any) -> Any:
    """`number` in the type of `model`; numba computes `float32 * 2.0` and `int32 + 1` in 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(builder, arguments[0], signature.args[0], signature.return_type)

    return model(number, model), generate


def by_precision(double: Any, single: Any) -> Callable[[Any], Any]:
    """Decorates a declaration for compiled code: `double` if its first argument has 64 bits, `single` if 32."""
    forms = {types.float64: double, types.int64: double, types.float32: single, types.int32: single}

    def declare(function: Any) -> Any:
        @overload(function, strict=False, jit_options=_INLINED)
        def choose(first: Any, *rest: Any) -> Any:
            return forms.get(first)

        return function

    return declare
