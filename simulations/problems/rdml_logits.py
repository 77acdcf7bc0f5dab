"""A cohort that learns by Rényi-divergence mutual learning, its logits being the parameters."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from simulations.ensemble.compiled import cohort
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.problem import Bias, Noise, Problem


def rdml_logits(
    alpha: float = 1.0,
    beta: float = 1.0,
    learners: int = 2,
    classes: int = 10,
    disagreement: float = 1.0,
    noise_variance: float = 0.1,
    potential: bool = False,
) -> Problem:
    r"""K learners, learner k with logits `z_k ∈ R^C` and its own soft label `y_k`; x = (z_1, …, z_K).

    `F(x) = Σ_k CE(y_k, softmax z_k)`; the mutual term adds the bias
    `b_k = β/(K−1) Σ_{j≠k} ∇_{z_k} D_α(p_j‖p_k) = β/(K−1) Σ_{j≠k} (p_k − r_α(p_j, p_k))`, targets detached.
    `y_k = softmax(cos(2πi/C − φ_k))` with phases `φ_k = k·disagreement`: learners that see different labels
    can't agree at a minimum of F, so the bias stays there. `∇²F = ⊕ Σ(p_k) ⪯ ½`, so L = ½.

    Args:
        alpha: order, 0 ≤ α < ∞.
        beta: weight of the mutual term, β ≥ 0; 0 is the control without bias.
        learners: K ≥ 2.
        classes: C ≥ 2.
        disagreement: phase between the labels of successive learners; 0 gives all the same label.
        noise_variance: σ², of Gaussian noise on all learners together, centred over the classes.
        potential: only at α = ½: the same SGD, seen as descent on `Φ = F + β/(K−1) Σ_{j<k} D_½(p_j‖p_k)`,
            with respect to which it has no bias (`potential-half`).
            `∇²D_½ = Σ(p)⊕Σ(q) − ½(1 1; 1 1)⊗Σ(r)` lies between −½ and ½: `L = (1+β)/2`, an upper bound.
    """
    parameters = dict(locals())
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha is {alpha}; it must lie in [0, inf)")
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta is {beta}; it must lie in [0, inf)")
    if potential and alpha != 0.5:
        raise ValueError(f"potential needs alpha = 0.5; alpha is {alpha}")
    if learners < 2 or classes < 2:
        raise ValueError(f"learners is {learners}, classes is {classes}; each must be at least 2")
    if noise_variance < 0:
        raise ValueError(f"noise_variance is {noise_variance}; it must not be negative")
    labels = _labels(learners, classes, disagreement)
    dimension = learners * classes
    # Centring takes one of C dimensions away; without it the sum of the logits would wander off unobserved.
    noise_scale = math.sqrt(noise_variance / (learners * (classes - 1)))

    def split(x: Tensor) -> Tensor:
        return x.unflatten(1, (learners, classes))

    def objective(x: Tensor) -> Tensor:
        return -(labels.to(x) * torch.log_softmax(split(x), 2)).sum((1, 2))

    def gradient(x: Tensor) -> Tensor:
        return (torch.softmax(split(x), 2) - labels.to(x)).flatten(1)

    def bias(x: Tensor, gradient: Tensor) -> Tensor:
        return mutual_gradient(split(x), alpha, beta).flatten(1)

    def centred(variates: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        normals = split(variates)
        return (normals - normals.mean(2, keepdim=True)).flatten(1)

    made = Problem(
        name="rdml-logits",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=0.5,
        minimum=float(-(labels * labels.log()).sum()),
        start=(0.0,) * dimension,
        noise=Noise("normal", dimension, centred, noise_variance, scale=noise_scale)
        if noise_variance
        else None,
        bias=Bias(bias, math.sqrt(2 * learners) * beta) if beta else None,
        kernel=Kernel(
            cohort.rdml_logits,
            noise_scale,
            [labels.flatten().tolist(), [alpha, beta, learners, classes] + [0.0] * (dimension - 4)],
        ),
        minimisers=(tuple((labels.log() - labels.log().mean(1, keepdim=True)).flatten().tolist()),),
        parameters=parameters,
        sources={
            "smoothness": "largest eigenvalue of diag(p) − ppᵀ is at most ½",
            "minimum": "entropy of the labels",
            "bias_bound": "grad-own-bounded, each learner",
        },
    )
    if not potential:
        return made

    def joint(x: Tensor) -> Tensor:
        z, partition = split(x), split(x).logsumexp(2)
        middle = ((z[:, :, None] + z[:, None]) / 2).logsumexp(3)
        halves = (partition[:, :, None] + partition[:, None]) / 2 - middle  # ½ D_½ of every ordered pair
        return objective(x) + beta / (learners - 1) * halves.sum((1, 2))

    return replace(
        made,
        objective=joint,
        gradient=lambda x: gradient(x) + bias(x, x),
        smoothness=(1 + beta) / 2,
        smoothness_exact=False,
        minimum=None,
        minimisers=(),
        bias=None,
        kernel=None,
        sources={"smoothness": "largest eigenvalues of diag(p) − ppᵀ"},
    )


def mutual_gradient(logits: Tensor, alpha: float, beta: float) -> Tensor:
    r"""`β/(K−1) Σ_{j≠k} (p_k − r_α(p_j, p_k))` for logits `(R, K, C)`; accurate to rounding of 1."""
    target, own = logits[:, None, :, :], logits[:, :, None, :]
    mixtures = torch.softmax(alpha * target + (1 - alpha) * own, 3)  # (R, own k, target j, C)
    learners = logits.shape[1]
    # the diagonal holds p_k itself and adds nothing
    return beta / (learners - 1) * (learners * torch.softmax(logits, 2) - mixtures.sum(2))


def _labels(learners: int, classes: int, disagreement: float) -> Tensor:
    angle = 2 * math.pi * torch.arange(classes, dtype=torch.float64) / classes
    phase = disagreement * torch.arange(learners, dtype=torch.float64)
    return torch.softmax(torch.cos(angle - phase[:, None]), 1)
