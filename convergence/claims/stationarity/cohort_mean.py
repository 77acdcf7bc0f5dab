"""What mutual learning does to the mean of the learners: nothing at order 1, a known drift elsewhere."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.assumptions import FORCES
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.cohorts import cohort
from convergence.claims.samplers.pairs import orders
from convergence.claims.stationarity.potential_half import field


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    alpha = orders(coordinates, atoms=(0.5, 1.0, 2.0), low=1e-3, high=10.0)
    return cohort(coordinates) | {"alpha": alpha}


def _kept(logits: Tensor, label: Tensor, beta: Tensor, alpha: float) -> Sides:
    total = field(logits, label, beta, alpha).sum(1)
    supervised = (torch.softmax(logits, -1) - label.unsqueeze(1)).sum(1)
    return Sides(total, supervised, scale=(1 + beta).unsqueeze(1))


def _kept_at_one(logits: Tensor, label: Tensor, beta: Tensor) -> Sides:
    return _kept(logits, label, beta, 1.0)


def _kept_at_two(logits: Tensor, label: Tensor, beta: Tensor) -> Sides:
    return _kept(logits, label, beta, 2.0)


def _variance_gradient(mean: Tensor, difference: Tensor) -> Tensor:
    """`∇_z Var_z(δ)` at `z̄`: `softmax(z̄) ⊙ [(δ − E δ)² − Var δ]`."""
    weights = torch.softmax(mean, -1)
    square = (difference - (weights * difference).sum(-1, keepdim=True)).square()
    return weights * (square - (weights * square).sum(-1, keepdim=True))


def _drift(logits: Tensor, alpha: Tensor, beta: Tensor) -> Sides:
    """Mutual terms of the first two learners, whose sum is what is left of `V₁ + V₂ − ∇F₁ − ∇F₂`."""
    first, second = logits[:, 0], logits[:, 1]
    forth = beta.unsqueeze(1) * divergence.gradient_own(second, first, alpha=alpha)
    back = beta.unsqueeze(1) * divergence.gradient_own(first, second, alpha=alpha)
    difference = first - second
    leading = (beta * alpha * (1 - alpha)).unsqueeze(1) * _variance_gradient((first + second) / 2, difference)
    oscillation = difference.amax(1) - difference.amin(1)
    bound = gradient_bounds.cohort_mean_remainder(alpha=alpha, beta=beta, oscillation=oscillation)
    size = 1e-3 * (forth.abs() + back.abs() + leading.abs()).sum(1)  # of terms that cancel
    return Sides((forth + back - leading).abs().sum(1), bound, scale=bound + size)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="cohort-mean",
    assertions=(
        Assertion(r"\sum_k V_k = \sum_k \nabla F_k \quad (\alpha = 1)", "==", _kept_at_one),
        Assertion(
            r"\|V_1 + V_2 - \nabla F_1 - \nabla F_2 - \beta\alpha(1-\alpha) \nabla"
            r" \mathrm{Var}_{\bar z}(\delta)\|_1"
            r" \le \frac{\beta}{10} [\frac{1}{16} + (\frac{1}{2} - \alpha)^4] \, \mathrm{osc}(\delta)^4"
            r" \quad (K = 2)",
            "<=",
            _drift,
        ),
    ),
    assumptions=(
        FORCES,
        "logits as parameters, targets detached",
        "one α and β",
        "δ = z₁ − z₂, z̄ = (z₁+z₂)/2",
    ),
    source="ours, from grad-own and Taylor's formula",
    instances=INSTANCES,
    depends_on=("mean-value",),
    false_neighbour=Assertion(r"\sum_k V_k = \sum_k \nabla F_k \quad (\alpha = 2)", "==", _kept_at_two),
)
