r"""The Rényi divergence between softmax distributions given by logits, differentiable in everything.

`D_α(p‖q) = log Σ_i p_i^α q_i^{1−α} / (α−1)` in nats, p = softmax(target), q = softmax(own). α = 0 is
`−log q(supp p)`, α = 1 is `KL(p‖q)`, α = ∞ is `log max p/q` (Rényi 1961; van Erven & Harremoës 2014).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from convergence.divergence.autograd import Derivatives, Precision, pair_of, renyi
from convergence.divergence.hessian import hessian_own
from convergence.divergence.inputs import check_precision, pair_inputs
from convergence.divergence.stable import Pair

Reduction = Literal["none", "sum", "mean", "batchmean"]


def renyi_divergence(
    target: Tensor,
    own: Tensor,
    *,
    alpha: float | Tensor,
    reduction: Reduction = "none",
    detach_target: bool = False,
    precision: Precision = "accurate",
) -> Tensor:
    r"""`D_α(softmax(target)‖softmax(own))` in nats, twice differentiable in target, own and alpha.

    Args:
        target: logits `(..., C)` of p; −∞ is a mask (probability exactly 0), and so is a logit below −1.3e36, in
            float16 below −6e4: `finfo.min` of every dtype. Any other number counts as that number.
        own: logits `(..., C)` of q, of the same dtype; batch axes broadcast against those of the target.
        alpha: order in [0, ∞]; a number, or a tensor that broadcasts against the batch axes and may be
            trained. Entries of a tensor outside [0, ∞] give NaN in their rows.
        reduction: "none" gives `(...)`; "sum" adds all rows; "mean" divides that by their number,
            "batchmean" by the length of the first axis.
        detach_target: treat the target as constant.
        precision: "accurate" computes in float64 whatever the dtype: relative errors at most 5e-14 for
            float64 logits, 2e-7 for float32 (gradients relative to their largest entry: 5e-13, 2e-7).
            Finite orders above 1e17 may lose digits of gradients. "fast" computes in float32 for float32 logits
            where that is faster, which on the CPU it is only with gradients to the target or the order: 5e-6,
            gradients 1e-4.

    Returns:
        The divergence ≥ 0 in the dtype of the logits, float32 for narrower ones. It is +∞ where p is not
        absolutely continuous with respect to q and α ≥ 1, or the supports are disjoint; there the
        own-gradient is `q − p` by convention, a difference of two rounded numbers, and the others are 0. A row
        without two distributions is NaN.

    Raises:
        TypeError: logits are not floating tensors of one dtype, or alpha is neither number nor real tensor.
        ValueError: shapes or devices that do not fit, a number alpha outside [0, ∞], an unknown option.
    """
    check_precision(precision)
    target, own, order = pair_inputs(target, own, alpha)
    if detach_target:
        target = target.detach()
    divergence = renyi(target, own, order, _derivatives(target, own, order), precision)[0].squeeze(-1)
    return reduced(divergence, reduction)


def escort(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""Probabilities `r_α ∝ p^α q^{1−α}` `(..., C)`, the distribution with `∇_own D_α(p‖q) = q − r_α`.

    r_0 is q on the support of p, r_1 is p, r_∞ is proportional to q where p/q is largest. Where D = +∞ it
    is p by convention. Arguments as in `renyi_divergence`. No gradient is recorded.
    """
    return _constant_pair(target, own, alpha).escort.to(_result(own))


def gradient_own(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""`∂D_α(p‖q)/∂own = q − r_α` `(..., C)`, without cancellation near p = q. No gradient is recorded."""
    return _constant_pair(target, own, alpha).gradient_own.to(_result(own))


def gradient_target(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""`∂D_α(p‖q)/∂target = α/(α−1)·(r_α − p)` `(..., C)`, `p·(log p/q − KL)` at α = 1.

    No gradient is recorded.
    """
    return _constant_pair(target, own, alpha).gradient_target.to(_result(own))


def order_derivative(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""`∂D_α(p‖q)/∂α = KL(r_α‖p)/(1−α)²` `(...)`, `½Var_p(log p/q)` at α = 1. No gradient is recorded."""
    return _constant_pair(target, own, alpha).order_derivative.squeeze(-1).to(_result(own))


def renyi_hvp(target: Tensor, own: Tensor, vector: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""Hessian in own times a vector, `(Σ(q) − (1−α)Σ(r_α)) v` with `Σ(w) = diag(w) − w wᵀ`, in O(C).

    Args:
        target: logits `(..., C)` of p.
        own: logits `(..., C)` of q.
        vector: v, of the shape that the logits broadcast to.
        alpha: as in `renyi_divergence`.

    Returns:
        The product `(..., C)`; 0 where D = +∞. No gradient is recorded. Its error, relative to its largest entry, was
        at most 1e-14 in float64 on logits of size 1 with differences of 1e-12 to 10 and α from 1e-12 to 100.
    """
    pair = _constant_pair(target, own, alpha)
    if vector.shape != pair.q.shape:
        raise ValueError(f"vector has shape {tuple(vector.shape)}; the logits give {tuple(pair.q.shape)}")
    product = hessian_own(pair, vector.to(pair.q.dtype))
    return torch.where(pair.infinite, 0, product).to(_result(own))


def reduced(rows: Tensor, reduction: str) -> Tensor:
    """Rows reduced by "none", "sum", "mean", or "batchmean": the sum over the length of the first axis."""
    if reduction == "none":
        return rows
    if reduction == "sum":
        return rows.sum()
    if reduction == "mean":
        return rows.mean()
    if reduction == "batchmean":
        if rows.ndim == 0:
            raise ValueError("reduction='batchmean' needs a batch axis; the logits have only the class axis")
        return rows.sum() / rows.shape[0]
    raise ValueError(f"reduction={reduction!r} is not one of 'none', 'sum', 'mean', 'batchmean'")


def _derivatives(target: Tensor, own: Tensor, order: Tensor) -> Derivatives:
    if not torch.is_grad_enabled():
        return "none"
    if target.requires_grad or order.requires_grad:
        return "all"
    return "own" if own.requires_grad else "none"


def _constant_pair(target: Tensor, own: Tensor, alpha: float | Tensor) -> Pair:
    with torch.no_grad():
        return pair_of(*pair_inputs(target, own, alpha), "accurate")


def _result(logits: Tensor) -> torch.dtype:
    return torch.promote_types(logits.dtype, torch.float32)
