"""
Two engines, one result
=======================

The extra ``fast`` compiles the training of an epoch with numba. It is for small networks and small
batches, whose many short steps cost NumPy more in calls than in arithmetic.
"""

# %%
# The same network, trained by both. The first compiled fit of all compiles, which takes some
# seconds and is kept on disk; ``skinit warm-up`` does it in advance.

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skinit import InitMLPClassifier

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_digits(return_X_y=True)
X = X / 16


def fit(engine, width, epochs=8):
    """Return the loss curve, and the seconds that an epoch takes: the least of three times."""
    network = InitMLPClassifier(
        (width,), batch_size=32, engine=engine, max_iter=epochs, random_state=0
    )
    times = []
    for _ in range(3):
        start = time.perf_counter()
        network.fit(X, y)
        times.append((time.perf_counter() - start) / epochs)
    return network.loss_curve_, min(times)


_ = fit("compiled", 8, epochs=1)  # compile
widths = [8, 16, 32, 64, 128, 256]
engines = ["numpy", "compiled"]
runs = {engine: [fit(engine, width) for width in widths] for engine in engines}

# %%
# What was computed is the same, up to rounding.

curves = {engine: np.array([curve for curve, _ in runs[engine]]) for engine in engines}
print(f"largest difference of a loss: {abs(curves['numpy'] - curves['compiled']).max():.1e}")

# %%
# How long an epoch took, and how many times as long without compiling. They were
# measured on the machine that built this page; the :doc:`benchmarks </benchmarks>` are careful
# ones.

seconds = {engine: np.array([each for _, each in runs[engine]]) for engine in engines}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for engine, style in zip(engines, ["o-", "s--"], strict=True):
    axes[0].semilogx(widths, 1000 * seconds[engine], style, base=2, label=engine)
axes[0].set(xlabel="hidden units", ylabel="milliseconds per epoch", ylim=(0, None))
axes[0].set_xticks(widths, widths)
axes[0].legend()
axes[1].semilogx(widths, seconds["numpy"] / seconds["compiled"], "D-", base=2, color="C2")
axes[1].axhline(1, color="0.7", lw=0.8)
axes[1].set(xlabel="hidden units", ylabel="NumPy's time / compiled", ylim=(0, None))
_ = axes[1].set_xticks(widths, widths)
