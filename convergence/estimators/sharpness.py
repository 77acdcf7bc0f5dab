"""Sharpness: the largest eigenvalue of the Hessian of the objective at a point, by Lanczos' method."""

from __future__ import annotations

from typing import NamedTuple

import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor, nn

from convergence.estimators.ledger import flatten
from convergence.estimators.passes import Batches, Replica, labelled, summed_loss


class Sharpness(NamedTuple):
    """A Ritz value: never above the largest eigenvalue, and within `residual` of some eigenvalue.

    It is a lower estimate of `λ_max(∇²F(x))`, hence of the smoothness L, and certifies no upper bound.
    """

    lower_estimate: float
    residual: float
    products: int


def sharpness(
    model: nn.Module, batches: Batches, *, products: int = 40, tolerance: float = 1e-6, seed: int = 0
) -> Sharpness:
    r"""Lower estimate of `λ_max(∇²F)`, F the mean cross-entropy over `batches`, in float64.

    Args:
        model: maps inputs to logits `(N, C)`; copied, evaluated in float64.
        batches: the data set in chunks.
        products: Hessian-vector products to spend at most, two or more.
        tolerance: stop as soon as the residual is below this times the value.
        seed: of the start vector.

    Source: Lanczos 1950, with full reorthogonalisation.
    """
    if products < 2:
        raise ValueError(f"products is {products}; at least 2 are needed")
    replica = Replica(model)
    point = flatten(replica.parameters)
    size = len(point)
    vector = torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(point)
    basis = [vector / vector.norm()]
    diagonal: list[float] = []
    off_diagonal: list[float] = []
    for _ in range(min(products - 1, size)):
        image = hessian_product(replica, batches, basis[-1])
        diagonal.append(float(image @ basis[-1]))
        known = torch.stack(basis)
        for _ in range(2):  # once is not enough where the new direction is small
            image = image - known.T @ (known @ image)
        beyond = float(image.norm())
        ritz = _largest(diagonal, off_diagonal)
        if beyond * abs(float(ritz[1][-1])) <= tolerance * abs(ritz[0]):
            break
        off_diagonal.append(beyond)
        basis.append(image / beyond)
    best = torch.stack(basis[: len(diagonal)]).T @ _largest(diagonal, off_diagonal)[1].to(point)
    best = best / best.norm()
    image = hessian_product(replica, batches, best)
    value = float(best @ image)
    return Sharpness(value, float((image - value * best).norm()), len(diagonal) + 1)


def hessian_product(replica: Replica, batches: Batches, vector: Tensor) -> Tensor:
    r"""`∇²F(x)·vector`, `(d,)`, at the replica's point, F the mean cross-entropy over `batches`."""
    total, count = torch.zeros_like(vector), 0
    for inputs, labels in batches:
        loss = summed_loss(replica.logits(inputs), labels)
        gradient = torch.autograd.grad(
            loss, replica.parameters, create_graph=True, allow_unused=True, materialize_grads=True
        )
        slope = torch.cat([part.reshape(-1) for part in gradient]) @ vector
        total += flatten(
            torch.autograd.grad(slope, replica.parameters, allow_unused=True, materialize_grads=True)
        )
        count += labelled(labels)
    return total / count


def _largest(diagonal: list[float], off_diagonal: list[float]) -> tuple[float, Tensor]:
    last = len(diagonal) - 1
    values, vectors = eigh_tridiagonal(diagonal, off_diagonal[:last], select="i", select_range=(last, last))
    return float(values[0]), torch.from_numpy(vectors[:, 0])
