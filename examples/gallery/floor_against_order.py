"""How does the bias floor depend on the order?

Two learners whose logits are the parameters have labels that disagree by one radian of phase. The mutual term is a bias
of each learner's gradient, so `E‖∇F‖²` has a floor that no step size removes. Lines: the floor of the noiseless flow
at rest. Marks: constant-step SGD with noise, extrapolated to step size 0, with 95 % intervals. The two know nothing of
each other. The last column is the floor that `bias_floor` allows from ζ alone.

Figure: bias floor over the order α, rising and levelling off; marks with intervals lie on the line.
"""

from convergence.bounds.stationarity import bias_floor
from simulations import problem
from simulations.experiments.floor import floor
from simulations.experiments.phase import phase
from simulations.plots.style import COLOURS, new_figure

ORDERS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
MEASURED = (0.25, 0.5, 1.0, 2.0)

at_rest = {cell.alpha: cell.joint_floor for cell in phase(ORDERS, [1.0]).cells}
measured = {}
for k, alpha in enumerate(MEASURED):
    cohort = problem("rdml-logits", alpha=alpha, beta=1.0)
    measured[alpha] = floor(cohort, (0.7, 0.5, 0.35, 0.25), replicas=128, seed=k).fit.intercept
    allowed = bias_floor(bias_bound=cohort.bias.bound)
    sgd = f"{measured[alpha].value:.5f} in [{measured[alpha].low:.5f}, {measured[alpha].high:.5f}]"
    print(f"α = {alpha:4.2f}: at rest {at_rest[alpha]:.5f}, SGD {sgd}, allowed {allowed:.1f}")

figure, axes = new_figure()
axes.plot(list(at_rest), list(at_rest.values()), color=COLOURS[0], marker=".", label="noiseless flow at rest")
axes.errorbar(
    list(measured),
    [m.value for m in measured.values()],
    [[m.value - m.low for m in measured.values()], [m.high - m.value for m in measured.values()]],
    fmt="s", color=COLOURS[1], capsize=4, markerfacecolor="white", label="SGD, step size → 0",
)  # fmt: skip
axes.set_xscale("log", base=2)
axes.set(xlabel="order α", ylabel="bias floor of E‖∇F‖²", ylim=(0, None), title="Two learners, β = 1")
axes.legend()
figure.savefig("floor_against_order.svg")

inside = sum(m.low <= at_rest[alpha] <= m.high for alpha, m in measured.items())
rising = sorted(at_rest.values()) == list(at_rest.values())
print(
    f"Answer: the floor {'rises' if rising else 'does not always rise'} with the order, from {at_rest[0.125]:.4f} at "
    f"α = 1/8 to {at_rest[8.0]:.4f} at α = 8; SGD agrees with the noiseless flow at {inside} of {len(measured)} orders."
)
