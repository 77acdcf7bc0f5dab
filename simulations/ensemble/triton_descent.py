"""Fused SGD on sums over coordinates in Triton: `compiled.descent` with a lane a replica, all in registers."""

# ruff: noqa: RUF005  (what Triton compiles: tuples grow by addition)
# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from simulations.ensemble.triton_streams import draw_pair, sine_of_turns

TURNS_A_RADIAN = tl.constexpr(0.3183098861837907)  # twice, as `sine_of_turns` takes x/π for sin 2x
STEEPNESS = tl.constexpr(62.83185307179586)  # 20π
AT_ONCE = tl.constexpr(128)  # steps whose squares are summed in the precision of the run


@triton.jit
def slope(x, a, KIND: tl.constexpr, DOUBLE: tl.constexpr):
    """Derivative of one coordinate's function, as in `compiled.separable`."""
    if KIND == "quadratic":
        result = a * x
    elif KIND == "double_well":
        inside = tl.minimum(tl.maximum(x, -1.5), 1.5)
        result = inside * inside * inside - inside + 5.75 * (x - inside) + a
    elif KIND == "rastrigin":
        result = x + x + STEEPNESS * sine_of_turns(x, DOUBLE)
    elif KIND == "styblinski_tang":
        result = (2.0 * x * x - 16.0) * x + 2.5
    else:
        tl.static_assert(KIND == "pl_sine")
        result = x + x + 3.0 * sine_of_turns(x * TURNS_A_RADIAN, DOUBLE)
    return result


@triton.jit
def descend_kernel(
    points,
    totals,
    diverged_at,
    states,
    spares,
    parameters,
    step_sizes,
    noise_scale_and_limit,
    first,
    steps,
    replicas,
    KIND: tl.constexpr,
    DIMENSION: tl.constexpr,
    DOUBLE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Steps `first, …, first + steps − 1` of all replicas, in place.

    Args (pointers; the last axis is the replica's):
        points: `(d, R)` in the precision of the run, as are spares, parameters, step sizes, noise scale and limit.
        totals: `(4, R)` float64, sums of `‖∇F‖²`, `‖x‖²`, `η‖∇F‖²` and `η‖b‖²`.
        diverged_at: `(R,)` int64, −1 until `‖∇F‖²` exceeds the limit.
        states: `(4, R)` int64.
        spares: `(R,)`, the normal left over.
        parameters: `(2, d)`, numbers of the functions and bias.
        step_sizes: `(steps,)`.
        noise_scale_and_limit: two numbers.
    """
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    held = lane < replicas
    x = ()
    for j in tl.static_range(DIMENSION):
        x = x + (tl.load(points + j * replicas + lane, mask=held, other=0.0),)
    s0 = tl.load(states + lane, mask=held, other=0).to(tl.uint64, bitcast=True)
    s1 = tl.load(states + replicas + lane, mask=held, other=0).to(tl.uint64, bitcast=True)
    s2 = tl.load(states + 2 * replicas + lane, mask=held, other=0).to(tl.uint64, bitcast=True)
    s3 = tl.load(states + 3 * replicas + lane, mask=held, other=0).to(tl.uint64, bitcast=True)
    spare = tl.load(spares + lane, mask=held, other=0.0)
    astray = tl.load(diverged_at + lane, mask=held, other=0)
    noise_scale, limit = tl.load(noise_scale_and_limit), tl.load(noise_scale_and_limit + 1)
    gradients = tl.load(totals + lane, mask=held, other=0.0)
    norms = tl.load(totals + replicas + lane, mask=held, other=0.0)
    weighted = tl.load(totals + 2 * replicas + lane, mask=held, other=0.0)
    biases = tl.load(totals + 3 * replicas + lane, mask=held, other=0.0)
    zero = spare * 0.0
    for begin in range(0, steps, AT_ONCE):
        sum_gradient, sum_norm, sum_weighted, sum_bias = zero, zero, zero, zero
        for t in range(begin, tl.minimum(begin + AT_ONCE, steps)):
            step_size = tl.load(step_sizes + t)
            squared, norm, squared_bias = zero, zero, 0.0 * step_size
            moved = ()
            for j in tl.static_range(DIMENSION):
                bias = tl.load(parameters + DIMENSION + j)
                gradient = slope(x[j], tl.load(parameters + j), KIND, DOUBLE)
                if ((first + t) * DIMENSION + j) % 2 == 0:
                    normal, spare, s0, s1, s2, s3 = draw_pair(s0, s1, s2, s3, DOUBLE)
                else:
                    normal = spare
                squared += gradient * gradient
                norm += x[j] * x[j]
                squared_bias += bias * bias
                moved = moved + (x[j] - step_size * (gradient + bias + noise_scale * normal),)
            x = moved
            sum_gradient += squared
            sum_norm += norm
            sum_weighted += step_size * squared
            sum_bias += step_size * squared_bias
            within = squared <= limit  # false for NaN
            astray = tl.where(within | (astray >= 0), astray, first + t)
        gradients += sum_gradient.to(tl.float64)
        norms += sum_norm.to(tl.float64)
        weighted += sum_weighted.to(tl.float64)
        biases += sum_bias.to(tl.float64)
    for j in tl.static_range(DIMENSION):
        tl.store(points + j * replicas + lane, x[j], mask=held)
    tl.store(states + lane, s0.to(tl.int64, bitcast=True), mask=held)
    tl.store(states + replicas + lane, s1.to(tl.int64, bitcast=True), mask=held)
    tl.store(states + 2 * replicas + lane, s2.to(tl.int64, bitcast=True), mask=held)
    tl.store(states + 3 * replicas + lane, s3.to(tl.int64, bitcast=True), mask=held)
    tl.store(spares + lane, spare, mask=held)
    tl.store(diverged_at + lane, astray, mask=held)
    tl.store(totals + lane, gradients, mask=held)
    tl.store(totals + replicas + lane, norms, mask=held)
    tl.store(totals + 2 * replicas + lane, weighted, mask=held)
    tl.store(totals + 3 * replicas + lane, biases, mask=held)
