"""
Which initializer for which activation and depth
================================================

An initializer suits an activation, and a difference that does not matter in one layer decides in
ten. Two heat maps of held-out accuracy show it, after the same short training for all.
"""

# %%
# Every initializer is combined with every activation, on the same splits, with the same batches.
# The comparison is kept small so that the page builds in seconds: three splits and ten epochs.

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skinit import InitMLPClassifier, compare_initializers

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_digits(return_X_y=True)
X, y = scale(X)[:1000], y[:1000]


def compare(depth):
    """Compare four initializers and three activations at one depth."""
    return compare_initializers(
        InitMLPClassifier((24,) * depth, learning_rate_init=0.003, max_iter=10),
        X,
        y,
        init=["torch", "xavier", "he", "isometric"],
        activation=["tanh", "relu", "selu"],
        cv=3,
        curves=False,
        random_state=0,
        progress=False,
    )


# %%
# One hidden layer: nearly everything works. Ten hidden layers: only starts that keep the signal of
# *their* activation do. ``he`` is made for relu, ``xavier`` for selu, and ``isometric``, which is
# what ``init="auto"`` stands for, asks the activation for its gain.

figure, axes = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained")
for ax, depth in zip(axes, [1, 10], strict=True):
    comparison = compare(depth)
    comparison.plot_heatmap(ax=ax)
    ax.set_xlabel(f"activation, {depth} hidden layer{'s' * (depth > 1)}")
