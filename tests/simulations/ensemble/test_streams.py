import numpy as np
import pytest
import torch
from scipy import stats

from simulations.ensemble.compiled.normals import fill_words
from simulations.ensemble.run import simulate
from simulations.ensemble.streams import draw, initial_states, open_streams, take
from simulations.problems import problem

MASK = 2**64 - 1


def reference_words(state, count):
    """xoshiro256++ in plain integers, as its authors publish it."""

    def rotate(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    s, words = [int(w) for w in state], []
    for _ in range(count):
        words.append((rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK)
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
    return words


def words(seed, replicas, count, first=0):
    out = np.empty((1, replicas, count), dtype=np.uint64)
    fill_words(initial_states(seed, replicas, first), out)
    return out[0]


def test_words_are_those_of_the_reference():
    states = initial_states(7, 3)
    found = words(7, 3, 50)
    for i in range(3):
        assert found[i].tolist() == reference_words(states[:, i], 50)


def test_a_stream_depends_on_seed_and_replica_alone():
    assert (words(1, 5, 8) == words(1, 500, 8)[:5]).all()
    assert (words(1, 5, 8, first=100) == words(1, 500, 8)[100:105]).all()
    assert (words(1, 5, 8)[:, 0] != words(2, 5, 8)[:, 0]).all()


def test_no_word_is_shared_between_neighbours():
    few = words(3, 2000, 16)
    assert len(np.unique(few)) == few.size


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("law", ["normal", "sign", "uniform"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_take_gives_the_same_numbers_however_they_are_blocked(count, law, dtype):
    streams, taken = open_streams(5, 4), []
    for _ in range(600):
        streams, values = take(streams, law, count, dtype)
        taken.append(values)
    whole = draw(initial_states(5, 4), law, 1, 600 * count, dtype)[0]
    assert torch.equal(torch.cat(taken, 1), whole)


@pytest.mark.parametrize("law", ["normal", "sign", "uniform"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_scale_multiplies_every_variate(law, dtype):
    plain, scaled = (take(open_streams(5, 4), law, 3, dtype, scale)[1] for scale in (1.0, 0.25))
    assert torch.equal(scaled, 0.25 * plain)


def test_uniforms_stay_below_1_in_float32():
    """The first float64 uniform of this replica is 1 − 1.8e-8, which float32 rounds to 1."""
    astray = 5_752_093
    states = initial_states(0, 1, astray)
    assert np.float32(draw(states.copy(), "uniform", 1, 1, torch.float64).item()) == 1
    (uniform,) = draw(states, "uniform", 1, 1, torch.float32).flatten()
    assert uniform.item() == 1 - 2**-24
    heavy = problem("quadratic", dimension=1, degrees=5.0)
    run = simulate(heavy, step_size=0.1, steps=2, replicas=2, first_replica=astray, dtype="float32")
    assert run.diverged == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_largest_uniform_picks_the_last_of_n_samples(dtype):
    count = torch.arange(1, 1_000_001, dtype=dtype)
    largest = torch.tensor(1 - torch.finfo(dtype).eps / 2, dtype=dtype)
    assert ((largest * count).long() == count.long() - 1).all()


def test_taking_does_not_change_the_streams_taken_from():
    streams = open_streams(5, 4)
    first = take(streams, "uniform", 2, torch.float64)[1]
    assert torch.equal(take(streams, "uniform", 2, torch.float64)[1], first)


def test_laws():
    normals, uniforms, signs = (
        draw(initial_states(11, 64), law, 1, 20_000, torch.float64).flatten().numpy()
        for law in ("normal", "uniform", "sign")
    )
    assert stats.kstest(normals, "norm").pvalue > 1e-3
    assert stats.kstest(uniforms, "uniform").pvalue > 1e-3
    assert set(signs) == {-1.0, 1.0}
    assert stats.binomtest(int((signs > 0).sum()), signs.size).pvalue > 1e-3
    pairs = normals.reshape(-1, 2)
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 4 / np.sqrt(len(pairs))
    assert abs(np.corrcoef((pairs**2).T)[0, 1]) < 4 / np.sqrt(len(pairs))
