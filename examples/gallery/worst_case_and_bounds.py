"""How far are the bounds from the exact worst case?

For T steps of size η = ½ on a function with L = 1 and initial gap 1, with a bias of norm at most ½, a semidefinite
programme gives the exact worst average of `‖∇F‖²`, here with certificates on both sides checked in rational arithmetic.
Beside it: the classical bound `stationarity`, its sharp form, and the convex programme of `biased-programme`, which is
exact.

Figure: exact worst case and three bounds over the number of steps; the programme lies on the exact values, the
sharp form above them, the classical bound highest.
"""

from convergence.bounds.biased_programme import biased_programme
from convergence.bounds.stationarity import stationarity, stationarity_sharp
from proofs import worst_case
from simulations.plots.style import new_figure, series

SETTING = {"initial_gap": 1.0, "step_size": 0.5, "smoothness": 1.0, "bias_bound": 0.5}
STEPS = (1, 2, 3, 4, 6, 8, 12, 16)
BOUNDS = {
    "stationarity": stationarity,
    "stationarity-sharp": stationarity_sharp,
    "biased-programme": biased_programme,
}

exact = {steps: worst_case(steps=steps, **SETTING) for steps in STEPS}
curves = {name: [bound(steps=steps, **SETTING) for steps in STEPS] for name, bound in BOUNDS.items()}
for k, steps in enumerate(STEPS):
    ratios = ", ".join(f"{name} {values[k] / exact[steps].upper:.3f}" for name, values in curves.items())
    worst = f"[{exact[steps].lower:.7f}, {exact[steps].upper:.7f}]"
    print(f"T = {steps:2}: worst case in {worst}; bound / worst case: {ratios}")

figure, axes = new_figure()
for (name, values), (colour, marker) in zip(curves.items(), series(3), strict=True):
    axes.plot(STEPS, values, color=colour, marker=marker, label=name)
axes.plot(
    STEPS, [worst.upper for worst in exact.values()], "kx", markersize=9, label="exact worst case, certified"
)
axes.axhline(SETTING["bias_bound"] ** 2, color="black", linewidth=0.8, linestyle=":", label="ζ²")
axes.set(
    xscale="log", xlabel="steps T", ylabel="average of ‖∇F‖²", xticks=STEPS, xticklabels=STEPS, ylim=(0, None)
)
axes.minorticks_off()
axes.legend()
figure.savefig("worst_case_and_bounds.svg")
loss = {
    name: max(v / exact[s].upper for v, s in zip(values, STEPS, strict=True))
    for name, values in curves.items()
}
print(f"Answer: the classical bound is up to {loss['stationarity']:.2f} times the worst case, the sharp form up to "
      f"{loss['stationarity-sharp']:.2f} times, the programme {loss['biased-programme']:.6f} times.")  # fmt: skip
