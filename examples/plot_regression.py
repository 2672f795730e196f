"""
Numbers instead of classes
==========================

:class:`~skinit.InitMLPRegressor` is scikit-learn's ``MLPRegressor`` with a choice of weight
initialization. On a target that is far from zero the start of the output layer matters most.
"""

# %%
# Diabetes: the target has a mean of 152. A network whose outputs start near zero must first learn
# that mean, one step of its output bias at a time. ``auto`` begins there.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_diabetes(return_X_y=True)


def curve(init, train, test):
    """Return the root mean squared error on held-out rows after each of 100 epochs."""
    network = InitMLPRegressor(
        hidden_layer_sizes=(32,),
        init=init,
        learning_rate_init=0.01,
        max_iter=100,
        early_stopping=True,
        n_iter_no_change=100,
        random_state=0,
    )
    scaler = StandardScaler().fit(X[train])
    network.fit(
        scaler.transform(X[train]), y[train], X_val=scaler.transform(X[test]), y_val=y[test]
    )
    r2 = np.array(network.validation_scores_)
    return y[test].std() * np.sqrt(1 - r2)


splits = list(KFold(5, shuffle=True, random_state=0).split(X))
curves = {
    init: np.array([curve(init, *split) for split in splits])
    for init in ["sklearn", "he", "torch", "auto"]
}

# %%
# Median and range of the error over five folds. The grey line is the standard deviation of the
# target: what predicting its mean costs.

plt.figure(figsize=(6.4, 3.8), layout="constrained")
for (init, errors), style in zip(curves.items(), ["-", "--", ":", "-."], strict=True):
    epochs = np.arange(1, errors.shape[1] + 1)
    (line,) = plt.plot(epochs, np.median(errors, axis=0), style, label=init)
    plt.fill_between(epochs, errors.min(0), errors.max(0), color=line.get_color(), alpha=0.15, lw=0)
plt.axhline(y.std(), color="0.6", lw=0.8)
plt.ylim(bottom=0)
plt.xlabel("epoch")
plt.ylabel("root mean squared error, held-out rows")
_ = plt.legend()
