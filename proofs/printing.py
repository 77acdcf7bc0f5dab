"""Relations and terms of the kernel as LaTeX."""

from __future__ import annotations

from sympy.printing.latex import LatexPrinter

from proofs.kernel import Relation
from proofs.kernel.terms import Binder, Grad, LogPartition, Slope, Softmax, Total, Value

SIGNS = {"=": "=", "<=": r"\le", "<": "<", "!=": r"\ne"}
PATTERNS = {
    LogPartition: r"A_{{{1}}}\left({0}\right)",
    Softmax: r"\sigma_{{{1}}}\left({0}\right)_{{{2}}}",
    Value: r"{2}\left({0}\right)",
    Grad: r"\partial_{{{3}}} {2}\left({0}\right)",
    Slope: r"\left.\frac{{d^{{{3}}}}}{{d{1}^{{{3}}}}}\right|_{{{1}={2}}}\left[{0}\right]",
}


class _Printer(LatexPrinter):
    def _binder(self, e: Binder, exp: str = "") -> str:
        parts = [self._print(a) for a in e.args]
        if isinstance(e, Total):
            head = r"\mathbb E" if all(i.total == 1 for i in e.bound) else r"\sum"
            text = rf"{head}_{{{','.join(parts[1:])}}}\left[{parts[0]}\right]"
        else:
            text = PATTERNS[type(e)].format(*parts).replace("^{1}", "")
        return rf"{text}^{{{exp}}}" if exp else text

    _print_Total = _print_LogPartition = _print_Softmax = _print_Value = _print_Grad = _print_Slope = _binder


def latex(relation: Relation) -> str:
    """The relation, with what it quantifies before it."""
    show = _Printer().doprint
    text = f"{show(relation.left)} {SIGNS[relation.op]} {show(relation.right)}"
    names = ", ".join(show(s) for s in relation.forall)
    return rf"\forall {names}:\ {text}" if names else text
