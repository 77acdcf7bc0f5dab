r"""The floor plus a transient: a closed form that is exact without bias and in the limit of many steps.

`Y(s) ≤ φ² + ρ(s − φ²)` by concavity (see `one_step`). So `ε_t = 2L(E F_t − F*) − φ²` and
`d_t = E‖∇F_t‖² − φ²` satisfy `ε_{t+1} ≤ ε_t − (1−ρ)d_t` and `d_t ≤ ε_t`. With `Λ_T = 0` and
`Λ_t = 1 + ρΛ_{t+1}`, `1 − (1−ρ)Λ_{t+1} = ρ^{T−1−t} ≥ 0`, hence
`d_t + Λ_{t+1}ε_{t+1} ≤ (1 − (1−ρ)Λ_{t+1})d_t + Λ_{t+1}ε_t ≤ Λ_tε_t`; summed over t, `Σ d_t ≤ Λ_0ε_0`. Ours.
"""

from __future__ import annotations

from convergence.bounds.arithmetic import Real, require_sgd
from convergence.bounds.geometric import geometric_mean
from convergence.bounds.one_step import one_step


def tangent_bound(
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
    r"""`A² ≤ φ² + (2LΔ − φ²)(1−ρ^T)/(T(1−ρ))`, `φ² = Y(φ²)`, `ρ = Y'(φ²)`, for `|1−h| + h√m < 1`.

    Equals `unbiased_exact` for ζ = m = 0 and, at `2LΔ = φ²`, the exact worst case. For m = σ = M = 0, h ≤ 1
    it is `ζ² + (2LΔ − ζ²)(1−(1−h)^T)/(hT)`.
    """
    constants = dict(locals())
    initial_gap, steps = constants.pop("initial_gap"), constants.pop("steps")
    require_sgd(initial_gap=initial_gap, step_size=step_size, smoothness=smoothness, steps=steps)
    step = one_step(**constants)
    transient = geometric_mean(step.rate(), steps)
    return 2 * smoothness * initial_gap * transient.mean + step.floor() * transient.loss
