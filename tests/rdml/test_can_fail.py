"""`rdml verify` fails when the mathematics is broken: every witness that meets a wrong formula says so."""

from typing import Any

import pytest
from typer.testing import CliRunner

from convergence import divergence
from convergence.bounds import gradient, stationarity
from rdml.cli import app

own_gradient, bias_floor, stationarity_bound = (
    divergence.gradient_own,
    stationarity.bias_floor,
    stationarity.stationarity,
)


def wrong_sign(*arguments: Any, **options: Any) -> Any:
    return -own_gradient(*arguments, **options)


def factor_dropped(alpha: Any) -> Any:
    return alpha * 0 + 1


def smaller_bias(*, bias_bound: Any, **options: Any) -> Any:
    return bias_floor(bias_bound=0.99 * bias_bound, **options)


@pytest.mark.parametrize(
    ("module", "name", "broken", "claim", "witness"),
    [
        (divergence, "gradient_own", wrong_sign, "grad-own", "numeric"),
        (gradient, "self_bounding_constant", factor_dropped, "self-bounding", "numeric"),
        (stationarity, "bias_floor", smaller_bias, "bias-floor-tight", "numeric"),
        pytest.param(divergence, "gradient_own", wrong_sign, "grad-own", "network", marks=pytest.mark.slow),
        pytest.param(
            stationarity, "bias_floor", smaller_bias, "bias-floor-tight", "simulation", marks=pytest.mark.slow
        ),
    ],
)
def test_a_broken_formula_gives_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, broken: Any, claim: str, witness: str
) -> None:
    arguments = ["verify", claim, "--witness", witness, "--jobs", "1"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    monkeypatch.setattr(module, name, broken)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1, done.output
    assert "refuted" in done.output
