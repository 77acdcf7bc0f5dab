"""The general engine: one SGD step of R replicas, for any problem written as torch functions of a batch."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from simulations.ensemble.streams import Streams, open_streams, take
from simulations.problems.problem import Problem


class State(NamedTuple):
    """Where an ensemble stands: points `(R, d)`, momentum buffer `(R, d)`, streams, and steps taken."""

    x: Tensor
    velocity: Tensor
    streams: Streams
    iteration: int


class Observation(NamedTuple):
    """What a step from `x` was made of, each `(R, d)`: `g = gradient + bias + noise`."""

    x: Tensor
    gradient: Tensor
    bias: Tensor
    noise: Tensor


def init(
    problem: Problem,
    *,
    replicas: int,
    seed: int,
    first_replica: int = 0,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
) -> State:
    """Every replica at the problem's start, its stream at its beginning."""
    x = torch.tensor(problem.start, dtype=dtype, device=device).repeat(replicas, 1)
    return State(x, torch.zeros_like(x), open_streams(seed, replicas, first_replica), 0)


def step(
    problem: Problem, state: State, *, step_size: float, momentum: float = 0.0, nesterov: bool = False
) -> tuple[State, Observation]:
    """`u ← momentum·u + g`, `x ← x − step_size·u` (heavy ball; Nesterov steps along `g + momentum·u`)."""
    x, velocity, streams, iteration = state
    gradient = problem.gradient(x)
    bias = noise = _zero(x.shape, x.dtype, x.device)
    stochastic = gradient
    if problem.bias:
        bias = problem.bias.function(x, gradient)
        stochastic = gradient + bias
    if drawn := problem.noise:
        streams, variates = take(streams, drawn.law, drawn.count, x.dtype, drawn.scale)
        noise = drawn.shape(variates.to(x.device), x, stochastic)
        stochastic = stochastic + noise
    velocity = momentum * velocity + stochastic if momentum else stochastic
    direction = stochastic + momentum * velocity if nesterov else velocity
    moved = State(torch.sub(x, direction, alpha=step_size), velocity, streams, iteration + 1)
    return moved, Observation(x, gradient, bias, noise)


@cache  # making it takes two calls of torch, and a step without momentum only three
def _zero(shape: torch.Size, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.zeros((), dtype=dtype, device=device).expand(shape)
