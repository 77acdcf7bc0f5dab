import json

import pytest

import proofs.performance.semidefinite as semidefinite
from convergence.bounds.biased_programme import biased_programme
from convergence.bounds.stationarity import unbiased_exact
from convergence.claims.verdict import Status
from proofs.performance.inequality import all_inequalities
from proofs.performance.record import from_record, to_record
from proofs.performance.worst_case import _bound, worst_case

# (ζ, h, T) → average, L = Δ = 1.
KNOWN = {
    (0, 0.25, 1): 2,
    (0, 0.25, 2): 1.5625,
    (0, 0.5, 2): 1.25,
    (0, 0.5, 4): 0.664063,
    (0.5, 0.5, 2): 1.458027,
    (0.5, 0.5, 4): 0.956141,
    (0.5, 1, 2): 1.125,
    (0.5, 1, 4): 0.6875,
    (1, 1, 2): 1.5,
    (1, 1, 4): 1.25,
    (1, 0.5, 2): 1.728553,
    (1, 0.5, 4): 1.445293,
}


@pytest.mark.parametrize(("case", "value"), KNOWN.items())
def test_known_values_are_certified_on_both_sides(case, value):
    zeta, h, steps = case
    worst = worst_case(steps, h, 1, zeta)
    assert worst.status is Status.CERTIFIED
    assert worst.exact
    assert worst.lower <= worst.upper <= worst.lower * (1 + 1e-6)
    assert worst.upper == pytest.approx(value, abs=6e-7)


def test_the_quadratic_stops_being_worst():
    worst = worst_case(4, 0.5, 1, 0.5)
    assert worst.lower > 0.95614 > 0.956046  # Lx²/2 reaches 0.956045


@pytest.mark.parametrize("relative", [0, "1/2"])
@pytest.mark.parametrize("zeta", ["1/4", 1, 2])
@pytest.mark.parametrize("h", ["1/5", "3/4", 1])
@pytest.mark.parametrize("steps", [3, 7])
def test_the_convex_programme_is_exact(steps, h, zeta, relative):
    worst = worst_case(steps, h, 1, zeta, relative)
    constants = {"step_size": h, "bias_bound": zeta, "relative_bias": relative}
    bound = biased_programme(
        initial_gap=1, smoothness=1, steps=steps, **{name: _number(x) for name, x in constants.items()}
    )
    assert worst.exact
    assert worst.lower * (1 - 1e-12) <= bound <= worst.upper * (1 + 1e-6)


def _number(value):
    numerator, _, denominator = str(value).partition("/")
    return int(numerator) / int(denominator or 1)


@pytest.mark.parametrize("h", [0.5, 1.5])
def test_noise_without_bias_is_exact(h):
    worst = worst_case(5, h, 1, 0, noise_variance=0.25)
    exact = unbiased_exact(initial_gap=1, step_size=h, smoothness=1, steps=5, noise_variance=0.25)
    assert worst.exact
    assert worst.lower <= exact <= worst.upper


def test_with_bias_and_noise_the_programme_is_above_the_expected_gram_matrices():
    constants = {"step_size": 0.72, "smoothness": 1, "bias_bound": 0.35, "noise_variance": 1.5}
    worst = worst_case(6, **constants)
    bound = biased_programme(initial_gap=1, steps=6, **constants)
    assert worst.status is Status.CERTIFIED
    assert not worst.exact
    assert worst.lower < worst.upper < bound * (1 - 1e-6)


def test_all_pairs_are_needed_for_the_last_gradient():
    worst = worst_case(4, 0.5, 1, 0.5, metric="last")
    assert worst.exact
    assert worst.upper == pytest.approx(1.2943956, abs=1e-6)


def test_all_pairs_are_not_needed_for_the_average():
    worst = worst_case(5, 0.5, 1, 0.5)
    solution, _ = _bound(worst.problem, all_inequalities(worst.problem))
    assert solution.value == pytest.approx(worst.upper, rel=1e-7)


def test_minimum_is_at_most_average():
    assert worst_case(4, 0.5, 1, 0.5, metric="minimum").upper < worst_case(4, 0.5, 1, 0.5).lower


def test_values_scale_with_the_units():
    plain = worst_case(3, 0.5, 1, 1, noise_variance=0.1)
    scaled = worst_case(3, 0.05, 10, 2, noise_variance=0.4, initial_gap=0.4)
    assert scaled.problem == plain.problem
    assert scaled.upper == pytest.approx(4 * plain.upper, rel=1e-12)


def test_a_record_is_checked_when_it_is_read(tmp_path):
    for noise in (0, 0.5):
        worst = worst_case(3, 0.5, 1, 0.5, noise_variance=noise)
        record = json.loads(json.dumps(to_record(worst)))
        assert from_record(record) == worst
        record["upper_certificate"]["multipliers"][0]["multiplier"] = "1/7"
        with pytest.raises(ValueError, match="upper certificate does not hold"):
            from_record(record)


@pytest.mark.parametrize("metric", ["average", "last"])
def test_a_solver_that_stops_early_gives_no_number(monkeypatch, metric):
    settings = semidefinite._settings

    def impatient():
        hurried = settings()
        hurried.max_iter = 3
        return hurried

    monkeypatch.setattr(semidefinite, "_settings", impatient)
    worst = worst_case(4, 0.5, 1, 0.5, metric=metric)
    assert worst.status is Status.FAILED
    assert worst.solver_status == "MaxIterations"
    assert worst.upper is None
    assert worst.gap is None
    assert not worst.exact
    assert json.loads(json.dumps(to_record(worst)))["upper"] is None


@pytest.mark.parametrize(
    "extreme", [{"bias_bound": 1e100}, {"noise_variance": 1e300}, {"bias_bound": 1e150, "metric": "last"}]
)
def test_a_solver_that_panics_gives_no_number(extreme):
    worst = worst_case(**({"steps": 4, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5} | extreme))
    assert worst.status is Status.FAILED
    assert worst.solver_status.startswith("panic: ")
    assert worst.upper is None
    assert worst.lower > 1e190  # the radial run needs no solver
    assert from_record(json.loads(json.dumps(to_record(worst)))) == worst


def test_an_interrupt_is_no_failure_of_the_solver(monkeypatch):
    class Interrupted:
        def __init__(self, *_):
            pass

        def solve(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(semidefinite.clarabel, "DefaultSolver", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        worst_case(4, 0.5, 1, 0.5)


def test_there_is_no_worst_function_under_noise():
    with pytest.raises(ValueError, match="without noise"):
        worst_case(2, 0.5, 1, 0.5, noise_variance=1).worst_function()


@pytest.mark.slow
def test_long_runs():
    worst = worst_case(32, 0.5, 1, 0.5)
    assert worst.exact
    assert worst.seconds < 300


@pytest.mark.parametrize("zeta", [0, 0.5])
def test_the_smallest_gradient_is_largest_where_all_are_equal(zeta):
    h, steps = 0.5, 6
    worst = worst_case(steps, h, 1, zeta, metric="minimum")

    def spent(a):
        z = (1 - h) * a + h * zeta
        return a**2 + (steps - 1) / 2 * (a - z) * (3 * a + z)

    assert worst.exact
    assert spent(worst.lower**0.5) <= 2 <= spent(worst.upper**0.5)
