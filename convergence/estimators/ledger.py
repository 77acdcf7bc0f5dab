r"""The ledger of one learner: where the gradient that remains comes from, step by step, and what must follow.

With the directional smoothness of the step actually taken, `L_t = 2[F_{t+1} − F_t − ⟨∇F_t, Δx⟩]/‖Δx‖²`,
every step `Δx = −ηg`, `g = ∇F + b + n`, satisfies the identity

    ‖∇F_t‖² = (F_t − F_{t+1})/η − ⟨∇F_t, b_t⟩ − ⟨∇F_t, n_t⟩ + (η/2) L_t ‖g_t‖².

It is an identity only if the step was what the theory says it is: Δx is measured from the parameters, the
other vectors by backward passes of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convergence.bounds import pathwise
from convergence.estimators.smoothness import directional_smoothness


@dataclass(frozen=True)
class LedgerEntry:
    r"""One learner's step, as scalars in float64.

    Args:
        step: t.
        learner: k.
        step_size: η (under momentum the effective `η/(1−γ)`).
        objective: `F_t` in nats; `objective_after` is `F_{t+1}`.
        gradient_norm_squared: `‖∇F_t‖²`; `bias_norm_squared` and `noise_norm_squared` are `‖b_t‖²`, `‖n_t‖²`.
        gradient_dot_bias: `⟨∇F_t, b_t⟩`; so `gradient_dot_noise` and `bias_dot_noise`.
        step_gradient_norm_squared: `‖g_t‖²`, `g = ∇F + b + n`.
        directional_smoothness: `L_t` of the step taken; 0 for no step.
        step_error: `‖Δx + ηg‖/‖ηg‖`: how far the step was from the gradient step of the theory.
    """

    step: int
    learner: int
    step_size: float
    objective: float
    objective_after: float
    gradient_norm_squared: float
    bias_norm_squared: float
    noise_norm_squared: float
    gradient_dot_bias: float
    gradient_dot_noise: float
    bias_dot_noise: float
    step_gradient_norm_squared: float
    directional_smoothness: float
    step_error: float

    @property
    def is_finite(self) -> bool:
        """Whether every number of the step is finite: a step into overflow has no ledger."""
        return all(math.isfinite(value) for value in asdict(self).values())

    @property
    def descent(self) -> float:
        """`(F_t − F_{t+1})/η`."""
        return (self.objective - self.objective_after) / self.step_size

    @property
    def curvature(self) -> float:
        """`(η/2) L_t ‖g_t‖²`."""
        return self.step_size / 2 * self.directional_smoothness * self.step_gradient_norm_squared

    @property
    def terms(self) -> dict[str, float]:
        """The terms that add up to `‖∇F_t‖²`, each with its sign."""
        return {
            "descent": self.descent,
            "bias": -self.gradient_dot_bias,
            "noise": -self.gradient_dot_noise,
            "curvature": self.curvature,
        }

    @property
    def closure_error(self) -> float:
        """`|‖∇F‖² − Σ terms| / (‖∇F‖² + Σ|terms|)`; 0 where every term is 0."""
        return _closure(self.gradient_norm_squared, self.terms)

    def to_json(self) -> dict[str, float | int]:
        """Every field and the closure error."""
        return {**asdict(self), "closure_error": self.closure_error}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> LedgerEntry:
        """The entry that gave `entry` by `to_json`."""
        return cls(**{name: value for name, value in entry.items() if name != "closure_error"})


def ledger_entry(
    *,
    step: int,
    learner: int,
    step_size: float,
    objective: float,
    objective_after: float,
    gradient: Tensor,
    bias: Tensor,
    noise: Tensor,
    displacement: Tensor,
) -> LedgerEntry:
    """The entry of a step from its measured vectors, each `(d,)` in float64."""
    taken = gradient + bias + noise
    expected = step_size * float(taken.norm())
    off = float((displacement + step_size * taken).norm())
    return LedgerEntry(
        step=step,
        learner=learner,
        step_size=step_size,
        objective=objective,
        objective_after=objective_after,
        gradient_norm_squared=float(gradient @ gradient),
        bias_norm_squared=float(bias @ bias),
        noise_norm_squared=float(noise @ noise),
        gradient_dot_bias=float(gradient @ bias),
        gradient_dot_noise=float(gradient @ noise),
        bias_dot_noise=float(bias @ noise),
        step_gradient_norm_squared=float(taken @ taken),
        directional_smoothness=directional_smoothness(objective, objective_after, gradient, displacement),
        step_error=off / expected if expected > 0 else (0.0 if off == 0 else math.inf),
    )


def _closure(gradient_norm_squared: float, terms: dict[str, float]) -> float:
    magnitude = gradient_norm_squared + sum(abs(value) for value in terms.values())
    return abs(gradient_norm_squared - sum(terms.values())) / magnitude if magnitude != 0 else 0.0


class Sandwich(NamedTuple):
    r"""What the steps of one learner imply for the root mean square gradient, without any unknown constant.

    `A` lies in `[lower, upper]` on every run; the width is what the unknown angle between bias and gradient
    costs. `|residual| <= slack` is the same statement before it is solved for A. `contraction` is h.
    """

    root_mean_square_gradient: float
    lower: float
    upper: float
    contraction: float
    root_mean_square_bias: float
    residual: float
    slack: float

    @property
    def width(self) -> float:
        """`upper − lower`."""
        return self.upper - self.lower


def total_terms(entries: Sequence[LedgerEntry]) -> tuple[float, dict[str, float]]:
    """`Σ‖∇F_t‖²` and the sums of the terms that make it up."""
    names = entries[0].terms
    sums = {name: math.fsum(entry.terms[name] for entry in entries) for name in names}
    return math.fsum(entry.gradient_norm_squared for entry in entries), sums


def closure_error(entries: Sequence[LedgerEntry]) -> float:
    """Relative closure error of the summed ledger."""
    return _closure(*total_terms(entries))


def sandwich(entries: Sequence[LedgerEntry]) -> Sandwich:
    r"""The pathwise sandwich around `A = √mean‖∇F_t‖²` of one learner's recorded steps (`bounds.pathwise`).

    The steps need not be consecutive nor the step sizes equal: with `h = Ση_tL_t‖g_t‖²/Σ‖g_t‖²` and the mean
    of `(F_t − F_{t+1})/η_t` for `(F_0 − F_T)/(ηT)` the proof is the same. For h ≥ 2 the ends are 0 and ∞.
    """
    if not entries:
        raise ValueError("entries is empty; at least 1 recorded step is needed")

    def mean(values: Iterable[float]) -> float:
        return math.fsum(values) / len(entries)

    stepped = mean(e.step_gradient_norm_squared for e in entries)
    contraction = 2 * mean(e.curvature for e in entries) / stepped if stepped > 0 else 0.0
    norms = {
        "contraction": contraction,
        "gradient_norm_squared": mean(e.gradient_norm_squared for e in entries),
        "bias_norm_squared": mean(e.bias_norm_squared for e in entries),
    }
    remainder = pathwise.remainder(
        contraction=contraction,
        descent=mean(e.descent for e in entries),
        noise_norm_squared=mean(e.noise_norm_squared for e in entries),
        gradient_dot_noise=mean(e.gradient_dot_noise for e in entries),
        bias_dot_noise=mean(e.bias_dot_noise for e in entries),
    )
    lower, upper = 0.0, math.inf
    if contraction < 2:
        lower, upper = pathwise.sandwich(
            contraction=contraction, bias_norm_squared=norms["bias_norm_squared"], remainder=remainder
        )
    return Sandwich(
        root_mean_square_gradient=math.sqrt(norms["gradient_norm_squared"]),
        lower=float(lower),
        upper=float(upper),
        contraction=contraction,
        root_mean_square_bias=math.sqrt(norms["bias_norm_squared"]),
        residual=float(pathwise.residual(**norms, remainder=remainder)),
        slack=float(pathwise.slack(**norms)),
    )


def flatten(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors of a parameter list as one vector `(d,)` in float64."""
    return torch.cat([tensor.detach().reshape(-1).to(torch.float64) for tensor in tensors])
