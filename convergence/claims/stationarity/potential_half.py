"""At order ½ mutual learning is the gradient of one potential, so that it has no bias with respect to it."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.assumptions import FORCES
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.cohorts import cohort, cross_entropy


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    return cohort(coordinates)


def field(logits: Tensor, label: Tensor, beta: Tensor, alpha: float) -> Tensor:
    """What RDML descends, `(N, K, C)`: `softmax z_k − label + β/(K−1) Σ_{j≠k} ∂D_α(p_j‖p_k)/∂z_k`."""
    learners = logits.shape[1]
    targets = logits.unsqueeze(1).expand(-1, learners, -1, -1)  # [n, k, j] = logits of j
    pulls = divergence.gradient_own(targets, logits.unsqueeze(2).expand_as(targets), alpha=alpha)
    mutual = pulls.sum(2)  # the pull of a learner on itself is exactly 0
    supervised = torch.softmax(logits, -1) - label.unsqueeze(1)
    return supervised + (beta / (learners - 1)).reshape(-1, 1, 1) * mutual


def _potential_gradient(logits: Tensor, label: Tensor, beta: Tensor, alpha: float) -> Tensor:
    with torch.enable_grad():
        logits = logits.detach().requires_grad_()
        learners = logits.shape[1]
        order = torch.full_like(beta, alpha)
        mutual = sum(
            definition.divergence(logits[:, j], logits[:, k], order)
            for k in range(learners)
            for j in range(k)
        )
        potential = cross_entropy(logits, label).sum(1) + beta / (learners - 1) * mutual
        return torch.autograd.grad(potential.sum(), logits)[0]


def _sides(logits: Tensor, label: Tensor, beta: Tensor, alpha: float) -> Sides:
    left, right = field(logits, label, beta, alpha), _potential_gradient(logits, label, beta, alpha)
    rounding = (1 + beta) * (1 + logits.abs().flatten(1).amax(1))
    return Sides(left.flatten(1), right.flatten(1), scale=rounding.unsqueeze(1))


def _half(logits: Tensor, label: Tensor, beta: Tensor) -> Sides:
    return _sides(logits, label, beta, 0.5)


def _two(logits: Tensor, label: Tensor, beta: Tensor) -> Sides:
    return _sides(logits, label, beta, 2.0)


INSTANCES = Sampler(_instances)
POTENTIAL = r"\sum_k F_k + \frac{\beta}{K-1} \sum_{j<k} E \, D_{%s}(p_j\|p_k)"

CLAIM = Claim(
    id="potential-half",
    assertions=(Assertion(r"V = \nabla \Phi,\ \Phi = " + POTENTIAL % "1/2", "==", _half),),
    assumptions=(
        FORCES,
        "α = ½, one β",
        "targets detached",
        "one step size, all learners on the same sample",
    ),
    source="ours, from the symmetry of D_½",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"V = \nabla \Phi \text{ at } \alpha = 2,\ \Phi = " + POTENTIAL % "2", "==", _two
    ),
)
