"""A cohort with many equally good minima: its logits are sines of the parameters."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.problems.noise import gaussian
from simulations.problems.problem import Bias, Problem


def rdml_waves(
    alpha: float = 1.0,
    beta: float = 1.0,
    learners: int = 2,
    amplitude: float = 4.0,
    noise_variance: float = 8.0,
) -> Problem:
    r"""K learners of two classes, each with one parameter θ_k and margin `z_k = c·sin θ_k`; label (½, ½).

    `F(x) = Σ_k log(2 cosh(z_k/2))` has minima at all multiples of π, with barriers `log cosh(c/2)` between
    them: a cohort in which learners may agree from different basins. The mutual term adds
    `b_k = β/(K−1) Σ_{j≠k} (s(z_k) − s(αz_j + (1−α)z_k))·c cos θ_k`, s the logistic function.
    `F″ = (c²/4) cos²θ/cosh²(z/2) − (z/2) tanh(z/2)` lies in `[−c/2, c²/4]`, so `L = c²/4` for c ≥ 2.

    Args:
        alpha: order, 0 ≤ α < ∞.
        beta: weight of the mutual term, β ≥ 0.
        learners: K ≥ 2.
        amplitude: c ≥ 2.
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha is {alpha}; it must lie in [0, inf)")
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta is {beta}; it must lie in [0, inf)")
    if learners < 2:
        raise ValueError(f"learners is {learners}; it must be at least 2")
    if not 2 <= amplitude < math.inf:
        raise ValueError(f"amplitude is {amplitude}; it must be at least 2")

    def objective(x: Tensor) -> Tensor:
        return torch.nn.functional.softplus(amplitude * torch.sin(x)).sum(1) - 0.5 * amplitude * torch.sin(
            x
        ).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return 0.5 * torch.tanh(0.5 * amplitude * torch.sin(x)) * amplitude * torch.cos(x)

    def bias(x: Tensor, gradient: Tensor) -> Tensor:
        margin = amplitude * torch.sin(x)
        mixed = torch.sigmoid(
            alpha * margin[:, None, :] + (1 - alpha) * margin[:, :, None]
        )  # (R, own, target)
        pull = learners * torch.sigmoid(margin) - mixed.sum(2)  # the diagonal adds nothing
        return beta / (learners - 1) * pull * amplitude * torch.cos(x)

    return Problem(
        name="rdml-waves",
        dimension=learners,
        objective=objective,
        gradient=gradient,
        smoothness=amplitude**2 / 4,
        minimum=learners * math.log(2),
        start=(0.0,) * learners,
        noise=gaussian(learners, noise_variance),
        bias=Bias(bias, math.sqrt(learners) * beta * amplitude) if beta else None,
        minimisers=((0.0,) * learners,),
        basin=lambda x: (x / math.pi).round(),  # maxima are halfway, at odd multiples of π/2
        parameters=parameters,
        sources={
            "smoothness": "curvature at the minima",
            "minimum": "at multiples of π",
            "bias_bound": "difference of two probabilities times the largest slope",
        },
    )
