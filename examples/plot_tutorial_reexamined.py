"""
Four starts, two learning rates
===============================

A well-known experiment trains one small network four times, on 100 pictures of cats and dogs, and
concludes that one start is better than another. The same four starts at a hundredth of the
learning rate tell another story.
"""

# %%
# The pictures are drawn, so that the example needs no download. A picture has 150 x 150 pixels in
# three colours; wide data such as these are trained in their row space, exactly, so that 2000 steps
# of gradient descent take a moment.

import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skinit import InitializationWarning, InitMLPClassifier
from skinit.datasets import make_cats_vs_dogs

warnings.simplefilter("ignore", ConvergenceWarning)  # all 2000 steps are what we want
warnings.simplefilter("ignore", InitializationWarning)  # and a start that cannot learn

pictures = make_cats_vs_dogs(random_state=0)
X, y = pictures.data, pictures.target
figure, axes = plt.subplots(1, 6, figsize=(8, 1.6), layout="constrained")
for ax, picture, label in zip(axes, X[::17], y[::17], strict=True):
    ax.imshow(picture.reshape(150, 150, 3))
    ax.set_title(pictures.target_names[label], fontsize=9)
    ax.set_axis_off()

# %%
# All starts are the same normal numbers times a factor. Arrays are taken as they are.

sizes = [67_500, 5, 5, 1]
factors = {
    "zeros": lambda fan_in: 0.0,
    "random": lambda fan_in: 10.0,
    "he": lambda fan_in: (2 / fan_in) ** 0.5,
    "xavier": lambda fan_in: (1 / fan_in) ** 0.5,
}


def first_weights(factor):
    """Return one array per layer."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) * factor(shape[0]) for shape in pairwise(sizes)]


# %%
# Plain gradient descent: all rows at once, no momentum, no penalty.


def train(init, learning_rate, steps=2000):
    """Train the network of the experiment from one start."""
    network = InitMLPClassifier(
        (5, 5),
        "tanh",
        init=init,
        solver="sgd",
        batch_size="full",
        momentum=0,
        alpha=0,
        learning_rate_init=learning_rate,
        max_iter=steps,
        n_iter_no_change=np.inf,
        random_state=1,
    )
    return network.fit(X, y)


styles = {"zeros": "k--", "random": "C1-", "he": "C0-", "xavier": "C3-"}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
for ax, rate in zip(axes, [0.01, 0.0001], strict=True):
    for name, factor in factors.items():
        network = train(first_weights(factor), rate)
        rises = np.mean(np.diff(network.loss_curve_) > 1e-12)
        print(f"rate {rate:<6} {name:7} accuracy {network.score(X, y):.2f}, loss rises {rises:.2f}")
        ax.plot(network.loss_curve_, styles[name], lw=1, label=name)
    ax.set(title=f"learning rate {rate}", xlabel="step", yscale="log")
axes[0].set_ylabel("log loss (nats)")
_ = axes[1].legend()

# %%
# At 0.01 the curves of ``he`` and ``xavier`` jump: the rate is too high for the curvature at these
# starts, and which of the two ends lower is chance. At 0.0001 both go down at every step. What is
# certain is only what the first two starts show: zeros cannot learn here, and weights ten times a
# standard normal saturate every unit.
#
# :doc:`The tutorial </tutorial>` has the whole story.
