"""
Your own initializer in ten lines, judged
=========================================

A new initializer is a function. Whether it is better than the established ones is a question for a
comparison, not for one run.
"""

# %%
# Weights with heavy tails: most are small, a few are large. `rng` is a
# :class:`numpy.random.Generator` that belongs to the layer.

import warnings

from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, compare_initializers
from skinit.initializers import FromCallable

warnings.simplefilter("ignore", ConvergenceWarning)


def heavy_tails(fan_in, fan_out, rng):
    """Draw from Student's distribution with 3 degrees of freedom, of variance 1/fan_in."""
    return rng.standard_t(3, size=(fan_in, fan_out)) / (3 * fan_in) ** 0.5


_ = FromCallable(heavy_tails).plot(fan_in=100, fan_out=100)

# %%
# The control is named before any result is seen: does it beat what you would use anyway?

X, y = load_breast_cancer(return_X_y=True)
comparison = compare_initializers(
    make_pipeline(StandardScaler(), InitMLPClassifier((16,), learning_rate_init=0.01, max_iter=25)),
    X,
    y,
    init={"heavy tails": heavy_tails, "auto": "auto", "he": "he", "random": "random"},
    control="auto",
    n_seeds=2,
    random_state=0,
    progress=False,
)
print(comparison.sentence())

# %%
# The hill is what is known about the difference, the grey band is what would not matter.

_ = comparison.plot_differences()
