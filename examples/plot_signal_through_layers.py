"""
Signal through 50 layers
========================

Each layer multiplies the variance of its signal by some factor. Through 50 layers that factor is
raised to the power of 50: a little below 1 and nothing arrives, a little above and everything
overflows. The same happens to the gradient on its way back.
"""

# %%
# :func:`skinit.diagnose` sends one batch forward and its gradient back, at the weights that ``fit``
# would start from. Nothing is trained here.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.preprocessing import scale

from skinit import InitMLPClassifier, diagnose

X, y = load_digits(return_X_y=True)
X = scale(X)


def layers(activation, init):
    """Return what `diagnose` measures in each of 50 hidden layers."""
    network = InitMLPClassifier((64,) * 50, activation, init=init, random_state=0)
    return diagnose(network, X, y, random_state=0).to_frame().iloc[:-1]


layers("relu", "he")[["units", "z_std", "gradient_rms"]].head()

# %%
# Four starts, with relu and with tanh. Relu halves the variance, which ``he`` makes up for;
# ``xavier`` does not, and signal and gradient shrink by eight orders of magnitude. ``torch`` draws
# biases too. Its signal ends at what the last biases put in: it lives, but carries nothing of the
# input, and the gradient that comes back is 20 orders of magnitude smaller.
#
# The plateaus of tanh hold the signal of ``he``, and that of ``xavier`` fades only slowly.

starts = ["he", "xavier", "torch", "auto"]
styles = ["-", "--", ":", "-."]
figure, axes = plt.subplots(2, 2, figsize=(8, 5.5), sharex=True, layout="constrained")
for column, activation in zip(axes.T, ["relu", "tanh"], strict=True):
    for init, style in zip(starts, styles, strict=True):
        measured = layers(activation, init)
        column[0].plot(measured["z_std"], style, label=init)
        column[1].plot(measured["delta_rms"], style, label=init)
    column[0].set(title=activation, yscale="log", ylabel="std of pre-activations")
    column[1].set(yscale="log", xlabel="layer", ylabel="rms of dL/dz")
_ = axes[0, 0].legend()
