"""At order 1 the Rényi divergence is Kullback–Leibler's; how fast it gets there."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=("none", "two classes"))
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0))}


def _half_variance(target: Tensor, own: Tensor) -> Tensor:
    return definition.variance(target, definition.log_ratio(target, own)) / 2


def _ends(target: Tensor, own: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    kl = divergence.renyi_divergence(target, own, alpha=1.0)
    return divergence.renyi_divergence(target, own, alpha=alpha), kl


def _kl(target: Tensor, own: Tensor) -> Sides:
    log_p, log_q = torch.log_softmax(target, -1), torch.log_softmax(own, -1)
    terms = torch.where(target.isneginf(), 0, log_p.exp() * (log_p - log_q))
    size = 1 + torch.where(target.isneginf(), 0, log_p.abs() + log_q.abs()).amax(-1)
    return Sides(divergence.renyi_divergence(target, own, alpha=1.0), terms.sum(-1), scale=size)


def _bound(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    value, kl = _ends(target, own, alpha)
    bound = gradient_bounds.kl_gap_bound(alpha=alpha, oscillation=definition.oscillation(target, own))
    return Sides((value - kl).abs(), bound, scale=value + kl + bound)


def _slope(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    value, kl = _ends(target, own, alpha)
    tangent = (alpha - 1) * _half_variance(target, own)
    bound = gradient_bounds.kl_slope_bound(alpha=alpha, oscillation=definition.oscillation(target, own))
    return Sides((value - kl - tangent).abs(), bound, scale=value + kl + tangent.abs() + bound)


def _slope_as_bound(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    value, kl = _ends(target, own, alpha)
    bound = (alpha - 1).abs() * _half_variance(target, own)
    return Sides((value - kl).abs(), bound, scale=value + kl + bound)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="kl-limit",
    assertions=(
        Assertion(r"D_1(p\|q) = \sum_i p_i \log(p_i/q_i)", "==", _kl),
        Assertion(
            r"|D_\alpha(p\|q) - \mathrm{KL}(p\|q)| \le |\alpha - 1| \, \mathrm{osc}(\log p/q)^2 / 8",
            "<=",
            _bound,
        ),
        Assertion(
            r"|D_\alpha - \mathrm{KL} - \frac{\alpha-1}{2} \mathrm{Var}_p(\log p/q)|"
            r" \le (\alpha - 1)^2 \, \mathrm{osc}(\log p/q)^3 / (36 \sqrt{3})",
            "<=",
            _slope,
        ),
    ),
    assumptions=("p and q have the same support", "α ≥ 0 finite"),
    source="van Erven & Harremoës 2014; the remainder of the slope ours, from third cumulants",
    instances=INSTANCES,
    depends_on=("order-monotone", "mean-value"),
    false_neighbour=Assertion(
        r"|D_\alpha(p\|q) - \mathrm{KL}(p\|q)| \le \frac{|\alpha - 1|}{2} \mathrm{Var}_p(\log p/q)",
        "<=",
        _slope_as_bound,
    ),
)
