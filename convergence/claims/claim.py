"""What a claim of the theory is: statement, assumptions, source, and how an instance is held against it.

A claim declares; it runs nothing. Its witnesses (proof, search, simulation, network) live elsewhere and all
evaluate the same assertions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from convergence.claims.samplers.coordinates import Sampler

UNDERFLOW = 1e-290
"""Magnitudes below this, where float64 begins to lose digits, count as nothing."""

Instance = Mapping[str, Tensor]
"""Named quantities of N instances; the leading axis of every tensor is N."""


class Sides(NamedTuple):
    """Both sides of an assertion on N instances, each `(N,)` or `(N, k)` for k comparisons at once.

    Rounding is judged relative to `scale`, by default the larger magnitude of the two sides; give it where
    both sides are small differences of large terms.
    """

    left: Tensor
    right: Tensor
    scale: Tensor | None = None


@dataclass(frozen=True)
class Assertion:
    """One checkable relation `left <= right` or `left == right` between functions of an instance.

    Args:
        statement: LaTeX, without the dollar signs.
        relation: `"<="` or `"=="`.
        sides: function of named quantities; its parameter names say what an instance must hold.
        tolerance: what rounding in float64 may cost, relative to the scale of the sides.
    """

    statement: str
    relation: Literal["<=", "=="]
    sides: Callable[..., Sides]
    tolerance: float = 1e-9

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Names of the quantities that the sides are functions of."""
        return tuple(inspect.signature(self.sides).parameters)

    def margin(self, instance: Instance) -> Tensor:
        r"""Relative margin `(N,)`: `(right − left)/scale` for `<=`, `−‖right − left‖_∞/scale` for `==`.

        The assertion holds on an instance iff its margin is at least `−tolerance`. A bound of ∞, and nothing
        (a scale below `UNDERFLOW`) `<=` nothing, count as a margin of 1: no news to a search for trouble. A
        NaN on either side gives `−inf`: what cannot be computed does not count as agreement.
        """
        left, right, scale = self.sides(**{name: instance[name] for name in self.needs})
        left, right = torch.broadcast_tensors(left, right)
        if scale is None:
            scale = torch.maximum(left.abs(), right.abs())
            if self.relation == "==" and left.ndim > 1:
                scale = scale.amax(-1, keepdim=True).expand_as(left)
        nothing = (scale < UNDERFLOW) | ((left == 0) & (right == 0))
        difference = right - left if self.relation == "<=" else -(right - left).abs()
        margin = torch.where((left == right) | nothing, 0.0, difference / scale)  # inf == inf agrees
        if self.relation == "<=":
            unbounded = (right == torch.inf) & (left < torch.inf)
            margin = torch.where(nothing | unbounded, 1.0, margin)
        margin = torch.where(left.isnan() | right.isnan() | margin.isnan(), -torch.inf, margin)
        return margin.flatten(1).amin(1) if margin.ndim > 1 else margin


def reduced(sides: Callable[..., Sides], factor: float = 0.99) -> Callable[..., Sides]:
    """The same sides with less on the right: what a bound that cannot be sharpened must fail by."""

    @wraps(sides)
    def less(**quantities: Tensor) -> Sides:
        left, right, scale = sides(**quantities)
        return Sides(left, factor * right, scale)

    return less


@dataclass(frozen=True)
class Claim:
    r"""A statement of the theory, as data.

    Args:
        id: kebab-case; the file that holds the claim (and the file that holds its proof) has the same name
            in snake_case.
        assertions: everything the statement asserts; the claim holds where all of them do.
        assumptions: conditions under which it is asserted, in words.
        source: publication, or "ours" with the idea of the derivation.
        instances: maps a point of the cube `[-1, 1]^dimension`, batched `(N, dimension)` in float64, to N
            instances that satisfy the assumptions. A search over the cube is a search over instances.
        depends_on: ids of claims that the proof uses.
        false_neighbour: a stronger or mis-stated assertion on the same quantities that is false.
    """

    id: str
    assertions: tuple[Assertion, ...]
    assumptions: tuple[str, ...]
    source: str
    instances: Sampler
    depends_on: tuple[str, ...] = ()
    false_neighbour: Assertion | None = field(default=None)

    @property
    def statement(self) -> str:
        """LaTeX of all assertions, joined."""
        return r";\quad ".join(assertion.statement for assertion in self.assertions)
