"""What is done with the words of several replicas at once, as vectors of the processor.

The compiler does not find these vectors in loops, so they are spelled out. ``width`` is a tuple
with an entry per lane: its type carries their number, for which code is compiled. Words are of 32
or 64 bits, ``field << 1 | (stance == +1)``, and lie side by side in one-dimensional arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["LOGIT_ERROR", "add", "decide", "turn"]

I1, I32, I64, FLOAT = ir.IntType(1), ir.IntType(32), ir.IntType(64), ir.FloatType()
# log2 on [1, 2) as a polynomial, to 2.5e-6.
_LOG2 = np.polynomial.chebyshev.Chebyshev.interpolate(np.log2, 6, domain=[1.0, 2.0])
POWERS = tuple(float(c) for c in _LOG2.convert(kind=np.polynomial.Polynomial).coef)
EXTREME = 2**18  # draws nearer than this to 0 or 2^32 need their further bits
LOGIT_ERROR = 4e-5  # of ln(v/(1-v)) in single precision, the field's rounding and v's included


def _place(context: Any, builder: Any, kind: Any, array: Any, offset: Any, vector: Any) -> Any:
    """Return where the vector at ``array[offset]`` lies."""
    made = context.make_array(kind)(context, builder, array)
    element = cgutils.get_item_pointer(context, builder, kind, made, [offset], wraparound=False)
    return builder.bitcast(element, vector.as_pointer())


def _all(kind: Any, value: Any, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(kind, lanes), [value] * lanes)


def _repeated(builder: Any, value: Any, lanes: int) -> Any:
    """Return a vector of one number."""
    kind = ir.VectorType(value.type, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    return builder.shuffle_vector(one, one, _all(I32, 0, lanes))


def _any(builder: Any, bits: Any, lanes: int) -> Any:
    """Return 1 where a vector of bits holds any, else 0."""
    whole = builder.bitcast(bits, ir.IntType(lanes))
    return builder.zext(builder.icmp_unsigned("!=", whole, ir.Constant(whole.type, 0)), I64)


def _log2(builder: Any, numbers: Any, lanes: int) -> Any:
    """Return log2 of a vector of unsigned numbers, in single precision; of 0 a low number."""
    real, whole = ir.VectorType(FLOAT, lanes), ir.VectorType(I32, lanes)
    bits = builder.bitcast(builder.uitofp(numbers, real), whole)
    power = builder.sub(builder.lshr(bits, _all(I32, 23, lanes)), _all(I32, 127, lanes))
    part = builder.and_(bits, _all(I32, 0x7FFFFF, lanes))
    part = builder.bitcast(builder.or_(part, _all(I32, 0x3F800000, lanes)), real)
    total = _all(FLOAT, POWERS[-1], lanes)
    for factor in reversed(POWERS[:-1]):
        # The error allowed covers both ways to round this, so processors may fuse it.
        product = builder.fmul(total, part, flags=("contract",))
        total = builder.fadd(product, _all(FLOAT, factor, lanes), flags=("contract",))
    return builder.fadd(total, builder.sitofp(power, real))


@intrinsic
def decide(
    typingctx: Any,
    width: Any,
    state: Any,
    offset: Any,
    draws: Any,
    half: Any,
    unit: Any,
    error: Any,
    change: Any,
    near: Any,
) -> Any:
    """Compare a user's field in every lane with the draw's bound; no branch.

    ``change`` becomes what a flip adds to listeners per unit of coupling (0, +4, -4), ``near`` 1
    where the bound is nearer than ``error`` and the lane is to be decided exactly. ``draws``
    uint64 are shifted right by ``half`` bits and their lower 32 taken; ``unit`` is ``scale T ln(2)
    / 2``. Returns bit 0: somebody flips; bit 1: somebody is near.
    """
    lanes = width.count
    integer = ir.IntType(state.dtype.bitwidth)
    word, long = ir.VectorType(integer, lanes), ir.VectorType(I64, lanes)
    short, real = ir.VectorType(I32, lanes), ir.VectorType(FLOAT, lanes)

    def generate(context: Any, b: Any, signature: Any, given: Any) -> Any:
        kinds, zero = signature.args, ir.Constant(I64, 0)
        own = b.load(_place(context, b, kinds[1], given[1], given[2], word), align=4)
        draw = b.load(_place(context, b, kinds[3], given[3], zero, long), align=8)
        draw = b.trunc(b.lshr(draw, _repeated(b, given[4], lanes)), short)
        logit = b.fsub(_log2(b, draw, lanes), _log2(b, b.not_(draw), lanes))
        field = b.sitofp(b.ashr(own, _all(integer, 1, lanes)), real)
        beyond = b.fsub(field, b.fmul(_repeated(b, given[5], lanes), logit))
        up = b.fcmp_ordered(">", beyond, _all(FLOAT, 0.0, lanes))
        size = b.and_(b.bitcast(beyond, short), _all(I32, 0x7FFFFFFF, lanes))
        # Unordered: infinite temperatures are to be decided exactly, too.
        open_ = b.fcmp_unordered("<=", b.bitcast(size, real), _repeated(b, given[6], lanes))
        extreme = b.add(draw, _all(I32, EXTREME, lanes))
        extreme = b.icmp_unsigned("<", extreme, _all(I32, 2 * EXTREME, lanes))
        open_ = b.or_(open_, extreme)
        flips = b.xor(up, b.trunc(own, ir.VectorType(I1, lanes)))
        bit = b.and_(own, _all(integer, 1, lanes))
        by = b.sub(_all(integer, 4, lanes), b.shl(bit, _all(integer, 3, lanes)))
        by = b.select(flips, by, _all(integer, 0, lanes))
        b.store(by, _place(context, b, kinds[7], given[7], zero, word), align=4)
        b.store(b.zext(open_, short), _place(context, b, kinds[8], given[8], zero, short), align=4)
        some = b.shl(_any(b, open_, lanes), ir.Constant(I64, 1))
        return b.or_(_any(b, flips, lanes), some)

    numbers = (types.int64, draws, types.int64, types.float32, types.float32)
    return types.int64(width, state, *numbers, change, near), generate


@intrinsic
def turn(typingctx: Any, width: Any, state: Any, offset: Any, change: Any, moved: Any) -> Any:
    """Turn the stance in every lane that changes, and count it in ``moved``."""
    lanes = width.count
    integer = ir.IntType(state.dtype.bitwidth)
    word = ir.VectorType(integer, lanes)

    def generate(context: Any, b: Any, signature: Any, given: Any) -> Any:
        kinds, zero = signature.args, ir.Constant(I64, 0)
        by = b.load(_place(context, b, kinds[3], given[3], zero, word), align=4)
        bit = b.zext(b.icmp_signed("!=", by, _all(integer, 0, lanes)), word)
        place = _place(context, b, kinds[1], given[1], given[2], word)
        b.store(b.xor(b.load(place, align=4), bit), place, align=4)
        place = _place(context, b, kinds[4], given[4], zero, word)
        b.store(b.add(b.load(place, align=4), bit), place, align=4)
        return context.get_dummy_value()

    return types.void(width, state, types.int64, change, moved), generate


@intrinsic
def add(typingctx: Any, width: Any, state: Any, offset: Any, change: Any, coupling: Any) -> Any:
    """Add the changes in all lanes, times a coupling, to a listener's words."""
    lanes = width.count
    integer = ir.IntType(state.dtype.bitwidth)
    word = ir.VectorType(integer, lanes)

    def generate(context: Any, b: Any, signature: Any, given: Any) -> Any:
        kinds, zero = signature.args, ir.Constant(I64, 0)
        by = b.load(_place(context, b, kinds[3], given[3], zero, word), align=4)
        place = _place(context, b, kinds[1], given[1], given[2], word)
        more = b.mul(by, _repeated(b, given[4], lanes))
        b.store(b.add(b.load(place, align=4), more), place, align=4)
        return context.get_dummy_value()

    return types.void(width, state, types.int64, change, state.dtype), generate
