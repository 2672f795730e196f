"""compare_initializers: which initializers differ on these data, by how much, how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d, indexable

from skinit.comparison.candidates import (
    check_activations,
    check_control,
    check_labels,
    resolve_candidates,
)
from skinit.comparison.jobs import run_all
from skinit.comparison.kinds import kind_of
from skinit.comparison.networks import decide_engine
from skinit.comparison.plan import (
    Plan,
    check_estimator,
    check_options,
    check_params,
    check_rows,
    make_seed,
    make_settings,
)
from skinit.comparison.provenance import observe
from skinit.comparison.result import InitComparison
from skinit.comparison.ropes import check_rope
from skinit.comparison.schema import candidate_keys
from skinit.comparison.splits import add_inner_splits, make_splits
from skinit.comparison.targets import refuse_gaps
from skinit.comparison.tuning import TUNE_SIZE, make_tuning


def compare_initializers(
    estimator,
    X,
    y,
    *,
    init: Sequence | Mapping[str, Any] = ("zeros", "random", "he", "xavier"),
    activation: Sequence | None = None,
    cv=None,
    n_seeds: int = 1,
    scoring=None,
    groups=None,
    params: Mapping[str, Any] | None = None,
    control: str | tuple | None = None,
    rope: float | Mapping[str, float] | None = None,
    target: float | None = None,
    tune: bool | Mapping[str, Any] | None = None,
    tune_size: float = TUNE_SIZE,
    racing: bool = False,
    curves: bool = True,
    n_jobs: int | None = None,
    random_state=None,
    checkpoint=None,
    progress: bool | str = "auto",
) -> InitComparison:
    """Compare initializers by cross-validation, with valid statistical tests.

    All candidates of a split see the same rows, the same seed, the same batches and the same
    preprocessing, which is fitted on the training part alone. Seeds differ from split to split
    and are averaged inside the split before any test.

    Parameters
    ----------
    estimator : InitMLPClassifier, InitMLPRegressor, Pipeline or TransformedTargetRegressor
        What to train; a pipeline must end in a network, and a TransformedTargetRegressor hold one,
        in any order. The network's `init` and `random_state` are replaced. A Pipeline of
        imbalanced-learn may resample: training rows only, and never those that are scored.
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        All rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Class labels, two classes or more; for a regressor numbers, one or several per row.
    init : sequence, or mapping of label to init
        The candidates, each as `InitMLPClassifier` accepts it.
    activation : sequence, default=None
        Every init is combined with each of these; None is the estimator's activation.
    cv : int, splitter or iterable, default=None
        None is 5-fold cross-validation, repeated twice and shuffled, stratified for classes; with
        groups, of whole groups.
    n_seeds : int, default=1
        Training runs of each candidate per split, with other weights and batches.
    scoring : str, callable, sequence or mapping, default=None
        scikit-learn's scorers; the first is the primary metric. None is accuracy, for numbers R²
        and the root mean squared error.
        Where accuracy is asked for and more than 60% of the rows are of one class, balanced
        accuracy is added. Of numbers, errors are recorded as they are, lower is better:
        "neg_mean_absolute_error" is called "mean_absolute_error".
    groups : array-like of shape (n_samples,), default=None
        Rows that belong together, such as those of one patient. No group is then on both sides
        of a split, and a cv that ignores groups is refused.
    params : mapping, default=None
        ``sample_weight`` for the network's ``fit``, and ``step__parameter`` for the steps before
        it in a pipeline. What is aligned with the rows is split with them. With scikit-learn's
        metadata routing, a name alone also goes to the steps that request it.
    control : label, default=None
        A candidate named before any result was seen (a pair (label, activation) where there are
        several activations): all others are compared with it.
    rope : float or mapping of metric to float, default=None
        Region of practical equivalence: differences below it do not matter to you. None is 0.01,
        and for errors, which have the unit of the target, 1% of the baseline's. A number is for
        all scores without such a unit, or for the primary metric if that is an error.
    target : float, default=None
        Training loss (without the L2 penalty, as in the curves) for the column
        `epochs_to_target`; half the entropy of the class prior, or half the variance of the
        target, is a good choice.
    tune : bool or mapping of parameter to values, default=None
        Give each candidate the values that are best for it, chosen inside each split: all values
        are tried on one part of the training rows, and the log loss on the rest of them decides
        (for numbers the squared error; with ``loss="poisson"`` the Poisson deviance).
        True tries seven learning rates around those in use with the solver; a mapping names other
        values or parameters, ``{"learning_rate_init": [...], "alpha": [...]}``, and all
        combinations are tried. Values of these two train together, those of others one after the
        other. None compares all candidates at the parameters that the estimator has.
    tune_size : float, default=0.2
        Share of the training rows that decides about the values: stratified for classes, of whole
        groups where there are groups, other rows for every split and seed and the same for all
        candidates. Preprocessing is fitted without them, and again on the whole training part.
    racing : bool, default=False
        Train all values for a quarter of the epochs, and then each candidate's best two to the
        end: faster, but values that start slowly are lost. The first seed decides which two
        these are. Values that cannot train together do not race each other.
    curves : bool, default=True
        Whether to record the loss on both parts of a split, at the start and after each epoch.
        That of the test part is recorded; no training uses it.
    n_jobs : int, default=None
        Splits to run in parallel, with any joblib backend; -1 uses all cores. The table does not
        depend on it.
    random_state : int, RandomState instance or None, default=None
        Random seed of splits, weights and batches.
    checkpoint : path-like, default=None
        Keep every finished split in this file, and continue from what it holds. One process at a
        time can work on it.
    progress : bool or "auto", default="auto"
        Whether to show a progress bar; "auto" does so in notebooks and on a terminal, unless the
        network has scikit-learn's ProgressBar among its callbacks.

    Returns
    -------
    InitComparison
        The table of all runs and everything that follows from it.

    Raises
    ------
    ValueError
        For wrong input. A candidate that diverges or raises is a result and not an error, unless
        all of them raise on a split.

    References
    ----------
    .. [1] Nadeau & Bengio (2003), Inference for the generalization error.
    .. [2] Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks,
       arXiv:2103.03098.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, compare_initializers
    >>> X, y = load_iris(return_X_y=True)
    >>> network = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=30)
    >>> comparison = compare_initializers(
    ...     network, X, y, init=["zeros", "xavier"], random_state=0)
    >>> list(comparison.summary().index)
    ['xavier', 'zeros', 'class prior']
    """
    parts, network = check_estimator(estimator)
    kind = kind_of(network)
    check_rows(X)
    X, y, groups = indexable(X, y, groups)
    if groups is not None:
        groups = groups if np.ndim(groups) == 1 else column_or_1d(groups)
        refuse_gaps(groups, "groups", "group")
    y = kind.check_target(y)
    scorers = kind.make_scorers(scoring, y)
    check_options(n_seeds, target, curves, progress)
    check_rope(rope, [*scorers, kind.loss.name])
    activations = [network.activation] if activation is None else check_activations(activation)
    candidates = resolve_candidates(init, activations, network)
    keys = candidate_keys([resolved.candidate for resolved in candidates])
    check_labels(keys)
    check_control(control, keys)
    tuning = make_tuning(tune, tune_size, racing, network, kind.inner_loss(network, parts, y))
    seed = make_seed(random_state, checkpoint)
    stratify = kind.stratifies
    splits = make_splits(cv, X, y, groups, seed, n_seeds, stratify=stratify)
    n_runs = len(candidates) * (1 if tuning is None else 1 + len(tuning.points))
    engine = decide_engine(
        [network], len(splits[0].train), np.shape(X)[1], kind.count_outputs(y),
        n_runs * n_seeds * len(splits),
    )  # fmt: skip
    plan = Plan(
        parts=parts,
        network=network,
        kind=kind,
        candidates=candidates,
        splits=add_inner_splits(splits, tuning, y, groups, stratify=stratify),
        scorers=scorers,
        params=check_params(params, parts),
        curves=bool(curves),
        target=None if target is None else float(target),
        tuning=tuning,
        engine=engine,
    )
    settings = make_settings(plan, X, y, seed, cv, groups)
    diagnoses, records = run_all(plan, settings, X, y, n_jobs, checkpoint, progress)
    return InitComparison(
        settings,
        records,
        diagnoses=diagnoses,
        control=control,
        rope=rope,
        provenance=observe(n_jobs),
    )
