r"""The bounded scope: where SGD with a constant step size and a bounded bias stays.

For `x_{t+1} = x_t − η(∇F(x_t) + b_t + n_t)` with `E[n_t|x_t, b_t] = 0`, `‖b_t‖ ≤ ζ` and `E‖n_t‖² ≤ σ²`, where
`⟨∇F(x), x⟩ ≥ a‖x‖² − c` and `‖∇F(x)‖ ≤ L‖x‖ + G₀` for every x. In code: coercivity a, slack c, smoothness L,
gradient_at_origin G₀, bias_bound ζ, noise_variance σ², step_size η. The statements are ours (`scope`). Noise whose mean
is not 0 is bias: it counts in ζ.
"""

from __future__ import annotations

from convergence.bounds.arithmetic import Real, require, require_sgd, root


def scope_radius(
    *,
    step_size: Real,
    coercivity: Real,
    slack: Real,
    smoothness: Real,
    gradient_at_origin: Real = 0,
    bias_bound: Real = 0,
    noise_variance: Real = 0,
) -> Real:
    r"""`limsup √E‖x_t‖²`, at most `√{(2/a)[2c + ζ²/a + η(2(G₀+ζ)²+σ²)]}` for `η ≤ a/(4L²)` (`scope`)."""
    _require(**locals())
    require(
        "step_size",
        step_size,
        4 * step_size * smoothness**2 <= coercivity * (1 + 1e-12),
        "(0, coercivity/(4 smoothness²)]",
    )
    push = 2 * (gradient_at_origin + bias_bound) ** 2 + noise_variance
    return root(2 / coercivity * (2 * slack + bias_bound**2 / coercivity + step_size * push))


def scope_radius_sharp(
    *,
    step_size: Real,
    coercivity: Real,
    slack: Real,
    smoothness: Real,
    gradient_at_origin: Real = 0,
    bias_bound: Real = 0,
    noise_variance: Real = 0,
) -> Real:
    r"""`limsup √E‖x_t‖² ≤ s*` for `η < 2a/L²` (`scope`).

    `s* = [B + √(B² + (2a−ηL²)K)]/(2a−ηL²)`, `B = ζ + ηL(G₀+ζ)`, `K = 2c + η((G₀+ζ)²+σ²)`.
    """
    _require(**locals())
    pull = 2 * coercivity - step_size * smoothness**2
    require("step_size", step_size, pull > 0, "(0, 2 coercivity/smoothness²)")
    push = gradient_at_origin + bias_bound
    drift = bias_bound + step_size * smoothness * push
    spread = 2 * slack + step_size * (push**2 + noise_variance)
    return (drift + root(drift**2 + pull * spread)) / pull


def _require(
    *,
    step_size: Real,
    coercivity: Real,
    slack: Real,
    smoothness: Real,
    gradient_at_origin: Real,
    bias_bound: Real,
    noise_variance: Real,
) -> None:
    require_sgd(
        step_size=step_size, smoothness=smoothness, bias_bound=bias_bound, noise_variance=noise_variance
    )
    require("coercivity", coercivity, coercivity > 0, "(0, ∞)")
    require("slack", slack, slack >= 0, "[0, ∞)")
    require("gradient_at_origin", gradient_at_origin, gradient_at_origin >= 0, "[0, ∞)")
