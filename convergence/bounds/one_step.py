r"""What one biased, noisy step can leave of the gradient if the function were its upper parabola.

With `w = ∇F − ηL(∇F + b + n)`, the gradient after the step on `L‖x‖²/2`, smoothness gives
`2L(F_t − F_{t+1}) ≥ ‖∇F_t‖² − ‖w_t‖²`, and `E‖w_t‖² ≤ Y(E‖∇F_t‖²)` for

`Y(s) = s − D(s)/(M+1)`, `D(s) = s − (|1−h|√s + h√(ms+ζ²))² − hηLσ²`, `h = ηL(M+1)`.

Y is increasing and concave; if `|1−h| + h√m < 1` it has one fixed point `φ² = Y(φ²)`, the floor, and
`Y(s) > s` exactly below it. Ours.

Floats: relative error of a few 1e-15 for h and m as they round, as long as ζ² stays in range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from convergence.bounds.arithmetic import Real, require, require_sgd, root, root_of_product, root_of_sum


@dataclass(frozen=True)
class OneStep:
    """The function `Y(s) = linear·s + ηL·(cross·√(s(ms + ζ²)) + constant)`.

    The other fields are what subtractions of these would lose: nothing in `floor` and `rate` cancels.

    Args:
        length: ηL.
        linear: l, the coefficient of s.
        cross: c, the coefficient of the root over ηL.
        constant: k, `Y(0)/(ηL)`.
        shrink: `a = (1−l)/(ηL) = 2 − h − hm`.
        determinant: `a² − c²m = (1−m)((2−h)² − h²m)`.
        relative_bias: m.
        squared_bias: ζ².
    """

    length: Real
    linear: Real
    cross: Real
    constant: Real
    shrink: Real
    determinant: Real
    relative_bias: Real
    squared_bias: Real

    def __call__(self, square: Real) -> Real:
        """Largest `E‖w‖²` for `E‖∇F‖² = square`."""
        biased = root_of_product(square, self.relative_bias * square + self.squared_bias)
        return self.linear * square + self.length * (self.cross * biased + self.constant)

    def floor(self) -> Real:
        """The fixed point φ²: the larger root of `(as − k)² = c²s(ms+ζ²)`; a, c, k as in the class."""
        middle = 2 * self.shrink * self.constant + self.cross**2 * self.squared_bias
        return (middle + self.cross * self._spread()) / (2 * self.determinant)

    def rate(self) -> Real:
        """`1 − Y'(φ²)`: of what `E‖∇F‖²` has above the floor, the share that every step takes at least."""
        zero = self.squared_bias == 0
        if hasattr(zero, "all"):
            other = replace(self, squared_bias=self.squared_bias + zero, constant=self.constant + zero)
            unbiased = self._unbiased_rate() + 0 * self.squared_bias  # of its dtype
            return zero * unbiased + (self.squared_bias != 0) * other._biased_rate()
        return self._unbiased_rate() if zero else self._biased_rate()

    def _unbiased_rate(self) -> Real:
        slope = root(self.relative_bias + 0 * self.linear)
        return self.length * self.determinant / (self.shrink + self.cross * slope)

    def _biased_rate(self) -> Real:
        floor = self.floor()
        biased = self.relative_bias * floor + self.squared_bias
        return self.length * self._spread() / (2 * root_of_product(floor, biased))

    def _spread(self) -> Real:
        """The root of the discriminant over 2c, which is also `2(1 − Y'(φ²))√(φ²(mφ²+ζ²))/(ηL)`."""
        above = self.shrink * self.squared_bias + self.relative_bias * self.constant
        return root_of_sum(self.cross * self.squared_bias, 4 * self.constant, above)


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
    length, m = step_size * smoothness, relative_bias
    h = length * (noise_growth + 1)
    # Written so that for h ≤ 1 every term is positive; (2−h)² − h²m > 0 says |1−h| + h√m < 1.
    shrink = (2 - h) * (1 - m) + 2 * m * (1 - h)
    margin = (2 - h) ** 2 * (1 - m) + 4 * m * (1 - h)
    require("|1−h| + h√relative_bias", abs(1 - h) + h * root(m), margin > 0, "[0, 1)")
    return OneStep(
        length=length,
        linear=(noise_growth + (1 - h) ** 2 + h**2 * m) / (noise_growth + 1),
        cross=2 * abs(1 - h),
        constant=h * bias_bound**2 + length * noise_variance,
        shrink=shrink,
        determinant=(1 - m) * margin,
        relative_bias=m,
        squared_bias=bias_bound**2,
    )
