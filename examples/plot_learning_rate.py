"""
The learning rate, not the initializer
======================================

Compare initializers at one learning rate, and the table may say more about the rate than about the
initializers. Here the ranking turns round between the smallest rate and the largest, and little is
left of it when each initializer gets the rate that suits it.
"""

# %%
# With ``tune``, every candidate is trained with every rate on a part of the training rows, and
# keeps the one that does best on the rest of them. All of it happens inside each split.

import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, compare_initializers

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_digits(return_X_y=True)
network = InitMLPClassifier((24, 24, 24), "relu", solver="sgd", max_iter=20)
comparison = compare_initializers(
    make_pipeline(StandardScaler(), network),
    X[:600],
    y[:600],
    init=["he", "isometric", "xavier", "torch"],
    tune={"learning_rate_init": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]},
    cv=5,
    curves=False,
    random_state=0,
    progress=False,
)

# %%
# What would have been said at each rate alone: the ranks of the log loss on the inner validation
# rows. At small rates the largest weights win: the signal is strong, and there is no time to go
# anywhere. At large ones they are the first to overshoot.

rates = comparison.compare_at_each_rate()
rates.pivot(index="label", columns="learning_rate_init", values="rank")

# %%
# And with the rate that each initializer chose:

print(comparison.sentence())

# %%
# The inner log loss that decided. What matters is not where a curve lies at one rate, but its
# minimum, and how wide the valley is.

_ = comparison.plot_tuning()
