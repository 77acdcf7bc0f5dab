"""SGD ensembles as users of JAX and of NumPy write them, on the problems that `ensembles.py` compares.

Every function here moves R replicas by T steps of `x ← x − η(∇F(x) + b + s·n)` and sums `‖∇F‖²` per replica.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from simulations.problems.problem import Problem

STEP_SIZE = 0.005


def gradient_of(problem: Problem, xp: Any, dtype: str) -> tuple[Callable[[Any], tuple[Any, Any]], float]:
    """`x (…, d) -> (∇F, ∇F + b)` in the module `xp` (NumPy or jax.numpy), and the scale of the noise."""
    assert problem.kernel is not None
    rows = [xp.asarray(np.array(row, dtype=dtype)) for row in problem.kernel.parameters]
    real = np.dtype(dtype).type

    def quadratic(x):
        gradient = rows[0] * x
        return gradient, gradient + rows[1]

    def double_well(x):
        inside = xp.clip(x, real(-1.5), real(1.5))
        gradient = inside * inside * inside - inside + real(5.75) * (x - inside)
        return gradient, gradient

    def rastrigin(x):
        gradient = real(2) * x + real(20 * math.pi) * xp.sin(real(2 * math.pi) * x)
        return gradient, gradient

    def softmax(z):
        powers = xp.exp(z - z.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)

    def rdml_logits(x):
        alpha, beta, learners, classes = (
            problem.parameters[k] for k in ("alpha", "beta", "learners", "classes")
        )
        z = x.reshape(*x.shape[:-1], learners, classes)
        other = z[..., ::-1, :]
        p = softmax(z)
        gradient = p - rows[0].reshape(learners, classes)
        direction = gradient + real(beta) * (p - softmax(real(alpha) * other + real(1 - alpha) * z))
        return gradient.reshape(x.shape), direction.reshape(x.shape)

    functions = {f.__name__: f for f in (quadratic, double_well, rastrigin, rdml_logits)}
    return functions[problem.name.replace("-", "_")], problem.kernel.noise_scale


def centred(noise: Any, problem: Problem) -> Any:
    """The noise, centred over the classes where the problem's is."""
    if problem.name != "rdml-logits":
        return noise
    z = noise.reshape(*noise.shape[:-1], problem.parameters["learners"], -1)
    return (z - z.mean(-1, keepdims=True)).reshape(noise.shape)


def numpy_run(problem: Problem, replicas: int, steps: int, dtype: str) -> Callable[[], Any]:
    """Whole-array operations on `(R, d)`, NumPy's fastest generator, buffers reused."""
    gradient, scale = gradient_of(problem, np, dtype)
    rng = np.random.Generator(np.random.SFC64(0))
    x = np.tile(np.array(problem.start, dtype=dtype), (replicas, 1))
    noise, total = np.empty_like(x), np.zeros(replicas, dtype)
    real = np.dtype(dtype).type

    def run():
        for _ in range(steps):
            slope, direction = gradient(x)
            np.add(total, np.einsum("ij,ij->i", slope, slope), out=total)
            rng.standard_normal(out=noise, dtype=dtype)
            step = centred(noise, problem) * real(scale)
            step += direction
            step *= real(STEP_SIZE)
            np.subtract(x, step, out=x)

    return run


def jax_run(
    problem: Problem, replicas: int, steps: int, dtype: str, keys: str, batched: bool
) -> Callable[[], Any]:
    """`jit(vmap(scan))`, or `batched` one scan over steps of all replicas; `keys` name JAX's generator."""
    import jax
    import jax.numpy as jnp

    gradient, scale = gradient_of(problem, jnp, dtype)
    real = np.dtype(dtype).type

    def step(carry, key):
        x, total = carry
        slope, direction = gradient(x)
        noise = centred(jax.random.normal(key, x.shape, dtype), problem)
        return (
            x - real(STEP_SIZE) * (direction + real(scale) * noise),
            total + (slope * slope).sum(-1),
        ), None

    def path(key, x):
        return jax.lax.scan(step, (x, jnp.zeros(x.shape[:-1], dtype)), jax.random.split(key, steps))[0]

    start = jnp.tile(jnp.array(problem.start, dtype), (replicas, 1))
    key = jax.random.key(0, impl=keys)
    run = jax.jit(path if batched else jax.vmap(path))
    key = key if batched else jax.random.split(key, replicas)
    return lambda: jax.block_until_ready(run(key, start))


JAX_GENERATORS = ("threefry2x32", "rbg", "unsafe_rbg")
