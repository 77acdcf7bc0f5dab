"""The loop of SGD over blocks of replicas.

A block holds B replicas side by side: coordinate j of all of them is row j of an array `(d, B)`, so that
every inner loop runs over replicas and vectorises, and the block stays in cache for all steps of a call.
Normals are made in rows of four, which stay in the nearest cache.

A step takes normals in the order of the coordinates, from pairs. Where d is odd the last pair of a step has
one left over, which waits in `spare` for coordinate 0 of the next step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from simulations.ensemble.compiled.compile import OPTIONS, Real, inlined, like
from simulations.ensemble.compiled.normals import fill_rows

CHUNK = 128
"""Steps over which squares are summed in the precision of the run, before they go to the float64 totals."""

GRADIENT, BIAS, NORM = range(3)
"""Rows of a block's sums: of `‖∇F‖²`, `‖b‖²` and `‖x‖²`."""

Array = Any


class Blocks(NamedTuple):
    """An ensemble in n blocks of B replicas.

    Args:
        points: `(n, d, B)`.
        totals: sums over the steps so far of `‖∇F‖²`, `‖x‖²`, `η‖∇F‖²` and `η‖b‖²`, `(n, 4, B)` in float64.
        diverged_at: `(n, B)`; −1, or the iteration at which `‖∇F‖²` first exceeded the limit.
        states: of the streams, `(n, 4, B)`.
        spare: the normal left over, `(n, B)`.
    """

    points: Array
    totals: Array
    diverged_at: Array
    states: Array
    spare: Array


class Steps(NamedTuple):
    """Steps to take.

    Args:
        parameters: of the problem, `(k, m)`.
        noise_scale: standard deviation of the noise in each coordinate.
        limit: largest `‖∇F‖²` of a replica that has not diverged.
        step_sizes: η of each step.
        first: iteration of the first.
    """

    parameters: Array
    noise_scale: Real
    limit: Real
    step_sizes: Array
    first: int


class Block(NamedTuple):
    """One block while it takes steps.

    Args:
        x: points, `(d, B)`.
        states: of the streams, `(4, B)`.
        spare: the normal left over, `(B,)`.
        normals: scratch, `(4, B)`.
        direction: scratch for `∇F + b`, `(d, B)`.
        sums: see `GRADIENT`, `(3, B)`.
    """

    x: Array
    states: Array
    spare: Array
    normals: Array
    direction: Array
    sums: Array


@inlined
def descend(step: Any, function: Any, blocks: Blocks, steps: Steps) -> None:
    """Take the steps with every block, in place.

    Args:
        step: `block_step`, `coordinate_step` or `point_step`.
        function: what describes the problem to `step`.
        blocks: where the ensemble stands.
        steps: which to take.
    """
    count, dimension, width = blocks.points.shape
    step_sizes = steps.step_sizes
    chunk = CHUNK if (step_sizes == step_sizes[0]).all() else 1  # η factors out of a chunk's sums
    normals = np.empty((4, width), blocks.points.dtype)
    direction = np.empty((dimension, width), blocks.points.dtype)
    sums = np.empty((3, width), blocks.points.dtype)
    for n in range(count):
        block = Block(blocks.points[n], blocks.states[n], blocks.spare[n], normals, direction, sums)
        for begin in range(0, len(step_sizes), chunk):
            end = min(begin + chunk, len(step_sizes))
            start = Block(block.x.copy(), block.states.copy(), block.spare.copy(), normals, direction, sums)
            sums[:] = 0
            _take(step, function, block, steps, begin, end)
            within = True
            for i in range(width):
                blocks.totals[n, 0, i] += sums[GRADIENT, i]
                blocks.totals[n, 1, i] += sums[NORM, i]
                blocks.totals[n, 2, i] += step_sizes[begin] * sums[GRADIENT, i]
                blocks.totals[n, 3, i] += step_sizes[begin] * sums[BIAS, i]
                within &= sums[GRADIENT, i] <= steps.limit
            if within:
                continue
            for t in range(begin, end):  # a replica went astray: again, step by step, to see which and when
                sums[:] = 0
                _take(step, function, start, steps, t, t + 1)
                for i in range(width):
                    if blocks.diverged_at[n, i] < 0 and not sums[GRADIENT, i] <= steps.limit:
                        blocks.diverged_at[n, i] = steps.first + t


@njit(**OPTIONS)
def _take(step: Any, function: Any, block: Block, steps: Steps, begin: int, end: int) -> None:
    # Not inlined: it is called twice, and what it calls is nearly all there is to compile.
    for t in range(begin, end):
        step(function, block, steps, t)


@inlined
def coordinate_step(slope: Any, block: Block, steps: Steps, t: int) -> None:
    """A step on `F = Σ_j w(x_j; a_j)` with constant bias; `slope(x_j, a_j)` is the derivative of w.

    Rows 0 and 1 of the parameters hold the a_j and the bias.
    """
    _move(_coordinate, slope, block, steps, t)
    squared_bias = like(0, steps.noise_scale)
    for j in range(len(block.x)):
        squared_bias += steps.parameters[1, j] * steps.parameters[1, j]
    if squared_bias > 0:
        for i in range(block.x.shape[1]):
            block.sums[BIAS, i] += squared_bias


@inlined
def _coordinate(slope: Any, block: Block, steps: Steps, t: int, j: int, normals: Array) -> None:
    x, sums = block.x, block.sums
    noise_scale, step_size = steps.noise_scale, steps.step_sizes[t]
    a, bias = steps.parameters[0, j], steps.parameters[1, j]
    for i in range(x.shape[1]):
        here = x[j, i]
        gradient = slope(here, a)
        x[j, i] = here - step_size * (gradient + bias + noise_scale * normals[i])
        sums[GRADIENT, i] += gradient * gradient
        sums[NORM, i] += here * here


@inlined
def block_step(gradient: Any, block: Block, steps: Steps, t: int) -> None:
    """A step with a function of the block: `gradient(x, parameters, direction, sums)`.

    It reads `x (d, B)`, writes `∇F + b` into `direction (d, B)` and adds `‖∇F‖²` and `‖b‖²` to rows 0 and 1
    of `sums (3, B)`. Inner loops over replicas vectorise.
    """
    gradient(block.x, steps.parameters, block.direction, block.sums)
    _move(_along, None, block, steps, t)


@inlined
def point_step(gradient: Any, block: Block, steps: Steps, t: int) -> None:
    """A step with a function of one point: `gradient(x, parameters, direction)` writes `∇F` into `direction`.

    Easier to write. A function without a loop vectorises over the points; a loop over coordinates does not, and
    is several times slower. There is no bias.
    """
    x, direction, sums = block.x, block.direction, block.sums
    _at_each_point(gradient, x, steps.parameters, direction)
    for j in range(len(x)):
        for i in range(x.shape[1]):
            sums[GRADIENT, i] += direction[j, i] * direction[j, i]
    _move(_along, None, block, steps, t)


@njit(**OPTIONS)
def _at_each_point(gradient: Any, x: Array, parameters: Array, direction: Array) -> None:
    # Not inlined: in a function of its own the loop keeps what it needs in registers.
    for i in range(x.shape[1]):
        gradient(x[:, i], parameters, direction[:, i])


@inlined
def _along(_: Any, block: Block, steps: Steps, t: int, j: int, normals: Array) -> None:
    x, direction, sums = block.x, block.direction, block.sums
    noise_scale, step_size = steps.noise_scale, steps.step_sizes[t]
    for i in range(x.shape[1]):
        here = x[j, i]
        x[j, i] = here - step_size * (direction[j, i] + noise_scale * normals[i])
        sums[NORM, i] += here * here


@inlined
def _move(move: Any, function: Any, block: Block, steps: Steps, t: int) -> None:
    """Give each coordinate to `move` with its normals."""
    dimension, normals, j = len(block.x), block.normals, 0
    if _waits(block, steps, t):
        move(function, block, steps, t, 0, block.spare)
        j = 1
    while j + 3 < dimension:
        fill_rows(block.states, normals, True)
        for k in range(4):
            move(function, block, steps, t, j + k, normals[k])
        j += 4
    while j < dimension:
        fill_rows(block.states, normals, False)
        move(function, block, steps, t, j, normals[0])
        if j + 1 < dimension:
            move(function, block, steps, t, j + 1, normals[1])
        else:
            for i in range(len(block.spare)):
                block.spare[i] = normals[1, i]
        j += 2


@inlined
def _waits(block: Block, steps: Steps, t: int) -> bool:
    """Whether the step before t left a normal over."""
    return (steps.first + t) * len(block.x) % 2 != 0
