r"""The worst instances of section 3 live on `F(x) = Lx²/2` on a line, where `∇F = Lx`; T = S + 1 iterates."""

from sympy import IndexedBase, Symbol

from proofs.kernel import Relation, Slope, Total, eq
from proofs.sgd import smoothness, step_size, t
from proofs.stationarity.stationarity_sharp import count, s

position = IndexedBase("x", real=True)
y, z = Symbol("y", real=True), Symbol("z", real=True)
gap = Symbol("Delta", nonnegative=True)
START = eq(smoothness / 2 * position[0] ** 2, gap)
"""`Δ = F(x_0) − F*`, and F* = 0."""

MEAN_SQUARE = ((smoothness * position[0]) ** 2 + Total((smoothness * position[s + 1]) ** 2, s)) / count
"""`A²`, the first gradient apart."""

IS_SMOOTH = (
    eq(Slope(smoothness / 2 * y**2, y, y), smoothness * y),
    eq(
        smoothness / 2 * z**2,
        smoothness / 2 * y**2 + smoothness * y * (z - y) + smoothness / 2 * (z - y) ** 2,
    ),
)
"""The gradient, and the descent lemma with equality."""


def moves(bias) -> Relation:
    """`x_{t+1} = x_t − η(Lx_t + bias)`."""
    return eq(position[t + 1], position[t] - step_size * (smoothness * position[t] + bias), t)
