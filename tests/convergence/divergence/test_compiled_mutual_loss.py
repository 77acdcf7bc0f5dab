"""The mutual loss under `torch.compile`: the same numbers, and in float32 on the CPU one node for all pairs."""

from __future__ import annotations

import pytest
import torch
from functorch.compile import make_boxed_func
from torch import Tensor
from torch._dynamo.backends.common import aot_autograd

from convergence import MutualLoss


@pytest.fixture
def compiled():
    """A compiled training loss, and the operators of its forward graphs."""
    torch._dynamo.reset()
    operators = []

    def forward(module, _):
        operators.extend(str(node.target) for node in module.graph.nodes if node.op == "call_function")
        return make_boxed_func(module.forward)

    backend = aot_autograd(fw_compiler=forward, bw_compiler=lambda module, _: make_boxed_func(module.forward))
    yield torch.compile(loss, fullgraph=True, backend=backend), operators
    torch._dynamo.reset()


def loss(mutual: MutualLoss, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    losses, disagreement = mutual(logits, labels)
    return losses @ torch.arange(1.0, len(losses) + 1), disagreement


def numbers(function, mutual: MutualLoss, batch: int = 7) -> list[Tensor]:
    torch.manual_seed(batch)
    logits, labels = 3 * torch.randn(3, batch, 5), torch.randint(5, (batch,))
    logits.requires_grad_()
    value, disagreement = function(mutual, logits, labels)
    value.backward()
    return [value.detach(), disagreement, logits.grad]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_one_function_serves_every_order(compiled, temperature):
    function, operators = compiled
    for alpha in (1.5, 2.0, 0.5):
        mutual = MutualLoss(alpha, beta=0.7, temperature=temperature)
        torch.testing.assert_close(numbers(function, mutual), numbers(loss, mutual), rtol=1e-6, atol=1e-7)
    assert sum("renyi_dml.cohort" in name for name in operators) in (1, 2, 3)  # one a graph
    assert len(operators) < 100  # the general path has thousands


def test_batches_of_any_size_and_no_gradient(compiled):
    function, _ = compiled
    mutual = MutualLoss(1.5, temperature=2.5)
    for batch in (7, 4, 9):
        torch.testing.assert_close(numbers(function, mutual, batch), numbers(loss, mutual, batch))
    with torch.no_grad():
        logits, labels = torch.randn(3, 6, 5), torch.randint(5, (6,))
        torch.testing.assert_close(function(mutual, logits, labels), loss(mutual, logits, labels))


def test_an_order_outside_its_domain_is_refused():
    for alpha in (-0.5, float("nan"), -float("inf")):
        with pytest.raises(ValueError, match=rf"alpha={alpha} is outside \[0, inf\]"):
            MutualLoss(alpha)
