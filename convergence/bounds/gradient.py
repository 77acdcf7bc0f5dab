r"""Bounds on the Rényi divergence and its gradients, uniform in the number of classes (nats).

`p = softmax(target)`, `q = softmax(own)`, `r = r_α(p, q)` the escort, `osc` the oscillation `max − min` of
`log p/q` (of `z_p − z_q`, which has the same), `TV(q, r) = ½‖q − r‖₁`. Every function takes numbers,
Fractions, sympy expressions or arrays. The ids are those of the claims. Bounds that grow with α and osc
without limit take finite ones; where only α enters it may be ∞.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from convergence.bounds.arithmetic import Real, larger, require, root, smaller

LOCAL_ORDER = (3 * 5**0.5 - 5) / 2
"""(3√5 − 5)/2 = 0.8541020: from this order on the best self-bounding constant is α."""

CORNER = 0.7153318629591616
"""u, the root of `u/(1−u) = −2 log(1−u)`: up to this order the best constant is `4u(1−u)`."""


def self_bounding_constant(alpha: Real) -> Real:
    r"""`max(1, α)`: `‖∇_own D_α‖₂² ≤ max(1, α)·D_α(p‖q)` (`self-bounding`)."""
    _order(alpha)
    return larger(alpha, 1)


def self_bounding_usable(alpha: Real) -> Real:
    r"""`max(α, (3√5−5)/2)`: closed, at most 4.9 % above the best constant (`self-bounding-best`)."""
    _order(alpha)
    return larger(alpha, LOCAL_ORDER)


def self_bounding_best(alpha: float) -> float:
    r"""`c(α) = sup ‖q − r‖₂²/D_α(p‖q)`, the best constant (`self-bounding-best`), for one number α.

    α from (3√5−5)/2 on and `4u(1−u)` up to `u = CORNER`, to rounding. Between them the maximum of
    `2(x−y)²/D_{1/α}(x‖y)` over two-class distributions, found numerically: to 1e-13, and to 1e-12 in the last
    1e-4 below (3√5−5)/2. Source: ours; by `order-inversion`, data processing and `‖v‖₂² ≤ ½‖v‖₁²` two classes
    are enough.
    """
    _order(alpha)
    if alpha >= LOCAL_ORDER:
        return alpha
    corner = 4 * CORNER * (1 - CORNER)
    return corner if alpha <= CORNER else max(alpha, corner, _two_class_maximum(float(alpha)))


@lru_cache(maxsize=1024)
def _two_class_maximum(alpha: float) -> float:
    """Largest `2(x−y)²/D_o(x‖y)`, `o = 1/α`, over `x = (1−v, v)`, `y = (1−w, w)`.

    In w and the difference t of the logits of x and y, nothing cancels until t is small. The maximum moves from
    t = ∞, w = u at α = u to t = 0, w = ½ at (3√5−5)/2, and is as flat as rounding at both ends: hence a search
    in each of several ranges of t, with the best w at every t.
    """
    from scipy.optimize import minimize_scalar

    order = 1 / alpha

    def ratio(t: float, w: float) -> float:
        excess = math.expm1(-t)  # v/(1−v) = (1 + excess)·w/(1−w)
        distance = w * (1 - w) * excess / (1 + w * excess)
        mixture = math.log1p(w * math.expm1(-order * t)) - order * math.log1p(w * excess)
        return 2 * distance**2 * (order - 1) / mixture

    def maximum(function: Callable[[float], float], begin: float, end: float) -> float:
        found = minimize_scalar(
            lambda x: -function(x), bounds=(begin, end), method="bounded", options={"xatol": 1e-9}
        )
        return -float(found.fun)

    ends = (0.01, 0.1, 1, 4, 8, 16, 40)
    return max(
        maximum(lambda t: maximum(lambda w: ratio(t, w), 0.4, 0.8), begin, end)
        for begin, end in pairwise(ends)
    )


def pinsker_constant(alpha: Real) -> Real:
    r"""`min(α, 1)/2`: `D_α ≥ ½ min(α, 1)·‖p − q‖₁²` (`pinsker`; Gilardoni 2010)."""
    _order(alpha)
    return smaller(alpha, 1) / 2


def pinsker_usable(alpha: Real) -> Real:
    r"""`½ min(α, (5+3√5)/10)`: `D_α ≥ that·‖p − q‖₁²` (`pinsker-best`; ours)."""
    _order(alpha)
    return smaller(alpha, 1 / LOCAL_ORDER) / 2


def pinsker_best(alpha: float) -> float:
    r"""`1/(2c(1/α))`, c of `self_bounding_best`: the sharp constant κ of `D_α ≥ κ‖p − q‖₁²` (`pinsker-best`).

    For one number α; `α/2` up to (5+3√5)/10 and 0.6138519 from 1.3979525 on, α = ∞ included.
    """
    _order(alpha)
    return 1 / (2 * self_bounding_best(1 / alpha)) if alpha > 0 else 0.0


def own_gradient_bound(*, norm: float) -> float:
    r"""`sup ‖q − r‖`: 2, √2 and 1 in the norms 1, 2 and ∞ (`grad-own-bounded`)."""
    bounds = {1: 2.0, 2: 2**0.5, float("inf"): 1.0}
    if norm not in bounds:
        raise ValueError(f"norm={norm} is outside {{1, 2, inf}}")
    return bounds[norm]


def own_curvature(alpha: Real) -> tuple[Real, Real]:
    r"""Ends of the spectrum of `∇²_own D_α` (`smooth-own`).

    `[−(1−α)/2, ½]` for α < 1 and `[0, α/2]` for α ≥ 1; the first is one formula with the second.
    """
    _order(alpha)
    return smaller((alpha - 1) / 2, 0), larger(alpha, 1) / 2


def parameter_gradient_bound(*, total_variation: Real, diameter: Real) -> Real:
    r"""`‖∇_θ D_α‖₂ ≤ TV(q, r)·diam(J)`, `diam(J) = max_{ij} ‖∇_θ(z_i − z_j)‖₂` (`grad-theta`)."""
    _total_variation(total_variation)
    require("diameter", diameter, diameter >= 0, "[0, ∞]")
    return total_variation * diameter


def spectral_gradient_bound(*, total_variation: Real, spectral_norm: Real) -> Real:
    r"""`‖∇_θ D_α‖₂ ≤ √2·‖PJ‖₂·TV(q, r)`, P the centring over classes (`grad-theta`)."""
    _total_variation(total_variation)
    require("spectral_norm", spectral_norm, spectral_norm >= 0, "[0, ∞]")
    return root(2) * spectral_norm * total_variation


def divergence_bound(*, alpha: Real, oscillation: Real) -> Real:
    r"""`D_α ≤ (α/8)·osc²` (`mean-value`)."""
    _finite(alpha=alpha, oscillation=oscillation)
    return alpha * oscillation**2 / 8


def kl_gap_bound(*, alpha: Real, oscillation: Real) -> Real:
    r"""`|D_α − KL| ≤ |α − 1|·osc²/8` (`kl-limit`)."""
    _finite(alpha=alpha, oscillation=oscillation)
    return abs(alpha - 1) * oscillation**2 / 8


def kl_slope_bound(*, alpha: Real, oscillation: Real) -> Real:
    r"""`|D_α − KL − ½(α−1)Var_p(log p/q)| ≤ (α−1)²·osc³/(36√3)`, from third cumulants (`kl-limit`)."""
    _finite(alpha=alpha, oscillation=oscillation)
    return ((alpha - 1) * oscillation) ** 2 * oscillation / (36 * root(3))


def target_gradient_bound(*, alpha: Real, oscillation: Real) -> Real:
    r"""`‖∇_target D_α‖₁ ≤ α·min(2/|α−1|, ½ osc)` (`peer-direction`), written `2α/max(|α−1|, 4/osc)`; 2 at α = ∞.

    Needs `0 < osc < ∞`; at agreement the gradient is 0. In arrays α must be finite.
    """
    require("oscillation", oscillation, oscillation > 0, "(0, ∞)")
    if isinstance(alpha, float) and alpha == math.inf:
        _finite(oscillation=oscillation)
        return 2.0
    _finite(alpha=alpha, oscillation=oscillation)
    distance, inverse = abs(alpha - 1), 4 / oscillation
    furthest = (distance + inverse) / 2 + abs(distance - inverse) / 2
    return 2 * (alpha / furthest)


def target_self_bounding_constant(alpha: Real) -> Real:
    r"""`α/(1−α)·max(1 − α, (3√5−5)/2)`: `‖∇_target D_α‖₂² ≤ that·D_α` for α < 1 (`peer-direction`)."""
    _order(alpha)
    require("alpha", alpha, alpha < 1, "[0, 1)")
    return alpha / (1 - alpha) * self_bounding_usable(1 - alpha)


def fisher_remainder(*, alpha: Real, oscillation: Real) -> Real:
    r"""`|D_α(z+δ‖z) − (α/2)δᵀΣδ| ≤ (α/2)·max(1, α)·osc(δ)³/(6√3)` (`fisher-local`).

    By `mean-value` and the largest third cumulant of a variable of that oscillation.
    """
    _finite(alpha=alpha, oscillation=oscillation)
    return (alpha * oscillation) * (larger(alpha, 1) * oscillation) * oscillation / (12 * root(3))


def cohort_mean_remainder(*, alpha: Real, beta: Real, oscillation: Real) -> Real:
    r"""`‖V₁ + V₂ − ∇F₁ − ∇F₂ − βα(1−α)∇Var_z̄(δ)‖₁ ≤ β·[1/16 + (½−α)⁴]·osc(δ)⁴/10` (`cohort-mean`).

    By Taylor's formula: the fourth derivative of `softmax(z + sδ)` is below 1.11 osc⁴ in the 1-norm.
    """
    _finite(alpha=alpha, beta=beta, oscillation=oscillation)
    return beta * (oscillation**4 + ((2 * alpha - 1) * oscillation) ** 4) / 160


def escort_order_bound(oscillation: Real) -> Real:
    r"""`‖∂_α r_α‖₁ ≤ std_r(log p/q) ≤ ½ osc` (`order-lipschitz`)."""
    require("oscillation", oscillation, oscillation >= 0, "[0, ∞]")
    return oscillation / 2


def order_as_weight_bound(*, alpha: Real, oscillation: Real) -> Real:
    r"""`‖(q − r_α) − α(q − p)‖₁ ≤ α|1−α|·osc²/(6√3)` (`order-as-weight`)."""
    _finite(alpha=alpha, oscillation=oscillation)
    return (alpha * oscillation) * (abs(1 - alpha) * oscillation) / (6 * root(3))


def self_limiting_bound(*, beta: Real, disagreement: Real) -> Real:
    r"""`‖b_k‖² ≤ β²·disagreement` (`self-limiting`).

    b_k is the gradient of the mutual term `β·mean_j D_α(p_j‖p_k)` in the parameters of learner k,
    `disagreement` the mean over samples of `‖PJ‖₂²·c(α)·D̄_k`.
    """
    _finite(beta=beta, disagreement=disagreement)
    return beta**2 * disagreement


def agreement_rate(*, alpha: Real, beta: Real, least_probability: Real) -> Real:
    r"""`4αβ·p_min`: `d/dt‖δ‖² ≤ −4αβ·p_min·‖δ‖²` under the mutual flow (`disagreement-lyapunov`).

    `least_probability` is p_min, of two classes or more: at most ½.
    """
    _finite(alpha=alpha, beta=beta)
    require("least_probability", least_probability, least_probability >= 0, "[0, 1/2]")
    require("least_probability", least_probability, 2 * least_probability <= 1, "[0, 1/2]")
    return 4 * alpha * beta * least_probability


def _order(alpha: Real) -> None:
    require("alpha", alpha, alpha >= 0, "[0, ∞]")


def _total_variation(value: Real) -> None:
    require("total_variation", value, value >= 0, "[0, 1]")
    # A half of a sum of differences is allowed to round up.
    require("total_variation", value, value <= 1 + 1e-12, "[0, 1]")


def _finite(**values: Real) -> None:
    """For factors of a bound that grows with each without limit: `∞·0` would say nothing."""
    for name, value in values.items():
        require(name, value, value >= 0, "[0, ∞)")
        require(name, value, value < math.inf, "[0, ∞)")
