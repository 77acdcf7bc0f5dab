"""Which bounds speak of a run."""

import pytest

from simulations.ensemble.run import simulate
from simulations.ensemble.schedules import Cyclic, Decaying
from simulations.experiments.tightness import path_bounds
from simulations.problems import problem


def test_no_bound_speaks_of_momentum():
    run = simulate("quadratic", step_size=0.25, steps=500, replicas=4, momentum=0.9)
    assert run.momentum == 0.9
    assert path_bounds(run) == {}


@pytest.mark.parametrize(
    "schedule", [Decaying(1.0, 1.0, 3.0), Decaying(0.5, 20.0, 0.75), Cyclic(1.0, 0.1, 50)]
)
def test_of_a_schedule_the_weighted_average_is_bounded(schedule):
    """Steps that fall like t⁻³ end far from the minimum: the bounds of the largest step size don't hold there."""
    made = problem("quadratic", noise_variance=0.0, bias_bound=0.0)
    run = simulate(made, step_size=schedule, steps=400, replicas=2)
    found = path_bounds(run)
    assert found.keys() == {"diminishing"}
    assert run.average_gradient_norm_squared.max() <= found["diminishing"]
    assert path_bounds(run, 10)["diminishing"] > found["diminishing"]
