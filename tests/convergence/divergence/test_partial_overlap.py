"""Masks that overlap in part: p and q share only classes that hold almost none of either."""

import mpmath
import pytest
import torch

from convergence import renyi_divergence

INF = float("inf")


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shared", [-24.74, -3.0, 2.0])
def test_the_divergence_is_that_of_the_closed_form(alpha: float, shared: float) -> None:
    target = torch.tensor([8.514, shared, -INF], dtype=torch.float64)
    own = torch.tensor([-INF, shared, 9.579], dtype=torch.float64)
    with mpmath.workdps(50):
        p = mpmath.exp(shared) / (mpmath.exp(shared) + mpmath.exp(8.514))
        q = mpmath.exp(shared) / (mpmath.exp(shared) + mpmath.exp(9.579))
        exact = mpmath.log(p**alpha * q ** (1 - mpmath.mpf(alpha))) / (mpmath.mpf(alpha) - 1)
    assert float(renyi_divergence(target, own, alpha=alpha)) == pytest.approx(float(exact), rel=5e-14)
