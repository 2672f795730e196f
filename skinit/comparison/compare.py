"""compare_initializers: which initializers differ on these data, by how much, how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.utils import indexable

from skinit import statistics
from skinit.comparison.plan import (
    Plan,
    check_activations,
    check_control,
    check_options,
    check_params,
    check_rope,
    check_rows,
    check_target,
    make_seed,
    make_settings,
    make_splits,
    name_candidates,
    take_apart,
)
from skinit.comparison.result import InitComparison
from skinit.comparison.runs import run_all
from skinit.comparison.scorers import make_scorers


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
    rope: float | Mapping[str, float] = statistics.ROPE,
    target: float | None = None,
    curves: bool = True,
    n_jobs: int | None = None,
    random_state=None,
    checkpoint=None,
    progress: bool | str = "auto",
) -> InitComparison:
    """Compare initializers by cross-validation, with statistics that hold.

    All candidates of a split see the same rows, the same seed, the same batches and the same
    preprocessing, which is fitted on the training part alone. Seeds differ from split to split
    and are averaged inside the split before any test.

    Parameters
    ----------
    estimator : InitMLPClassifier or Pipeline
        What to train; a pipeline must end in an InitMLPClassifier. Its `init` and
        `random_state` are replaced.
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        All rows.
    y : array-like of shape (n_samples,)
        Class labels, two classes or more.
    init : sequence, or mapping of label to init
        The candidates, each as `InitMLPClassifier` accepts it.
    activation : sequence, default=None
        Every init is combined with each of these; None keeps the estimator's own.
    cv : int, splitter or iterable, default=None
        None is 5-fold stratified cross-validation, repeated twice and shuffled.
    n_seeds : int, default=1
        Trainings of each candidate on each split, with other weights and batches.
    scoring : str, callable, sequence or mapping, default=None
        scikit-learn's scorers; the first is the primary metric. None is accuracy. Where accuracy
        is asked for and more than 60% of the rows are of one class, balanced accuracy is added.
    groups : array-like of shape (n_samples,), default=None
        Groups for the splitter.
    params : mapping, default=None
        ``sample_weight`` for the network's ``fit``, and ``step__parameter`` for the steps before
        it in a pipeline. What is aligned with the rows is split with them.
    control : label, default=None
        A candidate named before any result was seen (a pair (label, activation) where there are
        several activations): all others are compared with it.
    rope : float or mapping of metric to float, default=0.01
        Region of practical equivalence: differences below it do not matter to you.
    target : float, default=None
        Training loss (without the L2 penalty) for the column `epochs_to_target`; half the
        entropy of the class prior is a good choice.
    curves : bool, default=True
        Whether to record the loss on the split's test part after each epoch. It is watched and
        never used.
    n_jobs : int, default=None
        Splits that run side by side. The table does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Where splits and seeds come from.
    checkpoint : path-like, default=None
        Keep every finished split in this file, and go on from what it holds.
    progress : bool or "auto", default="auto"
        Whether to show a progress bar; "auto" does so on a terminal.

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
    network, steps = take_apart(estimator)
    check_rows(X)
    X, y, groups = indexable(X, y, groups)
    y = check_target(y)
    scorers = make_scorers(scoring, y)
    check_options(n_seeds, target, progress)
    check_rope(rope, [*scorers, "log_loss"])
    activations = [network.activation] if activation is None else check_activations(activation)
    candidates = name_candidates(init, activations, network)
    check_control(control, candidates)
    seed = make_seed(random_state, checkpoint)
    plan = Plan(
        steps,
        network,
        candidates,
        make_splits(cv, X, y, groups, seed, n_seeds),
        scorers,
        check_params(params, steps),
        bool(curves),
        None if target is None else float(target),
    )
    settings = make_settings(plan, X, y, seed, cv, groups)
    records = run_all(plan, settings, X, y, n_jobs, checkpoint, progress)
    return InitComparison(settings, records, control=control, rope=rope)
