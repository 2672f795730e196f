"""InitComparison: the table of all runs, and what it allows to say.

Every summary, test, sentence, plot and report derives from the one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from skinit import statistics
from skinit._wording import name_label, suggest
from skinit.comparison import (
    choices,
    configuration,
    methods,
    notebook,
    pictures,
    presentation,
    printing,
    ropes,
    tables,
    trainings,
)
from skinit.comparison.analysis import (
    Analysis,
    analyze,
    beats_baseline,
    held_out_rows,
    unit_of,
)
from skinit.comparison.candidates import check_control
from skinit.comparison.metrics import allow_infinite
from skinit.comparison.provenance import UNKNOWN, Provenance
from skinit.comparison.saved import SavedComparison, read_saved, write_saved
from skinit.comparison.schema import Candidate, Run, Settings, SplitRecord, StartVerdict
from skinit.displays import (
    DifferencesDisplay,
    HeatmapDisplay,
    LossCurvesDisplay,
    ScoresDisplay,
    TuningDisplay,
)

if TYPE_CHECKING:
    import pandas as pd


class InitComparison:
    """What `compare_initializers` returns: a table of runs, and all that follows from it.

    Parameters
    ----------
    settings : Settings
        What the runs depended on.
    records : sequence of SplitRecord
        One for each finished split, in the order of the splits.
    diagnoses : sequence of StartVerdict or None, default=()
        What `diagnose` says of the starts, in the order of the candidates; empty if not known.
    control : label, default=None
        As in `compare_initializers`.
    rope : float or mapping of metric to float, default=None
        As in `compare_initializers`.
    about_data : sequence of (str, str), default=()
        What was understood of the data, by heading; it is shown and saved as it is.
    provenance : Provenance, default=UNKNOWN
        Data, date and machine, as far as they are known.

    Attributes
    ----------
    settings, records : Settings and tuple of SplitRecord
        As given.
    control, rope
        As given; both may be changed later, because the runs do not depend on them.
    metrics : list of str
        Names of what was scored, the primary metric first, then "log_loss" or, for numbers,
        "root_mean_squared_error".
    reference : label
        The candidate that differences of the primary metric are taken from.
    data_name : str
        What the data are called in titles and in the methods paragraph; yours to set, since
        arrays have no name.
    rho : float
        Mean ratio of test to training rows.
    diagnoses : dict
        By label: what `diagnose` says of a start, where it says anything.
    baseline : DataFrame
        Scores of the class prior, or of the training mean, a row per split.
    failures : dict
        By label: what a candidate or a scorer raised, and where runs diverged.
    honest_best : float
        The score to expect from comparing like this and taking the best, free of most of the
        winner's optimism. NaN where the splits are not a repeated K-fold.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, compare_initializers
    >>> X, y = load_iris(return_X_y=True)
    >>> network = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=30)
    >>> comparison = compare_initializers(network, X, y, init=["zeros", "he"], random_state=0)
    >>> comparison.reference, comparison.candidates()["outcome"].to_dict()
    ('he', {'he': 'best', 'zeros': 'worse'})
    """

    def __init__(
        self,
        settings: Settings,
        records: Sequence[SplitRecord],
        *,
        diagnoses: Sequence[StartVerdict | None] = (),
        control=None,
        rope: float | Mapping[str, float] | None = None,
        about_data: Sequence[tuple[str, str]] = (),
        provenance: Provenance = UNKNOWN,
    ):
        self.settings = settings
        self.records = tuple(records)
        self.about_data = tuple(about_data)
        self.provenance = provenance
        self.metrics = [*settings.metrics]
        self._verdicts = tuple(diagnoses) or (None,) * len(settings.candidates)
        self.control = control
        self.rope = rope

    @property
    def control(self) -> str | tuple | None:
        """The candidate that all others are compared with; None compares them with the best."""
        return self._control

    @control.setter
    def control(self, control):
        check_control(control, self.settings.keys)
        self._control = control
        self._analyses: dict[str, Analysis] = {}

    @property
    def rope(self) -> float | dict[str, float] | None:
        """Half width of the region of practical equivalence, for all metrics or by metric.

        None, of a comparison for numbers, is 0.01 and for errors 1% of the baseline's.
        """
        return dict(self._rope) if isinstance(self._rope, Mapping) else self._rope

    @rope.setter
    def rope(self, rope):
        if rope is None and self.settings.kind.stratifies:
            rope = statistics.ROPE
        self._rope = ropes.check_rope(rope, self.metrics)
        self._analyses = {}

    @property
    def data_name(self) -> str:
        """Name of the data, "" if it has none."""
        return self.provenance.data

    @data_name.setter
    def data_name(self, name: str):
        self.provenance = replace(self.provenance, data=str(name))

    def __repr__(self) -> str:
        labels = dict.fromkeys(candidate.label for candidate in self.settings.candidates)
        return (
            f"<InitComparison of {', '.join(labels)} on {len(self.records)} splits: use "
            ".summary(), .sentence(), .plot_differences(), .to_html(path)>"
        )

    def __dir__(self) -> list[str]:
        """Return the names that are for users."""
        return [name for name in super().__dir__() if name[0] != "_" or name[:2] == "__"]

    def __str__(self) -> str:
        """Return what a terminal shows: the conclusion, and the tables behind it."""
        return printing.write_text(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook.write_html(self)

    # --- Runs ---------------------------------------------------------------------------------

    @cached_property
    def _runs(self) -> pd.DataFrame:
        """All runs with everything that is known of them, curves included."""
        return tables.runs_table(self.settings, self.records)

    def to_frame(self) -> pd.DataFrame:
        """Return the table of all runs.

        Returns
        -------
        DataFrame
            One row per label, activation, split and seed: ``label, init, activation, formula,
            split, seed, test_<metric>..., train_<metric>..., n_iter, init_time, fit_time,
            stopped, diverged`` and, where a target was given, ``epochs_to_target``; after ``seed``,
            a column for each parameter that was tuned, with the value that was chosen. Times are in
            seconds: ``init_time`` drew the first weights and is part of ``fit_time``, in which a
            stack's training is shared as the epochs are. ``stopped`` says why training ended:
            "converged", "max_iter" or "diverged" ("" where it raised). ``seed`` is the
            `random_state` that repeats the row.
        """
        return self._runs[tables.frame_columns(self.settings)].copy()

    def curves(self) -> pd.DataFrame:
        """Return the loss curves, without the L2 penalty.

        Returns
        -------
        DataFrame
            One row per run and epoch: ``label, activation, split, seed, epoch, train_loss,
            test_loss``, the last one on rows that training never used. The losses are log losses
            in nats; for numbers squared errors in the unit of y, squared, or with
            ``loss="poisson"`` Poisson deviances; where they cannot be expressed in the unit of y,
            those of the transformed y. Epoch 0 is the start, before any step; later
            training losses are means over the batches of an epoch.

        Raises
        ------
        ValueError
            If the comparison was made with ``curves=False``.
        """
        if not self.settings.curves:
            raise ValueError(
                "This comparison was made with curves=False: compare with curves=True."
            )
        return tables.curves_table(self._runs)

    def tuning(self) -> pd.DataFrame:
        """Return every trial of the tuning.

        Returns
        -------
        DataFrame
            One row per candidate, split, seed and value: ``label, activation, split, seed``, a
            column for each parameter, ``inner_log_loss``, ``inner_squared_error`` or
            ``inner_poisson_deviance`` (on the rows that decide; that of the baseline where a trial
            diverged), ``n_iter``, ``fit_time`` in seconds, ``diverged``, ``eliminated`` (whether it
            had to leave a race; its loss is then that after a quarter of the epochs) and
            ``chosen``.

        Raises
        ------
        ValueError
            If the comparison was made without ``tune``.
        """
        return self._trials().drop(columns="point")

    def _trials(self) -> pd.DataFrame:
        if self.settings.tuning is None:
            raise ValueError(
                "This comparison was made without tune: nothing was tried. Compare with tune=True, "
                "or with values such as tune={'learning_rate_init': [0.001, 0.01]}."
            )
        return choices.trials_table(self.settings, self.records)

    def compare_at_each_rate(self) -> pd.DataFrame:
        """Return what comparisons at single values would have said, from the same trials.

        Where the order changes from value to value, a comparison at one learning rate says more
        about the rate than about the initializers.

        Returns
        -------
        DataFrame
            For each learning rate (each combination of values, where several parameters were
            tuned) a row per candidate: the value, ``label`` (and ``activation`` where there are
            several), ``rank``, ``mean`` of the loss on the inner parts, ``difference,
            difference_low, difference_high, p_holm`` and ``outcome`` as in `summary`. These tests
            are exploratory.

        Raises
        ------
        ValueError
            If the comparison was made without ``tune``, or with ``racing``, where most values
            were not trained to the end.
        """
        trials, tuning = self._trials(), self.settings.tuning
        assert tuning is not None  # or there are no trials
        if tuning.racing:
            raise ValueError(
                "This comparison was made with racing=True: most values were not trained to the "
                "end, and comparisons at single values would not be fair. Use racing=False."
            )
        rope = ropes.inner_rope(
            tuning.loss,
            self._rope_of(self._loss),
            self.settings,
            baseline=self.baseline,
            losses=trials[f"inner_{tuning.loss}"],
        )
        return choices.compare_at_each_point(trials, self.settings, rope, self.control)

    @cached_property
    def baseline(self) -> pd.DataFrame:
        """Scores of the class prior, or of the training mean, a row per split."""
        return tables.baseline_table(self.records)

    @property
    def failures(self) -> dict[str, str]:
        """What went wrong, by candidate."""
        texts = {
            name_label(key): presentation.describe_failures(
                self._runs_of(candidate), self.settings.kind.baseline
            )
            for key, candidate in zip(self.settings.keys, self.settings.candidates, strict=True)
        }
        return {name: text for name, text in texts.items() if text}

    def trainings(self) -> pd.DataFrame:
        """Return how the trainings of each candidate went: epochs, ends, times.

        Returns
        -------
        DataFrame
            A row per candidate, in their given order: ``n_runs``; ``epochs``, the median;
            ``unconverged_rate``, the share of runs that ended at `max_iter` without converging;
            ``diverged_rate``; and the medians ``init_time`` and ``train_time``, in seconds for one
            run: drawing the weights, and the training after it.
        """
        return trainings.trainings_table(self._runs, self.settings)

    def methods(self) -> methods.MethodsSection:
        """Return a methods paragraph to paste into a paper, with its references.

        Returns
        -------
        skinit.comparison.methods.MethodsSection
            With ``paragraph`` and ``references``; printed, the one above the other.
        """
        return methods.write_methods(self)

    @property
    def configuration(self) -> dict[str, str]:
        """The whole configuration of the networks, by heading, defaults included."""
        return configuration.configuration(self.settings)

    def _runs_of(self, candidate: Candidate) -> list[Run]:
        return [
            run
            for record in self.records
            for run in record.runs
            if (run.label, run.activation) == (candidate.label, candidate.activation)
        ]

    @property
    def diagnoses(self) -> dict[str, str]:
        """What `diagnose` says of the starts, by candidate; without those that have no verdict."""
        pairs = zip(self.settings.keys, self._verdicts, strict=True)
        return {name_label(key): verdict.text for key, verdict in pairs if verdict is not None}

    @property
    def rho(self) -> float:
        """Mean ratio of test to training rows, what the corrected tests add to 1 / n_splits."""
        return statistics.split_ratio(
            [record.n_test for record in self.records], [record.n_train for record in self.records]
        )

    # --- What follows from them ---------------------------------------------------------------

    def _analyze(self, metric: str | None) -> Analysis:
        """Return scores, tests and summary of a metric; computed once for a control and rope."""
        metric = self.metrics[0] if metric is None else metric
        if metric not in self.metrics:
            hint = suggest(metric, self.metrics)
            raise ValueError(
                f"Unknown metric {metric!r}.{hint} This comparison has {self.metrics}."
            )
        if metric not in self._analyses:
            scores, found = self._scores(metric), self.settings.metrics[metric]
            unit = unit_of(found, self.baseline[f"test_{metric}"].mean())
            self._analyses[metric] = analyze(
                scores,
                found,
                unit=unit,
                rho=self.rho,
                rope=self._rope_of(metric),
                control=self.control,
                log_loss=self._scores(self._loss).mean(),
                rows=held_out_rows(
                    scores / unit,
                    found,
                    [record.n_test for record in self.records],
                    self.settings.splits.n_tested,
                ),
                identical=tables.identical_pairs(self._runs, self.settings),
            )
        return self._analyses[metric]

    def _scores(self, metric: str) -> pd.DataFrame:
        """Return the held-out scores of all runs, a column per candidate."""
        return tables.scores_table(self._runs, self.settings, f"test_{metric}")

    def _rope_of(self, metric: str) -> float:
        """Return the rope of a metric, given or not."""
        return ropes.rope_of(metric, self.rope, self.settings, self.baseline)

    @property
    def _loss(self) -> str:
        """The metric that is recorded in any case."""
        return self.settings.kind.loss.name

    def pairwise(self, metric: str | None = None) -> pd.DataFrame:
        """Return all pairs of candidates.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one. p-values of the others are exploratory.

        Returns
        -------
        DataFrame
            ``a, b, difference, scale, low, high, p, p_holm, p_worse, p_equivalent, p_better``: a
            seen from b, positive where a is better. The intervals, from low to high, hold
            together: all of them cover the true differences with 95% probability. ``scale`` is
            that of the posterior, a Student distribution around the difference.
        """
        return self._analyze(metric).pairs.copy()

    def candidates(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per candidate, best first: the summary without the baseline.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one. p-values of the others are exploratory.

        Returns
        -------
        DataFrame
            As `summary`.
        """
        import pandas as pd

        analysis = self._analyze(metric)
        table = analysis.summary.copy()
        by_candidate = self._runs.groupby(tables.key_columns(self.settings))
        codes = {
            key: "" if verdict is None else verdict.code
            for key, verdict in zip(self.settings.keys, self._verdicts, strict=True)
        }
        # Nothing is known of a candidate without a score.
        table["beats_prior"] = self._beats_prior().where(table["mean"].notna())
        # Without the times, which differ from run to run: equal comparisons have equal tables.
        table = table.join(self.trainings()[["epochs", "unconverged_rate", "diverged_rate"]])
        table = table.join(
            trainings.failure_counts(self._runs, self.settings, analysis.metric.name)
        )
        table["note"] = presentation.note_failures(table, self.control)
        table["train_mean"] = by_candidate[f"train_{analysis.metric.name}"].agg(
            lambda scores: scores.mean(skipna=False)
        )
        table["diagnosis"] = pd.Series(codes).reindex(table.index)
        table["formula"] = by_candidate["formula"].first()
        if self.settings.tuning is not None:
            table = table.join(choices.summarize_choices(self._runs, self.settings))
        if self.settings.target is not None:
            max_iter = self.settings.network.max_iter
            table["epochs_to_target"] = by_candidate["epochs_to_target"].agg(
                lambda epochs: statistics.describe_epochs(epochs, max_iter)
            )
        return table

    def summary(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per candidate, best first, and the class prior or training mean below.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one. p-values of the others are exploratory.

        Returns
        -------
        DataFrame
            Indexed by label (label and activation where there are several): ``mean, sd_splits,
            sd_seeds, ci_low, ci_high, mean_rank``; against the best: ``difference, scale,
            difference_low, difference_high, p, p_holm, p_worse, p_equivalent, p_better``; then
            ``outcome`` (best, tied, worse, undecided or failed) and a ``note`` on it, ``ties_with,
            needs`` (seeds, repeats or data, where it is undecided), ``beats_prior, diverged_rate,
            train_mean, diagnosis, formula``; `diagnosis` is the code of what `diagnose` says of
            the start, if anything; ``epochs`` is the median, ``unconverged_rate`` the share of runs
            that ended at `max_iter`, and ``failed_runs`` of ``n_runs`` have no score. With a
            tuning, also the median of the values that were chosen, a column for each parameter, and
            ``edge_rate``, the share of splits where one of them was the smallest or largest that
            was tried. With a target, also ``epochs_to_target``: how many runs reached it, and the
            quartiles of when, as text.
        """
        import pandas as pd

        table = self.candidates(metric)
        name = self._analyze(metric).metric.name
        baseline = tables.baseline_row(self.settings, self.baseline, name)
        return pd.concat([table, baseline.reindex(columns=table.columns)]).rename_axis(
            tables.key_columns(self.settings)
        )

    def _beats_prior(self) -> pd.Series:
        """Say who beats the baseline, by the primary metric and by the loss."""
        analyses = [self._analyze(name) for name in dict.fromkeys((self.metrics[0], self._loss))]
        constant = self._runs.groupby(tables.key_columns(self.settings))["same_answer"].all()
        return beats_baseline(analyses, self.baseline, self.rho, list(constant.index[constant]))

    @property
    @allow_infinite
    def honest_best(self) -> float:
        """The score of choosing the best like this, without most of the winner's optimism."""
        splits = self.settings.splits
        if len(self.records) < splits.n:  # read from the checkpoint of an unfinished one
            return np.nan
        analysis = self._analyze(None)
        return analysis.metric.turn(statistics.honest_best(analysis.scores, splits.repeats))

    @allow_infinite
    def resolution(self, metric: str | None = None) -> pd.Series:
        """Return the differences from the reference that these splits detect with 80% power.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.

        Returns
        -------
        Series
            Indexed by candidate, without the reference, best first; in the metric's unit, for an
            unadjusted test. NaN where there is nothing to tell it from.
        """
        import pandas as pd

        analysis = self._analyze(metric)
        others = [key for key in analysis.summary.index if key != analysis.reference]
        sizes = [
            analysis.unit
            * statistics.resolution(
                analysis.scores[[analysis.reference, key]] / analysis.unit, self.rho, analysis.rows
            )
            for key in others
        ]
        index = analysis.summary.index.drop([analysis.reference])
        return pd.Series(sizes, index=index, dtype=float)

    @property
    def reference(self):
        """The candidate that differences of the primary metric are taken from."""
        return self._analyze(None).reference

    # --- Words --------------------------------------------------------------------------------

    def sentence(self, metric: str | None = None) -> str:
        """Return what these runs allow to say, in words.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.

        Returns
        -------
        str
            One clause for each group of candidates.
        """
        return " ".join(self.sentences(metric))

    def sentences(self, metric: str | None = None) -> list[str]:
        """Return the sentences of `sentence` one by one.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.

        Returns
        -------
        list of str
            The first one tells the best.
        """
        return presentation.sentences(self, self._analyze(metric))

    # --- Plots --------------------------------------------------------------------------------

    def plot_curves(self, ax=None, *, order=None, title=None, figsize=None) -> LossCurvesDisplay:
        """Draw training and held-out loss over epochs.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all.
        title : str, default=None
            Title of the figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure: "page", the default, is 7.2 inches wide, "column" 3.5. With
            an `ax` it is an error.

        Returns
        -------
        LossCurvesDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = pictures.show_curves(self, order=order)
        return display.plot(ax, title=title, figsize=figsize)

    def plot_scores(
        self, metric: str | None = None, ax=None, *, order=None, title=None, figsize=None
    ) -> ScoresDisplay:
        """Draw the scores of every split, training beside held-out.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all.
        title : str, default=None
            Title of the figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure: "page", the default, is 7.2 inches wide, "column" 3.5. With
            an `ax` it is an error.

        Returns
        -------
        ScoresDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = pictures.show_scores(self, metric, order=order)
        return display.plot(ax, title=title, figsize=figsize)

    def plot_differences(
        self, metric: str | None = None, ax=None, *, order=None, title=None, figsize=None
    ) -> DifferencesDisplay:
        """Draw what is known of each difference from the best, and the ROPE.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all.
        title : str, default=None
            Title of the figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure: "page", the default, is 7.2 inches wide, "column" 3.5. With
            an `ax` it is an error.

        Returns
        -------
        DifferencesDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = pictures.show_differences(self, metric, order=order)
        return display.plot(ax, title=title, figsize=figsize)

    def plot_heatmap(
        self, metric: str | None = None, ax=None, *, order=None, title=None, figsize=None
    ) -> HeatmapDisplay:
        """Draw the mean score of every init with every activation.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        order : sequence of labels, default=None
            The initializers to draw, the first on top; None draws all, the best on top.
        title : str, default=None
            Title of the figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure: "page", the default, is 7.2 inches wide, "column" 3.5. With
            an `ax` it is an error.

        Returns
        -------
        HeatmapDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = pictures.show_heatmap(self, metric, order=order)
        return display.plot(ax, title=title, figsize=figsize)

    def plot_tuning(
        self, parameter: str | None = None, ax=None, *, order=None, title=None, figsize=None
    ) -> TuningDisplay:
        """Draw the loss on the inner parts against the values that were tried.

        Where lines cross, the order of the candidates depends on the value.

        Parameters
        ----------
        parameter : str, default=None
            One of the tuned parameters; None is the first. Of the others, each run has the values
            that are best for it.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all.
        title : str, default=None
            Title of the figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure: "page", the default, is 7.2 inches wide, "column" 3.5. With
            an `ax` it is an error.

        Returns
        -------
        TuningDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = pictures.show_tuning(self, parameter, order=order)
        return display.plot(ax, title=title, figsize=figsize)

    # --- Files --------------------------------------------------------------------------------

    def to_html(self, path=None, *, title: str | None = None, repeat: str | None = None) -> str:
        """Write the report: one HTML page that loads nothing and runs no script.

        Parameters
        ----------
        path : path-like, default=None
            Where; replaced in one step if it exists. None only returns the page.
        title : str, default=None
            Its title; None is made of `data_name` and the date.
        repeat : str, default=None
            The call or command that repeats the comparison; None is the call of
            `compare_initializers`.

        Returns
        -------
        str
            The page.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        from skinit.comparison.reporting import write_report

        return write_report(self, path, title, repeat)

    def to_markdown(self, metric: str | None = None) -> str:
        """Return the summary as a Markdown table.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.

        Returns
        -------
        str
            The table.
        """
        from skinit.report import summary_to_markdown

        analysis = self._analyze(metric)
        return summary_to_markdown(
            self.summary(metric),
            metric=analysis.metric.name,
            reference=analysis.reference,
            greater_is_better=analysis.metric.greater_is_better,
        )

    def to_latex(
        self, metric: str | None = None, *, caption: str | None = None, label: str | None = None
    ) -> str:
        """Return the columns of the summary that fit a paper as LaTeX, for the package booktabs.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        caption, label : str, default=None
            With either of them the table floats, with this caption, in LaTeX, and this label.

        Returns
        -------
        str
            The table.
        """
        from skinit.report import summary_to_latex

        analysis = self._analyze(metric)
        return summary_to_latex(
            self.summary(metric),
            metric=analysis.metric.name,
            reference=analysis.reference,
            greater_is_better=analysis.metric.greater_is_better,
            caption=caption,
            label=label,
        )

    def save(self, path) -> None:
        """Write the comparison as one JSON file.

        Parameters
        ----------
        path : path-like
            Where; replaced in one step if it exists.
        """
        write_saved(
            path,
            SavedComparison(
                self.settings,
                self._verdicts,
                self.records,
                self.control,
                self.rope,
                about_data=tuple(self.about_data),
                provenance=self.provenance,
            ),
        )

    @classmethod
    def load(cls, path) -> InitComparison:
        """Read a comparison that was saved, or what a checkpoint holds.

        Parameters
        ----------
        path : path-like
            A file of `save`, or a checkpoint.

        Returns
        -------
        InitComparison
            Equal tables, summaries and sentences. A checkpoint holds the runs alone: set
            ``control`` and ``rope``, if they were others than the defaults.

        Raises
        ------
        ValueError
            If the file is neither, or what it holds is damaged.
        """
        saved = read_saved(path)
        return cls(
            saved.settings,
            saved.records,
            diagnoses=saved.diagnoses,
            control=saved.control,
            rope=saved.rope,
            about_data=saved.about_data,
            provenance=saved.provenance,
        )
