"""What `stationarity` comes to on a path whose one step is made by hand."""

import pytest

from convergence.estimators.ledger import LedgerEntry
from simulations.networks.path import stationarity_verdict


def test_the_verdict_weighs_bias_and_noise_together() -> None:
    """In one dimension ∇F = 2, b = 1, n = 3, η = 0.1, L = 1: `mean‖b + n‖² = 16` holds 2⟨b, n⟩ = 6."""
    entry = LedgerEntry(
        step=0,
        learner=0,
        step_size=0.1,
        objective=10.0,
        objective_after=10.0 - 0.1 * (4 + 2 + 6 - 0.05 * 36),
        gradient_norm_squared=4.0,
        bias_norm_squared=1.0,
        noise_norm_squared=9.0,
        gradient_dot_bias=2.0,
        gradient_dot_noise=6.0,
        bias_dot_noise=3.0,
        step_gradient_norm_squared=36.0,
        directional_smoothness=1.0,
        step_error=0.0,
    )
    assert entry.closure_error < 1e-14
    right = 2 * 10.2 + 16
    assert stationarity_verdict([entry], "by hand").margin == pytest.approx((right - 4) / right)
