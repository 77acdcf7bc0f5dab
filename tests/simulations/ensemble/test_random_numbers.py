"""The generator: classical tests of its words within and across streams, and of the normals made from them."""

import math

import mpmath
import numpy as np
import pytest
from battery import HEAD, TESTS
from scipy import stats

from simulations.ensemble.compiled.compile import compiled
from simulations.ensemble.compiled.normals import fill_normals, fill_words, pair
from simulations.ensemble.streams import initial_states

DTYPES = [np.float64, np.float32]
REJECTED, SUSPECT = 1e-10, 1e-4


def words_of(states, count):
    words = np.empty((1, states.shape[1], count), dtype=np.uint64)
    fill_words(states.copy(), words)
    return words[0]


def normals_of(states, count, dtype):
    normals = np.empty((1, states.shape[1], count), dtype)
    fill_normals(states.copy(), normals, 1.0)
    return normals[0]


def one_stream(seed):
    return words_of(initial_states(seed, 1), HEAD)[0]


def across_streams(seed):
    return words_of(initial_states(seed, 4096), HEAD // 4096).T.ravel().copy()


def first_words(seed):
    return words_of(initial_states(seed, HEAD), 1)[:, 0].copy()


def bits_reversed(seed):
    words = one_stream(seed)
    octets = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    return np.packbits(octets, axis=1, bitorder="big")[:, ::-1].copy().view(np.uint64).ravel()


def unhashed_states(seed):
    """What hashing prevents: neighbouring replicas whose states differ in a few low bits."""
    states = np.zeros((4, HEAD), dtype=np.uint64)
    states[0] = np.arange(HEAD)
    states[3] = seed
    return words_of(states, 1)[:, 0].copy()


def randu(seed):
    """The generator of IBM's scientific subroutines, its 31 bits twice in a word."""
    powers = np.array([pow(65539, k, 2**31) for k in range(HEAD)], dtype=np.uint64)
    values = (2 * seed + 1) * powers % np.uint64(2**31)
    return values << np.uint64(33) | values << np.uint64(1)


@pytest.mark.parametrize("source", [one_stream, across_streams, first_words, bits_reversed])
def test_words_pass_the_battery(source):
    p_values = [test(source(seed)) for seed in (0, 12345) for test in TESTS]
    assert min(p_values) > SUSPECT
    assert stats.kstest(p_values, "uniform").pvalue > SUSPECT


@pytest.mark.parametrize("source", [unhashed_states, randu])
def test_the_battery_rejects_bad_generators(source):
    words = source(5)
    assert sum(test(words) < REJECTED for test in TESTS) >= 3


def test_every_test_of_the_battery_can_reject():
    rng = np.random.default_rng(0)
    good = rng.integers(0, 2**64, HEAD, dtype=np.uint64)
    spoilt = {
        "half the words are repeated": np.concatenate([good[: HEAD // 2]] * 2)
        .reshape(2, -1)
        .T.ravel()
        .copy(),
        "a bit is set too often": good
        | (rng.integers(0, 4, HEAD, dtype=np.uint64) // np.uint64(3) << np.uint64(63)),
        "small words are missing": good | np.uint64(1) << np.uint64(60),
        "rows add up": np.concatenate([good[: HEAD // 2], good[: HEAD // 2] ^ np.roll(good[: HEAD // 2], 1)])
        .reshape(2, -1)
        .T.ravel()
        .copy(),
    }
    for test in TESTS:
        assert test(good) > SUSPECT
        assert min(test(words) for words in spoilt.values()) < REJECTED, test.__name__


@compiled
def pairs_of(first, second, normals):
    for k in range(len(first)):
        normals[2 * k], normals[2 * k + 1] = pair(first[k], second[k])


def normals_of_words(words, dtype):
    if dtype is np.float64:
        first, second = words.view(np.int64).reshape(-1, 2).T
    else:
        first, second = ((words >> np.uint64(shift)).astype(np.uint32).view(np.int32) for shift in (32, 0))
    normals = np.empty(2 * len(first), dtype)
    pairs_of(first.copy(), second.copy(), normals)
    return normals


@pytest.mark.parametrize("dtype", DTYPES)
def test_normals_of_a_stream_are_those_of_its_words(dtype):
    states = initial_states(3, 5)
    for stream, words in zip(normals_of(states, 400, dtype), words_of(states, 400), strict=True):
        assert (stream == normals_of_words(words, dtype)[:400]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_normals_are_box_muller_of_the_words(dtype):
    words = one_stream(3)[:2000].copy()
    words[:8] = [0, 0, 2**64 - 1, 2**64 - 1, 2**63, 2**61, 2**62 - 1, 2**63 - 2**40]
    normals = normals_of_words(words, dtype)
    with mpmath.workdps(30):
        for k in range(0, 1000, 2):
            if dtype is np.float64:
                u, v = ((int(words[k]) >> 11) + 1) / mpmath.mpf(2) ** 53, int(words[k + 1]) >> 11
                turns = v / mpmath.mpf(2) ** 53
            else:
                word = int(words[k // 2])
                u, turns = ((word >> 32) + mpmath.mpf(0.5)) / 2**32, word % 2**32 / mpmath.mpf(2) ** 32
            radius = mpmath.sqrt(-2 * mpmath.log(u))
            for found, exact in zip(
                normals[k : k + 2], (mpmath.cospi(2 * turns), mpmath.sinpi(2 * turns)), strict=True
            ):
                # float32 rounds u itself, which costs most where u is next to 1 and the radius next to 0
                slack = 0 if dtype is np.float64 else 2.0**-24 / max(float(radius), 2.0**-12)
                assert (
                    abs(float(found) - float(radius * exact)) <= 4 * np.spacing(dtype(max(radius, 1))) + slack
                )


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_law_of_normals(dtype):
    sample = normals_of(initial_states(8, 1024), 1024 * (1 if dtype is np.float64 else 2), dtype)
    sample = sample.astype(np.float64)
    count = sample.size
    assert stats.kstest(sample.ravel()[:1_000_000], "norm").pvalue > SUSPECT
    for power in range(1, 9):
        moment = 0 if power % 2 else math.prod(range(power - 1, 0, -2))
        variance = math.prod(range(2 * power - 1, 0, -2)) - moment**2
        assert abs((sample**power).mean() - moment) < 4 * math.sqrt(variance / count)
    for level in (2.0, 3.0, 4.0, 5.0):
        expected = count * 2 * stats.norm.sf(level)
        assert stats.poisson(expected).cdf((np.abs(sample) > level).sum()) == pytest.approx(0.5, abs=0.4999)
    for f in (lambda z: z, lambda z: z * z, np.abs):
        for a, b in (
            (sample[:, 0::2], sample[:, 1::2]),
            (sample[:, :-2], sample[:, 2:]),
            (sample[:-1], sample[1:]),
        ):
            assert abs(np.corrcoef(f(a).ravel(), f(b).ravel())[0, 1]) < 4.5 / math.sqrt(a.size)
