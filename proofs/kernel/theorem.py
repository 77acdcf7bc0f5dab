"""Relations between terms, and theorems: relations that the kernel derived from hypotheses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from functools import partial
from typing import Any, Literal

import sympy as sp

from proofs.kernel.normal import is_zero
from proofs.kernel.terms import Fixed, Index, Rejected, free, image_free, substitute

_KERNEL = object()


@dataclass(frozen=True)
class Relation:
    """`left op right`, for all values of the symbols, indices and families in `forall`."""

    left: sp.Expr
    op: Literal["=", "<=", "<", "!="]
    right: sp.Expr
    forall: tuple[sp.Symbol | sp.IndexedBase, ...] = ()

    gap = property(lambda self: self.right - self.left)

    @property
    def free(self) -> frozenset[Any]:
        """Symbols, indices and families that it speaks of and does not quantify."""
        return (free(self.left) | free(self.right)) - set(self.forall)

    def at(self, images: Mapping[Any, Any]) -> Relation:
        """Substitute; what `forall` quantifies stays, and may not be captured."""
        images = {key: image for key, image in images.items() if key in self.free}
        if any(not image_free(image).isdisjoint(self.forall) for image in images.values()):
            raise Rejected(f"{self.forall} would be captured")
        left, right = (substitute(e, images) for e in (self.left, self.right))
        return Relation(left, self.op, right, self.forall)

    def same(self, other: Relation) -> bool:
        """Whether both say the same: equal gaps (for `=` and `!=` up to sign), equal quantifiers."""
        if self.op != other.op or set(self.forall) != set(other.forall):
            return False
        symmetric = self.op in ("=", "!=")
        return self == other or is_zero(self.gap - other.gap) or (symmetric and is_zero(self.gap + other.gap))

    def __str__(self) -> str:
        names = f" for all {', '.join(map(str, self.forall))}" if self.forall else ""
        return f"{self.left} {self.op} {self.right}{names}"


def _relation(op: str, left: Any, right: Any, *forall: Any) -> Relation:
    return Relation(sp.sympify(left), op, sp.sympify(right), forall)  # type: ignore[arg-type]


eq, le, lt, ne = (partial(_relation, op) for op in ("=", "<=", "<", "!="))


@dataclass(frozen=True, eq=False)
class Theorem:
    """`hypotheses ⊢ relation`; only the rules of the kernel make one, and nothing changes it."""

    relation: Relation
    hypotheses: frozenset[Relation]
    key: InitVar[object]

    def __post_init__(self, key: object) -> None:
        if key is not _KERNEL:
            raise TypeError("theorems are made by the rules of the kernel only")
        if self.relation.forall or self.relation.op not in ("=", "<=", "<", "!="):
            raise Rejected(f"what is derived is one relation at generic values, not {self.relation}")

    left = property(lambda self: self.relation.left)
    right = property(lambda self: self.relation.right)

    @property
    def fixed(self) -> frozenset[Any]:
        """What the hypotheses speak of without quantifying it: not arbitrary."""
        return frozenset().union(*(h.free for h in self.hypotheses))

    @property
    def provided(self) -> bool:
        """Whether it speaks of a constant of a lemma, which may depend on every symbol and family."""
        return any(isinstance(getattr(s, "label", s), Fixed) for s in self.relation.free | self.fixed)

    def tied(self, names: Iterable[Any]) -> set[Any]:
        """The names for whose values it need not hold: its hypotheses, or constants of lemmas, depend on them."""
        real = {s for s in names if not isinstance(s, Index)} if self.provided else set()
        return (set(names) & self.fixed) | (real & self.relation.free)
