"""Ten classical tests of random words, those of TestU01's SmallCrush (L'Ecuyer & Simard 2007), at smaller sizes.

Each takes 64-bit words and gives the p-value of a statistic whose law under uniform words is known.
"""

import math

import numpy as np
from scipy import stats

HEAD = 2**19
"""Words that the tests of uniform numbers look at."""


def uniforms(words):
    return (words[:HEAD] >> np.uint64(11)) * 2.0**-53


def chi_square(counts, probabilities):
    """p-value of counts against probabilities; classes of expectation below 10 are merged into the last."""
    if counts.sum() == 0:  # what the test counts never happened
        return 0.0
    expected = np.asarray(probabilities) * counts.sum()
    large = expected >= 10
    observed = np.append(counts[large], counts[~large].sum())
    expected = np.append(expected[large], counts.sum() - expected[large].sum())
    if expected[-1] < 10:
        observed = np.append(observed[:-2], observed[-2:].sum())
        expected = np.append(expected[:-2], expected[-2:].sum())
    return stats.chi2.sf(((observed - expected) ** 2 / expected).sum(), len(expected) - 1)


def weights(words):
    return np.bitwise_count(words).astype(np.int64)


def birthday_spacings(words):
    """Equal spacings among 4,096 birthdays in a year of 2³² days: Poisson of mean 4, from either half of the words."""
    days = np.concatenate([words[:HEAD] >> np.uint64(32), words[:HEAD] & np.uint64(2**32 - 1)])
    days = np.sort(days.astype(np.int64).reshape(-1, 4096), axis=1)
    spacings = np.sort(np.diff(days, axis=1), axis=1)
    equal = (np.diff(spacings, axis=1) == 0).sum(1)
    law = stats.poisson(4096**3 / 2**34)
    counts = np.bincount(np.minimum(equal, 15), minlength=16)
    return chi_square(counts, np.append(law.pmf(np.arange(15)), law.sf(14)))


def collision(words):
    """Urns that remain empty when 2¹⁴ balls fall into 2²⁰."""
    balls, urns = 2**14, 2**20
    throws = (words[:HEAD] >> np.uint64(44)).astype(np.int64).reshape(-1, balls)
    collisions = [balls - len(np.unique(row)) for row in throws]
    mean = balls - urns * -math.expm1(balls * math.log1p(-1 / urns))
    deviation = (sum(collisions) - len(throws) * mean) / math.sqrt(len(throws) * mean)
    return 2 * stats.norm.sf(abs(deviation))


def gap(words):
    """Gaps between visits to [0, 1/16): geometric."""
    visits = np.flatnonzero(uniforms(words) < 1 / 16)
    gaps = np.minimum(np.diff(visits) - 1, 120)
    law = stats.geom(1 / 16, loc=-1)
    return chi_square(np.bincount(gaps, minlength=121), np.append(law.pmf(np.arange(120)), law.sf(119)))


def poker(words):
    """Distinct values among 8 draws from 16."""
    draws = (words[:HEAD] >> np.uint64(60)).astype(np.int64).reshape(-1, 8)
    distinct = 1 + (np.diff(np.sort(draws, axis=1), axis=1) != 0).sum(1)
    surjections = np.zeros((9, 9))
    surjections[0, 0] = 1
    for n in range(1, 9):
        for k in range(1, n + 1):
            surjections[n, k] = k * surjections[n - 1, k] + surjections[n - 1, k - 1]
    law = [surjections[8, k] * math.perm(16, k) / 16**8 for k in range(9)]
    return chi_square(np.bincount(distinct, minlength=9), law)


def coupon_collector(words):
    """Draws from 4 values until each has come."""
    draws = (words[:HEAD] >> np.uint64(62)).astype(np.int64).reshape(-1, 64)
    first = [np.where((draws == v).any(1), (draws == v).argmax(1), 63) for v in range(4)]
    needed = 1 + np.max(first, axis=0)
    n = np.arange(65)
    by_then = sum((-1) ** k * math.comb(4, k) * (1 - k / 4) ** n for k in range(5))
    by_then[0], by_then[64] = 0, 1
    return chi_square(np.bincount(needed, minlength=65), np.append(0, np.diff(by_then)))


def largest_of_five(words):
    """The fifth power of the largest of five uniforms is uniform."""
    values = uniforms(words)
    return stats.kstest(values[: len(values) // 5 * 5].reshape(-1, 5).max(1) ** 5, "uniform").pvalue


def weight_distribution(words):
    """How many of 256 uniforms lie in [0, 1/8): binomial."""
    hits = (uniforms(words) < 1 / 8).reshape(-1, 256).sum(1)
    return chi_square(np.bincount(hits, minlength=257), stats.binom(256, 1 / 8).pmf(np.arange(257)))


def matrix_rank(words):
    """Rank over two elements of 64 × 64 matrices whose rows are words."""
    matrices = words[:HEAD].reshape(-1, 64).copy()
    rank = np.zeros(len(matrices), dtype=np.int64)
    for bit in range(64):
        has = (matrices >> np.uint64(bit)) & np.uint64(1) == 1
        pivot, found = has.argmax(1), has.any(1)
        row = np.where(found, matrices[np.arange(len(matrices)), pivot], np.uint64(0))
        matrices ^= np.where(has, row[:, None], np.uint64(0))  # the pivot row cancels itself
        rank += found
    full = math.prod(1 - 2.0**-k for k in range(1, 65))
    law = [full * 2.0 ** -(s * s) / math.prod((1 - 2.0**-k) ** 2 for k in range(1, s + 1)) for s in range(3)]
    deficiency = np.minimum(64 - rank, 3)
    return chi_square(np.bincount(deficiency, minlength=4), [*law, 1 - sum(law)])


def hamming_independence(words):
    """The numbers of ones in adjacent words are independent."""
    classes = np.clip(weights(words) - 26, 0, 12)
    table = np.bincount(classes[0::2] * 13 + classes[1::2], minlength=169)
    single = stats.binom(64, 0.5).pmf(np.arange(65))
    law = np.concatenate([[single[:27].sum()], single[27:38], [single[38:].sum()]])
    return chi_square(table, np.outer(law, law).ravel())


def random_walk(words):
    """Largest excursion of walks of 64 steps, whose directions are the bits."""
    place, largest = np.zeros(HEAD, dtype=np.int64), np.zeros(HEAD, dtype=np.int64)
    for bit in range(64):
        place += 2 * ((words[:HEAD] >> np.uint64(bit)) & np.uint64(1)).astype(np.int64) - 1
        largest = np.maximum(largest, place)
    law = [math.comb(64, (64 + y + 1) // 2) / 2.0**64 for y in range(65)]
    return chi_square(np.bincount(largest, minlength=65), law)


TESTS = (
    birthday_spacings,
    collision,
    gap,
    poker,
    coupon_collector,
    largest_of_five,
    weight_distribution,
    matrix_rank,
    hamming_independence,
    random_walk,
)
