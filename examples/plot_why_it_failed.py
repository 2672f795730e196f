"""
Why it failed
=============

Four networks learn nothing, or learn late, for four different reasons. :func:`skinit.diagnose`
tells them apart before a single epoch is trained.
"""

# %%

import warnings

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skinit import InitializationWarning, InitMLPClassifier, diagnose

warnings.simplefilter("ignore", ConvergenceWarning)
warnings.simplefilter("ignore", InitializationWarning)

X, y = load_digits(return_X_y=True)
raw, X = 100 * X, scale(X)
networks = {
    "zeros": (X, InitMLPClassifier((32, 32), "tanh", init="zeros")),
    "too large": (X, InitMLPClassifier((32,) * 5, "tanh", init="random")),
    "too deep": (X, InitMLPClassifier((32,) * 20, "relu", init="xavier")),
    "not scaled": (raw, InitMLPClassifier((32, 32), "tanh", init="xavier")),
    "sound": (X, InitMLPClassifier((32, 32), "tanh", init="xavier")),
}

# %%
# Each verdict is a code, the evidence and the cure. A sound start gets none.

for name, (inputs, network) in networks.items():
    network.set_params(random_state=0, solver="sgd", learning_rate_init=0.05, max_iter=30)
    print(f"{name}: {diagnose(network, inputs, y, random_state=0)}\n")

# %%
# What they said would happen, happens.

styles = ["-", "--", ":", "-.", "-"]
figure, axes = plt.subplots(figsize=(7.2, 3.8), layout="constrained")
for (name, (inputs, network)), style in zip(networks.items(), styles, strict=True):
    axes.semilogy(network.fit(inputs, y).loss_curve_, style, label=name)
axes.axhline(2.303, color="0.7", lw=0.8)
axes.annotate("guessing", (29, 2.303), (0, 4), "data", "offset points", color="0.4", ha="right")
axes.set(xlabel="epoch", ylabel="training loss (nats)")
figure.legend(loc="outside right center")

# %%
# The evidence, layer by layer: signal and gradient on the way through the deep network.

_ = diagnose(clone(networks["too deep"][1]), X, y, random_state=0).plot()
