"""What does an ensemble of SGD runs do on a double well?

300 replicas begin off the centre of a double well in the plane, which has four minima. With a constant step size
they fall into wells and keep moving: "reaches nearby optima and goes on searching within a bounded scope". The film
shows the ensemble; the figure counts how many replicas are outside the well that they first settled in.

Figure: share of replicas outside their first well over iterations, at three step sizes; it rises with the step size.
"""

import numpy as np

from simulations import problem, simulate
from simulations.plots.cloud import animation
from simulations.plots.style import new_figure, series

WELL = problem("double-well", dimension=2, noise_variance=3.0)
STEPS, REPLICAS, SETTLED = 1500, 300, 100

film = animation(WELL, step_size=0.1, frames=60, steps_per_frame=5, replicas=REPLICAS)
film.save("double_well.gif", writer="pillow")

figure, axes = new_figure()
moved, farthest = {}, 0.0
for step_size, (colour, _) in zip((0.05, 0.1, 0.15), series(3), strict=True):
    run = simulate(WELL, step_size=step_size, steps=STEPS, replicas=REPLICAS, path=True)
    x = run.path["iterates"].numpy()  # (replicas, steps + 1, 2)
    wells = np.sign(x[:, SETTLED:])
    away = (wells != wells[:, :1]).any(2).mean(0)
    moved[step_size], farthest = away[-1], max(farthest, float(np.abs(x).max()))
    axes.plot(np.arange(SETTLED, STEPS + 1), 100 * away, color=colour, label=f"η = {step_size:g}")
    print(
        f"η = {step_size:.2f}: {away[-1]:.0%} outside their first well after {STEPS} steps, {run.diverged} diverged"
    )
axes.set(
    xlabel="iteration",
    ylabel="replicas outside their first well (%)",
    title="Double well in the plane, σ² = 3",
)
axes.legend()
figure.savefig("double_well.svg")
print(f"largest coordinate ever seen: {farthest:.2f}")
print(f"Answer: the replicas go on searching, {moved[0.05]:.0%} of them in another well at η = 0.05 and "
      f"{moved[0.15]:.0%} at η = 0.15, and none ever has a coordinate beyond ±{farthest:.1f}.")  # fmt: skip
