"""Each plot draws on the Axes it is given, names both axes with a unit, and shows what it is given."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

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
from simulations.plots.study import label_of, metric_over_rows, quantity_over_key
from simulations.plots.style import COLOURS, new_figure, series
from simulations.plots.tightness import usage
from simulations.problems import problem


@pytest.fixture
def axes():
    return new_figure()[1]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def drawn(axes):
    """Both axes have a unit, the legend is below them, and every finite point is within the limits and visible."""
    axes.figure.canvas.draw()
    assert "(" in axes.get_xlabel()
    assert axes.get_ylabel()
    if axes.get_legend():
        assert axes.get_legend().get_window_extent().y1 < axes.get_window_extent().y0
    for line in axes.lines:
        if line.get_transform() == axes.transData:
            points = line.get_xydata()
            inside(axes, points[np.isfinite(points).all(1)])
            assert np.isfinite(points).all(1).sum() != 1 or line.get_marker() not in ("", "None")
    for container in axes.containers:
        if isinstance(container, ErrorbarContainer):
            for bars in container[2]:
                inside(axes, np.concatenate(bars.get_segments()))
    return axes


def inside(axes, points):
    low, high = np.sort((axes.get_xlim(), axes.get_ylim())).T
    assert (points >= low).all()
    assert (points <= high).all()


def test_stationarity_with_bound_and_floor(axes):
    run = simulate(problem("quadratic"), step_size=0.2, steps=200, replicas=16)
    bound = np.array([path_bounds(run, int(t) + 1)["stationarity"] for t in run.moments.iterations])
    assert drawn(stationarity(axes, run, bound=bound, floor=0.3)) is axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert len(legend(axes)) == 4
    assert not any("diverge" in text for text in legend(axes))


@pytest.mark.parametrize(("step_size", "steps"), [(0.1, 1), (1e308, 50)])
def test_stationarity_of_a_single_iteration_is_seen(axes, step_size, steps):
    run = simulate(problem("quadratic"), step_size=step_size, steps=steps, replicas=2)
    assert np.isfinite(run.moments.mean[:, 0]).sum() == 1
    drawn(stationarity(axes, run))
    assert axes.lines[0].get_marker() == "o"


def test_stationarity_that_is_zero_or_infinite_says_so(axes):
    still = problem("quadratic", noise_variance=0.0, bias_bound=0.0, start_distance=0.0)
    drawn(stationarity(axes, simulate(still, step_size=0.1, steps=9, replicas=2)))
    assert axes.texts[0].get_text() == "0 at every iteration"
    assert axes.get_legend() is None


def test_stationarity_says_who_diverged(axes):
    run = simulate(problem("quadratic"), step_size=2.5, steps=200, replicas=4)
    drawn(stationarity(axes, run))
    assert "4 of 4 replicas diverge, from here on" in legend(axes)
    assert np.isfinite(axes.lines[0].get_ydata()).all()


def test_floor_with_extrapolation_theory_and_divergence(axes):
    result = floor(problem("quadratic"), (2.5, 0.5, 0.4, 0.3), replicas=8, window_time=1.0)
    drawn(floor_extrapolation(axes, result))
    texts = legend(axes)
    assert {"bound", "exact law", "measured: replicas diverge"} <= set(texts)
    assert any(text.startswith("measured; open: η → 0, 0.2") for text in texts)
    assert axes.get_xlim()[0] == 0


@pytest.mark.parametrize("order", [(0.0, 0.5, 2.0), (2.0, 0.5, 0.0)])
def test_several_floors_share_an_axes(axes, order):
    for beta in order:
        sizes = (1 + beta) * np.array((0.2, 0.14, 0.1, 0.07))
        cohort = floor(problem("rdml-logits", beta=beta), sizes.tolist(), replicas=8)
        floor_extrapolation(axes, cohort, label=f"β = {beta:g}", theory=False)
    drawn(axes)
    assert axes.get_xlim()[0] == 0
    assert len(legend(axes)) == 3


def test_a_floor_that_did_not_settle_and_a_curve_that_misses_are_seen(axes):
    result = floor(problem("quadratic"), (0.4, 0.35, 0.3, 0.25, 0.2), replicas=8)
    first, *others = result.points
    points = (
        dataclasses.replace(first, settled=False),
        *(dataclasses.replace(p, settled=True) for p in others),
    )
    drawn(
        floor_extrapolation(
            axes, dataclasses.replace(result, points=points, fit=result.fit._replace(misfit=0.2))
        )
    )
    assert "measured: not settled" in legend(axes)
    assert not any("misses" in text for text in legend(axes))
    fills = {c.get_label(): c[0].get_fillstyle() for c in axes.containers if isinstance(c, ErrorbarContainer)}
    assert fills["measured: not settled"] == "left"
    assert len({fills[label] for label in legend(axes) if label in fills}) == 2
    other = new_figure()[1]
    fit = result.fit._replace(misfit=2e-5)
    drawn(floor_extrapolation(other, dataclasses.replace(result, points=points, fit=fit)))
    assert "measured: this curve misses the points (p = 2e-05)" in legend(other)
    assert other.lines[0].get_linestyle() == "-."


def test_bounds_far_above_are_named_and_press_nothing_flat(axes):
    result = floor(problem("rdml-logits"), (0.5, 0.35, 0.25), replicas=8)
    drawn(floor_extrapolation(axes, result))
    assert any(text.startswith("bound: 4") and text.endswith("far above") for text in legend(axes))
    assert axes.get_ylim()[1] < 2 * max(point.floor.high for point in result.points)


def test_one_step_size_shows_its_bounds(axes):
    drawn(floor_extrapolation(axes, floor(problem("quadratic"), (0.5,), replicas=4)))
    assert "bound" in legend(axes)
    other = new_figure()[1]
    drawn(scope_radius(other, scope(problem("double-well"), [0.03], replicas=4)))
    assert "sharper bound" in legend(other)


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
    assert legend(other) == ["measured: replicas diverge"]


def test_labels_of_survival_are_separated_and_name_divergence(axes):
    drawn(survival(axes, basins(problem("double-well"), [9.0], time=2000.0, replicas=4), label="alpha = 1"))
    assert legend(axes)[0].startswith("alpha = 1, η = 9")
    assert legend(axes)[0].endswith("(4 diverged)")


def test_every_curve_of_several_survivals_has_its_own_look(axes):
    variants = [problem("double-well", noise_variance=variance) for variance in (0.5, 1.0, 2.0)]
    for made, (colour, marker) in zip(variants, series(3), strict=True):
        result = basins(made, [0.16, 0.08, 0.04], time=10.0, replicas=8)
        survival(axes, result, label=f"σ² = {made.noise_variance:g}", colour=colour, marker=marker)
    drawn(axes)
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 9
    assert len({(line.get_marker(), line.get_linestyle()) for line in axes.lines}) == 9  # without colours too
    assert len(legend(axes)) == 9


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


@pytest.mark.parametrize(
    "points",
    [
        np.array([[0.0, 1.0], [np.nan, np.inf], [1.0, 0.0]]),
        np.array([[0.0, 1.0], [1e160, 1e160], [1.0, 0.0]]),
        np.array([[1e308, -1e308], [0.0, 1.0], [-1e30, 0.0]]),
    ],
)
def test_cloud_leaves_diverged_points_out_and_counts_them(axes, points):
    shown = np.abs(points).max(1) < 2
    drawn(cloud(axes, problem("quadratic", dimension=2), points))
    assert legend(axes) == ["minimisers", f"{shown.sum()} of 3 replicas; the others diverged"]
    np.testing.assert_array_equal(axes.lines[-1].get_xydata(), points[shown])


def test_cloud_of_diverged_points_alone(axes):
    made = problem("quadratic", dimension=2)
    drawn(cloud(axes, made, np.full((5, 2), np.nan)))
    assert legend(axes)[1] == "0 of 5 replicas; the others diverged"
    other = new_figure()[1]
    drawn(cloud(other, dataclasses.replace(made, minimisers=()), np.full((5, 2), np.nan)))
    assert "no minimiser" in other.texts[0].get_text()


def test_cloud_counts_the_diverged_as_a_run_does(axes):
    made = problem("quadratic", dimension=2)
    points = simulate(made, step_size=3.0, steps=35, replicas=10).final
    diverged = simulate(made, step_size=3.0, steps=36, replicas=10).diverged  # which sees these points too
    assert 0 < diverged < 10
    drawn(cloud(axes, made, points))
    assert legend(axes)[1] == f"{10 - diverged} of 10 replicas; the others diverged"


def test_animation_moves(tmp_path):
    film = animation(problem("double-well", dimension=2), step_size=0.1, frames=3, replicas=10)
    film.save(tmp_path / "film.gif", writer="pillow", dpi=40)
    assert (tmp_path / "film.gif").read_bytes()[:3] == b"GIF"


def test_animation_of_a_diverging_run_counts_the_lost(tmp_path):
    film = animation(
        problem("quadratic", dimension=2), step_size=3.0, frames=4, steps_per_frame=400, replicas=4
    )
    film.save(tmp_path / "film.gif", writer="pillow", dpi=40)
    assert film._fig.axes[0].get_title().endswith("iteration 1200, 4 diverged")
    assert legend(film._fig.axes[0]) == ["minimisers", "4 replicas"]


def test_series_differ_and_repeat_without_end():
    assert len(set(series(36))) == 36
    assert len(series(40)) == 40
    assert series(1)[0] == (COLOURS[0], "o")


def test_a_metric_of_one_finite_row_is_seen_and_runs_differ_without_colour(axes):
    rows = {"iteration": [0, 1, 2], "loss": [1.0, np.inf, np.nan]}
    metric_over_rows(axes, {name: pd.DataFrame(rows) for name in "abc"}, "iteration", "loss")
    assert [line.get_marker() for line in axes.lines] == ["o"] * 3
    assert len({line.get_linestyle() for line in axes.lines}) == 3
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("iterations (count)", "loss (nats)")


def test_a_quantity_over_a_swept_key_has_units(axes):
    points = pd.DataFrame({"step_size": [0.1, 0.2], "floor": [1.0, 2.0], "floor_bound": [4.0, np.nan]})
    drawn(quantity_over_key(axes, points, "step_size", "floor"))
    assert axes.get_xlabel() == "step size η (distance per unit of gradient)"
    assert "(" in axes.get_ylabel()
