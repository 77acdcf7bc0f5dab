"""Each plot draws on the Axes it is given, names both axes with a unit, and shows what it is given."""

import dataclasses

import numpy as np
import pytest

from simulations.ensemble.run import simulate
from simulations.experiments.basins import basins
from simulations.experiments.floor import floor
from simulations.experiments.phase import phase
from simulations.experiments.scope import scope
from simulations.experiments.tightness import path_bounds, tightness
from simulations.plots.basins import survival
from simulations.plots.cloud import animation, cloud
from simulations.plots.floor import floor_extrapolation
from simulations.plots.phase import phase_diagram
from simulations.plots.scope import scope_radius
from simulations.plots.stationarity import stationarity
from simulations.plots.study import label_of
from simulations.plots.style import COLOURS, new_figure, series
from simulations.plots.tightness import usage
from simulations.problems import problem


@pytest.fixture
def axes():
    return new_figure()[1]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def drawn(axes):
    axes.figure.canvas.draw()
    assert "(" in axes.get_xlabel()
    assert axes.get_ylabel()
    return axes


def test_stationarity_with_bound_and_floor(axes):
    run = simulate(problem("quadratic"), step_size=0.2, steps=200, replicas=16)
    bound = np.array([path_bounds(run, int(t) + 1)["stationarity"] for t in run.moments.iterations])
    assert drawn(stationarity(axes, run, bound=bound, floor=0.3)) is axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert len(legend(axes)) == 4
    assert not any("diverge" in text for text in legend(axes))


def test_stationarity_says_who_diverged(axes):
    run = simulate(problem("quadratic"), step_size=2.5, steps=200, replicas=4)
    drawn(stationarity(axes, run))
    assert "4 of 4 replicas diverge, from here on" in legend(axes)
    assert np.isfinite(axes.lines[0].get_ydata()).all()


def test_floor_with_extrapolation_theory_and_divergence(axes):
    result = floor(problem("quadratic"), (2.5, 0.5, 0.4, 0.3), replicas=8, window_time=1.0)
    drawn(floor_extrapolation(axes, result))
    texts = legend(axes)
    assert {"bound", "exact law", "measured", "measured: replicas diverge"} <= set(texts)
    assert any("η → 0" in text for text in texts)
    assert axes.get_xlim()[0] == 0


def test_floor_without_theory(axes):
    result = floor(problem("double-well"), (0.1, 0.05, 0.025), replicas=8, window_time=1.0)
    drawn(floor_extrapolation(axes, result, theory=False, label="one"))
    assert "bound" not in legend(axes)


def test_floor_and_scope_without_a_finite_point_say_so(axes):
    drawn(floor_extrapolation(axes, floor(problem("quadratic"), (5.0,), replicas=4)))
    assert "diverge at every step size" in axes.texts[0].get_text()
    assert legend(axes) == ["measured: replicas diverge"]
    other = new_figure()[1]
    drawn(scope_radius(other, scope(problem("double-well"), [9.0], replicas=4)))
    assert "diverge at every step size" in other.texts[0].get_text()
    assert legend(other) == ["replicas diverge"]


def test_labels_of_survival_are_separated_and_name_divergence(axes):
    drawn(survival(axes, basins(problem("double-well"), [9.0], time=2000.0, replicas=4), label="alpha = 1"))
    assert legend(axes)[0].startswith("alpha = 1, η = 9")
    assert legend(axes)[0].endswith("(4 diverged)")


def test_whole_numbers_are_written_in_full():
    assert label_of({"seed": 3216630000000000001, "alpha": 0.5}) == "seed = 3216630000000000001, α = 0.5"


def test_scope(axes):
    drawn(scope_radius(axes, scope(problem("double-well"), [0.03, 0.007], replicas=8)))
    assert legend(axes) == ["bound", "sharper bound", "measured"]


def test_survival(axes):
    drawn(survival(axes, basins(problem("double-well", noise_variance=1.0), time=20.0, replicas=32)))
    assert len(legend(axes)) == 3


def test_phase_diagram_writes_every_cell(axes):
    result = phase((0.5, 1.0), (0.0, 1.0, 2.0), classes=3)
    drawn(phase_diagram(axes, result))
    assert len(axes.texts) == 6
    assert [text.get_text() for text in axes.texts].count("0") == 2


def test_usage(axes):
    usages = tightness([problem("quadratic"), problem("rosenbrock"), problem("double-well")], steps=50)
    drawn(usage(axes, usages))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["quadratic", "double-well"]


def test_cloud_in_the_plane(axes):
    made = problem("double-well", dimension=2)
    run = simulate(made, step_size=0.1, steps=20, replicas=30)
    drawn(cloud(axes, made, run.final))
    assert legend(axes) == ["minimisers", "30 replicas"]


def test_cloud_elsewhere_is_refused(axes):
    with pytest.raises(ValueError, match="dimension 10; 2 is needed"):
        cloud(axes, problem("quadratic"), np.zeros((3, 10)))


def test_cloud_leaves_diverged_points_out(axes):
    made = dataclasses.replace(problem("noise-floor"), minimisers=())
    drawn(cloud(axes, made, np.array([[0.0, 1.0], [np.nan, np.inf], [1.0, 0.0]])))


def test_animation_moves(tmp_path):
    film = animation(problem("double-well", dimension=2), step_size=0.1, frames=3, replicas=10)
    film.save(tmp_path / "film.gif", writer="pillow", dpi=40)
    assert (tmp_path / "film.gif").read_bytes()[:3] == b"GIF"


def test_series_repeat_without_end():
    assert len(series(20)) == 20
    assert series(1)[0] == (COLOURS[0], "o")
