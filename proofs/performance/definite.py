"""Positive definiteness of a rational matrix, decided in integer arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def is_positive_definite(matrix: Sequence[Sequence[Fraction]]) -> bool:
    """Whether a symmetric rational matrix is positive definite: Sylvester's criterion, exactly.

    Fraction-free elimination (Bareiss 1968) on the matrix times its common denominator; its pivots are the
    leading principal minors.

    Raises:
        ValueError: if the matrix is not square and symmetric.
    """
    size = len(matrix)
    if any(len(row) != size or row[j] != matrix[j][i] for i, row in enumerate(matrix) for j in range(i)):
        raise ValueError("matrix must be square and symmetric")
    denominator = math.lcm(*(entry.denominator for row in matrix for entry in row))
    rest = [[int(entry * denominator) for entry in row] for row in matrix]
    previous = 1
    for k in range(size):
        pivot = rest[k][k]
        if pivot <= 0:
            return False
        for i in range(k + 1, size):
            factor = rest[i][k]
            for j in range(i, size):
                value = (rest[i][j] * pivot - factor * rest[j][k]) // previous
                rest[i][j] = rest[j][i] = value
        previous = pivot
    return True
