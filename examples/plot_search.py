"""
Search for an initializer, and for its scale
============================================

`init` is a hyperparameter like any other. Initializers that are objects have parameters, and a grid
reaches them.
"""

# %%
# With scikit-learn's own search: the scale of the variance, from a twentieth of He's to five times.

import time
import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skinit import InitMLPClassifier, InitMLPSearchCV
from skinit.initializers import VarianceScaling

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_digits(return_X_y=True)
X, y = X[:900] / 16, y[:900]
network = InitMLPClassifier((32, 32), learning_rate_init=0.003, max_iter=12, random_state=0)
scales = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
grid = {"init": [VarianceScaling()], "init__scale": scales}
search = GridSearchCV(network, grid, cv=3).fit(X, y)
print(search.best_params_)

# %%
# :class:`~skinit.InitMLPSearchCV` finds the same, and trains candidates that differ in `init`,
# `learning_rate_init` or `alpha` together. Here with a second parameter: the best scale depends on
# the learning rate.

rates = [0.001, 0.003, 0.01]
both = {**grid, "learning_rate_init": rates}
start = time.perf_counter()
search = InitMLPSearchCV(network, both, cv=3).fit(X, y)
print(f"{len(search.cv_results_['params'])} candidates, {time.perf_counter() - start:.1f} s")

results = search.cv_results_
for rate, marker in zip(rates, "o^s", strict=True):
    chosen = results["param_learning_rate_init"] == rate
    plt.errorbar(
        results["param_init__scale"][chosen].astype(float),
        results["mean_test_score"][chosen],
        results["std_test_score"][chosen],
        marker=marker,
        capsize=2,
        label=f"learning rate {rate}",
    )
plt.axvline(2, color="0.7", ls=":", label="he")
plt.xscale("log")
plt.xlabel("init__scale: variance times fan_in")
plt.ylabel("accuracy on held-out rows")
_ = plt.legend()
