"""What only a CUDA device can show: kernels as compiled, graphs as captured, and training and verification there."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from convergence.claims import load_claims
from convergence.claims.verdict import Status, Verdict
from convergence.divergence import MutualLoss, gradient_own, renyi_divergence
from convergence.divergence.triton_cohort import takes
from simulations.device import cuda_trouble
from simulations.ensemble.run import simulate
from simulations.networks.captured import fixed_step
from simulations.networks.image_witness import Trial, witness
from simulations.networks.models import mlp
from simulations.networks.settings import Settings
from simulations.networks.stacked import StackedCohorts
from simulations.networks.training import train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(cuda_trouble() is not None, reason=f"no device: {cuda_trouble()}"),
]


def logits_of(shape: tuple[int, int, int], dtype: torch.dtype) -> Tensor:
    generator = torch.Generator("cuda").manual_seed(0)
    logits = 4 * torch.randn(shape, generator=generator, device="cuda")
    logits[1, 0] = logits[0, 0] + 1e-2 * logits[1, 0]  # near equality
    logits[:, 1, ::3] = -torch.inf
    return logits.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(2, 16, 32000), (4, 4, 128256), (3, 8, 10), (2, 2, 262144)])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 1 + 1e-7, 2.0])
def test_fused_loss(dtype: torch.dtype, shape: tuple[int, int, int], alpha: float) -> None:
    logits = logits_of(shape, dtype).requires_grad_()
    labels = torch.arange(shape[1], device="cuda") * 3 + 2
    labels %= shape[2]
    labels[1] = 1
    assert takes(logits, alpha, "fast")
    losses, disagreement = MutualLoss(alpha, precision="fast")(logits, labels)
    losses.sum().backward()
    assert logits.grad is not None
    exact, batch = logits.detach().double(), shape[1]
    expected = torch.stack([z.softmax(-1) for z in exact])
    expected[:, torch.arange(batch), labels] -= 1
    losses_expected = torch.stack([cross_entropy(z, labels) for z in exact])
    for k, j in permutations(range(shape[0]), 2):
        mean = renyi_divergence(exact[j], exact[k], alpha=alpha).mean()
        torch.testing.assert_close(disagreement[k, j].double(), mean, rtol=5e-6, atol=0)
        losses_expected[k] += mean / (shape[0] - 1)
        expected[k] += gradient_own(exact[j], exact[k], alpha=alpha) / (shape[0] - 1)
    torch.testing.assert_close(losses.double(), losses_expected, rtol=5e-6, atol=0)
    unit = {torch.float32: 1e-5, torch.bfloat16: 2.0**-8, torch.float16: 2.0**-11}[dtype]
    error = (logits.grad.double() * batch - expected).abs().amax(-1) / expected.abs().amax(-1)
    assert float(error.max()) < unit * (1 + 1e-3)


def test_memory_is_logits_and_gradients() -> None:
    logits = torch.randn(2, 1024, 32000, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    labels = torch.zeros(1024, dtype=torch.int64, device="cuda")
    MutualLoss(1.5)(logits, labels).losses.sum().backward()
    logits.grad = None
    torch.cuda.reset_peak_memory_stats()
    MutualLoss(1.5)(logits, labels).losses.sum().backward()
    assert torch.cuda.max_memory_allocated() <= 1.02 * 2 * logits.nbytes


def test_captured_cohorts_learn_the_same() -> None:
    torch.manual_seed(0)
    made = [[mlp(64, 10).cuda() for _ in range(4)] for _ in range(3)]
    plain, graphed = (StackedCohorts(made, step_size=0.1, alpha=1.5, momentum=0.9) for _ in range(2))
    inputs, labels = torch.randn(5, 3, 32, 64).cuda(), torch.randint(10, (5, 3, 32)).cuda()
    step = fixed_step(graphed, inputs[0], labels[0])
    for batch in zip(inputs, labels, strict=True):
        plain.step(*batch)
        step(*batch)
    torch.testing.assert_close(graphed.logits(inputs[0, 0]), plain.logits(inputs[0, 0]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_ensembles_have_the_streams_of_the_cpu(dtype: str) -> None:
    options = {"step_size": 0.05, "steps": 200, "replicas": 1000, "seed": 1, "dtype": dtype}
    here, there = (simulate("double-well", device=device, **options) for device in ("cpu", "cuda"))
    tolerance = 1e-9 if dtype == "float64" else 1e-2  # rounding grows between the wells
    torch.testing.assert_close(
        torch.from_numpy(there.final), torch.from_numpy(here.final), rtol=0, atol=tolerance
    )


def test_training_follows_the_cpu() -> None:
    here, there = (train(Settings(steps=20, ledger_every=10, device=d)) for d in ("cpu", "cuda"))
    torch.testing.assert_close(
        torch.tensor(there.run.losses), torch.tensor(here.run.losses), rtol=1e-9, atol=0
    )
    assert there.holds


def test_verification_on_resnet18() -> None:
    claims, trial = list(load_claims().values()), Trial(samples=128, alphas=(1.5,), steps=3)
    found = list(witness(claims, seed=0, full=False, progress=print, trial=trial))
    assert {v.status for v in found if isinstance(v, Verdict)} == {Status.CHECKED}
