"""An ordinary PyTorch loop becomes Rényi deep mutual learning by two lines; at order 1 it is KL mutual learning.

Run: `python examples/mutual_loss.py`. Three classifiers learn scikit-learn's handwritten digits together, once by the
loss of this project at order 1 and once by `F.kl_div`; then the order is changed to 0.5.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from convergence import MutualLoss

EPOCHS, BATCH = 5, 128


def learners() -> nn.ModuleList:
    torch.manual_seed(0)
    return nn.ModuleList(nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10)) for _ in range(3))


def train(models: nn.ModuleList, images: Tensor, labels: Tensor, loss) -> tuple[list[float], float]:
    """The loop: nothing in it but the two marked lines knows of mutual learning."""
    optimiser = torch.optim.SGD(models.parameters(), lr=0.2)
    history = []
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images), generator=torch.Generator().manual_seed(1)).split(BATCH):
            logits = torch.stack(
                [model(images[rows]) for model in models]
            )  # line 1: all learners, same batch
            losses = loss(logits, labels[rows])  # line 2: one loss for each
            optimiser.zero_grad()
            losses.sum().backward()
            optimiser.step()
            history.append(losses.sum().item())
    correct = torch.stack([model(images).argmax(-1) == labels for model in models])
    return history, correct.double().mean().item()


def by_kl_div(logits: Tensor, labels: Tensor) -> Tensor:
    """Deep mutual learning as it is usually written."""
    losses = []
    for k, own in enumerate(logits):
        peers = [peer.detach() for j, peer in enumerate(logits) if j != k]
        mutual = [
            functional.kl_div(own.log_softmax(-1), peer.softmax(-1), reduction="batchmean") for peer in peers
        ]
        losses.append(functional.cross_entropy(own, labels) + sum(mutual) / len(mutual))
    return torch.stack(losses)


def main() -> None:
    digits = load_digits()
    images = torch.tensor(digits.data / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    results = {}
    for name, loss in {
        "F.kl_div": by_kl_div,
        "MutualLoss(alpha=1)": lambda logits, labels: MutualLoss(alpha=1.0)(logits, labels).losses,
        "MutualLoss(alpha=0.5)": lambda logits, labels: MutualLoss(alpha=0.5)(logits, labels).losses,
    }.items():
        results[name], accuracy = train(learners(), images, labels, loss)
        print(f"{name:22} last loss {results[name][-1]:.6f}, accuracy on the training digits {accuracy:.4f}")
    pairs = zip(results["F.kl_div"], results["MutualLoss(alpha=1)"], strict=True)
    apart = max(abs(a - b) / a for a, b in pairs)
    print(
        f"largest relative difference of the first two losses over {len(results['F.kl_div'])} steps: {apart:.1e}"
    )
    assert apart < 1e-4


if __name__ == "__main__":
    main()
