"""The mutual term and the closed form of its gradient."""

from __future__ import annotations

import math

import pytest
import torch

from convergence.divergence import escort, gradient_own
from convergence.estimators.mutual import Mutual, own_gradient


def logits(scale, count=50, classes=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(count, classes, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.5, 1.0, 1.5, 7.0, 50.0])
@pytest.mark.parametrize("apart", [1e-12, 1e-6, 1e-2, 1.0, 30.0])
def test_own_gradient_against_the_kernel(alpha, apart):
    own = logits(3.0)
    target = own + logits(apart, seed=1)
    expected = gradient_own(target, own, alpha=alpha)
    found = own_gradient(target, own, alpha)
    # Relative to the probabilities, times how far apart they are where that is little.
    r = escort(target, own, alpha=alpha)
    scale = torch.maximum(own.softmax(-1), r) * min(1.0, alpha * apart)
    assert ((found - expected).abs() <= 2e-14 * (1 + alpha * (1 + apart)) * scale).all()


def test_own_gradient_where_probabilities_underflow():
    own, target = torch.tensor([[0.0, -800.0, 3.0]]).double(), torch.tensor([[0.0, 800.0, 3.0]]).double()
    found = own_gradient(target, own, 1.5)
    torch.testing.assert_close(found, gradient_own(target, own, alpha=1.5), rtol=1e-12, atol=0)


def test_own_gradient_leaves_masks_and_infinity_to_the_kernel():
    own, target = logits(1.0), logits(1.0, seed=1)
    masked = target.clone()
    masked[:, 0] = -math.inf
    torch.testing.assert_close(own_gradient(masked, own, 1.5), gradient_own(masked, own, alpha=1.5))
    torch.testing.assert_close(own_gradient(target, own, math.inf), gradient_own(target, own, alpha=math.inf))


@pytest.mark.parametrize(
    "mutual", [Mutual(1.5, 0.7), Mutual(((0, 0.5, 3), (1, 0, 2), (0.2, 1.5, 0)), 0.8, 2.5)]
)
def test_pull_is_the_gradient_of_the_term(mutual):
    cohort = [logits(2.0, seed=s).requires_grad_() for s in range(3)]
    for k in range(3):
        (expected,) = torch.autograd.grad(mutual.term(cohort, k).sum(), cohort[k])
        torch.testing.assert_close(mutual.pull(cohort, k), expected, rtol=1e-11, atol=1e-14)
        others = [z for j, z in enumerate(cohort) if j != k]
        gradients = torch.autograd.grad(mutual.term(cohort, k).sum(), others, allow_unused=True)
        assert gradients == (None, None), "targets are detached"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.5, -1.0), "beta is -1"),
        ((1.5, math.inf), "beta is inf"),
        ((1.5, 1.0, 0.0), "temperature is 0"),
        ((math.nan, 1.0), "alpha is nan"),
        ((((0.0, 1.0),), 1.0), "alpha has 1 rows"),
        ((((0.0, -1.0), (1.0, 0.0)), 1.0), "alpha is -1"),
    ],
    ids=str,
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        Mutual(*arguments)


def test_a_cohort_that_does_not_fit():
    for wrong, error, message in (
        (
            {"alpha": [[0.0, 1.0], [1.0, 0.0]]},
            TypeError,
            "alpha must be .* tuple of tuples of numbers, got list",
        ),
        ({"alpha": "1"}, TypeError, "alpha must be .* got str"),
        (
            {"alpha": ([0.0, 1.0], [1.0, 0.0])},
            ValueError,
            "alpha has 2 rows; each must be a tuple of 2 orders",
        ),
        ({"beta": "1"}, TypeError, "beta must be a number, got str"),
        ({"temperature": None}, TypeError, "temperature must be a number, got NoneType"),
    ):
        with pytest.raises(error, match=message):
            Mutual(**{"alpha": 1.0, "beta": 1.0, **wrong})
    with pytest.raises(ValueError, match="1 learner with beta"):
        Mutual(1.5, 1.0).check(1)
    with pytest.raises(ValueError, match="orders of 2 learners; the cohort has 3"):
        Mutual(((0.0, 1.0), (1.0, 0.0)), 1.0).check(3)
    Mutual(1.5, 0.0).check(1)
