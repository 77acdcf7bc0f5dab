from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs.performance.definite import is_positive_definite

entries = st.fractions(min_value=-3, max_value=3, max_denominator=20)


@st.composite
def symmetric(draw):
    size = draw(st.integers(1, 5))
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            matrix[i][j] = matrix[j][i] = draw(entries)
        matrix[i][i] += draw(st.integers(0, 4))
    return matrix


@given(symmetric())
def test_agrees_with_eigenvalues(matrix):
    least = np.linalg.eigvalsh(np.array(matrix, dtype=float))[0]
    if abs(least) > 1e-9:
        assert is_positive_definite(matrix) == (least > 0)


def test_decides_what_floating_point_cannot():
    tiny = Fraction(1, 10**40)
    singular = [[Fraction(1), Fraction(1)], [Fraction(1), Fraction(1)]]
    assert not is_positive_definite(singular)
    assert is_positive_definite([[Fraction(1), Fraction(1)], [Fraction(1), 1 + tiny]])
    assert not is_positive_definite([[Fraction(1), Fraction(1)], [Fraction(1), 1 - tiny]])


def test_asymmetric_matrices_are_refused():
    with pytest.raises(ValueError, match="symmetric"):
        is_positive_definite([[Fraction(1), Fraction(2)], [Fraction(0), Fraction(9)]])
