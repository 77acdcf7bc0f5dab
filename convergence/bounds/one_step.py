r"""What one biased, noisy step can leave of the gradient if the function were its upper parabola.

With `w = ∇F − ηL(∇F + b + n)`, the gradient after the step on `L‖x‖²/2`, smoothness gives
`2L(F_t − F_{t+1}) ≥ ‖∇F_t‖² − ‖w_t‖²`, and `E‖w_t‖² ≤ Y(E‖∇F_t‖²)` for

`Y(s) = s − D(s)/(M+1)`, `D(s) = s − (|1−h|√s + h√(ms+ζ²))² − hηLσ²`, `h = ηL(M+1)`.

Y is increasing and concave; if `|1−h| + h√m < 1` it has one fixed point `φ² = Y(φ²)`, the floor, and
`Y(s) > s` exactly below it. Ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from convergence.bounds.arithmetic import Real, require, require_sgd, root


@dataclass(frozen=True)
class OneStep:
    """The function Y: `linear·s + cross·√(s(ms + ζ²)) + constant`.

    Args:
        linear: coefficient of s.
        cross: coefficient of the root.
        constant: Y(0).
        relative_bias: m.
        squared_bias: ζ².
    """

    linear: Real
    cross: Real
    constant: Real
    relative_bias: Real
    squared_bias: Real

    def __call__(self, square: Real) -> Real:
        """Largest `E‖w‖²` for `E‖∇F‖² = square`."""
        inner = square * (self.relative_bias * square + self.squared_bias)
        return self.linear * square + self.cross * root(inner) + self.constant

    def floor(self) -> Real:
        """The fixed point φ²: the larger root of `((1−l)s − k)² = c²s(ms+ζ²)`; l, c, k as in the class."""
        shrink = 1 - self.linear
        leading = shrink**2 - self.cross**2 * self.relative_bias
        middle = 2 * shrink * self.constant + self.cross**2 * self.squared_bias
        spread = self.cross**2 * (
            self.cross**2 * self.squared_bias**2
            + 4 * self.constant * (shrink * self.squared_bias + self.relative_bias * self.constant)
        )
        return (middle + root(spread)) / (2 * leading)

    def slope(self, square: Real) -> Real:
        """`Y'(square)`, for square > 0, or anywhere if ζ = 0."""
        if _is_zero(self.squared_bias):
            return self.linear + self.cross * root(self.relative_bias + 0 * self.linear)
        biased = self.relative_bias * square + self.squared_bias
        return self.linear + self.cross * (biased + self.relative_bias * square) / (2 * root(square * biased))


def one_step(
    *,
    step_size: Real,
    smoothness: Real,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
) -> OneStep:
    """Y for `0 < h < 2`, `0 ≤ m < 1` and `(|1−h| + h√m)² < 1`, which holds for every h ≤ 1.

    Raises:
        ValueError: if a constant lies outside its range.
    """
    require_sgd(**locals(), contraction_below=2)
    length = step_size * smoothness
    h = length * (noise_growth + 1)
    contraction = abs(1 - h) + h * root(relative_bias)
    require("|1−h| + h√relative_bias", contraction, contraction < 1, "[0, 1)")
    return OneStep(
        linear=1 - length * (2 - h) + length * h * relative_bias,
        cross=2 * length * abs(1 - h),
        constant=length * h * bias_bound**2 + length**2 * noise_variance,
        relative_bias=relative_bias,
        squared_bias=bias_bound**2,
    )


def _is_zero(value: Real) -> bool:
    zero = value == 0
    return bool(zero.all()) if hasattr(zero, "all") else bool(zero)
