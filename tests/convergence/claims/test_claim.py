from __future__ import annotations

import math

import torch

from convergence.claims.claim import Assertion, Sides


def margin(relation: str, left: list, right: list, scale: list | None = None) -> list[float]:
    sides = Sides(
        *(None if side is None else torch.tensor(side, dtype=torch.float64) for side in (left, right, scale))
    )
    return Assertion("", relation, lambda x: sides).margin({"x": torch.zeros(len(left))}).tolist()


def test_margins_are_relative_to_the_larger_side() -> None:
    assert margin("<=", [1.0, 2.0], [2.0, 1.0]) == [0.5, -0.5]
    assert margin("==", [1.0, 3.0], [2.0, 3.0]) == [-0.5, 0.0]
    assert margin("<=", [1.0], [2.0], [10.0]) == [0.1]


def test_the_worst_of_several_comparisons_counts_relative_to_the_row() -> None:
    assert margin("<=", [[1.0, 1.0]], [[2.0, 0.5]]) == [-0.5]
    assert margin("==", [[100.0, 1.0]], [[100.0, 2.0]]) == [-0.01]


def test_infinities_agree_and_bound() -> None:
    assert margin("==", [math.inf, math.inf], [math.inf, 1.0]) == [0.0, -math.inf]
    assert margin("<=", [1.0, math.inf], [math.inf, 1.0]) == [1.0, -math.inf]


def test_what_cannot_be_computed_does_not_count_as_agreement() -> None:
    assert margin("<=", [math.nan, 1.0], [1.0, math.nan]) == [-math.inf, -math.inf]
    assert margin("==", [math.nan], [math.nan]) == [-math.inf]
    assert margin("<=", [math.nan, 0.0], [0.0, 0.0], [0.0, math.nan]) == [-math.inf, 1.0]


def test_nothing_compared_with_nothing_is_no_news() -> None:
    assert margin("<=", [0.0], [0.0]) == [1.0]
    assert margin("==", [0.0], [0.0]) == [0.0]


def test_underflow_is_not_a_violation() -> None:
    assert margin("<=", [2e-310], [1e-310]) == [1.0]
    assert margin("==", [2e-310], [1e-310]) == [0.0]
    assert margin("<=", [2e-280], [1e-280]) == [-0.5]


def test_an_assertion_reads_its_needs_off_its_function() -> None:
    assertion = Assertion("", "<=", lambda target, alpha: Sides(target, alpha))
    assert assertion.needs == ("target", "alpha")
