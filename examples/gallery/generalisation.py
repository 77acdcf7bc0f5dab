"""Does RDML generalise better here, and how sure are we?

Pairs of small perceptrons on `mnist1d`, paired seeds (same weights, batches and budget). RDML of order α is set beside
DML of the same β, beside the control of weight αβ (near agreement the same thing), and, each at the weight
that validation chose, beside DML. Intervals are Student's over seeds; thin ones hold for all differences at once.

Figure: paired differences in test accuracy with intervals; a difference is clear where the thin interval leaves 0 out.
"""

from simulations.experiments.generalisation import compare
from simulations.networks.comparison_figures import differences
from simulations.plots.style import new_figure

found = compare(data="mnist1d", seeds=8, orders=(0.5, 2.0), weights=(0.5, 1.0, 2.0, 4.0), steps=800)
shown = [d for d in found.differences if d.metric == "accuracy"]
for d in shown:
    low, high = 100 * d.interval.low, 100 * d.interval.high
    print(f"{d.kind:>7}: {d.arm} − {d.rival}: {100 * d.interval.value:+.2f} points [{low:+.2f}, {high:+.2f}]"
          f"{' clear' if d.is_clear else ''}")  # fmt: skip

figure, axes = new_figure(8.0, 4.2)
scaled = [
    (f"{d.arm} − {d.rival}", *(type(i)(*(100 * end for end in i)) for i in (d.interval, d.simultaneous)))
    for d in shown
]
differences(axes, scaled, unit="difference in test accuracy (percentage points)")
axes.set_title(f"mnist1d, {found.seeds} paired seeds")
figure.savefig("generalisation.svg")

gains = [d for d in shown if d.kind != "mutual" and d.is_clear and d.interval.value > 0]
losses = [d for d in shown if d.kind != "mutual" and d.is_clear and d.interval.value < 0]
trials = len([d for d in shown if d.kind != "mutual"])
print(f"Answer: of {trials} comparisons of an order with DML or its control, {len(gains)} show a clear gain in "
      f"accuracy and {len(losses)} a clear loss; this speaks of one data set, one split, 8 seeds.")  # fmt: skip
