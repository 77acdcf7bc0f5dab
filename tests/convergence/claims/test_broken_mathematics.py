"""The witness notices when a kernel or a bound is wrong: each test breaks one thing."""

from __future__ import annotations

import pytest

from convergence import divergence
from convergence.bounds import gradient, pathwise, scope, stationarity
from convergence.claims import find
from convergence.claims.search import judge
from convergence.claims.verdict import Status


def refuted(claim: str) -> bool:
    verdict = judge(find(claim), seed=0)
    assert verdict.status in (Status.REFUTED, Status.CHECKED), verdict.evidence
    return verdict.status == Status.REFUTED


def scaled(function, **factors):
    def shrunk(*arguments, **constants):
        for name, factor in factors.items():
            constants[name] = factor * constants[name]
        return function(*arguments, **constants)

    return shrunk


def test_nothing_is_refuted_as_long_as_nothing_is_broken() -> None:
    assert not any(map(refuted, ("grad-own", "self-bounding", "noise-floor", "ledger")))


@pytest.mark.parametrize("claim", ["grad-own", "potential-half", "disagreement-lyapunov", "skew-pair"])
def test_sign_of_the_gradient_swapped(monkeypatch, claim) -> None:
    right = divergence.gradient_own
    monkeypatch.setattr(
        divergence, "gradient_own", lambda target, own, *, alpha: -right(target, own, alpha=alpha)
    )
    assert refuted(claim)


def test_factor_max_one_alpha_dropped(monkeypatch) -> None:
    monkeypatch.setattr(gradient, "self_bounding_constant", lambda alpha: 1 + 0 * alpha)
    assert refuted("self-bounding")


@pytest.mark.parametrize("claim", ["self-bounding-best", "self-limiting"])
def test_usable_constant_without_its_floor(monkeypatch, claim) -> None:
    monkeypatch.setattr(gradient, "self_bounding_usable", lambda alpha: 0.99 * alpha)
    assert refuted(claim)


@pytest.mark.parametrize(
    ("claim", "bound"),
    [
        ("bias-floor-tight", "bias_floor"),
        ("noise-floor", "noise_floor"),
        ("last-step", "last_step"),
        ("biased-exact", "biased_exact"),
    ],
)
def test_bias_shrunk_by_one_percent(monkeypatch, claim, bound) -> None:
    monkeypatch.setattr(stationarity, bound, scaled(getattr(stationarity, bound), bias_bound=0.99))
    assert refuted(claim)


@pytest.mark.parametrize(
    ("claim", "module", "function", "factors"),
    [
        ("pl", stationarity, "pl_bound", {"initial_gap": 0.9}),
        ("unbiased-exact", stationarity, "unbiased_exact", {"noise_variance": 0.99}),
        ("diminishing", stationarity, "diminishing", {"initial_gap": 0.9}),
        ("stationarity-sharp", stationarity, "stationarity_sharp", {"initial_gap": 0.99}),
        ("scope", scope, "scope_radius_sharp", {"noise_variance": 0.99}),
        ("ledger", pathwise, "ledger_sum", {"curvature": 1.01}),
        ("pathwise", pathwise, "slack", {"contraction": 1.01}),
        ("grad-theta", gradient, "parameter_gradient_bound", {"diameter": 0.99}),
        ("mean-value", gradient, "divergence_bound", {"oscillation": 0.99}),
        ("kl-limit", gradient, "kl_gap_bound", {"oscillation": 0.99}),
    ],
)
def test_a_constant_that_is_too_small(monkeypatch, claim, module, function, factors) -> None:
    monkeypatch.setattr(module, function, scaled(getattr(module, function), **factors))
    assert refuted(claim)


@pytest.mark.parametrize("claim", ["skew", "jensen-gap", "chi2", "additive"])
def test_a_divergence_off_by_one_part_in_ten_million(monkeypatch, claim) -> None:
    right = divergence.renyi_divergence

    def wrong(target, own, *, alpha):
        value = right(target, own, alpha=alpha)
        return value * (1 + 1e-7 * value.clamp(max=1))

    monkeypatch.setattr(divergence, "renyi_divergence", wrong)
    assert refuted(claim)
