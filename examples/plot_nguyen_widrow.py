"""
An old initializer returns
==========================

Nguyen and Widrow (1990) asked each hidden unit of a tanh network to look after its own piece of the
input range. For a function of one variable that is still hard to beat.
"""

# %%
# The task: a curve with many bends, from 200 noisy points, by one hidden layer of 30 tanh units.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skinit import InitMLPRegressor, get_initializer

warnings.simplefilter("ignore", ConvergenceWarning)
rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-1, 1, 200))
y = np.sin(3 * np.pi * x) * np.exp(-x) + rng.normal(0, 0.1, 200)
grid = np.linspace(-1, 1, 400)


def fit(init, max_iter, seed=0):
    """Fit 30 tanh units from one start, with L-BFGS."""
    network = InitMLPRegressor(
        hidden_layer_sizes=(30,),
        activation="tanh",
        init=init,
        solver="lbfgs",
        max_iter=max_iter,
        random_state=seed,
    )
    return network.fit(x[:, None], y)


# %%
# Where the units are active before training. With small weights and no biases all of them bend at
# zero, and are nearly the same straight line. Nguyen and Widrow's cover the range.

figure, axes = plt.subplots(2, 2, figsize=(8, 5), sharex=True, layout="constrained")
for column, init in zip(axes.T, ["xavier", "nguyen_widrow"], strict=True):
    start = get_initializer(init).sample(1, 30, np.random.default_rng(0))
    column[0].plot(grid, np.tanh(grid[:, None] @ start[0] + start[1]), lw=0.8, color="C0")
    column[0].set_title(f"{init}: the 30 units at the start")
    column[1].plot(x, y, ".", color="0.7", ms=3)
    for steps, style in [(20, ":"), (60, "--"), (200, "-")]:
        column[1].plot(grid, fit(init, steps).predict(grid[:, None]), style, label=f"{steps} steps")
    column[1].set_xlabel("x")
_ = axes[1, 1].legend(fontsize=8)

# %%
# One seed proves nothing: the median error of ten seeds, by the number of steps. The noise alone is
# 0.01. With enough steps the others arrive too; with more inputs than a few, the advantage goes.

budgets = [10, 30, 60, 100, 200]
plt.figure(figsize=(6.4, 3.4), layout="constrained")
for init, style in zip(
    ["xavier", "he", "sklearn", "auto", "nguyen_widrow"],
    ["o-", "s--", "^:", "v-.", "D-"],
    strict=True,
):
    errors = [
        np.median(
            [np.mean((fit(init, n, seed).predict(x[:, None]) - y) ** 2) for seed in range(10)]
        )
        for n in budgets
    ]
    plt.plot(budgets, errors, style, label=init)
plt.axhline(0.01, color="0.7", lw=0.8)
plt.yscale("log")
plt.xlabel("steps of L-BFGS")
plt.ylabel("mean squared error")
_ = plt.legend(fontsize=8)
