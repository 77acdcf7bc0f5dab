r"""Mutual learning of K learners at once: every learner's divergences from all its peers, in one pass.

`loss_k = β Σ_{j≠k} w_kj · mean over the batch of D_α(p_j‖p_k)`, the peers p_j detached. On the CPU in
float32 the gradient is added up row by row while a row is in cache, so that nothing of size `(B, C)` is kept
per pair.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import cross_entropy

from convergence.divergence.autograd import Precision, renyi
from convergence.divergence.backend import cohort, is_mapped, on_rows, traced_cohort
from convergence.divergence.inputs import (
    Orders,
    check_cohort,
    cohort_orders,
    cohort_weights,
    is_number,
    scaled_logits,
    widened,
)
from convergence.divergence.renyi import renyi_divergence
from convergence.divergence.triton_cohort import FusedCohort, takes


class CohortDivergence(NamedTuple):
    """Losses `(K,)` to be differentiated, and constants `disagreement[k, j] = mean D(p_j‖p_k)` `(K, K)`."""

    losses: Tensor
    disagreement: Tensor


def cohort_divergence(
    logits: Tensor,
    *,
    alpha: float | Tensor | Orders,
    beta: float = 1.0,
    weights: Tensor | None = None,
    temperature: float = 1.0,
    precision: Precision = "accurate",
) -> CohortDivergence:
    r"""`β Σ_{j≠k} w_kj · mean D_α(p_j‖p_k)` for every learner k, its peers detached, in nats.

    Args:
        logits: `(K, B, C)`, K ≥ 2 learners on the same batch; `p_k = softmax(logits[k]/temperature)`.
        alpha: order in [0, ∞]; a number, or a tensor that broadcasts to `(B,)` and may be trained, or numbers
            `alpha[k][j]`, the order of `D(p_j‖p_k)`, the diagonal not used.
        beta: weight of the mutual part, in [0, ∞).
        weights: constants `(K, K)`, row k holds what learner k gives to each peer, the diagonal is not used;
            1/(K−1) by default.
        temperature: in (0, 10⁹], divides the logits, as in distillation; the usual factor temperature² is for the
            caller.
        precision: as in `renyi_divergence`.

    Returns:
        Losses `(K,)` and disagreements `(K, K)` with a zero diagonal. `losses.sum().backward()` gives every
        learner the gradient of its own loss.

    Raises:
        TypeError: logits or alpha of the wrong type.
        ValueError: fewer than two learners, shapes or devices that do not fit, a number outside its range.
    """
    check_cohort(logits, beta, weights, temperature, precision)
    weights = cohort_weights(weights, beta, logits)
    if takes(logits, alpha, precision):
        return CohortDivergence(*fused(logits, None, alpha, weights, temperature))
    order, dtype = cohort_orders(alpha, logits), torch.promote_types(logits.dtype, torch.float32)
    logits = widened(logits)
    if on_rows(logits) and not is_mapped() and order.ndim == 1 and not order.requires_grad:
        return CohortDivergence(*_Cohort.apply(logits, temperature, order, weights))
    scaled = scaled_logits(logits, temperature, precision)
    losses, disagreement = _by_pairs(scaled, order, weights, precision)
    return CohortDivergence(losses.to(dtype), disagreement.detach().to(dtype))


def fused(
    logits: Tensor, labels: Tensor | None, alpha: float | Tensor | Orders, weights: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Losses and disagreements by the fused kernel; with labels the mean cross-entropy is part of the losses."""
    order = cohort_orders(alpha, logits)
    learners = len(logits)
    common = float(alpha) if is_number(alpha) else None
    orders = (order[:1].expand(learners, learners) if order.ndim == 1 else order[..., 0]).contiguous()

    def reference(z: Tensor) -> Tensor:
        losses, _ = _by_pairs(scaled_logits(z, temperature, "accurate"), order, weights, "accurate")
        return losses if labels is None else losses + supervised_losses(z, labels)

    return FusedCohort.apply(logits, labels, orders, common, weights, temperature, reference)


def supervised_losses(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy of every learner, `(K,)`, of logits `(K, B, C)` on labels `(B,)`."""
    return torch.stack([cross_entropy(z, labels, label_smoothing=label_smoothing) for z in logits])


class _Cohort(Function):
    """`(logits, temperature, order, weights) → (losses, disagreement)` by the row kernels."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, temperature: float, order: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        kernels = traced_cohort if torch.compiler.is_compiling() else cohort
        losses, disagreement, gradient = kernels(logits, temperature, order, weights, ctx.needs_input_grad[0])
        ctx.temperature = temperature
        ctx.mark_non_differentiable(disagreement)
        ctx.save_for_backward(logits, order, weights, gradient)
        return losses, disagreement

    @staticmethod
    def backward(ctx: Any, by_losses: Tensor, _: Tensor) -> tuple[Tensor, None, None, None]:
        logits, order, weights, gradient = ctx.saved_tensors
        if torch.compiler.is_compiling():  # which takes no second derivatives, and no look at numbers
            return by_losses[:, None, None] * gradient, None, None, None
        if torch.is_grad_enabled():  # a second derivative may follow
            scaled = scaled_logits(logits, ctx.temperature, "accurate")
            slope = _gradient_by_pairs(scaled, order, weights) / ctx.temperature
            gradient = slope.to(logits.dtype)
        elif set(by_losses.tolist()) == {1.0}:
            return gradient, None, None, None
        return by_losses[:, None, None] * gradient, None, None, None


def _by_pairs(logits: Tensor, order: Tensor, weights: Tensor, precision: Precision) -> tuple[Tensor, Tensor]:
    learners = range(len(logits))
    orders = order if order.ndim == 3 else order.expand(len(logits), len(logits), -1)
    pairs = [
        renyi_divergence(
            logits[j], logits[k], alpha=orders[k, j], detach_target=True, precision=precision
        ).mean()
        if j != k
        else logits.new_zeros(())
        for k in learners
        for j in learners
    ]
    disagreement = torch.stack(pairs).unflatten(0, (len(learners), len(learners)))
    return _weighted(weights, disagreement), disagreement


def _gradient_by_pairs(logits: Tensor, order: Tensor, weights: Tensor) -> Tensor:
    """The gradient of the losses as a differentiable function of the logits, peers constant."""
    learners = range(len(logits))
    shares = weights / logits.shape[1]
    order = order.unsqueeze(-1)
    return torch.stack(
        [
            sum(
                (
                    shares[k, j] * renyi(logits[j].detach(), logits[k], order, "own", "accurate")[2]
                    for j in learners
                    if j != k
                ),
                start=torch.zeros_like(logits[k]),
            )
            for k in learners
        ]
    )


def _weighted(weights: Tensor, disagreement: Tensor) -> Tensor:
    # A peer of weight 0 counts for nothing, even when it is infinitely far away.
    return torch.where(weights == 0, 0, weights * disagreement).sum(-1)
