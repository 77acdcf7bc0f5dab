"""The divergence is half α times a variance along the path of escorts, hence at most α/8 osc²."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs

GRID = 129


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    # Ranges and orders at which the grid over ξ sees every bend of the variance.
    target, own = pairs(coordinates, largest=4.0, masks=("none", "two classes"))
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.5, 1.0, 2.0), high=5.0)}


def _between(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    ratio = definition.log_ratio(target, own)
    end = alpha.clamp(min=1).unsqueeze(-1)
    xi = end * torch.linspace(0, 1, GRID, dtype=alpha.dtype)
    escorts = xi.unsqueeze(-1) * ratio.unsqueeze(1) + own.unsqueeze(1)
    half = alpha.unsqueeze(-1) / 2 * definition.variance(escorts, ratio.unsqueeze(1))
    value = divergence.renyi_divergence(target, own, alpha=alpha)
    return Sides(torch.stack((half.amin(1), value), 1), torch.stack((value, half.amax(1)), 1))


def _bound(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    bound = gradient_bounds.divergence_bound(alpha=alpha, oscillation=definition.oscillation(target, own))
    return Sides(divergence.renyi_divergence(target, own, alpha=alpha), bound)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="mean-value",
    assertions=(
        Assertion(
            r"D_\alpha(p\|q) = \frac{\alpha}{2} \mathrm{Var}_{r_\xi}(\log p/q)"
            r" \text{ for some } \xi \in (0, \max(1, \alpha))",
            "<=",
            _between,
        ),
        Assertion(r"D_\alpha(p\|q) \le \frac{\alpha}{8} \, \mathrm{osc}(z_p - z_q)^2", "<=", _bound),
    ),
    assumptions=("p and q have the same support", "0 < α < ∞"),
    source="ours: divided differences of the log-partition function, and Popoviciu's inequality",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"D_\alpha(p\|q) \le 0.99 \, \frac{\alpha}{8} \, \mathrm{osc}(z_p - z_q)^2", "<=", reduced(_bound)
    ),
)
