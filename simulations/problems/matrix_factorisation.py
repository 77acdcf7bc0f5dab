"""Factoring a matrix of low rank: nonconvex, yet every local minimum is global."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.ensemble.compiled import coupled
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Problem


def matrix_factorisation(
    rows: int = 4, columns: int = 3, rank: int = 2, radius: float = 4.0, noise_variance: float = 0.1
) -> Problem:
    r"""`F(U, V) = ½‖UVᵀ − A‖²_F`, A of the given rank with singular values 2, 2/2, 2/3, …; x = (U, V).

    For a change (P, Q): `∇²F[(P,Q)²] = ‖UQᵀ+PVᵀ‖² + 2⟨UVᵀ−A, PQᵀ⟩`, at most
    `(‖U‖²+‖V‖²)(‖P‖²+‖Q‖²) + ‖UVᵀ−A‖₂(‖P‖²+‖Q‖²)` and `‖UVᵀ‖ ≤ (‖U‖²+‖V‖²)/2`, so on the ball
    `L ≤ 3r²/2 + ‖A‖₂`. With (U, V) all (UG, VG⁻ᵀ) are minimisers; distances are to the balanced one alone.

    Args:
        rows: of A.
        columns: of A.
        rank: of A, and columns of U and V.
        radius: r of the ball on which L holds.
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())
    if not 1 <= rank <= min(rows, columns):
        raise ValueError(f"rank is {rank}; it must lie in [1, {min(rows, columns)}]")
    left, right = _orthonormal(rows, rank), _orthonormal(columns, rank)
    values = 2.0 / torch.arange(1, rank + 1, dtype=torch.float64)
    matrix = left * values @ right.T
    dimension = (rows + columns) * rank

    def split(x: Tensor) -> tuple[Tensor, Tensor]:
        factors = x.unflatten(1, (rows + columns, rank))
        return factors[:, :rows], factors[:, rows:]

    def residual(x: Tensor) -> Tensor:
        u, v = split(x)
        return u @ v.mT - matrix.to(x)

    def objective(x: Tensor) -> Tensor:
        return 0.5 * residual(x).square().sum((1, 2))

    def gradient(x: Tensor) -> Tensor:
        u, v = split(x)
        error = residual(x)
        return torch.cat((error @ v, error.mT @ u), dim=1).flatten(1)

    balanced = torch.cat((left * values.sqrt(), right * values.sqrt()))
    return Problem(
        name="matrix-factorisation",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=1.5 * radius**2 + 2.0,
        minimum=0.0,
        start=tuple((0.3 * torch.cos(torch.arange(dimension, dtype=torch.float64))).tolist()),
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(
            coupled.matrix_factorisation,
            math.sqrt(noise_variance / dimension),
            [matrix.flatten().tolist() + [0.0] * 3, [rows, columns, rank] + [0.0] * matrix.numel()],
        ),
        minimisers=(tuple(balanced.flatten().tolist()),),
        radius=radius,
        smoothness_exact=False,
        parameters=parameters,
        sources={"smoothness": "bound on the quadratic form of ∇²F", "minimum": "UVᵀ = A"},
    )


def _orthonormal(rows: int, columns: int) -> Tensor:
    """The first `columns` cosine vectors of the discrete cosine transform, `(rows, columns)`, orthonormal."""
    i = torch.arange(rows, dtype=torch.float64)[:, None] + 0.5
    k = torch.arange(columns, dtype=torch.float64)
    vectors = torch.cos(torch.pi / rows * i * k)
    return vectors / vectors.norm(dim=0)
