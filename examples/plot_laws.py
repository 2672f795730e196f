"""
What an initializer draws
=========================

Names hide formulas. A picture of the weights does not: a histogram of one layer beside the density
that they come from.
"""

# %%
# ``he`` and ``torch`` in a layer of 100 inputs, whose variances differ by a factor of six; a
# truncated normal; an orthogonal matrix, whose weights look normal although they depend on each
# other; and one that few would call random.

import matplotlib.pyplot as plt

from skinit import get_initializer
from skinit.activations import get_activation

names = ["he", "torch", "truncated_normal", "orthogonal", "sparse", "sinusoidal"]
figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
for ax, name in zip(axes.flat, names, strict=True):
    get_initializer(name).plot(fan_in=100, fan_out=100, ax=ax)

# %%
# And what the weights feed: activations, with their derivatives. Where the dashed line is near
# zero, no gradient comes through.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for ax, name in zip(axes, ["tanh", "gelu", "softplus"], strict=True):
    get_activation(name).plot(ax=ax)
