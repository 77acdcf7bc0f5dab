r"""Second derivatives of the divergence as products with vectors, in O(C) and without a matrix.

With `Σ(w) = diag(w) − w wᵀ`, x = log p/q and `g = ∂D/∂target`:
`∂²D/∂own² = Σ(q) − (1−α)Σ(r)`, `∂²D/∂own∂target = −αΣ(r)`,
`∂²D/∂target² = αΣ(r) + α(Σ(r) − Σ(p))/(α−1)`, `∂²D/∂own∂α = −r ⊙ (x − E_r x)`, and so on. The quotients by
α−1 are written through `log(r/p)/(α−1)`, so that α = 1 is a point like any other.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.divergence.functions import entropy_ratio, entropy_ratio_slope, expm1_ratio
from convergence.divergence.stable import Pair


def hessian_own(pair: Pair, vector: Tensor) -> Tensor:
    """`(Σ(q) − (1−α)Σ(r)) v` for v of shape `(..., C)`."""
    r, gradient = pair.escort, pair.gradient_own
    # It vanishes with α: for a small one Σ(q) − Σ(r) is made of q − r, which does so as well.
    from_gradient = gradient * (vector - _dot(pair.q, vector)) - r * _dot(gradient, vector)
    small = pair.alpha.high * covariance(r, vector) + from_gradient
    product = covariance(pair.q, vector) + _finite(pair, pair.excess) * covariance(r, vector)
    return torch.where(pair.alpha.high <= 0.5, small, product)


def hessian(pair: Pair, by_target: Tensor, by_own: Tensor, by_order: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Second derivative of D in (target, own, α) times a vector of the same three shapes."""
    alpha, gradient, r = _finite(pair, pair.alpha.high), pair.gradient_target, pair.escort
    score = _score(pair)
    mixed = _mixed_target(pair, score)
    target = (
        alpha * covariance(r, by_target - by_own)
        + gradient * (by_target - _dot(r, by_target))
        - pair.p * _dot(gradient, by_target)
        + by_order * mixed
    )
    own = hessian_own(pair, by_own) - alpha * covariance(r, by_target) - by_order * r * score
    order = _dot(mixed, by_target) - _dot(r * score, by_own) + by_order * _order_curvature(pair, score)
    flat = pair.infinite | pair.poison
    return tuple(value.masked_fill(flat, 0) for value in (target, own, order))  # type: ignore[return-value]


def covariance(weight: Tensor, vector: Tensor) -> Tensor:
    """`Σ(w) v = w ⊙ (v − ⟨w, v⟩)`."""
    return weight * (vector - _dot(weight, vector))


def _finite(pair: Pair, factor: Tensor) -> Tensor:
    # At α = ∞ the escort is locally constant in the logits: what multiplies its covariance drops out.
    return torch.where(pair.limit, 0, factor)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(-1, keepdim=True)


def _score(pair: Pair) -> Tensor:
    """`∂ log r/∂α = log p/q − E_r[log p/q]` on the common classes, 0 elsewhere and at α = ∞."""
    y = torch.where(pair.common & ~pair.limit, pair.y.high, 0)
    return torch.where(pair.common, y - _dot(pair.escort, y), 0)


def _mixed_target(pair: Pair, score: Tensor) -> Tensor:
    """`∂²D/∂target∂α = G + α ∂G/∂α` with `G = (r − p)/(α−1)`."""
    log, near = pair.target_tilt
    log = torch.where(near, log, 0)
    small = pair.p * (
        pair.target_rate * entropy_ratio(log) * score - expm1_ratio(log) * pair.order_derivative
    )
    divisor = torch.where(pair.excess == 0, 1, pair.excess)
    change = torch.where(near, small, (pair.escort * score - pair.escort_rate) / divisor)
    return torch.where(pair.limit, 0, pair.escort_rate + pair.alpha.high * change)


def _order_curvature(pair: Pair, score: Tensor) -> Tensor:
    """`∂²D/∂α²`: the derivative of `Σ_i (r_i u_i − r_i + p_i)/(α−1)²`, u = log r/p, class by class."""
    log, near = pair.target_tilt
    rate, log = pair.target_rate, torch.where(near, log, 0)
    slope = entropy_ratio_slope(log) * rate * score - 2 * entropy_ratio(log) * pair.order_derivative
    divisor = torch.where(pair.excess == 0, 1, pair.excess)
    r, log_ratio = pair.escort, torch.where(pair.escort > 0, pair.log_escort_ratio, 0)
    far = r * log_ratio * score / divisor**2 - 2 * (r * log_ratio - r + pair.p) / divisor**3
    terms = torch.where(near, pair.p * rate * slope, far)
    terms = torch.where(pair.common | pair.only_target, terms, 0)
    return torch.where(pair.limit, 0, terms.sum(-1, keepdim=True))
