"""Every bound at one point where no two constants are alike, against the formula of the theory put in by hand."""

import math
from fractions import Fraction as F

import pytest

from convergence.bounds import gradient, pathwise, scope, stationarity
from convergence.bounds.biased_programme import biased_programme
from convergence.bounds.sharpest import stationarity_bound
from convergence.bounds.tangent import tangent_bound

GAP, STEP, LIPSCHITZ, GROWTH, VARIANCE, ZETA, M, STEPS = 3, F(1, 5), 2, F(1, 2), 7, F(1, 3), F(1, 4), 4
# so ηL = 2/5 and h = ηL(M+1) = 3/5
RUN = {"initial_gap": GAP, "step_size": STEP, "smoothness": LIPSCHITZ, "steps": STEPS}
NOISE = {"noise_variance": VARIANCE, "noise_growth": GROWTH}
FLOOR = {"step_size": STEP, "smoothness": LIPSCHITZ, **NOISE}
ORDERS = {"alpha": F(3, 4), "oscillation": F(5, 2)}


@pytest.mark.parametrize(
    ("value", "by_hand"),
    [
        (
            lambda: stationarity.stationarity(**RUN, **NOISE, bias_bound=ZETA, relative_bias=M),
            (F(15, 2) + F(14, 5) + F(1, 9)) / F(3, 4),
        ),
        (
            lambda: stationarity.stationarity_sharp(**RUN, **NOISE, bias_bound=ZETA),
            ((0.4 * math.sqrt(1 / 12) + math.sqrt(1 / 12 + 2.8 * (3.75 + 0.75 * 1.4))) / 1.4) ** 2,
        ),
        (
            lambda: stationarity.last_step(
                initial_gap=GAP, smoothness=LIPSCHITZ, steps=STEPS, bias_bound=ZETA
            ),
            3 + F(3, 4) / 9,
        ),
        (
            # X = (2/5)·7/(7/5) = 2, ρ = 1 − (2/5)(7/5) = 11/25
            lambda: stationarity.unbiased_exact(**RUN, **NOISE),
            2 + (12 - 2) * (1 - F(11, 25) ** 4) / (4 * F(14, 25)),
        ),
        (
            # h = 2/5, G = √12
            lambda: stationarity.biased_exact(**RUN, bias_bound=ZETA),
            1 / 9
            + 2 / 3 * (12**0.5 - 1 / 3) * (1 - 0.6**4) / 1.6
            + (12**0.5 - 1 / 3) ** 2 * (1 - 0.6**8) / (0.4 * 1.6 * 4),
        ),
        (lambda: stationarity.bias_floor(bias_bound=ZETA, relative_bias=M), F(4, 27)),
        (
            lambda: stationarity.noise_floor(**FLOOR, bias_bound=ZETA),
            ((0.4 / 3 + math.sqrt(1 / 9 + 1.4 * 0.4 * 7)) / 1.4) ** 2,
        ),
        (lambda: stationarity.constant_bias_floor(**FLOOR, bias_bound=ZETA), F(1, 9) + 2),
        (
            lambda: stationarity.quadratic_floor(
                step_size=STEP, curvatures=[2, 3], noise_variances=[7, 11], bias=[ZETA, 2]
            ),
            F(2, 5) * 7 / F(8, 5) + F(3, 5) * 11 / F(7, 5) + F(1, 9) + 4,
        ),
        (
            lambda: stationarity.pl_bound(
                **RUN, **NOISE, pl_constant=F(3, 2), bias_bound=ZETA, relative_bias=M
            ),
            F(31, 40) ** 4 * 3 + (F(1, 9) + F(14, 5)) / F(9, 4),
        ),
        (
            lambda: stationarity.pl_floor(**FLOOR, pl_constant=F(3, 2), bias_bound=ZETA),
            ((0.4 / 3 + math.sqrt(1 / 9 + 1.4 * 0.4 * 7)) / 1.4) ** 2 / 3,
        ),
        (
            lambda: stationarity.diminishing(
                initial_gap=GAP,
                step_sizes=[F(1, 5), F(1, 10)],
                smoothness=LIPSCHITZ,
                bias_bound=ZETA,
                relative_bias=M,
                **NOISE,
            ),
            ((6 + 14 * F(1, 20)) / F(3, 10) + F(1, 9)) / F(3, 4),
        ),
        (
            # m = σ = M = 0: ζ² + (2LΔ − ζ²)(1 − (1−h)^T)/(hT)
            lambda: tangent_bound(**RUN, bias_bound=ZETA),
            F(1, 9) + (12 - F(1, 9)) * (1 - F(3, 5) ** 4) / F(8, 5),
        ),
        (lambda: gradient.divergence_bound(**ORDERS), F(75, 128)),
        (lambda: gradient.kl_gap_bound(**ORDERS), F(25, 128)),
        (lambda: gradient.kl_slope_bound(**ORDERS), 2.5**3 / 16 / (36 * 3**0.5)),
        (lambda: gradient.target_gradient_bound(**ORDERS), F(15, 16)),
        (lambda: gradient.target_self_bounding_constant(F(1, 10)), 0.1 / 0.9 * 0.9),
        (lambda: gradient.target_self_bounding_constant(F(3, 4)), 3 * (3 * 5**0.5 - 5) / 2),
        (lambda: gradient.fisher_remainder(**ORDERS), 0.375 * 2.5**3 / (6 * 3**0.5)),
        (lambda: gradient.fisher_remainder(alpha=3, oscillation=2), 4.5 * 8 / (6 * 3**0.5)),
        (
            lambda: gradient.cohort_mean_remainder(**ORDERS, beta=3),
            3 * (F(1, 16) + F(1, 256)) * F(5, 2) ** 4 / 10,
        ),
        (lambda: gradient.escort_order_bound(F(5, 2)), F(5, 4)),
        (lambda: gradient.order_as_weight_bound(**ORDERS), 0.75 * 0.25 * 6.25 / (6 * 3**0.5)),
        (lambda: gradient.self_limiting_bound(beta=3, disagreement=F(1, 7)), F(9, 7)),
        (lambda: gradient.agreement_rate(alpha=F(3, 4), beta=5, least_probability=F(1, 8)), F(15, 8)),
        (lambda: gradient.parameter_gradient_bound(total_variation=F(1, 3), diameter=5), F(5, 3)),
        (lambda: gradient.spectral_gradient_bound(total_variation=F(1, 3), spectral_norm=5), 2**0.5 * 5 / 3),
        (lambda: pathwise.ledger_sum(descent=11, gradient_dot_bias=2, gradient_dot_noise=3, curvature=5), 11),
        (
            lambda: pathwise.remainder(
                contraction=F(3, 5), descent=11, noise_norm_squared=7, gradient_dot_noise=3, bias_dot_noise=2
            ),
            11 + F(21, 10) - F(6, 5) + F(6, 5),
        ),
        (
            lambda: pathwise.residual(
                contraction=F(3, 5), gradient_norm_squared=7, bias_norm_squared=3, remainder=2
            ),
            F(49, 10) - F(9, 10) - 2,
        ),
        (lambda: pathwise.slack(contraction=F(8, 5), gradient_norm_squared=9, bias_norm_squared=4), F(18, 5)),
    ],
)
def test_a_bound_is_its_formula(value, by_hand) -> None:
    assert float(value()) == pytest.approx(float(by_hand), rel=1e-13)


@pytest.mark.parametrize(
    ("alpha", "ends"), [(F(1, 4), (F(-3, 8), F(1, 2))), (1, (0, F(1, 2))), (3, (0, F(3, 2)))]
)
def test_curvature_is_its_formula(alpha, ends) -> None:
    assert gradient.own_curvature(alpha) == ends


def test_formulas_where_two_of_their_parts_are_not_alike() -> None:
    floor = stationarity.quadratic_floor(step_size=STEP, curvatures=[2], noise_variances=[7])
    assert floor == F(2, 5) * 7 / F(8, 5)  # without bias
    assert gradient.cohort_mean_remainder(alpha=2, beta=5, oscillation=3) == pytest.approx(5 * 82 * 81 / 160)


def test_the_sandwich_is_its_formula() -> None:
    low, high = pathwise.sandwich(contraction=0.6, bias_norm_squared=4, remainder=3)
    spread = math.sqrt(4 + 4 * 0.7 * 3)
    assert (low, high) == pytest.approx(((spread - 0.8) / 1.4, (spread + 0.8) / 1.4), rel=1e-14)


def test_scope_radii_are_their_formulas() -> None:
    constants = {
        "step_size": 0.125, "coercivity": 3.0, "slack": 5.0, "smoothness": 2.0, "gradient_at_origin": 0.7,
        "bias_bound": 0.4, "noise_variance": 1.3,
    }  # fmt: skip
    plain = math.sqrt(2 / 3 * (10 + 0.16 / 3 + 0.125 * (2 * 1.21 + 1.3)))
    assert scope.scope_radius(**constants) == pytest.approx(plain, rel=1e-14)
    drift, spread, pull = 0.4 + 0.25 * 1.1, 10 + 0.125 * (1.21 + 1.3), 5.5
    sharp = (drift + math.sqrt(drift**2 + pull * spread)) / pull
    assert scope.scope_radius_sharp(**constants) == pytest.approx(sharp, rel=1e-14)


@pytest.mark.parametrize(("h", "last"), [(0.25, 7), (0.5, 3), (0.75, 2)])
def test_how_long_the_parabola_is_the_worst_function(h: float, last: int) -> None:
    """2LΔ = 2, ζ = ½; the programme, which is exact, says the same."""
    for steps in (last, last + 1):
        constants = {"initial_gap": 1.0, "step_size": h, "smoothness": 1.0, "bias_bound": 0.5, "steps": steps}
        holds = stationarity.biased_exact_holds(**constants)
        assert holds == (steps == last)
        gap = biased_programme(**constants) / stationarity.biased_exact(**constants) - 1
        assert (gap < 1e-6) == holds


def test_the_solver_of_the_programme_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    biased_programme(initial_gap=1.0, step_size=0.5, smoothness=1.0, bias_bound=0.5, steps=5)
    assert capfd.readouterr() == ("", "")


def test_a_biased_run_with_a_step_beyond_1_over_l_is_bounded() -> None:
    """By the programme, which the exact worst case of this instance equals: 2.1030934."""
    bound = stationarity_bound(initial_gap=1.0, step_size=1.5, smoothness=1.0, bias_bound=0.5, steps=3)
    assert bound.form == "biased-programme"
    assert bound.value == pytest.approx(2.1030934, abs=1e-7)
