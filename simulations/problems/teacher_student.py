"""A two-layer student network learns a teacher of the same shape from minibatches."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.problems.problem import Noise, Problem

STEEPEST_CURVATURE = 4 / math.sqrt(27)
"""Largest `|tanh″|`, at `tanh² = 1/3`."""


def teacher_student(inputs: int = 4, hidden: int = 3, samples: int = 64, batch: int = 8) -> Problem:
    r"""`F(w) = 1/(2N) Σ_i (f_w(u_i) − f_{w*}(u_i))²`, `f_w(u) = Σ_j tanh(w_j·u)`, minimum 0 at w*.

    With `Σ_u = (1/N) Σ u_iu_iᵀ`, H hidden units, `|f − f*| ≤ 2H`, `|tanh′| ≤ 1` and `|tanh″| ≤ 4/√27`:
    `L ≤ H(1 + 8/√27)·λ_max(Σ_u)`. Minibatch noise (with replacement): one sample's gradient has norm at most
    `2H·√H·‖u_i‖`, so `σ² ≤ 4H³·mean‖u_i‖²/batch`; both are bounds, not exact.

    Args:
        inputs: length of u.
        hidden: H.
        samples: N, standard normal inputs from a fixed seed.
        batch: samples in a minibatch.
    """
    parameters = dict(locals())
    if batch < 1:
        raise ValueError(f"batch is {batch}; it must be at least 1")
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(samples, inputs, generator=generator, dtype=torch.float64)
    teacher = torch.randn(hidden, inputs, generator=generator, dtype=torch.float64)
    outputs = torch.tanh(data @ teacher.T).sum(1)
    covariance = data.T @ data / samples

    def parts(x: Tensor, u: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Errors `(R, n)` and their gradients with respect to the preactivations `(R, n, hidden)`."""
        activations = torch.tanh(u @ x.unflatten(1, (hidden, inputs)).mT)
        error = activations.sum(2) - y
        return error, error[:, :, None] * (1 - activations.square())

    def objective(x: Tensor) -> Tensor:
        return parts(x, data.to(x), outputs.to(x))[0].square().mean(1) / 2

    def gradient(x: Tensor) -> Tensor:
        slopes = parts(x, data.to(x), outputs.to(x))[1]
        return (slopes.mT @ data.to(x) / samples).flatten(1)

    def shape(uniforms: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        index = (uniforms * samples).long()
        u = data.to(x)[index]
        slopes = parts(x, u, outputs.to(x)[index])[1]
        return (slopes.mT @ u / batch).flatten(1) - gradient(x)

    return Problem(
        name="teacher-student",
        dimension=hidden * inputs,
        objective=objective,
        gradient=gradient,
        smoothness=hidden * (1 + 2 * STEEPEST_CURVATURE) * float(torch.linalg.eigvalsh(covariance)[-1]),
        minimum=0.0,
        start=tuple((0.5 * torch.cos(torch.arange(hidden * inputs, dtype=torch.float64))).tolist()),
        noise=Noise(
            "uniform", batch, shape, 4 * hidden**3 * float(data.square().sum(1).mean()) / batch, exact=False
        ),
        minimisers=(tuple(teacher.flatten().tolist()),),
        smoothness_exact=False,
        parameters=parameters,
        sources={
            "smoothness": "bounds on tanh′ and tanh″",
            "minimum": "at the teacher",
            "noise_variance": "bound on one sample's gradient",
        },
    )
