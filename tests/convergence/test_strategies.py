from __future__ import annotations

import math

import pytest
import torch
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from convergence import strategies

quietly = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])


@given(strategies.orders(0.25, 3.0))
def test_orders_stay_in_their_range(alpha: float) -> None:
    assert 0.25 <= alpha <= 3.0


@pytest.mark.parametrize("atom", [0.0, 0.5, 1.0, 2.0, math.inf])
def test_orders_contain_the_atoms(atom: float) -> None:
    assert find(strategies.orders(), lambda alpha: alpha == atom, settings=quietly) == atom


@pytest.mark.parametrize("centre", [0.0, 0.5, 1.0])
def test_orders_come_near_the_atoms(centre: float) -> None:
    find(strategies.orders(), lambda alpha: 0 < abs(alpha - centre) < 1e-5, settings=quietly)


@given(strategies.pairs(st.integers(1, 4), masks="any"))
def test_pairs_are_pairs(pair: tuple) -> None:
    target, own = pair
    assert target.shape == own.shape
    assert target.dtype == own.dtype == torch.float64
    for logits in pair:
        assert logits.isfinite().any()
        assert not (logits.isnan() | (logits == torch.inf)).any()


@given(strategies.pairs(4, masks="dominated"))
def test_dominated_pairs_are(pair: tuple) -> None:
    target, own = pair
    assert not (target.isfinite() & own.isneginf()).any()


@given(strategies.pairs(4, masks="same"))
def test_masks_are_the_same(pair: tuple) -> None:
    target, own = pair
    assert torch.equal(target.isneginf(), own.isneginf())


@pytest.mark.parametrize(
    "wanted",
    [
        lambda p, q: not (p.isfinite() & q.isfinite()).any(),
        lambda p, q: (p.isfinite() & q.isneginf()).any() and (p.isfinite() & q.isfinite()).any(),
        lambda p, q: p.isneginf().any() and not (p.isfinite() & q.isneginf()).any(),
        lambda p, q: torch.equal(p, q),
        lambda p, q: p.isfinite().all() and q.isfinite().all() and 0 < (p - q).abs().max() < 1e-4,
        lambda p, q: p.isfinite().all() and p.max() - p.min() > 800,
    ],
    ids=["disjoint", "target outside", "target inside", "equal", "near-equal", "one-hot"],
)
def test_pairs_contain_what_breaks_divergences(wanted) -> None:
    find(strategies.pairs(3, masks="any"), lambda pair: bool(wanted(*pair)), settings=quietly)


@given(strategies.channels(3, st.integers(1, 4)))
def test_channels_are_stochastic(channel: torch.Tensor) -> None:
    assert (channel >= 0).all()
    torch.testing.assert_close(channel.sum(1), torch.ones(3, dtype=torch.float64))


def test_bad_ranges_and_masks_are_named() -> None:
    with pytest.raises(ValueError, match="low=2, high=1 is outside"):
        strategies.orders(2, 1)
    with pytest.raises(ValueError, match="masks='some' is not one of"):
        find(strategies.pairs(3, masks="some"), lambda _: True)  # type: ignore[arg-type]


RANGES = [
    (0, 0),
    (7, 7),
    (200, 300),
    (150, math.inf),
    (math.inf, math.inf),
    (1e308, math.inf),
    (1e-9, 1e-8),
    (0.3, 0.31),
]


@pytest.mark.parametrize(("low", "high"), [*RANGES, (0.999999, 1.000001), (0, 1e-7), (100, 101)])
def test_orders_of_any_range_are_drawn(low: float, high: float) -> None:
    drawn = set()

    @settings(quietly, max_examples=100)
    @given(strategies.orders(low, high))
    def collect(alpha: float) -> None:
        assert low <= alpha <= high
        drawn.add(alpha)

    collect()
    assert len(drawn) == 1 or low < high
    assert len(drawn) > 20 or low == high
    assert any(low < alpha < math.inf for alpha in drawn) or low == high


@given(strategies.logits(3, smallest=1.0, largest=2.0), strategies.pairs(3, smallest=1.0, largest=2.0))
def test_logits_keep_to_their_scale(logits: torch.Tensor, pair: tuple) -> None:
    assert logits.abs().max() <= 2.0
    assert pair[0].abs().max() <= 2.0
    assert pair[1].abs().max() <= 4.0


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (strategies.logits(0), "classes=0 is outside classes >= 1"),
        (strategies.pairs(st.just(0)), "classes=0 is outside"),
        (strategies.channels(0, 2), "inputs=0 is outside inputs >= 1"),
        (strategies.channels(2, 0), "outputs=0 is outside outputs >= 1"),
        (strategies.logits(smallest=0.0), "smallest=0.0, largest=1000.0 is outside 0 < smallest"),
        (strategies.logits(smallest=2.0, largest=1.0), "smallest=2.0, largest=1.0 is outside"),
        (strategies.pairs(largest=math.inf), "largest=inf is outside"),
    ],
    ids=range(7),
)
def test_bad_arguments_are_named(strategy: st.SearchStrategy, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        find(strategy, lambda _: True)


@given(strategies.logits(3, smallest=strategies.LARGEST, largest=strategies.LARGEST))
def test_the_largest_scale_is_finite(logits: torch.Tensor) -> None:
    assert logits.isfinite().all()
