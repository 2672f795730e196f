"""
Early stopping on your own validation set, in a pipeline
========================================================

Rows of one patient, one machine or one day belong together. A random validation set then flatters
the network, and early stopping stops too late. Give it a set of your own.
"""

# %%
# 60 patients with 20 rows each. Every patient has habits, which a network can memorize and which
# say nothing about the next patient.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier

warnings.simplefilter("ignore", ConvergenceWarning)
rng = np.random.default_rng(1)
patient = np.repeat(np.arange(60), 20)
habits = rng.normal(size=(60, 20))[patient]
signal = rng.normal(size=(1200, 3))
luck = rng.normal(size=60)[patient]
X = np.hstack([signal, habits + 0.3 * rng.normal(size=(1200, 20))])
y = signal.sum(axis=1) + 3 * luck + 0.5 * rng.normal(size=1200) > 0

train, validation, test = (np.isin(patient, part) for part in np.split(np.arange(60), [30, 45]))
scaler = StandardScaler().fit(X[train])
X_train, X_validation, X_test = (scaler.transform(X[part]) for part in (train, validation, test))


def network(**options):
    """Return the network of this example."""
    return InitMLPClassifier(
        (50,), init="he", early_stopping=True, max_iter=100, n_iter_no_change=100,
        learning_rate_init=0.003, random_state=0, **options,
    )  # fmt: skip


# %%
# Once on a random tenth of the training rows, once on patients that were set aside.

by_rows = network().fit(X_train, y[train])
by_patients = network().fit(X_train, y[train], X_val=X_validation, y_val=y[validation])
for name, fitted in [("random rows", by_rows), ("other patients", by_patients)]:
    best = int(np.argmax(fitted.validation_scores_)) + 1
    score = fitted.score(X_test, y[test])
    print(f"{name:15} best epoch {best:3}, accuracy on new patients {score:.3f}")

# %%
# The loss on random rows goes on falling while that on other patients rises.

plt.figure(figsize=(6.4, 3.6), layout="constrained")
plt.plot(by_rows.loss_curve_, color="0.5", label="training rows")
plt.plot(by_rows.validation_loss_curve_, "--", label="validation: random rows")
plt.plot(by_patients.validation_loss_curve_, "-", label="validation: other patients")
plt.xlabel("epoch")
plt.ylabel("log loss (nats)")
plt.ylim(0, 1.5)
_ = plt.legend()

# %%
# In a pipeline, scikit-learn hands `X_val` through the steps before the network when it is told to
# transform it.

from sklearn import config_context
from sklearn.pipeline import Pipeline

with config_context(enable_metadata_routing=True):
    estimator = network().set_fit_request(X_val=True, y_val=True)
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("network", estimator)], transform_input=["X_val"]
    )
    pipeline.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])
    print(pipeline.score(X[test], y[test]))
