"""Elementary functions of compiled loops against 40 digits, and that they keep to their precision."""

import mpmath
import numpy as np
import pytest
from numba import njit

from simulations.ensemble.compiled.compile import OPTIONS
from simulations.ensemble.compiled.elementary import cosine_sine, exp, half_turn_sine, radius, sine_of_turns

DTYPES = [np.float64, np.float32]
CONTEXT = mpmath.mp.clone()
CONTEXT.dps = 40


def errors(function, exact, points, dtype):
    """Errors `|f(x) − exact(x)|` and the spacing of numbers at exact(x)."""

    @njit(**OPTIONS)
    def apply(x, y):
        for i in range(len(x)):
            y[i] = function(x[i])

    x = points.astype(dtype)
    y = np.empty_like(x)
    apply(x, y)
    truth = [exact(CONTEXT.mpf(float(v))) for v in x]
    error = np.array([float(abs(CONTEXT.mpf(float(v)) - t)) for v, t in zip(y, truth, strict=True)])
    return error, np.spacing(np.abs(np.array(truth, dtype=float)).astype(dtype)).astype(float)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_radius_is_within_its_bound(rng, dtype):
    bits = 53 if dtype is np.float64 else 32
    near_one = 1 - 2.0 ** -rng.uniform(1, 23, 800)
    points = 2.0**bits * np.concatenate(
        [rng.uniform(1e-9, 1, 800), 2.0 ** -rng.uniform(0, bits, 800), near_one]
    )
    error, unit = errors(radius, lambda k: CONTEXT.sqrt(-2 * CONTEXT.log(k / 2**bits)), points, dtype)
    assert (error <= 2.5 * unit).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_is_within_its_bound_and_never_zero(rng, dtype):
    points = -np.concatenate(
        [rng.exponential(3, 800), 2.0 ** -rng.uniform(0, 30, 400), rng.uniform(0, 86, 400)]
    )
    error, unit = errors(exp, CONTEXT.exp, points, dtype)
    assert (error <= 2.5 * unit).all()
    error, _ = errors(exp, CONTEXT.exp, np.array([-1e4, -np.inf]), dtype)
    assert (error < 1e-37).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_cosine_and_sine_are_within_its_bound(rng, dtype):
    points = np.concatenate([rng.uniform(-0.5, 0.5, 800), [0.0, 0.5, -0.5]])
    for part, exact in ((0, CONTEXT.cospi), (1, CONTEXT.sinpi)):
        picked = njit(lambda r, part=part: cosine_sine(r)[part])
        error, unit = errors(picked, lambda x, exact=exact: exact(x / 2), points, dtype)
        assert (error <= 2.5 * unit).all()
    error, unit = errors(half_turn_sine, CONTEXT.sinpi, points, dtype)
    assert (error <= 2.5 * unit).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sine_of_turns_is_within_two_units_of_one(rng, dtype):
    points = np.concatenate([rng.uniform(-6, 6, 1500), np.arange(-4, 4.25, 0.25)])
    error, _ = errors(sine_of_turns, lambda x: CONTEXT.sinpi(2 * x), points, dtype)
    assert error.max() <= 2 * np.spacing(dtype(1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [exp, sine_of_turns])
def test_nan_stays_nan(function, dtype):
    compiled = njit(lambda x: function(x), **OPTIONS)
    assert np.isnan(compiled(dtype(np.nan)))


@pytest.mark.parametrize("function", [radius, exp, half_turn_sine, sine_of_turns])
def test_float32_stays_float32(function):
    compiled = njit(lambda x: function(x), **OPTIONS)
    compiled(np.float32(-0.25) if function is exp else np.float32(0.25))
    (signature,) = compiled.nopython_signatures
    assert str(signature.return_type) == "float32"
