"""Two learners with orders that add up to 1, and matching weights, descend one potential."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.assumptions import FORCES
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.cohorts import cohort, cross_entropy
from convergence.claims.samplers.pairs import orders


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    alpha = orders(coordinates, atoms=(0.5,), low=1e-3, high=1 - 1e-3)
    return cohort(coordinates, learners=2) | {"alpha": alpha}


def _sides(logits: Tensor, label: Tensor, alpha: Tensor, beta: Tensor, second_beta: Tensor) -> Sides:
    """The field with orders α, 1 − α and weights β, `second_beta`, against the gradient of the potential."""
    first, second = logits.unbind(1)
    forth = beta.unsqueeze(1) * divergence.gradient_own(second, first, alpha=alpha)
    back = second_beta.unsqueeze(1) * divergence.gradient_own(first, second, alpha=1 - alpha)
    field = torch.softmax(logits, -1) - label.unsqueeze(1) + torch.stack((forth, back), 1)
    with torch.enable_grad():
        logits = logits.detach().requires_grad_()
        mutual = beta * definition.divergence(logits[:, 1], logits[:, 0], alpha)
        potential = cross_entropy(logits, label).sum(1) + mutual
        (gradient,) = torch.autograd.grad(potential.sum(), logits)
    size = (1 + beta + second_beta) / (1 - alpha) * (1 + logits.detach().abs().flatten(1).amax(1))
    return Sides(field.flatten(1), gradient.flatten(1), scale=size.unsqueeze(1))


def _matching(logits: Tensor, label: Tensor, alpha: Tensor, beta: Tensor) -> Sides:
    return _sides(logits, label, alpha, beta, beta * alpha / (1 - alpha))


def _equal_weights(logits: Tensor, label: Tensor, alpha: Tensor, beta: Tensor) -> Sides:
    return _sides(logits, label, alpha, beta, beta)


INSTANCES = Sampler(_instances)
POTENTIAL = r"V = \nabla \left( F_1 + F_2 + \beta_1 D_{\alpha_1}(p_2\|p_1) \right)"

CLAIM = Claim(
    id="skew-pair",
    assertions=(
        Assertion(
            r"\alpha_1 + \alpha_2 = 1,\ \alpha_1\beta_1 = \alpha_2\beta_2 \Rightarrow " + POTENTIAL,
            "==",
            _matching,
        ),
    ),
    assumptions=(FORCES, "two learners with logits as parameters", "0 < α₁ < 1", "targets detached"),
    source="ours, from skew; that nothing else is conservative, from curl",
    instances=INSTANCES,
    depends_on=("curl",),
    false_neighbour=Assertion(
        r"\alpha_1 + \alpha_2 = 1,\ \beta_1 = \beta_2 \Rightarrow " + POTENTIAL, "==", _equal_weights
    ),
)
