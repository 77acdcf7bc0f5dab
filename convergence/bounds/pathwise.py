r"""What a path of SGD steps implies for its own mean squared gradient, without any unknown constant.

For steps `x_{t+1} − x_t = −ηg_t`, `g = ∇F + b + n`, with the directional smoothness
`L_t = 2[F_{t+1} − F_t − ⟨∇F_t, Δx_t⟩]/‖Δx_t‖²` of the step taken, `L̂ = Σ L_t‖g_t‖²/Σ‖g_t‖²`, `h = ηL̂`,
`A² = mean‖∇F_t‖²`, `ζ̂² = mean‖b_t‖²`. The statements are ours (`ledger`, `pathwise`).
"""

from __future__ import annotations

from convergence.bounds.arithmetic import Real, larger, require, root


def ledger_sum(*, descent: Real, gradient_dot_bias: Real, gradient_dot_noise: Real, curvature: Real) -> Real:
    r"""`‖∇F‖² = (F_t − F_{t+1})/η − ⟨∇F, b⟩ − ⟨∇F, n⟩ + (η/2)L_t‖g‖²`, of a step or summed (`ledger`).

    `descent` is the first term, `curvature` the last.
    """
    return descent - gradient_dot_bias - gradient_dot_noise + curvature


def remainder(
    *,
    contraction: Real,
    descent: Real,
    noise_norm_squared: Real,
    gradient_dot_noise: Real,
    bias_dot_noise: Real,
) -> Real:
    r"""`R̂ = mean[(F_t − F_{t+1})/η + (h/2)‖n‖² − (1−h)⟨∇F, n⟩ + h⟨b, n⟩]` from the means of its parts.

    `contraction` is h.
    """
    h = contraction
    return descent + h / 2 * noise_norm_squared - (1 - h) * gradient_dot_noise + h * bias_dot_noise


def residual(
    *, contraction: Real, gradient_norm_squared: Real, bias_norm_squared: Real, remainder: Real
) -> Real:
    r"""`(1−h/2)A² − (h/2)ζ̂² − R̂`, which is `−(1−h)·mean⟨∇F, b⟩`."""
    h = contraction
    return (1 - h / 2) * gradient_norm_squared - h / 2 * bias_norm_squared - remainder


def slack(*, contraction: Real, gradient_norm_squared: Real, bias_norm_squared: Real) -> Real:
    r"""`|1−h|·ζ̂·A`, which `|residual|` cannot exceed, by Cauchy–Schwarz (`pathwise`)."""
    return abs(1 - contraction) * root(bias_norm_squared * gradient_norm_squared)


def sandwich(*, contraction: Real, bias_norm_squared: Real, remainder: Real) -> tuple[Real, Real]:
    r"""`(S − |1−h|ζ̂)/(2−h) ≤ A ≤ (S + |1−h|ζ̂)/(2−h)` for `h < 2`, `S = √(ζ̂² + 4(1−h/2)R̂)` (`pathwise`).

    The radicand is `mean‖(2−h)∇F + (1−h)b‖²`, so negative by rounding at most, which is taken as 0. From h = 2
    on nothing follows. NaN, of a run that diverged, stays NaN.

    Raises:
        ValueError: if `h ≥ 2` or `ζ̂² < 0`.
    """
    h, squared = contraction, bias_norm_squared
    require("contraction", h, (h < 2) | (h != h), "(−∞, 2)")
    require("bias_norm_squared", squared, (squared >= 0) | (squared != squared), "[0, ∞)")
    spread = root(larger(bias_norm_squared + 2 * (2 - h) * remainder, 0))
    bias = abs(1 - h) * root(bias_norm_squared)
    return larger((spread - bias) / (2 - h), 0), (spread + bias) / (2 - h)
