r"""Terms: sympy expressions, and four binders that sympy lacks.

`Total(f_i, i)` is `Σ_i f_i` over an index of *unspecified* range (classes, coordinates, learners, steps), or a
mean when the total mass of the index is 1. `Value(x_j, j, F)` and `Grad(x_j, j, F, k)` are an abstract function
of a vector of unspecified dimension and the k-th component of its gradient. `Slope(f, s, at, n)` is `dⁿf/dsⁿ`
at `s = at`. Families such as `p_i` are elements of a `sympy.IndexedBase`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sympy import Expr, Indexed, IndexedBase, Symbol, diff, exp, log, sympify
from sympy.printing.printer import Printer


class Rejected(Exception):
    """A step does not check; the message is the reason."""


class Index(Symbol):
    """An index whose range is never fixed; `total` is the value of `Σ_i 1`, and total 1 makes a mean."""

    _totals: dict[str, Expr] = {}  # noqa: RUF012

    def __new__(cls, name: str, total: Any = None) -> Index:
        """The index of that name; a name keeps the total that it was first given."""
        given = Symbol(f"N_{name}", positive=True) if total is None else sympify(total)
        if cls._totals.setdefault(name, given) != given and total is not None:
            raise ValueError(f"index {name} already has total {cls._totals[name]}, not {total}")
        return Symbol.__new__(cls, name, integer=True, nonnegative=True)

    @property
    def total(self) -> Expr:
        """`Σ_i 1`, positive: no index set is empty."""
        return self._totals[self.name]


class Span(Index):
    """An index that counts 0, 1, …, total − 1, so that `x_{t+1}` makes sense and sums telescope."""


class Time(Span):
    """A span that a statement may leave: what holds for every t holds for all t = 0, 1, 2, …."""


class Binder(Expr):
    """`(body, bound…, free…)`: the first `scope` arguments after the body are bound in it."""

    is_commutative = True
    is_real = True
    scope = 1

    @property
    def body(self) -> Expr:
        """What the bound symbols range over."""
        return self.args[0]

    @property
    def bound(self) -> tuple[Symbol, ...]:
        """The bound symbols."""
        return self.args[1 : 1 + self.scope]

    @property
    def free(self) -> tuple[Expr, ...]:
        """Arguments outside the scope of the bound symbols."""
        return self.args[1 + self.scope :]

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols that a substitution may touch."""
        return (self.body.free_symbols - set(self.bound)).union(*(a.free_symbols for a in self.free))


class Total(Binder):
    r"""`Σ_{i,k,…} body`."""

    @property
    def scope(self) -> int:  # type: ignore[override]
        """Every index is bound."""
        return len(self.args) - 1

    def _eval_derivative(self, s: Symbol) -> Expr:
        return Total(diff(self.body, s), *self.bound)

    def _latex(self, printer: Printer) -> str:
        names = ",".join(printer._print(i) for i in self.bound)
        head = r"\mathbb E" if all(i.total == 1 for i in self.bound) else r"\sum"
        return rf"{head}_{{{names}}}\left[{printer._print(self.body)}\right]"


class LogPartition(Binder):
    r"""`A(v) = log Σ_j exp v_j` for `v = (body)_j`: convex, with gradient `Softmax`."""

    def unfold(self) -> Expr:
        """By its definition."""
        return log(Total(exp(self.body), *self.bound))

    def _eval_derivative(self, s: Symbol) -> Expr:
        (j,) = self.bound
        return Total(Softmax(self.body, j, j) * diff(self.body, s), j)

    def _latex(self, printer: Printer) -> str:
        return rf"A_{{{printer._print(self.bound[0])}}}\left({printer._print(self.body)}\right)"


class Softmax(Binder):
    r"""`exp v_n / Σ_j exp v_j` for `v = (body)_j`: `Softmax(body, j, n)`."""

    is_positive = True

    def unfold(self) -> Expr:
        """By its definition."""
        (j,), (n,) = self.bound, self.free
        return exp(substitute(self.body, {j: n})) / Total(exp(self.body), j)

    def _eval_derivative(self, s: Symbol) -> Expr:
        (j,), (n,) = self.bound, self.free
        change = diff(self.body, s)
        return self * (substitute(change, {j: n}) - Total(Softmax(self.body, j, j) * change, j))

    def _latex(self, printer: Printer, exp: str = "") -> str:
        j, n = (printer._print(a) for a in self.args[1:])
        text = rf"\sigma_{{{j}}}\left({printer._print(self.body)}\right)_{{{n}}}"
        return rf"{text}^{{{exp}}}" if exp else text


class Value(Binder):
    """`F(x)` for the vector `x = (body)_j`: `Value(body, j, F)`."""

    def _eval_derivative(self, s: Symbol) -> Expr:
        change = diff(self.body, s)
        return Total(Grad(self.body, self.bound[0], self.free[0], self.bound[0]) * change, self.bound[0])

    def _latex(self, printer: Printer) -> str:
        return rf"{printer._print(self.free[0])}\left({printer._print(self.body)}\right)"


class Grad(Binder):
    """`∂_k F(x)` for `x = (body)_j`: `Grad(body, j, F, k)`."""

    def _eval_derivative(self, s: Symbol) -> Expr:
        raise Rejected("second derivatives of an abstract function are not available")

    def _latex(self, printer: Printer) -> str:
        point = printer._print(self.body)
        return (
            rf"\partial_{{{printer._print(self.free[1])}}} {printer._print(self.free[0])}\left({point}\right)"
        )


class Slope(Binder):
    """`dⁿ body/dsⁿ` at `s = at`: `Slope(body, s, at, n)`."""

    def unfold(self) -> Expr:
        """The derivative by the rules of the calculus."""
        (s,), (at, order) = self.bound, self.free
        return substitute(diff(self.body, s, int(order)), {s: at})

    def _eval_derivative(self, s: Symbol) -> Expr:
        return diff(self.unfold(), s)

    def _latex(self, printer: Printer) -> str:
        s, at, n = (printer._print(a) for a in self.args[1:])
        power = "" if n == "1" else f"^{{{n}}}"
        return rf"\left.\frac{{d{power}}}{{d{s}{power}}}\right|_{{{s}={at}}}{printer._print(self.body)}"


def slope(body: Any, s: Symbol, at: Any, order: int = 1) -> Slope:
    """`Slope` from plain arguments."""
    return Slope(sympify(body), s, sympify(at), sympify(order))


def substitute(e: Expr, images: Mapping[Any, Any]) -> Expr:
    """Replace symbols by expressions and families by functions of their indices, never capturing a bound one."""
    if not images or not e.args:
        return images.get(e, e)
    if isinstance(e, Indexed):
        indices = [substitute(i, images) for i in e.indices]
        return images[e.base](*indices) if e.base in images else e.base[tuple(indices)]
    if isinstance(e, Binder):
        inner = {key: image for key, image in images.items() if key not in e.bound}
        incoming = frozenset().union(*(image_free(image) for image in inner.values()))
        bound = tuple(fresh(i, incoming | free(e.body)) if i in incoming else i for i in e.bound)
        body = substitute(substitute(e.body, dict(zip(e.bound, bound, strict=True))), inner)
        return e.func(body, *bound, *(substitute(a, images) for a in e.free))
    return e.func(*(substitute(a, images) for a in e.args))


def fresh(v: Any, taken: frozenset[Any]) -> Any:
    """A symbol, index or family like `v` whose name is not among those taken."""
    name, names = str(v), {str(s) for s in taken}
    while name in names:
        name += "'"
    if isinstance(v, IndexedBase):
        return IndexedBase(Symbol(name, **v.label.assumptions0))
    return type(v)(name, v.total) if isinstance(v, Index) else Symbol(name, **v.assumptions0)


def element(family: IndexedBase) -> Callable[..., Expr]:
    """The family as a function of its indices."""
    return lambda *indices: family[indices]


def image_free(image: Any) -> frozenset[Any]:
    """The free symbols of what is put for a symbol or a family."""
    if isinstance(image, Expr) or not callable(image):
        return free(sympify(image))
    return free(generic_element(image)) - set(_formal(image))


def generic_element(image: Callable[..., Any], like: Iterable[Indexed] = ()) -> Expr:
    """The element of the family `image` at indices of which only the range is known, as in the elements `like`."""
    return sympify(image(*_formal(image, like)))


def _formal(image: Callable[..., Any], like: Iterable[Indexed] = ()) -> list[Index]:
    parameters = inspect.signature(image).parameters.values()
    names = [Index(f"formal{n}") for n, p in enumerate(parameters) if p.default is p.empty]
    for element_ in like:
        ranges = [i.total if isinstance(i, Index) else None for i in element_.indices]
        names = [Index(f"{i}:{total}", total) if total else i for i, total in zip(names, ranges, strict=True)]
        break
    return names


class Fixed(Symbol):
    """A constant that a lemma has provided (`there is a ξ such that …`); it depends on all that was there."""


@cache
def free(e: Expr) -> frozenset[Any]:
    """Symbols, indices and families that occur free in `e`."""
    if isinstance(e, Symbol):
        return frozenset((e,))
    if isinstance(e, Indexed):
        return frozenset((e.base,)).union(*(free(i) for i in e.indices))
    if isinstance(e, Binder):
        return (free(e.body) - set(e.bound)).union(*(free(a) for a in e.free))
    return frozenset().union(*(free(a) for a in e.args))
