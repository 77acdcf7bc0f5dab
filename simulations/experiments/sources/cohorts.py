"""Cohorts trained by RDML with their logits as parameters: what holds at every state on their way."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from convergence.divergence import renyi_divergence
from simulations.ensemble.run import simulate
from simulations.experiments.evidence import Evidence
from simulations.problems import problem
from simulations.problems.problem import Problem

STEPS = 200
REPLICAS = 8
EVERY = 5
"""Steps between the states that are looked at."""

PAIRS = (
    "jensen-gap",
    "nonneg",
    "order-monotone",
    "kl-limit",
    "bhattacharyya",
    "chi2",
    "tsallis-hellinger",
    "pinsker",
    "pinsker-best",
    "order-inversion",
    "mean-value",
    "variational",
    "fisher-local",
    "grad-own",
    "grad-target",
    "hessian-own",
    "grad-own-bounded",
    "self-bounding",
    "self-bounding-best",
    "smooth-own",
    "grad-theta",
    "peer-direction",
    "order-lipschitz",
    "order-as-weight",
    "order-monotone-force",
)
"""Claims on one pair of distributions of full support, true at every order in (0, ∞) but 1."""

FIELDS = ("potential-half", "disagreement-lyapunov", "cohort-mean", "curl")

CLAIMS = (*PAIRS, *FIELDS, "skew", "skew-pair", "self-limiting")
"""Everything that these runs may speak of."""


def cohorts(seed: int) -> list[Evidence]:
    """Two learners from opposite starts, at orders below, at and above ½ and 1."""
    found = []
    for alpha in (0.25, 0.5, 2.0, 4.0):
        made = _opposed(problem("rdml-logits", alpha=alpha, beta=1.0, classes=4))
        path = simulate(
            made,
            step_size=0.3,
            steps=STEPS,
            replicas=REPLICAS,
            seed=seed,
            path=True,
        ).path
        logits = path["iterates"][:, :STEPS:EVERY].reshape(-1, 2, 4)
        found += states(logits, alpha=alpha, beta=1.0, words=f"states of RDML in logits, α = {alpha:g}")
        biased = path["iterates"][:, :STEPS:EVERY].flatten(0, 1)
        found.append(_self_limiting(made, biased, logits, alpha))
    return found


def states(logits: Tensor, *, alpha: float, beta: float, words: str) -> list[Evidence]:
    """Evidence from logits `(N, 2, C)`: both ordered pairs, and the cohort with a common label."""
    target, own = torch.cat((logits[:, 1], logits[:, 0])), torch.cat((logits[:, 0], logits[:, 1]))
    jacobian = torch.eye(logits.shape[2], dtype=logits.dtype).expand(len(own), -1, -1)
    pairs = {
        "target": target,
        "own": own,
        "alpha": torch.full((len(own),), alpha, dtype=torch.float64),
        "larger_alpha": torch.full((len(own),), 2 * alpha, dtype=torch.float64),
        "mixture": own.roll(1, 0),
        "displacement": own.roll(-1, 0) - own,
        "jacobian": jacobian,
        "diameter": torch.full((len(own),), math.sqrt(2), dtype=torch.float64),
    }
    count = len(logits)
    label = torch.softmax(torch.arange(logits.shape[2], dtype=torch.float64) / 2, 0)
    cohort = {
        "logits": logits,
        "label": label.expand(count, -1),
        "alpha": torch.full((count,), alpha, dtype=torch.float64),
        "beta": torch.full((count,), beta, dtype=torch.float64),
        "alphas": torch.full((count, 2), alpha, dtype=torch.float64),
        "betas": torch.full((count, 2), beta, dtype=torch.float64),
        "directions": logits.roll(1, 0),
    }
    below = alpha < 1
    return [
        Evidence((*PAIRS, *(("skew",) if below else ())), pairs, words),
        Evidence((*FIELDS, *(("skew-pair",) if below else ())), cohort, words),
    ]


def _self_limiting(made: Problem, x: Tensor, logits: Tensor, alpha: float) -> Evidence:
    """The bias of each learner as the run felt it, against the disagreement; J = 1, so `‖PJ‖₂ = 1`."""
    if made.bias is None:
        raise ValueError(f"{made.name} has no bias")
    bias = made.bias.function(x, made.gradient(x)).unflatten(1, logits.shape[1:])
    disagreement = renyi_divergence(logits.flip(1), logits, alpha=alpha)
    count = disagreement.numel()
    instance = {
        "bias_norm_squared": bias.square().sum(2).flatten(),
        "weighted_disagreement": disagreement.flatten(),
        "alpha": torch.full((count,), alpha, dtype=torch.float64),
        "beta": torch.ones(count, dtype=torch.float64),
    }
    return Evidence(("self-limiting",), instance, f"biases of RDML in logits, α = {alpha:g}")


def _opposed(made: Problem) -> Problem:
    """The learners begin far from agreement."""
    half = made.dimension // 2
    start = [3.0 * (-1) ** i for i in range(half)] + [3.0 * (-1) ** (i + 1) for i in range(half)]
    return replace(made, start=tuple(start))
