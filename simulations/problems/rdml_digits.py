"""A cohort of softmax regressions that learns real handwritten digits by mutual learning."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from torch import Tensor

from simulations.problems.problem import Bias, Coercivity, Noise, Problem
from simulations.problems.rdml_logits import mutual_gradient

CLASSES = 10


def rdml_digits(
    alpha: float = 1.0,
    beta: float = 1.0,
    learners: int = 2,
    weight_decay: float = 0.05,
    batch: int = 32,
    samples: int = 1797,
    sharded: bool = True,
) -> Problem:
    r"""K softmax regressions on scikit-learn's 1,797 scans of digits (8×8 pixels in [0, 1] and a constant).

    Learner k has `W_k ∈ R^{10×65}`; `F(x) = Σ_k [mean over its samples of CE(y, softmax W_ku) + λ‖W_k‖²/2]`,
    and the mutual term `β/(K−1) Σ_{j≠k} D_α(p_j‖p_k)` is averaged over all samples. With `Σ_k` the mean of
    uuᵀ over the learner's samples, `L = max_k ½λ_max(Σ_k) + λ` (an upper bound). F is λ-strongly convex: its
    minimum is found by L-BFGS and lies within `‖∇F‖²/(2λ)` below what was found. Minibatches are drawn with
    replacement.

    Args:
        alpha: order, 0 ≤ α < ∞.
        beta: weight of the mutual term, β ≥ 0.
        learners: K ≥ 2.
        weight_decay: λ > 0.
        batch: samples in a minibatch.
        samples: how many of the scans are used.
        sharded: whether learner k trains on every K-th sample only, beginning with the k-th; otherwise all
            learners share one objective, and at its minimum they agree.
    """
    parameters = dict(locals())
    if not (0 <= alpha < math.inf and 0 <= beta < math.inf):
        raise ValueError(f"alpha is {alpha}, beta is {beta}; both must lie in [0, inf)")
    if learners < 2 or batch < 1 or not weight_decay > 0:
        raise ValueError(
            f"learners is {learners}, batch is {batch}, weight_decay is {weight_decay}; "
            "at least 2, at least 1 and a positive number are needed"
        )
    data, labels = _digits(samples)
    shards = [torch.arange(k if sharded else 0, samples, learners if sharded else 1) for k in range(learners)]
    shape = (learners, CLASSES, data.shape[1])

    def supervised(x: Tensor, index: list[Tensor]) -> Tensor:
        """Gradient of the mean cross-entropy of each learner on its `index`, `(n,)` or `(R, n)`."""
        parts = []
        for k, weights in enumerate(x.unflatten(1, shape).unbind(1)):
            inputs, target = data[index[k]].to(x), labels[index[k]].to(x)
            error = torch.softmax(inputs @ weights.mT, -1) - target
            parts.append(error.mT @ inputs / inputs.shape[-2])
        return torch.stack(parts, 1).flatten(1)

    def mutual(x: Tensor, index: Tensor) -> Tensor:
        """Mean mutual gradient of each learner on `index`, `(n,)` or `(R, n)`."""
        inputs = data[index].to(x)
        logits = inputs.unsqueeze(-3) @ x.unflatten(1, shape).mT  # (R, K, n, C)
        pull = mutual_gradient(logits.transpose(1, 2).flatten(0, 1), alpha, beta)
        pull = pull.unflatten(0, (len(x), -1)).transpose(1, 2)
        return (pull.mT @ inputs.unsqueeze(-3) / inputs.shape[-2]).flatten(1)

    everything = torch.arange(samples)

    def objective(x: Tensor) -> Tensor:
        total = weight_decay / 2 * x.square().sum(1)
        for k, weights in enumerate(x.unflatten(1, shape).unbind(1)):
            logs = torch.log_softmax(data[shards[k]].to(x) @ weights.mT, -1)
            total = total - (labels[shards[k]].to(x) * logs).sum((1, 2)) / len(shards[k])
        return total

    def gradient(x: Tensor) -> Tensor:
        return supervised(x, shards) + weight_decay * x

    def bias(x: Tensor, gradient: Tensor) -> Tensor:
        return mutual(x, everything)

    def noise(uniforms: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        uniforms = uniforms.cpu()  # where the data lies
        chosen = [shard[(uniforms * len(shard)).long()] for shard in shards]
        drawn = (uniforms * samples).long()
        minibatch = supervised(x, chosen) + (mutual(x, drawn) if beta else 0)
        return minibatch + weight_decay * x - mean_gradient

    squares = data.square().sum(1)
    means = [float(squares[shard].mean()) for shard in shards]
    roots = [math.sqrt(2 * own) + beta * math.sqrt(2 * float(squares.mean())) for own in means]
    dimension = math.prod(shape)
    zero = torch.zeros(1, dimension, dtype=torch.float64)
    minimiser, minimum = _minimum(samples, learners if sharded else 1, weight_decay)
    repeats = 1 if sharded else learners
    push = math.sqrt(sum(2 * own for own in means))  # ‖∇ of all cross-entropies‖ is at most this
    return Problem(
        name="rdml-digits",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=max(_curvature(data[shard]) for shard in shards) / 2 + weight_decay,
        minimum=minimum * repeats,
        start=(0.0,) * dimension,
        noise=Noise("uniform", batch, noise, sum(root**2 for root in roots) / batch, exact=False),
        bias=Bias(bias, beta * math.sqrt(2 * learners) * float(squares.sqrt().mean())) if beta else None,
        minimisers=(minimiser * repeats,),
        coercivity=Coercivity(weight_decay / 2, push**2 / (2 * weight_decay), float(gradient(zero).norm())),
        smoothness_exact=False,
        pl_constant=weight_decay,
        parameters=parameters,
        sources={
            "smoothness": "½ bounds diag(p) − ppᵀ",
            "minimum": "L-BFGS; strong convexity bounds the gap",
            "noise_variance": "√2‖u‖ bounds one sample's gradient",
            "bias_bound": "grad-own-bounded, mean over samples",
            "coercivity": "the gradient of cross-entropy is bounded",
            "pl_constant": "strong convexity",
        },
    )


@lru_cache(maxsize=4)
def _digits(samples: int) -> tuple[Tensor, Tensor]:
    """Pixels with a constant appended `(n, 65)`, and one-hot labels `(n, 10)`."""
    bunch = load_digits()
    if not CLASSES <= samples <= len(bunch.target):
        raise ValueError(f"samples is {samples}; it must lie in [{CLASSES}, {len(bunch.target)}]")
    pixels = torch.from_numpy(bunch.data[:samples]).double() / 16
    labels = torch.nn.functional.one_hot(torch.from_numpy(bunch.target[:samples]).long(), CLASSES)
    return torch.cat((pixels, torch.ones(samples, 1, dtype=torch.float64)), 1), labels.double()


def _curvature(inputs: Tensor) -> float:
    return float(torch.linalg.eigvalsh(inputs.T @ inputs / len(inputs))[-1])


@lru_cache(maxsize=16)
def _minimum(samples: int, shards: int, weight_decay: float) -> tuple[tuple[float, ...], float]:
    """Minimiser and minimum of all learners' regularised cross-entropies together."""
    data, labels = (values.numpy() for values in _digits(samples))
    points, total = [], 0.0
    for k in range(shards):
        u, y = data[k::shards], labels[k::shards]

        def loss(flat: np.ndarray, u: np.ndarray = u, y: np.ndarray = y) -> tuple[float, np.ndarray]:
            weights = flat.reshape(CLASSES, -1)
            logits = u @ weights.T
            logits -= logits.max(1, keepdims=True)
            logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
            slope = (np.exp(logs) - y).T @ u / len(u) + weight_decay * weights
            return weight_decay / 2 * flat @ flat - (y * logs).sum() / len(u), slope.ravel()

        options = {"maxiter": 10_000, "maxfun": 20_000, "ftol": 0.0, "gtol": 1e-11, "maxls": 60}
        found = minimize(
            loss, np.zeros(CLASSES * data.shape[1]), jac=True, method="L-BFGS-B", options=options
        )
        points.append(found.x)
        total += float(found.fun)
    return tuple(np.concatenate(points).tolist()), total
