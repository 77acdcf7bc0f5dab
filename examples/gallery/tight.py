"""Where is the bound on stationarity tight?

Problems run at a tenth of the largest step size that `stationarity` allows. The share of each bound on the path
average of `‖∇F‖²` that a run uses up says how much the bound gives away there. A share of 1 is a worst case; a cohort
that learns mutually, whose ζ allows for utter disagreement, should use little.

Figure: share of each bound used by each problem, on a logarithmic axis, from nearly 1 for the worst-case
problems down to less than a hundredth for the cohort of learners.
"""

from simulations import problem
from simulations.experiments.tightness import tightness
from simulations.plots.style import new_figure
from simulations.plots.tightness import usage

NAMES = ("relative-bias", "noise-floor", "quadratic", "pl-sine", "rastrigin", "double-well", "rdml-logits")

usages = tightness([problem(name) for name in NAMES], steps=4000, replicas=32)
best: dict[str, tuple[float, str]] = {}
for found in usages:
    best[found.problem] = max(best.get(found.problem, (0.0, "")), (found.share.value, found.bound))
    share, low, high = found.share
    print(f"{found.problem:>14}, {found.bound:<18} {share:.4f} [{low:.4f}, {high:.4f}]")

figure, axes = new_figure(7.2, 4.6)
usage(axes, usages)
figure.savefig("tight.svg")

order = sorted(best, key=lambda name: -best[name][0])
first, second, last = order[0], order[1], order[-1]
print(f"Answer: on {first} and {second} runs use {best[first][0]:.1%} and {best[second][0]:.1%} of the sharpest bound; "
      f"on {last} only {best[last][0]:.1%}.")  # fmt: skip
