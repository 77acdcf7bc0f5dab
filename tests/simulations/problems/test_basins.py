"""Labels of basins against where gradient descent leads."""

from dataclasses import replace

import pytest
import torch

from simulations.ensemble.run import simulate
from simulations.experiments.basins import basins
from simulations.problems import problem

FALLEN = {
    "double well": (problem("double-well", dimension=3, tilt=0.3), 1.6),
    "Styblinski-Tang": (problem("styblinski-tang", dimension=3), 4.0),
    "Rastrigin": (problem("rastrigin", dimension=3), 35.0),
    "waves": (problem("rdml-waves", learners=3), 12.0),
}


@pytest.mark.parametrize(("made", "reach"), FALLEN.values(), ids=FALLEN)
def test_descent_ends_in_the_basin_in_which_it_began(made, reach):
    generator = torch.Generator().manual_seed(0)
    begin = reach * (2 * torch.rand(2000, 3, generator=generator, dtype=torch.float64) - 1)
    x = begin
    for _ in range(3000):
        x = x - 0.5 * made.gradient(x) / made.smoothness
    assert made.gradient(x).abs().max() < 1e-6
    assert (made.basin(begin) == made.basin(x)).all()
    ends = x.round(decimals=3).unique(dim=0)
    assert len(made.basin(x).unique(dim=0)) == len(ends)  # no two basins have the same labels


def test_a_replica_beyond_the_midpoint_of_the_wells_but_not_the_barrier_has_not_left():
    """At tilt 0.3 the midpoint is −0.17, the barrier 0.34; from 0.2 the descent leads to the left."""
    made = replace(problem("double-well", tilt=0.3, noise_variance=0.0), start=(0.2,))
    run = simulate(made, step_size=0.17, steps=400, replicas=2, leaving=True)
    assert run.final[0] == pytest.approx(min(made.minimisers), abs=1e-9)
    assert run.left_at.tolist() == [-1, -1]


def test_a_move_to_another_cell_is_seen_in_any_direction():
    made = problem("rastrigin", dimension=3, noise_variance=0.0)
    jump = torch.tensor([1.0, -2.0, 1.0], dtype=torch.float64)
    made = replace(made, start=(0.0,) * 3, gradient=lambda x: -jump.expand_as(x))
    assert simulate(made, step_size=1.0, steps=3, replicas=2, leaving=True).left_at.tolist() == [1, 1]


def test_basins_need_a_minimiser_to_start_from():
    with pytest.raises(ValueError, match="double-well"):
        basins(problem("double-well", dimension=5))


def test_basins_of_a_problem_with_weight_decay_are_not_known():
    assert problem("rastrigin").regularised(0.1).basin is None
