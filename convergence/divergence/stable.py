r"""The Rényi divergence of two softmax distributions and its first derivatives, free of cancellation.

Three ideas carry the accuracy. (1) Differences of logits are formed exactly, before any exponential, each
with its own reference class, so that common shifts drop out. (2) Near equality everything is a sum of small
terms: `D = log1p((α−1)H)/(α−1)` with `H = Σ_i [p_i^α q_i^{1−α} − αp_i − (1−α)q_i]/(α−1)`, all terms
non-negative, and a gradient is `−q·expm1(log r/q)`. (3) Far from equality the escort `r ∝ p^α q^{1−α}` is a
softmax of exact exponents and D its log-partition function. The regimes meet where both are accurate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convergence.divergence.errorfree import Double, exact, two_sum
from convergence.divergence.functions import entropy_ratio, expm1_ratio, log1p_ratio, order_polynomial

INFINITY = float("inf")
LOWEST = torch.finfo(torch.float32).min / 256
"""A logit below it is a mask, in every dtype: differences of float32 logits above it are finite."""


class lazy:  # functools.cached_property takes a lock in Python 3.11, which torch.compile cannot trace
    """An attribute of a `Pair` that is computed at its first use."""

    def __init__(self, compute: Callable[[Pair], Any]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Pair | None, owner: type) -> Any:
        if instance is None:
            return self
        value = self.compute(instance)
        setattr(instance, self.name, value)
        return value


class Tilt(NamedTuple):
    """`log r/base` for a base distribution p or q: accurate where `near`, which is where it is small."""

    log: Tensor
    near: Tensor


class Pair:
    r"""A target `p = softmax(target)`, an own `q = softmax(own)` and an order α, with what follows from them.

    Args:
        target: logits `(..., C)`; −∞, and whatever is below `LOWEST`, is a mask.
        own: logits of the same shape and floating dtype.
        alpha: float64 `(..., 1)`, broadcasts against the logits; α ∈ [0, ∞], else the row is NaN.

    Attributes are `(..., C)` per class or `(..., 1)` per row, in nats. A row without two distributions (a
    NaN, a +∞ or only −∞) is NaN. Where D = +∞ no derivative exists: by convention `escort` is then p,
    `gradient_own` is `q − p`, and `gradient_target` and `order_derivative` are 0.
    """

    def __init__(self, target: Tensor, own: Tensor, alpha: Tensor) -> None:
        dtype = target.dtype
        in_target, in_own = ~(target < LOWEST), ~(own < LOWEST)
        self.p, self.log_p = _softmax(exact(target), in_target)
        self.q, self.log_q = _softmax(exact(own), in_own)
        valid = alpha >= 0
        self.poison = (self.p[..., :1] + self.q[..., :1]).isnan() | ~valid

        self.limit = alpha == INFINITY
        order = torch.where(valid & ~self.limit, alpha, 2.0)
        high = order.to(dtype)
        self.alpha = Double(high, (order - high.to(order.dtype)).to(dtype))
        self.excess = (order - 1).to(dtype)  # α − 1

        self.common = in_target & in_own
        self.only_target, self.only_own = in_target & ~in_own, in_own & ~in_target
        lost = (alpha >= 1) & self.only_target.any(-1, keepdim=True)
        self.infinite = lost | ~self.common.any(-1, keepdim=True)

        # Reference classes among the common ones: the likeliest of the target (m), of the own, and of the escort
        # (n). A finite logit that stands for a mask leaves no digits to differences from its class.
        self.m = target.masked_fill(~self.common, -INFINITY).argmax(-1, keepdim=True)
        own_top = own.masked_fill(~self.common, -INFINITY).argmax(-1, keepdim=True)
        target, own = torch.where(self.common, target, 0), torch.where(self.common, own, 0)
        gap = two_sum(target, -own)
        self.x = gap - gap.at(self.m)  # log p/q up to a constant, 0 at m
        self.n = self._likeliest_of_escort(own, self.x.high)
        # If m is such a class, n is any other now, from which the differences have digits again.
        near_n = gap.at(self.n)
        self.n = self._likeliest_of_escort(own, (gap.high - near_n.high) + (gap.low - near_n.low))
        self.y = gap - gap.at(self.n)  # the same, 0 at n
        own_log = two_sum(own, -own.gather(-1, own_top))  # log q up to a constant
        self.weight = own_log + self.y.times(self.alpha)  # log p^α q^{1−α} up to a constant
        self.own_log, self.log_p_m, self.log_q_top = own_log, self.log_p.at(self.m), self.log_q.at(own_top)

    def _likeliest_of_escort(self, own: Tensor, gap: Tensor) -> Tensor:
        return (own + self.alpha.high * gap).masked_fill(~self.common, -INFINITY).argmax(-1, keepdim=True)

    @lazy
    def log_ratio(self) -> Double:
        """`log p/q` on the common classes."""
        missing = torch.log1p(-_sum(self.q, self.only_own))
        rest = _sum(self.p, self.only_target)

        def normaliser(ratio: Double, far: Tensor) -> Tensor:
            # log Σ_{common} p e^{−ratio} − log Σ_{common} q: what the ratio lacks for Σ q = 1.
            near = ratio.high >= -1
            terms = torch.where(near, self.p * torch.expm1(-ratio.high.clamp(min=-1)), far - self.p)
            return torch.log1p(_sum(terms, self.common) - rest) - missing

        own_at_m = self.own_log.at(self.m)
        constant = normaliser(self.x, (self.own_log - own_at_m + self.log_p_m).exp())
        # where most of p or q lies on classes of its own, 1 − rest or 1 − Σ_own cancels
        usable = (constant.abs() <= 1) & (rest <= 0.5) & (missing >= -0.7)
        by_constant = self.x + exact(torch.where(usable, constant, 0))
        ratio = by_constant.where(usable, self.log_p - self.log_q)
        # The constant has the rounding of the largest |x|; a second pass leaves that of the ratios
        # themselves.
        correction = torch.where(usable, normaliser(ratio, self.q), 0)
        return ratio + exact(correction)

    @lazy
    def joint(self) -> Double:
        """`log p^α q^{1−α}` on the common classes."""
        offset = self.log_ratio.at(self.n).times(self.alpha)
        return self.weight + (offset + self.log_q_top)

    @lazy
    def _tied(self) -> Tensor:
        """Common classes where `p/q` is largest: the support of r at α = ∞."""
        high = self.x.high.masked_fill(~self.common, -INFINITY)
        tied = self.common & (high == high.amax(-1, keepdim=True))
        low = self.x.low.masked_fill(~tied, -INFINITY)
        return tied & (low == low.amax(-1, keepdim=True))

    @lazy
    def _escort(self) -> tuple[Tensor, Double]:
        log = self.weight.where(~self.limit, self.own_log)
        return _softmax(log, torch.where(self.limit, self._tied, self.common))

    @lazy
    def escort(self) -> Tensor:
        """`r ∝ p^α q^{1−α}`; at α = ∞ proportional to q on the classes where p/q is largest."""
        return self._finish(self._escort[0], self.p)

    @lazy
    def excess_sum(self) -> Tensor:
        """`H = (Σ p^α q^{1−α} − 1)/(α−1)`, a sum of non-negative terms; +∞ by overflow far from equality."""
        alpha, excess, p, q = self.alpha.high, self.excess, self.p, self.q
        ratio, weight = self.log_ratio.high, self.joint.exp()
        near = alpha.clamp(min=1) * ratio.abs() <= 0.5
        small = torch.where(near, ratio, 0)
        series = alpha * q * small.square() * order_polynomial(small, alpha)
        moderate = ratio.abs() <= 1
        gap = torch.where(moderate, q * torch.expm1(torch.where(moderate, ratio, 0)), p - q)
        # p^α q^{1−α} − p or − q, whichever exponent, (α−1)·ratio or α·ratio, stays the smaller as α → 1 or 0.
        tilt = torch.where(alpha >= 0.5, excess, alpha) * ratio
        flat, bounded = tilt <= 1, tilt.clamp(max=1)
        from_target = torch.where(flat, p * ratio * expm1_ratio(bounded), (weight - p) / excess) - gap
        from_own = (torch.where(flat, q * torch.expm1(bounded), weight - q) - alpha * gap) / excess
        terms = torch.where(near, series, torch.where(alpha >= 0.5, from_target, from_own)).clamp(min=0)
        masked = torch.where(excess < 0, -alpha / excess, 0) * _sum(p, self.only_target) + _sum(
            q, self.only_own
        )
        return _sum(terms, self.common) + masked

    @lazy
    def divergence(self) -> Tensor:
        """`D_α(p‖q) ≥ 0`, +∞ included."""
        near = self.excess_sum * log1p_ratio((self.excess * self.excess_sum).clamp(min=-0.5))
        scaled = self.excess * self.excess_sum
        top = self.joint.at(self.n)
        mass = _sum((self.joint - top).exp(), self.common)
        far = (top.high + torch.log(mass)) / self.excess
        finite = torch.where((scaled >= -0.5) & (scaled <= 1), near, far)
        limit = self.log_ratio.high.masked_fill(~self.common, -INFINITY).amax(-1, keepdim=True)
        return self._finish(torch.where(self.limit, limit, finite).clamp(min=0), INFINITY)

    @lazy
    def own_tilt(self) -> Tilt:
        """`log r/q`."""
        return self._tilt(self.q, self.alpha.high * self.y.high, self.weight + self.log_q_top)

    @lazy
    def target_tilt(self) -> Tilt:
        """`log r/p`."""
        log_tilted = self.weight - self.weight.at(self.m) + self.log_p_m
        return self._tilt(self.p, self.excess * self.x.high, log_tilted)

    def _tilt(self, base: Tensor, tilt: Tensor, log_tilted: Double) -> Tilt:
        # r ∝ base·e^tilt; `log_tilted = log base + tilt` where the tilt is large.
        tilt = torch.where(self.limit, 0, tilt)
        support = torch.where(self.limit, self._tied, self.common)
        terms = torch.where(tilt <= 1, base * torch.expm1(tilt.clamp(max=1)), log_tilted.exp() - base)
        constant = torch.log1p(torch.where(support, terms, -base).sum(-1, keepdim=True))
        log = tilt - constant
        return Tilt(log, support & (constant.abs() <= 1) & (log.abs() <= 1))

    @lazy
    def gradient_own(self) -> Tensor:
        """`∂D/∂own = q − r`."""
        log, near = self.own_tilt
        gradient = torch.where(near, 0 - self.q * torch.expm1(log), self.q - self.escort)
        return self._finish(gradient, self.q - self.p)

    @lazy
    def target_rate(self) -> Tensor:
        """`log(r/p)/(α−1)`, its limit `log p/q − KL(p‖q)` at α = 1; accurate where `target_tilt.near`."""
        mean = _sum(self.p * self.x.high, self.common)
        return torch.where(self.excess == 0, self.x.high - mean, self.target_tilt.log / self.excess)

    @lazy
    def escort_rate(self) -> Tensor:
        """`(r − p)/(α−1)`, its limit `p·(log p/q − KL(p‖q))` at α = 1; `r − p` at α = ∞."""
        log, near = self.target_tilt
        small = self.p * torch.where(self.limit, torch.expm1(log), self.target_rate * expm1_ratio(log))
        divisor = torch.where(self.limit | (self.excess == 0), 1, self.excess)
        return self._finish(torch.where(near, small, (self.escort - self.p) / divisor), 0)

    @lazy
    def gradient_target(self) -> Tensor:
        """`∂D/∂target = α/(α−1)·(r − p)`, its limit `p·(log p/q − KL(p‖q))` at α = 1."""
        return torch.where(self.limit, 1, self.alpha.high) * self.escort_rate

    @lazy
    def log_escort_ratio(self) -> Tensor:
        """`log r/p`, for where it is not small."""
        return (self._escort[1] - self.log_p).high

    @lazy
    def order_derivative(self) -> Tensor:
        """`∂D/∂α = KL(r‖p)/(1−α)²`, its limit `½Var_p(log p/q)` at α = 1; 0 at α = ∞."""
        log, near = self.target_tilt
        small = self.p * self.target_rate.square() * entropy_ratio(torch.where(near, log, 0))
        r, log_ratio = self.escort, self.log_escort_ratio
        large = (torch.where(r > 0, r * log_ratio, 0) - r + self.p) / torch.where(
            self.excess == 0, 1, self.excess
        ).square()
        terms = torch.where(near, small, large.clamp(min=0))
        derivative = _sum(terms, self.common | self.only_target)
        return self._finish(torch.where(self.limit, 0, derivative), 0)

    def _finish(self, values: Tensor, where_infinite: float | Tensor) -> Tensor:
        return torch.where(self.infinite, where_infinite, values).masked_fill(self.poison, torch.nan)


def _softmax(log: Double, classes: Tensor) -> tuple[Tensor, Double]:
    """Probabilities and log-probabilities on the given classes; NaN where there is no distribution."""
    high = log.high.masked_fill(~classes, -INFINITY)
    shifted = log - log.at(high.argmax(-1, keepdim=True))
    weight = torch.where(classes, shifted.exp(), 0)
    total = weight.sum(-1, keepdim=True)
    return weight / total, shifted - exact(torch.log(total))


def _sum(values: Tensor, classes: Tensor) -> Tensor:
    return torch.where(classes, values, 0).sum(-1, keepdim=True)
