"""InitMLPSearchCV: GridSearchCV for networks, with candidates that train together."""

from __future__ import annotations

import math
import re
import time
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, check_cv
from sklearn.utils import indexable
from sklearn.utils.parallel import Parallel, delayed

from skinit._random import draw_seed
from skinit._sklearn import (
    CallbackSupportMixin,
    MultimetricScorer,
    fit_context,
    insert_error_scores,
    report_fit_failures,
    split_params,
)
from skinit.comparison.networks import decide_engine
from skinit.comparison.plan import find_network
from skinit.comparison.splits import run_seed
from skinit.search.split import SearchPlan, make_candidate, run_split, take_named
from skinit.search.tasks import SearchTasks


class InitMLPSearchCV(GridSearchCV, CallbackSupportMixin):
    """Exhaustive search over parameters of a network, initializers included, and fast.

    scikit-learn's GridSearchCV, with its parameters, attributes and results. The difference is in
    the work: on each split, candidates that differ in `init`, `learning_rate_init` or `alpha` alone
    are trained together as one stack, and the preprocessing of a pipeline is fitted once for all
    candidates that share it.

    Parameters
    ----------
    estimator : InitMLPClassifier, InitMLPRegressor, Pipeline or TransformedTargetRegressor
        A pipeline must end in a network, and a TransformedTargetRegressor hold one, in any order.
    param_grid : dict or list of dicts
        As in GridSearchCV: lists of values by the name of the parameter, such as ``init``,
        ``init__scale`` (where `init` is an Initializer) or, in a pipeline,
        ``initmlpclassifier__init``.
    scoring : str, callable, list, tuple or dict, default=None
        As in GridSearchCV; None is the estimator's ``score``.
    cv : int, splitter or iterable, default=None
        As in GridSearchCV; None is 5-fold, stratified for classes.
    refit : bool, str or callable, default=True
        As in GridSearchCV: whether, and by which metric or rule, the best candidate is fitted on
        all rows.
    n_jobs : int, default=None
        Splits to run in parallel.
    verbose : int, default=0
        Whether to print how many fits there are.
    error_score : "raise" or number, default=nan
        The score of a candidate that raises or diverges.
    return_train_score : bool, default=False
        Whether `cv_results_` has scores of the training rows too.
    random_state : int, RandomState instance or None, default=None
        Where the seeds of the trainings come from: another one for each split, the same for all
        candidates, and one for the final fit. None leaves the `random_state` of the estimator;
        where that is None too, or an instance, each split draws a seed for all its candidates.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row per candidate, with the columns of GridSearchCV. ``fit_time`` is a candidate's share
        of what its stack took, by epochs, and of what its preprocessing took.
    best_estimator_ : estimator
        Fitted on all rows with the best parameters; not with ``refit=False``.
    best_score_ : float
        Mean held-out score of the best candidate.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in `cv_results_`.
    scorer_ : callable or dict of callables
        What scored.
    n_splits_ : int
        Number of splits.
    engine_ : str or None
        What trains on the splits, decided once from the work of all candidates where their
        `engine` is "auto": "numpy", or "compiled", which leaves to NumPy what it cannot train.
        None where candidates differ in `engine`. The fit on all rows decides for itself.
    refit_time_ : float
        Seconds of the fit on all rows.
    multimetric_ : bool
        Whether there are several metrics.
    classes_ : ndarray of shape (n_classes,)
        Those of the best estimator.
    n_features_in_ : int
        Number of features; only with a fitted `best_estimator_`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where they have any.

    See Also
    --------
    compare_initializers : Whether the difference between initializers is more than chance.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, InitMLPSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> network = InitMLPClassifier((8,), "tanh", max_iter=500, random_state=0)
    >>> search = InitMLPSearchCV(
    ...     network, {"init": ["zeros", "he"], "learning_rate_init": [0.001, 0.01]}, cv=3)
    >>> search.fit(X, y).best_params_["init"]
    'he'
    """

    _parameter_constraints: dict = {
        **{k: v for k, v in GridSearchCV._parameter_constraints.items() if k != "pre_dispatch"},
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        cv=None,
        refit=True,
        n_jobs=None,
        verbose=0,
        error_score=float("nan"),
        return_train_score=False,
        random_state=None,
    ):
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            cv=cv,
            refit=refit,
            n_jobs=n_jobs,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **params):
        """Try all candidates on all splits, and fit the best one on all rows.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        **params : dict
            For the estimator's ``fit``, ``groups`` for the splitter, and what scikit-learn's
            metadata routing sends elsewhere. What is aligned with the rows is split with them.

        Returns
        -------
        self : InitMLPSearchCV
            Fitted.

        Raises
        ------
        ValueError
            For wrong input, and where all fits fail. With ``error_score="raise"`` the first error
            of a fit is raised as it is.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        find_network(self.estimator)
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = split_params(X, params)
        routed = self._get_routed_params_for_fit(params)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(cv.split(X, y, **routed.splitter.split))
        if not splits:
            raise ValueError(
                f"cv={self.cv!r} gives no splits: give a number of folds, a splitter, or pairs of "
                "training and test rows."
            )
        self.n_splits_ = len(splits)
        candidates = list(ParameterGrid(self.param_grid))
        if not candidates:
            raise ValueError("param_grid is empty: give at least one candidate, such as {}.")
        seeds = self._draw_seeds()
        network = find_network(self.estimator)[1]
        tasks = SearchTasks(self, network, X, y, len(candidates), len(splits))
        engine = self._decide_engine(candidates, len(splits[0][0]), X, y)
        self.engine_ = "compiled" if engine == "preferred" else engine
        results = self._evaluate(candidates, splits, seeds, X, y, scorers, routed, tasks, engine)
        self._choose(results, refit_metric)
        if self.refit:
            best = make_candidate(self.estimator, self.best_params_, seeds[-1])
            with tasks.refit(best):
                self._refit(best, X, y, routed.estimator.fit)
        tasks.end()
        self.scorer_ = scorers._scorers if isinstance(scorers, MultimetricScorer) else scorers
        self.cv_results_ = results
        return self

    def _decide_engine(self, candidates, n_rows: int, X, y) -> str | None:
        """Return what trains on all splits, decided once: see `decide_engine`."""
        networks = [
            find_network(make_candidate(self.estimator, params, None))[1] for params in candidates
        ]
        n_features = math.prod(np.shape(X)[1:])  # 1 where X is a list of texts
        if np.ndim(y) > 1:
            n_outputs = np.shape(y)[1]
        else:
            n_outputs = len(set(np.ravel(y).tolist())) if is_classifier(self.estimator) else 1
        return decide_engine(networks, n_rows, n_features, n_outputs, self.n_splits_)

    def _draw_seeds(self) -> list[int | None]:
        """Return a seed for each split, and one for the fit on all rows."""
        if self.random_state is None:
            return [None] * (self.n_splits_ + 1)
        seed = draw_seed(self.random_state)
        return [run_seed(seed, j, 0) for j in range(self.n_splits_ + 1)]

    def _evaluate(
        self, candidates, splits, seeds, X, y, scorers, routed, tasks, engine
    ) -> dict[str, Any]:
        """Return what becomes `cv_results_`."""
        if self.verbose > 0:
            n, k = len(splits), len(candidates)
            print(f"Fitting {n} folds for each of {k} candidates, totalling {n * k} fits")
        plan = SearchPlan(
            estimator=self.estimator,
            candidates=candidates,
            scorers=scorers,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
            named=take_named(self.estimator, candidates),
            caller=self,
            engine=engine,
        )
        by_split = Parallel(n_jobs=self.n_jobs)(
            delayed(run_split)(plan, X, y, train, test, seed, contexts)
            for (train, test), seed, contexts in zip(
                splits, seeds[: len(splits)], tasks.evaluations, strict=True
            )
        )
        tasks.end_search()
        found = [rows[i] for i in range(len(candidates)) for rows in by_split]
        _refuse_general_failure(found)
        report_fit_failures(found, self.error_score)
        if callable(self.scoring):
            insert_error_scores(found, self.error_score)
        self.multimetric_ = isinstance(found[0]["test_scores"], dict)
        return self._format_results(candidates, len(splits), found)

    def _choose(self, results, refit_metric) -> None:
        if callable(self.scoring) and self.multimetric_:
            metrics = [
                name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_")
            ]
            self._check_refit_for_multimetric(metrics)
            refit_metric = self.refit
        if self.refit or not self.multimetric_:
            self.best_index_ = self._select_best_index(self.refit, refit_metric, results)
            if not callable(self.refit):
                self.best_score_ = results[f"mean_test_{refit_metric}"][self.best_index_]
            self.best_params_ = results["params"][self.best_index_]

    def _refit(self, best, X, y, fit_params) -> None:
        started = time.time()
        self.best_estimator_ = best.fit(X, y, **fit_params)
        self.refit_time_ = time.time() - started
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_


def _refuse_general_failure(found) -> None:
    """Say in one sentence why all fits failed, where there is one reason."""
    reasons = {row["fit_error"] and _ERROR.split(row["fit_error"])[-1].strip() for row in found}
    if len(reasons) == 1 and None not in reasons:
        raise ValueError(f"All the {len(found)} fits failed: {reasons.pop()}")


# What precedes the message in the last line of a traceback: the error's class.
_ERROR = re.compile(r"^[\w.]+: ", re.MULTILINE)
