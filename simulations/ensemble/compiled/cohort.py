"""Compiled Rényi-divergence mutual learning of K learners whose logits are the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulations.ensemble.compiled.compile import Real, compiled, inlined, like
from simulations.ensemble.compiled.descent import Array, Block, Blocks, Steps, block_step, descend
from simulations.ensemble.compiled.elementary import exp


@compiled
def rdml_logits(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: labels `(K·C,)`; order, weight, K, C and zeros."""
    descend(_cohort_step, _cohort_gradient, blocks, steps)


@inlined
def _cohort_step(gradient: Any, block: Block, steps: Steps, t: int) -> None:
    """A step, after which each learner's logits are centred: that centres the noise, for ∇F + b sums to 0."""
    block_step(gradient, block, steps, t)
    classes = int(steps.parameters[1, 3])
    mean = block.direction[0]
    for first in range(0, len(block.x), classes):
        mean[:] = 0
        for c in range(first, first + classes):
            for i in range(len(mean)):
                mean[i] += block.x[c, i]
        for i in range(len(mean)):
            mean[i] /= like(classes, mean[i])
        for c in range(first, first + classes):
            for i in range(len(mean)):
                block.x[c, i] -= mean[i]


@inlined
def _cohort_gradient(x: Array, parameters: Array, direction: Array, sums: Array) -> None:
    """`∇_{z_k}CE = p_k − y_k` and the bias `β/(K−1) Σ_{j≠k} (p_k − r_α(p_j, p_k))`."""
    alpha, beta = parameters[1, 0], parameters[1, 1]
    learners, classes = int(parameters[1, 2]), int(parameters[1, 3])
    width = x.shape[1]
    others = like(learners - 1, beta)
    weight = beta / others
    own, mixture = np.empty((classes, width), x.dtype), np.empty((classes, width), x.dtype)
    own_scale, mixture_scale = np.empty(width, x.dtype), np.empty(width, x.dtype)
    for k in range(learners):
        logits, out = x[k * classes : (k + 1) * classes], direction[k * classes : (k + 1) * classes]
        _mix(_own, alpha, logits, logits, own, own_scale)
        for j in range(learners):
            if j != k:
                _mix(_mixture, alpha, x[j * classes : (j + 1) * classes], logits, mixture, mixture_scale)
                first = j == (1 if k == 0 else 0)
                for c in range(classes):
                    for i in range(width):
                        r = mixture[c, i] * mixture_scale[i]
                        out[c, i] = r if first else out[c, i] + r
        for c in range(classes):
            label = parameters[0, k * classes + c]
            for i in range(width):
                p = own[c, i] * own_scale[i]
                gradient, bias = p - label, weight * (others * p - out[c, i])
                out[c, i] = gradient + bias
                sums[0, i] += gradient * gradient
                sums[1, i] += bias * bias


@inlined
def _own(alpha: Real, target: Real, own: Real) -> Real:
    return own


@inlined
def _mixture(alpha: Real, target: Real, own: Real) -> Real:
    return own + alpha * (target - own)


@inlined
def _mix(logit: Any, alpha: Real, target: Array, own: Array, powers: Array, scale: Array) -> None:
    """The softmax of `logit(alpha, target, own)`, as `powers · scale`."""
    width = own.shape[1]
    largest = np.full(width, like(-np.inf, alpha))
    for c in range(len(own)):
        for i in range(width):
            largest[i] = max(largest[i], logit(alpha, target[c, i], own[c, i]))
    scale[:] = 0
    for c in range(len(own)):
        for i in range(width):
            power = exp(logit(alpha, target[c, i], own[c, i]) - largest[i])
            powers[c, i] = power
            scale[i] += power
    for i in range(width):
        scale[i] = like(1, alpha) / scale[i]
