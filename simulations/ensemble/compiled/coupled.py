"""Compiled problems whose coordinates act on each other."""

from __future__ import annotations

import math

import numpy as np

from simulations.ensemble.compiled.compile import compiled, inlined, like
from simulations.ensemble.compiled.descent import BIAS, GRADIENT, Array, Blocks, Steps, block_step, descend


@inlined
def _add_squares(direction: Array, sums: Array) -> None:
    for j in range(len(direction)):
        for i in range(direction.shape[1]):
            sums[GRADIENT, i] += direction[j, i] * direction[j, i]


@inlined
def _rosenbrock_gradient(x: Array, parameters: Array, direction: Array, sums: Array) -> None:
    for i in range(x.shape[1]):
        lift = like(200, x[0, i]) * (x[1, i] - x[0, i] * x[0, i])
        ahead = x[0, i] - like(1, x[0, i])
        direction[0, i] = ahead + ahead - (x[0, i] + x[0, i]) * lift
        direction[1, i] = lift
    _add_squares(direction, sums)


@compiled
def rosenbrock(blocks: Blocks, steps: Steps) -> None:
    """No parameters."""
    descend(block_step, _rosenbrock_gradient, blocks, steps)


@inlined
def _relative_bias_gradient(x: Array, parameters: Array, direction: Array, sums: Array) -> None:
    smoothness, relative, bound = parameters[0]
    width = x.shape[1]
    squared = np.zeros(width, x.dtype)
    for j in range(len(x)):
        for i in range(width):
            direction[j, i] = smoothness * x[j, i]
            squared[i] += direction[j, i] * direction[j, i]
    for i in range(width):
        bias_squared = relative * squared[i] + bound * bound if squared[i] > 0 else like(0, bound)
        sums[GRADIENT, i] += squared[i]
        sums[BIAS, i] += bias_squared
        squared[i] = math.sqrt(bias_squared / squared[i]) if squared[i] > 0 else like(0, bound)
    for j in range(len(x)):
        for i in range(width):
            direction[j, i] -= squared[i] * direction[j, i]


@compiled
def relative_bias(blocks: Blocks, steps: Steps) -> None:
    """One row of parameters: L, m, ζ."""
    descend(block_step, _relative_bias_gradient, blocks, steps)


@inlined
def _factorisation_gradient(x: Array, parameters: Array, direction: Array, sums: Array) -> None:
    rows, columns, rank = int(parameters[1, 0]), int(parameters[1, 1]), int(parameters[1, 2])
    width = x.shape[1]
    error = np.empty(width, x.dtype)
    direction[:] = 0
    for r in range(rows):
        for c in range(columns):
            error[:] = -parameters[0, r * columns + c]
            u, v = r * rank, (rows + c) * rank
            for k in range(rank):
                for i in range(width):
                    error[i] += x[u + k, i] * x[v + k, i]
            for k in range(rank):
                for i in range(width):
                    direction[u + k, i] += error[i] * x[v + k, i]
                    direction[v + k, i] += error[i] * x[u + k, i]
    _add_squares(direction, sums)


@compiled
def matrix_factorisation(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: the entries of A, row by row; its rows, its columns, the rank, and zeros."""
    descend(block_step, _factorisation_gradient, blocks, steps)


@inlined
def _phase_retrieval_gradient(x: Array, parameters: Array, direction: Array, sums: Array) -> None:
    width = x.shape[1]
    projection = np.empty(width, x.dtype)
    share = like(1, x[0, 0]) / like(len(parameters), x[0, 0])
    direction[:] = 0
    for n in range(len(parameters)):
        projection[:] = 0
        for j in range(len(x)):
            for i in range(width):
                projection[i] += parameters[n, j] * x[j, i]
        for i in range(width):
            projection[i] *= (projection[i] * projection[i] - parameters[n, len(x)]) * share
        for j in range(len(x)):
            for i in range(width):
                direction[j, i] += parameters[n, j] * projection[i]
    _add_squares(direction, sums)


@compiled
def phase_retrieval(blocks: Blocks, steps: Steps) -> None:
    """A row of parameters for each measurement: its vector, and the square of the projection on it."""
    descend(block_step, _phase_retrieval_gradient, blocks, steps)
