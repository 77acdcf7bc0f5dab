"""What becomes of the order when it is trained?

The Rényi divergence is tunable, so one may train its order with the weights. But `∂D/∂α ≥ 0` (`order-monotone`), so
descent on the loss can only lower it. What is trained here is log α, since a step on α itself can leave the domain:
below 0 there is no divergence, and the loss is NaN. Three cohorts of two perceptrons on digits begin at orders ½, 1
and 2.

Figure: the order over training steps from three beginnings; every curve falls, fast at first, then hardly at
all as the learners agree.
"""

import torch

from convergence import MutualLoss
from simulations.networks.data import digits
from simulations.plots.style import new_figure, series

torch.set_num_threads(1)
data = digits(torch.float32)
inputs, labels = data.train_inputs.flatten(1), data.train_labels


def train(start, steps=600):
    torch.manual_seed(1)
    layers = lambda: (torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))  # noqa: E731
    models = [torch.nn.Sequential(*layers()) for _ in range(2)]
    log_order = torch.nn.Parameter(torch.tensor(start).log())
    weights = torch.optim.SGD([p for model in models for p in model.parameters()], lr=0.05)
    orders, apart = torch.optim.SGD([log_order], lr=0.2), 0.0
    history = [start]
    for _ in range(steps):
        rows = torch.randint(len(labels), (64,))
        mutual_loss = MutualLoss(alpha=log_order.exp(), beta=1.0)
        losses, disagreement = mutual_loss(
            torch.stack([model(inputs[rows]) for model in models]), labels[rows]
        )
        weights.zero_grad(), orders.zero_grad()
        losses.sum().backward()
        weights.step(), orders.step()
        history.append(log_order.exp().item())
        apart = disagreement.sum().item() / 2
    return history, apart


figure, axes = new_figure()
rises, ends = 0, {}
for start, (colour, _) in zip((0.5, 1.0, 2.0), series(3), strict=True):
    history, apart = train(start)
    steps = torch.tensor(history).diff()
    rises, ends[start] = rises + int((steps > 0).sum()), history[-1]
    axes.plot(history, color=colour, label=f"from α = {start:g}")
    print(f"from {start:g}: α = {history[100]:.4f} after 100 steps, {history[-1]:.4f} after {len(history) - 1}; "
          f"learners {apart:.3f} nats apart on the last batch; {int((steps > 0).sum())} steps up")  # fmt: skip
axes.set(
    xlabel="training step",
    ylabel="order α",
    title="Order trained with the weights, digits, β = 1",
    ylim=(0, None),
)
axes.legend()
figure.savefig("trained_order.svg")
print(f"Answer: the order only falls ({rises} of 1800 steps go up), from 2 to {ends[2.0]:.2f} and from ½ to "
      f"{ends[0.5]:.2f}: training it does not choose an order, it lowers it until the learners agree.")  # fmt: skip
