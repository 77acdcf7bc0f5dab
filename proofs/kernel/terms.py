r"""Terms: sympy expressions, and the binders that sympy lacks.

`Total(f_i, i)` is `Σ_i f_i` over an index of *unspecified* range (classes, coordinates, learners, steps), or a
mean when the mass of the index is 1. `Value(x_j, j, F)` and `Grad(x_j, j, F, k)` are an abstract function of a
vector of unspecified dimension and the k-th component of its gradient. `Slope(f, s, at, n)` is `dⁿf/dsⁿ` at
`s = at`. Families such as `p_i` are elements of a `sympy.IndexedBase`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sympy as sp


class Rejected(Exception):
    """A step does not check; the message is the reason."""


class Index(sp.Symbol):
    """An index whose range is never fixed; `total`, positive, is the value of `Σ_i 1`, and total 1 makes a mean."""

    def __new__(cls, name: str, total: Any = None, *, canonical: bool = False) -> Index:
        """Indices of one name and different totals are different; names in `_` and `~` are kept for the kernel."""
        if name[:1] in ("_", "~") and not canonical:
            raise ValueError(f"the index name {name} is kept for normal forms")
        index = sp.Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        index.total = size = sp.Symbol(f"N_{name}", positive=True) if total is None else sp.sympify(total)
        counts = size.is_integer and size != 1  # a total of 1 makes a mean
        if not size.is_positive or size.atoms(Index, Binder) or (issubclass(cls, Span) and not counts):
            raise ValueError(
                f"index {name} cannot have total {size}: positive, free of indices, a span's whole"
            )
        return index

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.total)


class Span(Index):
    """An index that counts 0, 1, …, total − 1, so that `x_{t+1}` makes sense and sums telescope."""


class Time(Span):
    """A span that a statement may leave: what holds for every t holds for all t = 0, 1, 2, …."""


class Fixed(sp.Dummy):
    """A constant that a lemma has provided (`there is a ξ such that …`); it depends on all that was there.

    No two are the same, whatever their names.
    """


class Binder(sp.Expr):
    """`(body, bound, free…)`: the second argument is bound in the first."""

    is_commutative = True
    is_real = True
    body: sp.Expr = property(lambda self: self.args[0])
    bound: tuple[sp.Symbol, ...] = property(lambda self: self.args[1:2])  # type: ignore[assignment]
    free: tuple[sp.Expr, ...] = property(lambda self: self.args[2:])  # type: ignore[assignment]

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols that a substitution may touch."""
        return (self.body.free_symbols - set(self.bound)).union(*(a.free_symbols for a in self.free))


class Total(Binder):
    r"""`Σ_{i,k,…} body`: every argument after the body is bound in it."""

    bound = property(lambda self: self.args[1:])
    free = ()

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        return Total(sp.diff(self.body, s), *self.bound)


class Defined(Binder):
    """A binder that stands for its `unfold()`."""

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        return sp.diff(self.unfold(), s)


class LogPartition(Defined):
    r"""`A(v) = log Σ_j exp v_j` for `v = (body)_j`: convex, with gradient `Softmax`."""

    def unfold(self) -> sp.Expr:
        """By its definition."""
        return sp.log(Total(sp.exp(self.body), *self.bound))

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        return Total(Softmax(self.body, *self.bound, *self.bound) * sp.diff(self.body, s), *self.bound)


class Softmax(Defined):
    r"""`exp v_n / Σ_j exp v_j` for `v = (body)_j`: `Softmax(body, j, n)`."""

    is_positive = True

    def unfold(self) -> sp.Expr:
        """By its definition."""
        e, (j, n) = sp.exp(self.body), self.args[1:]
        return substitute(e, {j: n}) / Total(e, j)

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        change, (j, n) = sp.diff(self.body, s), self.args[1:]
        return self * (substitute(change, {j: n}) - Total(Softmax(self.body, j, j) * change, j))


class Opaque(Binder):
    """An abstract function of a vector."""


class Value(Opaque):
    """`F(x)` for the vector `x = (body)_j`: `Value(body, j, F)`."""


class Grad(Opaque):
    """`∂_k F(x)` for `x = (body)_j`: `Grad(body, j, F, k)`."""


class Slope(Defined):
    """`dⁿ body/dsⁿ` at `s = at`: `Slope(body, s, at, n)`."""

    def __new__(cls, body: Any, s: sp.Symbol, at: Any, order: Any = 1) -> Slope:
        """From plain arguments; the first derivative unless it is said."""
        return sp.Expr.__new__(cls, *map(sp.sympify, (body, s, at, order)))

    def unfold(self) -> sp.Expr:
        """The derivative by the rules of the calculus."""
        s, at, order = self.args[1:]
        return substitute(sp.diff(self.body, s, order), {s: at})


def substitute(e: sp.Expr, images: Mapping[Any, Any]) -> sp.Expr:
    """Replace symbols by expressions and families by functions of their indices; no bound one may be captured."""
    for i in (e, *getattr(e, "bound", ())):
        if isinstance(i, Index) and not free(i.total).isdisjoint(images):
            raise Rejected(f"the range of {i} depends on what is replaced")
    if not images or not e.args:
        return images.get(e, e)
    if isinstance(e, sp.Indexed):
        indices = [substitute(i, images) for i in e.indices]
        return element(images[e.base], indices) if e.base in images else e.base[tuple(indices)]
    if isinstance(e, Binder):
        inner = {key: image for key, image in images.items() if key in free(e.body) - set(e.bound)}
        if any(not image_free(image).isdisjoint(e.bound) for image in inner.values()):
            raise Rejected(f"{e.bound} would capture what is put for {', '.join(map(str, inner))}")
        return e.func(substitute(e.body, inner), *e.bound, *(substitute(a, images) for a in e.free))
    return e.func(*(substitute(a, images) for a in e.args))


@cache
def free(e: sp.Expr) -> frozenset[Any]:
    """Symbols, indices and families that occur free in `e`, and what the ranges of its indices depend on."""
    if isinstance(e, sp.Symbol):
        return frozenset((e,)) | (free(e.total) if isinstance(e, Index) else frozenset())
    if isinstance(e, Binder):
        bound = frozenset().union(*(free(a) for a in (e.body, *e.bound))) - set(e.bound)
        return bound.union(*(free(a) for a in e.free))
    base, parts = ((e.base,), e.indices) if isinstance(e, sp.Indexed) else ((), e.args)
    return frozenset(base).union(*(free(a) for a in parts))


def image_free(image: Any) -> frozenset[Any]:
    """The free symbols of what is put for a symbol or a family."""
    if isinstance(image, sp.Expr) or not callable(image):
        return free(sp.sympify(image))
    return free(generic_element(image)) - set(_formal(image))


def element(image: Callable[..., Any], indices: Sequence[sp.Expr]) -> sp.Expr:
    """The element of a family at these indices: put into the generic one, so that none is captured or singled out."""
    return substitute(generic_element(image), dict(zip(_formal(image), indices, strict=True)))


@cache
def generic_element(image: Callable[..., Any]) -> sp.Expr:
    """The element of a family at indices of which nothing is known."""
    return sp.sympify(image(*_formal(image)))


def _formal(image: Callable[..., Any]) -> list[Index]:
    parameters = inspect.signature(image).parameters.values()
    return [Index(f"~formal{n}", canonical=True) for n, p in enumerate(parameters) if p.default is p.empty]
