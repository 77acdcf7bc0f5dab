r"""What constant-step-size SGD on an L-smooth function can be held to: `A² = (1/T) Σ_{t<T} E‖∇F(x_t)‖²`.

`x_{t+1} = x_t − η g_t`, `g = ∇F + b + n`, `E[n|x] = 0`, `E‖n‖² ≤ M‖∇F+b‖² + σ²`, `‖b‖² ≤ m‖∇F‖² + ζ²`,
`Δ = F(x_0) − F*`, `h = ηL(M+1)`. In code: step_size η, smoothness L, noise_variance σ², noise_growth M,
bias_bound ζ, relative_bias m, initial_gap Δ, steps T. Every function but `biased_exact_holds` takes numbers,
Fractions, sympy expressions or arrays, and returns squares of gradients, not their roots, unless it says
otherwise. The ids are those of the claims; the statements are ours.

In floats `unbiased_exact`, `biased_exact`, `relative_bias_bound` and `asymptotic_floor` have a relative
error below 5e-15 on their whole domain, h → 0, h → 2 and m → 1 included, as long as squares of gradients stay
in the range of floats (ζ and √(LΔ) from 1e-150 to 1e150, or 0), for the h that
`step_size·smoothness·(noise_growth + 1)` rounds to: near h = 2 a relative change of h by ε changes
`unbiased_exact` by up to 2Tε.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from convergence.bounds.arithmetic import Real, require, require_sgd, root
from convergence.bounds.geometric import geometric_mean, geometric_power
from convergence.bounds.one_step import one_step


def stationarity(
    *,
    initial_gap: Real,
    step_size: Real,
    smoothness: Real,
    steps: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
) -> Real:
    r"""`A² ≤ [2Δ/(ηT) + ηLσ² + ζ²]/(1−m)` for `h ≤ 1`, `0 ≤ m < 1` (`stationarity`).

    For m = 0, ζ² may be the mean of `E‖b_t‖²` along the path.
    """
    require_sgd(**locals(), contraction_most=1)
    transient = 2 * initial_gap / (step_size * steps)
    return (transient + step_size * smoothness * noise_variance + bias_bound**2) / (1 - relative_bias)


def stationarity_sharp(
    *,
    initial_gap: Real,
    step_size: Real,
    smoothness: Real,
    steps: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
) -> Real:
    r"""`A² ≤ {[|1−h|ζ' + √(ζ'² + 4(1−h/2)R')]/(2−h)}²` for `0 < h < 2` (`stationarity-sharp`).

    m = 0, `ζ' = ζ√(1−1/T)`, `R' = Δ/(ηT) + (1−1/T)ηLσ²/2`.
    """
    require_sgd(**locals(), contraction_below=2)
    h = step_size * smoothness * (noise_growth + 1)
    share = (steps - 1) / (steps * _one(initial_gap))
    bias = bias_bound * root(share)
    remainder = initial_gap / (step_size * steps) + share * step_size * smoothness * noise_variance / 2
    return ((abs(1 - h) * bias + root(bias**2 + 2 * (2 - h) * remainder)) / (2 - h)) ** 2


def last_step(*, initial_gap: Real, smoothness: Real, steps: Real, bias_bound: Real = 0) -> Real:
    r"""`A² ≤ 2LΔ/T + (1−1/T)ζ²` at `η = 1/L` with m = M = σ = 0: the exact worst case (`last-step`)."""
    require_sgd(
        step_size=1,  # it is 1/L, once L is known to be positive
        smoothness=smoothness,
        initial_gap=initial_gap,
        steps=steps,
        bias_bound=bias_bound,
    )
    return (2 * smoothness * initial_gap + (steps - 1) * bias_bound**2) / steps


def unbiased_exact(
    *,
    initial_gap: Real,
    step_size: Real,
    smoothness: Real,
    steps: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
) -> Real:
    r"""`A² ≤ X + (2LΔ−X)(1−ρ^T)/(T(1−ρ))` for ζ = m = 0, `0 < h < 2` (`unbiased-exact`).

    `ρ = 1 − ηL(2−h)`, `X = ηLσ²/(2−h)`. The exact worst case for every T, attained by `Lx²/2` with noise
    `±√(M‖∇F‖²+σ²)`.
    """
    require_sgd(**locals(), contraction_below=2)
    length = step_size * smoothness
    pull = 2 - length * (noise_growth + 1)
    memory = geometric_mean(length * pull, steps)  # of ρ^t
    return 2 * smoothness * initial_gap * memory.mean + length * noise_variance / pull * memory.loss


def biased_exact(
    *, initial_gap: Real, step_size: Real, smoothness: Real, steps: Real, bias_bound: Real
) -> Real:
    r"""The value Q that `Lx²/2` with constant bias attains for M = σ = m = 0, `h = ηL ≤ 1` (`biased-exact`).

    `Q = ζ² + 2ζ(G−ζ)(1−(1−h)^T)/(hT) + (G−ζ)²(1−(1−h)^{2T})/(h(2−h)T)`, `G = √(2LΔ)`. It is the exact worst
    case where `biased_exact_holds`, a lower bound on it elsewhere.
    """
    require_sgd(**locals(), contraction_most=1)
    start = root(2 * smoothness * initial_gap)
    memory = geometric_mean(step_size * smoothness, steps)  # of (1−h)^t = (‖∇F_t‖ − ζ)/(G − ζ)
    mean = start * memory.mean + bias_bound * memory.loss
    return mean**2 + (start - bias_bound) ** 2 * memory.variance


def biased_exact_holds(
    *, initial_gap: Real, step_size: Real, smoothness: Real, steps: int, bias_bound: Real
) -> bool:
    r"""Whether `biased_exact` is proved to be the worst case: the dual of `biased-exact` is feasible.

    `a_0 = G, a_{t+1} = (1−h)a_t + hζ`, `k_t = (1−h)a_{t+1}/a_t`, `λ_{T−2} = 1`, `λ_{t−1} = 1 + λ_t k_t`, and
    all `1 − λ_t(1−k_t) ≥ 0`. Also where h = 1, ζ = 0, ζ ≥ G or T ≤ 2. For one problem, in numbers: it is
    followed from the last step to the first (1 s for a million).
    """
    require_sgd(**locals(), contraction_most=1)
    h = step_size * smoothness
    start = root(2 * smoothness * initial_gap)
    if h >= 1 or bias_bound == 0 or bias_bound >= start or steps <= 2:
        return True
    multiplier, then = 1, bias_bound + (start - bias_bound) * (1 - h) ** (steps - 1)
    for t in range(steps - 2, -1, -1):
        now = bias_bound + (start - bias_bound) * (1 - h) ** t
        ratio = (1 - h) * then / now
        if 1 - multiplier * (1 - ratio) < 0:
            return False
        multiplier, then = 1 + multiplier * ratio, now
    return True


def relative_bias_bound(
    *,
    initial_gap: Real,
    step_size: Real,
    smoothness: Real,
    steps: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
) -> Real:
    r"""The root `A²` of `A² − ((1−h)A + h√(mA²+ζ²))² = 2hR` for `h ≤ 1`, `0 ≤ m < 1` (`relative-bias`).

    `R = Δ/(ηT) + ηLσ²/2`. In closed form `A² = [B + √(B² − Kc²)]/K`, `a = 2 − h − hm`, `c = hζ² + 2R`,
    `K = a² − 4(1−h)²m`, `B = ac + 2(1−h)²ζ²`.
    """
    require_sgd(**locals(), contraction_most=1)
    step = one_step(
        step_size=step_size,
        smoothness=smoothness,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
        relative_bias=relative_bias,
    )
    return replace(step, constant=step.constant + 2 * initial_gap / (step_size * steps)).floor()


def asymptotic_floor(
    *,
    step_size: Real,
    smoothness: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
) -> Real:
    r"""`relative_bias_bound` for T → ∞, `h ≤ 1`: what A² cannot exceed in the limit, whatever Δ.

    For m = 0 it is `noise_floor`, for σ = 0 it is `bias_floor`, both exact.
    """
    constants = dict(locals())
    require_sgd(**constants, contraction_most=1)
    return one_step(**constants).floor()


def bias_floor(*, bias_bound: Real, relative_bias: Real = 0) -> Real:
    r"""`ζ²/(1−m)`: the noiseless floor of `‖∇F‖²`, exactly (`bias-floor-tight`).

    Reached by `b = −√(m‖∇F‖²+ζ²)·∇F/‖∇F‖` on a quadratic.
    """
    require_sgd(step_size=1, smoothness=1, bias_bound=bias_bound, relative_bias=relative_bias)
    return bias_bound**2 / (1 - relative_bias)


def noise_floor(
    *,
    step_size: Real,
    smoothness: Real,
    noise_variance: Real,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
) -> Real:
    r"""`A∞²` with `A∞ = [(1−h)ζ + √(ζ²+(2−h)ηLσ²)]/(2−h)`, `h ≤ 1`, m = 0, T → ∞ (`noise-floor`).

    The exact worst floor, reached in the plane by `F = L‖x‖²/2`, `b = −ζx/‖x‖`,
    `n = ±√(M‖∇F+b‖²+σ²)·x_⊥/‖x‖`.
    """
    require_sgd(**locals(), contraction_most=1)
    h = step_size * smoothness * (noise_growth + 1)
    spread = root(bias_bound**2 + (2 - h) * step_size * smoothness * noise_variance)
    return (((1 - h) * bias_bound + spread) / (2 - h)) ** 2


def constant_bias_floor(
    *, step_size: Real, smoothness: Real, noise_variance: Real, noise_growth: Real = 0, bias_bound: Real = 0
) -> Real:
    r"""`ζ² + ηLσ²/(2−h)`: the floor on `L‖x‖²/2` under a constant bias of norm ζ, for `0 < h < 2`."""
    require_sgd(**locals(), contraction_below=2)
    h = step_size * smoothness * (noise_growth + 1)
    return bias_bound**2 + step_size * smoothness * noise_variance / (2 - h)


def quadratic_floor(
    *,
    step_size: Real,
    curvatures: Sequence[Real],
    noise_variances: Sequence[Real],
    bias: Sequence[Real] | None = None,
) -> Real:
    r"""Stationary `E‖∇F‖² = Σ ηh_iσ_i²/(2−ηh_i) + ‖b‖²` of `F = ½Σh_ix_i²`, exactly (`quadratic-floor`).

    Additive noise of variances σ_i², constant bias b with `b_i = 0` where `h_i = 0`, `0 ≤ ηh_i < 2`.
    """
    require("step_size", step_size, step_size > 0, "(0, ∞)")
    biases = [0] * len(curvatures) if bias is None else bias
    lengths = [len(curvatures), len(noise_variances), len(biases)]
    if len(set(lengths)) > 1:
        raise ValueError(f"curvatures, noise_variances and bias have lengths {lengths}; they must be equal")
    total = sum(b**2 for b in biases)
    for curvature, variance, b in zip(curvatures, noise_variances, biases, strict=True):
        h = step_size * curvature
        require("step_size·curvature", h, h >= 0, "[0, 2)")
        require("step_size·curvature", h, h < 2, "[0, 2)")
        require("noise_variance", variance, variance >= 0, "[0, ∞)")
        require(
            "bias", b, (h > 0) | (b == 0), "{0} where the curvature is 0: without it nothing is stationary"
        )
        total = total + h * variance / (2 - h)
    return total


def pl_bound(
    *,
    initial_gap: Real,
    step_size: Real,
    smoothness: Real,
    steps: Real,
    pl_constant: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
) -> Real:
    r"""`E F(x_T) − F* ≤ (1−ημ(1−m))^T Δ + (ζ²+ηLσ²)/(2μ(1−m))` for `h ≤ 1` (`pl`).

    μ is `pl_constant`: `‖∇F‖² ≥ 2μ(F − F*)`.
    """
    arguments = dict(locals())
    del arguments["pl_constant"]
    require_sgd(**arguments, contraction_most=1)
    require("pl_constant", pl_constant, pl_constant > 0, "(0, smoothness]")
    require("pl_constant", pl_constant, pl_constant <= smoothness, "(0, smoothness]")
    decay = geometric_power(step_size * pl_constant * (1 - relative_bias), steps)
    floor = (bias_bound**2 + step_size * smoothness * noise_variance) / (
        2 * pl_constant * (1 - relative_bias)
    )
    return decay * initial_gap + floor


def pl_floor(
    *,
    step_size: Real,
    smoothness: Real,
    pl_constant: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
) -> Real:
    r"""`limsup E F(x_T) − F* ≤ A∞²/(2μ)`, `A∞²` the `noise_floor`, for `h ≤ 1`, m = 0 (`pl`)."""
    floor = noise_floor(
        step_size=step_size,
        smoothness=smoothness,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
    )
    require("pl_constant", pl_constant, pl_constant > 0, "(0, smoothness]")
    require("pl_constant", pl_constant, pl_constant <= smoothness, "(0, smoothness]")
    return floor / (2 * pl_constant)


def diminishing(
    *,
    initial_gap: Real,
    step_sizes: Iterable[Real],
    smoothness: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
) -> Real:
    r"""`Σ η_t E‖∇F_t‖²/Σ η_t ≤ [(2Δ + Lσ²Σ η_t²)/Σ η_t + ζ²]/(1−m)`, all `η_t ≤ 1/((M+1)L)` (`diminishing`).

    Where `Σ η_t = ∞` and `Σ η_t²/Σ η_t → 0` only the floor `ζ²/(1−m)` stays.
    """
    arguments = dict(locals())
    del arguments["step_sizes"]
    sizes = list(step_sizes)
    if not sizes:
        raise ValueError("step_sizes is empty; at least 1 is needed")
    for step_size in sizes:
        require_sgd(step_size=step_size, **arguments, contraction_most=1)
    total, squares = sum(sizes), sum(step_size**2 for step_size in sizes)
    numerator = (2 * initial_gap + smoothness * noise_variance * squares) / total + bias_bound**2
    return numerator / (1 - relative_bias)


def _one(like: Real) -> Real:
    """1, exact where `like` is: an int divided by an int would round."""
    return like * 0 + 1
