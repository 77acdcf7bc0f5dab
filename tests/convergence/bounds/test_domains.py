"""Where every bound ends: what lies at the edge of a domain is accepted, what lies beyond is refused by name."""

import inspect
import math
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from convergence.bounds import gradient, pathwise, scope, stationarity
from convergence.bounds.biased_programme import biased_programme
from convergence.bounds.one_step import one_step
from convergence.bounds.sharpest import stationarity_bound
from convergence.bounds.tangent import tangent_bound

RUN = {"initial_gap": 1.0, "step_size": 0.25, "smoothness": 1.5, "steps": 3}
STEP = {"step_size": 0.25, "smoothness": 1.5}
SCOPE = {**STEP, "step_size": 0.05, "coercivity": 0.7, "slack": 0.3}
ORDERS = {"alpha": 0.75, "oscillation": 2.5}
POSITIVE = ([1e-6], [0.0, -0.5])
NONNEGATIVE = ([0.0], [-1e-6, -0.5])
BOUNDED_ABOVE = ([0.0], [-1e-6, -0.5, math.inf, math.nan])
SGD = {
    "step_size": ([1e-6], [0.0, -0.5, math.inf]), "smoothness": ([1e-6], [0.0, -0.5, math.inf]),
    "initial_gap": BOUNDED_ABOVE, "noise_variance": BOUNDED_ABOVE, "noise_growth": BOUNDED_ABOVE,
    "bias_bound": ([0.0, 1e150], [-1e-6, -0.5, 1e151, math.inf]), "steps": ([1], [0, 1.5, math.inf]),
    "relative_bias": ([0.0], [-1e-6, 1.0]),
}  # fmt: skip
"""Of each constant the values at the edge of its domain and beyond it."""
ORDER = {"alpha": ([0.0, math.inf], [-1e-6, -0.5])}
FINITE = {name: ([0.0], [-1e-6, -0.5, math.inf]) for name in ("alpha", "oscillation", "beta", "disagreement")}
GRADIENT = {
    gradient.self_bounding_constant: ({"alpha": 0.5}, ORDER),
    gradient.self_bounding_usable: ({"alpha": 0.5}, ORDER),
    gradient.self_bounding_best: ({"alpha": 0.5}, ORDER),
    gradient.pinsker_constant: ({"alpha": 0.5}, ORDER),
    gradient.pinsker_usable: ({"alpha": 0.5}, ORDER),
    gradient.pinsker_best: ({"alpha": 0.5}, ORDER),
    gradient.own_curvature: ({"alpha": 0.5}, ORDER),
    gradient.divergence_bound: (ORDERS, FINITE),
    gradient.kl_gap_bound: (ORDERS, FINITE),
    gradient.kl_slope_bound: (ORDERS, FINITE),
    gradient.target_gradient_bound: (ORDERS, {**ORDER, "oscillation": ([1e-6], [0.0, -0.5, math.inf])}),
    gradient.fisher_remainder: (ORDERS, FINITE),
    gradient.target_self_bounding_constant: ({"alpha": 0.5}, {"alpha": ([0.0], [-1e-6, 1.0, math.inf])}),
    gradient.order_as_weight_bound: (ORDERS, FINITE),
    gradient.cohort_mean_remainder: ({**ORDERS, "beta": 1.0}, FINITE),
    gradient.escort_order_bound: ({"oscillation": 2.5}, {"oscillation": NONNEGATIVE}),
    gradient.agreement_rate: (
        {"alpha": 0.5, "beta": 1.0, "least_probability": 0.1},
        {**FINITE, "least_probability": ([0.0, 0.5], [-1e-6, 0.51])},
    ),
    gradient.parameter_gradient_bound: (
        {"total_variation": 0.5, "diameter": 2.0},
        {"total_variation": ([0.0, 1.0, 1 + 2.0**-52], [-1e-6, 1 + 1e-9]), "diameter": NONNEGATIVE},
    ),
    gradient.spectral_gradient_bound: (
        {"total_variation": 0.5, "spectral_norm": 2.0},
        {"total_variation": ([0.0, 1.0, 1 + 2.0**-52], [-1e-6, 1 + 1e-9]), "spectral_norm": NONNEGATIVE},
    ),
    gradient.self_limiting_bound: ({"beta": 1.0, "disagreement": 2.0}, FINITE),
}
EDGES: dict[Callable, tuple[dict, dict]] = {
    stationarity.stationarity: (RUN, SGD),
    stationarity.stationarity_sharp: (RUN, SGD),
    stationarity.last_step: ({**RUN, "step_size": None}, {**SGD, "step_size": ([], [])}),
    stationarity.unbiased_exact: (RUN, SGD),
    stationarity.biased_exact: ({**RUN, "bias_bound": 0.5}, SGD),
    stationarity.biased_exact_holds: ({**RUN, "bias_bound": 0.5}, SGD),
    stationarity.relative_bias_bound: (RUN, SGD),
    stationarity.asymptotic_floor: (STEP, SGD),
    stationarity.bias_floor: ({"bias_bound": 0.5}, SGD),
    stationarity.noise_floor: ({**STEP, "noise_variance": 0.5}, SGD),
    stationarity.constant_bias_floor: ({**STEP, "noise_variance": 0.5}, SGD),
    stationarity.pl_bound: (
        {**RUN, "pl_constant": 0.5},
        {**SGD, "smoothness": ([0.5], [0.0, -0.5]), "pl_constant": ([1e-6, 1.5], [0.0, -0.5, 1.6])},
    ),
    stationarity.pl_floor: (
        {**STEP, "pl_constant": 0.5},
        {**SGD, "smoothness": ([0.5], [0.0, -0.5]), "pl_constant": ([1e-6, 1.5], [0.0, -0.5, 1.6])},
    ),
    stationarity.diminishing: ({"initial_gap": 1.0, "step_sizes": [0.25, 0.1], "smoothness": 1.5}, SGD),
    scope.scope_radius: (
        SCOPE, {**SGD, "slack": NONNEGATIVE, "coercivity": ([0.46], [0.0, -0.5]), "gradient_at_origin": NONNEGATIVE},
    ),
    scope.scope_radius_sharp: (
        SCOPE, {**SGD, "slack": NONNEGATIVE, "coercivity": ([0.06], [0.0, -0.5]), "gradient_at_origin": NONNEGATIVE},
    ),
    tangent_bound: (RUN, SGD),
    one_step: (STEP, SGD),
    biased_programme: (RUN, SGD),
    stationarity_bound: (RUN, {**SGD, "steps": ([1], [0])}),
    pathwise.sandwich: (
        {"contraction": 0.5, "bias_norm_squared": 1.0, "remainder": 0.1},
        {"contraction": ([-3.0, 2 - 1e-9, math.nan], [2.0, 3.0]), "bias_norm_squared": ([0.0, math.nan], [-1e-6])},
    ),
    **GRADIENT,
}  # fmt: skip
LARGEST = {
    # function: the bound of h = ηL(M+1), whether h may reach it
    **dict.fromkeys(
        [
            stationarity.stationarity, stationarity.biased_exact, stationarity.biased_exact_holds,
            stationarity.relative_bias_bound, stationarity.asymptotic_floor, stationarity.noise_floor,
            stationarity.pl_bound, stationarity.pl_floor,
        ],
        (1, True),
    ),
    **dict.fromkeys(
        [
            stationarity.stationarity_sharp, stationarity.unbiased_exact, stationarity.constant_bias_floor,
            tangent_bound, one_step, biased_programme, stationarity_bound,
        ],
        (2, False),
    ),
}  # fmt: skip


def constants_of(bound: Callable) -> dict:
    return {name: value for name, value in EDGES[bound][0].items() if value is not None}


def edges() -> Iterator:
    for bound, (_, domains) in EDGES.items():
        for name in inspect.signature(bound).parameters.keys() & domains.keys():
            yield pytest.param(bound, name, *domains[name], id=f"{bound.__name__}-{name}")


@pytest.mark.parametrize(("bound", "name", "within", "beyond"), sorted(edges(), key=lambda edge: edge.id))
def test_the_edge_is_within_and_what_is_beyond_is_named(bound, name, within, beyond) -> None:
    for value in within:
        bound(**(constants_of(bound) | {name: value}))
    for value in beyond:
        with pytest.raises(ValueError, match=rf"^{name}={re.escape(str(value))} is outside"):
            bound(**(constants_of(bound) | {name: value}))


@pytest.mark.parametrize("bound", LARGEST, ids=lambda bound: bound.__name__)
def test_how_large_a_step_may_be(bound) -> None:
    most, included = LARGEST[bound]
    within = most * (1 + 5e-13 if included else 1 - 1e-9)  # 1/((M+1)L) may have been rounded up
    beyond = most * (1 + 1e-9) if included else float(most)
    growth = {"noise_growth": 0.5} if "noise_growth" in inspect.signature(bound).parameters else {}
    size = 1.5 * (1.5 if growth else 1)
    bound(**(constants_of(bound) | growth | {"step_size": within / size}))
    with pytest.raises(ValueError, match=r"^step_size·smoothness·\(noise_growth \+ 1\)=.* is outside \(0, "):
        bound(**(constants_of(bound) | growth | {"step_size": beyond / size}))


def test_how_large_steps_of_other_bounds_may_be() -> None:
    diminishing = {"initial_gap": 1.0, "smoothness": 1.5}
    stationarity.diminishing(**diminishing, step_sizes=[1 / 1.5, 0.1])
    with pytest.raises(ValueError, match=r"is outside \(0, 1\]"):
        stationarity.diminishing(**diminishing, step_sizes=[0.1, 1.001 / 1.5])
    scope.scope_radius(**(SCOPE | {"step_size": 0.7 / 9 * (1 + 5e-13)}))
    with pytest.raises(ValueError, match=r"^step_size=.* is outside \(0, coercivity/\(4 smoothness²\)\]"):
        scope.scope_radius(**(SCOPE | {"step_size": 0.7 / 9 * (1 + 1e-9)}))
    scope.scope_radius_sharp(**(SCOPE | {"step_size": 1.4 / 2.25 * (1 - 1e-9)}))
    with pytest.raises(ValueError, match=r"^step_size=.* is outside \(0, 2 coercivity/smoothness²\)"):
        scope.scope_radius_sharp(**(SCOPE | {"step_size": 1.4 / 2.25}))
    with pytest.raises(ValueError, match=r"^\|1−h\| \+ h√relative_bias=.* is outside \[0, 1\)"):
        one_step(step_size=1.0, smoothness=1.5, relative_bias=0.25 / 2.25 + 1e-9)  # ½ + 3/2·⅓ = 1
    one_step(step_size=1.0, smoothness=1.5, relative_bias=0.25 / 2.25 - 1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_size", 0.0),
        ("step_size", -0.5),
        ("h", -1e-6),
        ("h", 2.0),
        ("variance", -1e-6),
        ("h", 0.0),
        ("h", 1.99),
    ],
)
def test_the_domain_of_the_quadratic_floor(name: str, value: float) -> None:
    constants = {
        "step_size": value if name == "step_size" else 1.0,
        "curvatures": [0.5, value if name == "h" else 0.7],
        "noise_variances": [0.0, value if name == "variance" else 0.1],
    }
    if (name, value) in (("h", 0.0), ("h", 1.99)):
        assert math.isfinite(stationarity.quadratic_floor(**constants))
        return
    named = {"h": "step_size·curvature", "variance": "noise_variance"}.get(name, name)
    with pytest.raises(ValueError, match=rf"^{named}={value} is outside"):
        stationarity.quadratic_floor(**constants)


def test_the_quadratic_floor_needs_a_bias_of_each_mode_that_it_can_hold() -> None:
    constants = {"step_size": 1.0, "curvatures": [0.0, 0.7], "noise_variances": [0.0, 0.1]}
    assert stationarity.quadratic_floor(**constants, bias=[0.0, 0.5]) == pytest.approx(0.25 + 0.07 / 1.3)
    with pytest.raises(ValueError, match=r"^bias=0\.5 is outside \{0\} where the curvature is 0"):
        stationarity.quadratic_floor(**constants, bias=[0.5, 0.0])
    for bias in ([0.0], [0.0, 0.5, 0.0]):
        with pytest.raises(ValueError, match=rf"bias have lengths \[2, 2, {len(bias)}\]"):
            stationarity.quadratic_floor(**constants, bias=bias)


def test_diminishing_steps_come_from_any_iterable_but_an_empty_one() -> None:
    constants = {"initial_gap": 1.0, "smoothness": 1.0, "noise_variance": 0.5}
    sizes = [1 / (t + 1) for t in range(5)]
    assert stationarity.diminishing(**constants, step_sizes=iter(sizes)) == stationarity.diminishing(
        **constants, step_sizes=sizes
    )
    with pytest.raises(ValueError, match="step_sizes is empty"):
        stationarity.diminishing(**constants, step_sizes=[])


def test_the_ends_of_the_order() -> None:
    for oscillation in (1e-20, 2.5, 1e10):
        assert gradient.target_gradient_bound(alpha=math.inf, oscillation=oscillation) == 2
        assert gradient.target_gradient_bound(alpha=1e308, oscillation=oscillation) == 2
    for bound in (
        gradient.divergence_bound,
        gradient.kl_gap_bound,
        gradient.kl_slope_bound,
        gradient.fisher_remainder,
        gradient.order_as_weight_bound,
    ):
        assert bound(alpha=1e308, oscillation=0.0) == 0
    with pytest.raises(ValueError, match=r"^alpha="):  # of an array no element may be infinite
        gradient.target_gradient_bound(alpha=np.array([0.5, math.inf]), oscillation=1.0)


def test_the_domains_of_the_gradient_of_the_target() -> None:
    with pytest.raises(ValueError, match=r"^alpha=1\.0 is outside \[0, 1\)"):
        gradient.target_self_bounding_constant(1.0)
    for oscillation in (0.0, -0.5):
        with pytest.raises(ValueError, match=rf"^oscillation={oscillation} is outside \(0, ∞\)"):
            gradient.target_gradient_bound(alpha=0.5, oscillation=oscillation)
    assert gradient.target_gradient_bound(alpha=0.5, oscillation=0.1) == pytest.approx(0.025)


@pytest.mark.parametrize("bound", EDGES, ids=lambda bound: bound.__name__)
def test_what_is_not_given_is_zero(bound) -> None:
    absent = {
        name: 0
        for name, parameter in inspect.signature(bound).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    assert bound(**constants_of(bound)) == bound(**constants_of(bound), **absent)
