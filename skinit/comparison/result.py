"""InitComparison: the table of all runs, and what it allows to say.

Every summary, test, sentence, plot and report derives from the one table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skinit import statistics
from skinit._files import write_atomically
from skinit.comparison.calls import write_arguments, write_call
from skinit.comparison.checkpoint import FORMAT, Checkpoint, to_json
from skinit.comparison.plan import BASELINE, check_rope
from skinit.displays import (
    DifferencesDisplay,
    HeatmapDisplay,
    LossCurvesDisplay,
    ScoresDisplay,
    name_metric,
)

if TYPE_CHECKING:
    import pandas as pd

# Ranges of scikit-learn's scores by the beginning of their names.
_BOUNDS = {
    ("accuracy", "balanced_accuracy", "roc_auc", "f1", "precision", "recall", "jaccard",
     "average_precision", "top_k_accuracy"): (0.0, 1.0),
    ("neg_",): (-np.inf, 0.0),
    ("log_loss",): (0.0, np.inf),
    ("matthews_corrcoef",): (-1.0, 1.0),
}  # fmt: skip


class InitComparison:
    """What `compare_initializers` returns: a table of runs, and all that follows from it.

    Parameters
    ----------
    settings : dict
        What the runs depended on.
    records : list of dict
        One a split.
    control : label, default=None
        As in `compare_initializers`.
    rope : float or mapping of metric to float, default=0.01
        As in `compare_initializers`.

    Attributes
    ----------
    settings, records : dict and list of dict
        As given.
    control, rope
        As given; both may be changed later, because they do not touch the runs.
    metrics : list of str
        Names of the scorers, the primary metric first, then "log_loss".
    reference : label
        The candidate that differences of the primary metric are differences to.
    rho : float
        Mean ratio of test to training rows.
    diagnoses : dict
        By label: what `diagnose` says of a start, where it says anything.
    baseline : DataFrame
        Scores of the class prior, a row per split.
    failures : dict
        By label: what a candidate or a scorer raised, and where runs diverged.
    honest_best : float
        The score to expect from comparing like this and taking the best, free of most of the
        winner's optimism. NaN where the splits are no repeated K-fold.
    """

    def __init__(self, settings, records, *, control=None, rope=statistics.ROPE):
        self.settings = settings
        self.records = records
        self.control = control
        self.metrics = [*settings["scoring"], "log_loss"]
        self.rope = rope

    @property
    def rope(self) -> float | Mapping[str, float]:
        """Half width of the region of practical equivalence, for all metrics or by metric."""
        return self._rope

    @rope.setter
    def rope(self, rope):
        check_rope(rope, self.metrics)
        # Plain floats, which JSON can hold.
        is_one = not isinstance(rope, Mapping)
        self._rope = float(rope) if is_one else {k: float(v) for k, v in rope.items()}

    def __repr__(self) -> str:
        n_splits = len(self.records)
        names = ", ".join(dict.fromkeys(c["label"] for c in self.settings["candidates"]))
        return (
            f"<InitComparison of {names} on {n_splits} splits: use .summary(), .sentence(), "
            ".plot_differences(), .to_html(path)>"
        )

    @cached_property
    def _runs(self) -> pd.DataFrame:
        """All runs with everything that is known of them, curves included."""
        import pandas as pd

        rows = [
            {"split": record["split"], **run} for record in self.records for run in record["runs"]
        ]
        candidates = pd.DataFrame(self.settings["candidates"])
        table = pd.DataFrame(rows).merge(candidates, on=["label", "activation"], how="left")
        return table.astype(dict.fromkeys(self._number_columns, float))

    @property
    def _number_columns(self) -> list[str]:
        """Columns that hold numbers, and None where a scorer failed or no target was reached."""
        scores = [f"{side}_{name}" for side in ("test", "train") for name in self.metrics]
        return scores if self.settings["target"] is None else [*scores, "epochs_to_target"]

    @property
    def _several_activations(self) -> bool:
        return self._runs["activation"].nunique() > 1

    @property
    def _keys(self) -> list[str]:
        """Columns that name a candidate."""
        return ["label", "activation"] if self._several_activations else ["label"]

    def to_frame(self) -> pd.DataFrame:
        """Return the table of all runs.

        Returns
        -------
        DataFrame
            One row per label, activation, split and seed: ``label, init, activation, formula,
            split, seed, test_<metric>..., train_<metric>..., n_iter, fit_time, diverged`` and,
            where a target was given, ``epochs_to_target``. Times are in seconds, a stack's time
            shared equally by its members. ``seed`` is the `random_state` that repeats the row.
        """
        scorers = [name for name in self.metrics if name != "log_loss"]
        columns = ["label", "init", "activation", "formula", "split", "seed"]
        columns += [f"{side}_{name}" for side in ("test", "train") for name in scorers]
        columns += ["test_log_loss", "train_log_loss", "n_iter", "fit_time", "diverged"]
        if self.settings["target"] is not None:
            columns.append("epochs_to_target")
        return self._runs[columns].copy()

    def curves(self) -> pd.DataFrame:
        """Return the loss curves, without the L2 penalty.

        Returns
        -------
        DataFrame
            One row per run and epoch: ``label, activation, split, seed, epoch, train_loss,
            test_loss`` (log loss in nats; the last one on rows that training never used).

        Raises
        ------
        ValueError
            If the comparison was made with ``curves=False``.
        """
        if not self.settings["curves"]:
            raise ValueError("This comparison was made with curves=False: there are no curves.")
        runs = self._runs.dropna(subset=["train_loss"])
        runs = runs[runs["n_iter"] > 0]
        long = runs[["label", "activation", "split", "seed", "train_loss", "test_loss"]]
        long = long.explode(["train_loss", "test_loss"], ignore_index=True)
        long = long.astype({"train_loss": float, "test_loss": float})
        epoch = long.groupby(["label", "activation", "split", "seed"]).cumcount() + 1
        long.insert(4, "epoch", epoch)
        return long

    @cached_property
    def baseline(self) -> pd.DataFrame:
        """Scores of the class prior, a row per split."""
        import pandas as pd

        table = pd.DataFrame([record["baseline"] for record in self.records], dtype=float)
        return table.rename_axis("split")

    @property
    def failures(self) -> dict[str, str]:
        """What went wrong, by candidate."""
        texts: dict[str, str] = {}
        for key, runs in self._runs.groupby(self._keys, sort=False):
            name = statistics.name_label(key)
            found = list(dict.fromkeys(runs["error"].dropna()))
            if runs["diverged"].any():
                iteration, layer = runs.loc[runs["diverged"], "divergence"].iloc[0]
                found.append(
                    f"diverged in {runs['diverged'].sum()} of {len(runs)} runs, the first time at "
                    f"iteration {iteration:g} in layer {layer:g}; those runs are scored as the "
                    "class prior"
                )
            if found:
                texts[name] = "; ".join(found)
        return texts

    @property
    def diagnoses(self) -> dict[str, str]:
        """What `diagnose` says of the starts, by candidate; without those that have no verdict."""
        candidates, found = self.settings["candidates"], self.records[0]["diagnoses"]
        return {
            self._key_name(c): verdict[1]
            for c, verdict in zip(candidates, found, strict=True)
            if verdict is not None
        }

    def _codes(self) -> dict:
        """Return the code of each candidate's first verdict, "" where there is none."""
        candidates, found = self.settings["candidates"], self.records[0]["diagnoses"]
        return {
            tuple(c[key] for key in self._keys) if self._several_activations else c["label"]: (
                "" if verdict is None else verdict[0]
            )
            for c, verdict in zip(candidates, found, strict=True)
        }

    def _key_name(self, candidate) -> str:
        parts = tuple(candidate[key] for key in self._keys)
        return statistics.name_label(parts)

    @property
    def rho(self) -> float:
        """Mean ratio of test to training rows, what the corrected tests add to 1 / n_splits."""
        n_test, n_train = ([r[part] for r in self.records] for part in ("n_test", "n_train"))
        return statistics.split_ratio(n_test, n_train)

    def _scores(self, metric, side="test") -> pd.DataFrame:
        """Return the runs of one metric, indexed by split and seed, a column per candidate."""
        runs = self._runs.assign(repetition=self._runs.groupby([*self._keys, "split"]).cumcount())
        table = runs.pivot(
            index=["split", "repetition"], columns=self._keys, values=f"{side}_{metric}"
        ).rename_axis(index=["split", "seed"])
        order = runs[self._keys].drop_duplicates()
        wanted = order.itertuples(index=False, name=None)
        return table[[key[0] if len(key) == 1 else key for key in wanted]]

    def _metric(self, metric) -> str:
        if metric is None:
            return self.metrics[0]
        if metric not in self.metrics:
            raise ValueError(f"Unknown metric {metric!r}; this comparison has {self.metrics}.")
        return metric

    def _rope_of(self, metric) -> float:
        return (
            self.rope.get(metric, statistics.ROPE) if isinstance(self.rope, Mapping) else self.rope
        )

    def _control_of(self, metric):
        """Return the control; None where it could not be scored, so that the best stands in."""
        has_scores = self._better_scores(metric).mean().notna()
        return self.control if self.control is not None and has_scores[self.control] else None

    def _better_scores(self, metric) -> pd.DataFrame:
        """Return one score per split and candidate, turned so that higher is better."""
        means = statistics.split_means(self._scores(metric))
        return -means if metric == "log_loss" else means

    def pairwise(self, metric: str | None = None) -> pd.DataFrame:
        """Return all pairs of candidates.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one. p-values of the others are exploratory.

        Returns
        -------
        DataFrame
            ``a, b, difference, low, high, p, p_holm, p_worse, p_equivalent, p_better``: a seen
            from b, positive where a is better.
        """
        metric = self._metric(metric)
        return statistics.pairwise(
            self._better_scores(metric), self.rho, self._rope_of(metric), self._control_of(metric)
        )

    def summary(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per candidate, best first, and the class prior below.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one. p-values of the others are exploratory.

        Returns
        -------
        DataFrame
            Indexed by label (label and activation where there are several): ``mean, sd_splits,
            sd_seeds, ci_low, ci_high, mean_rank``; against the best: ``difference,
            difference_low, difference_high, p, p_holm, p_worse, p_equivalent, p_better``; then
            ``verdict`` (best, tie, worse or undecided), ``ties_with, beats_prior,
            diverged_rate, train_mean, diagnosis, formula``; `diagnosis` is the code of what
            `diagnose` says of the start, if anything.
        """
        import pandas as pd

        metric = self._metric(metric)
        table = statistics.summarize(
            self._scores(metric),
            self.rho,
            self._rope_of(metric),
            control=self._control_of(metric),
            log_loss=self._scores("log_loss").mean(),
            bounds=self._bounds(metric),
            greater_is_better=metric != "log_loss",
        )
        by_candidate = self._runs.groupby(self._keys)
        table["beats_prior"] = self._beats_prior()
        table["diverged_rate"] = by_candidate["diverged"].mean()
        table["train_mean"] = by_candidate[f"train_{metric}"].mean()
        table["diagnosis"] = pd.Series(self._codes()).reindex(table.index)
        table["formula"] = by_candidate["formula"].first()
        if self.settings["target"] is not None:
            max_iter = self.settings["max_iter"]
            table["epochs_to_target"] = by_candidate["epochs_to_target"].agg(
                lambda epochs: statistics.describe_epochs(epochs, max_iter)
            )
        baseline = pd.DataFrame(
            {
                "mean": self.baseline[f"test_{metric}"].mean(),
                "sd_splits": self.baseline[f"test_{metric}"].std(),
                "train_mean": self.baseline[f"train_{metric}"].mean(),
            },
            index=pd.MultiIndex.from_tuples([(BASELINE, "")], names=self._keys)
            if self._several_activations
            else pd.Index([BASELINE], name="label"),
        )
        return pd.concat([table, baseline.reindex(columns=table.columns)]).rename_axis(self._keys)

    def _bounds(self, metric) -> tuple[float, float]:
        """Return the range of a score of scikit-learn; somebody's own may have any range."""
        if metric == "log_loss" or self.settings["scoring"][metric] == repr(metric):
            for beginnings, bounds in _BOUNDS.items():
                if metric.startswith(beginnings):
                    return bounds
        return -np.inf, np.inf

    def _beats_prior(self) -> pd.Series:
        """Say of each candidate whether it beats the prior: by the primary metric and log loss."""
        improvements = {
            name: self._better_scores(name).sub(
                self.baseline[f"test_{name}"].to_numpy() * (-1 if name == "log_loss" else 1), axis=0
            )
            for name in (self.metrics[0], "log_loss")
        }
        constant = self._runs.groupby(self._keys)["same_answer"].all()
        rope = {name: self._rope_of(name) for name in improvements}
        return statistics.beats_prior(improvements, self.rho, rope, list(constant.index[constant]))

    @property
    def honest_best(self) -> float:
        """The score of choosing the best like this, without most of the winner's optimism."""
        splits = self.settings["splits"]
        if len(self.records) < splits["n"]:  # read from the checkpoint of an unfinished one
            return np.nan
        return statistics.honest_best(self._better_scores(self.metrics[0]), splits["repeats"])

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
        metric = self._metric(metric)
        n_splits = len(self.records)
        table = self.summary(metric).iloc[:-1]
        trained = table[table["mean"].notna()]
        texts = (
            []
            if trained.empty
            else statistics.sentences(
                trained,
                metric=metric,
                rope=self._rope_of(metric),
                n_splits=n_splits,
                n_runs=n_splits * self.settings["splits"]["n_seeds"],
                control=self._control_of(metric),
                honest=self.honest_best if metric == self.metrics[0] else np.nan,
                greater_is_better=metric != "log_loss",
            )
        )
        for label in table.index[table["mean"].isna()]:
            name = statistics.name_label(label)
            texts.append(f"{name} could not be scored in all runs: see the failures.")
        if metric != self.metrics[0] and len(table) > 1:
            texts.append(f"These tests are exploratory: the primary metric is {self.metrics[0]}.")
        return texts

    def resolution(self, metric: str | None = None) -> float:
        """Return the smallest difference that would be found 4 times in 5.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.

        Returns
        -------
        float
            In the metric's unit, for an unadjusted test; the median over pairs.
        """
        return statistics.resolution(self._better_scores(self._metric(metric)), self.rho)

    def plot_curves(self, ax=None) -> LossCurvesDisplay:
        """Draw training and held-out loss over epochs.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        LossCurvesDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        return self._curves_display().plot(ax)

    def plot_scores(self, metric: str | None = None, ax=None) -> ScoresDisplay:
        """Draw the scores of every split, training beside held-out.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ScoresDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        return self._scores_display(metric).plot(ax)

    def plot_differences(self, metric: str | None = None, ax=None) -> DifferencesDisplay:
        """Draw what is known of each difference to the best, and the ROPE.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        DifferencesDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        return self._differences_display(metric).plot(ax)

    def plot_heatmap(self, metric: str | None = None, ax=None) -> HeatmapDisplay:
        """Draw the mean score of every init with every activation.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        HeatmapDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        return self._heatmap_display(metric).plot(ax)

    def _curves_display(self):
        prior_loss = self.baseline["test_log_loss"].mean()
        return LossCurvesDisplay.from_frame(self.curves(), prior_loss=prior_loss)

    def _scores_display(self, metric=None):
        metric = self._metric(metric)
        return ScoresDisplay.from_frame(self._runs, self.summary(metric), metric=metric)

    def _differences_display(self, metric=None):
        metric = self._metric(metric)
        return DifferencesDisplay.from_frame(
            self.summary(metric),
            rope=self._rope_of(metric),
            n_splits=len(self.records),
            metric=metric,
            reference=self._reference(metric),
        )

    def _heatmap_display(self, metric=None):
        metric = self._metric(metric)
        better = metric != "log_loss"
        return HeatmapDisplay.from_frame(self._runs, metric=metric, greater_is_better=better)

    def to_html(self, path=None, *, repeat: str | None = None) -> str:
        """Write the report: one HTML page that loads nothing and runs no script.

        Parameters
        ----------
        path : path-like, default=None
            Where; replaced in one step if it exists. None only returns the page.
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
        from skinit.report import render_report

        metric = self.metrics[0]
        return render_report(
            path,
            title="Initializers compared",
            sentence=self.sentences(),
            summary=self.summary(),
            figures=self._figures(),
            failures=[*self.diagnoses.items(), *self.failures.items()],
            method=self._method(),
            repeat=write_call(self.settings, self.control, self.rope) if repeat is None else repeat,
            notes=self._notes(),
            pairwise=self.pairwise(),
            metric=metric,
            reference=self._reference(metric),
        )

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

        metric = self._metric(metric)
        return summary_to_markdown(
            self.summary(metric), metric=metric, reference=self._reference(metric)
        )

    def to_latex(self, metric: str | None = None) -> str:
        """Return the summary as a LaTeX table, for the package booktabs.

        Parameters
        ----------
        metric : str, default=None
            One of `metrics`; None is the primary one.

        Returns
        -------
        str
            The table.
        """
        from skinit.report import summary_to_latex

        metric = self._metric(metric)
        return summary_to_latex(
            self.summary(metric), metric=metric, reference=self._reference(metric)
        )

    @property
    def reference(self):
        """The candidate that differences of the primary metric are differences to."""
        return self._reference(self.metrics[0])

    def _reference(self, metric):
        control = self._control_of(metric)
        return self.summary(metric).index[0] if control is None else control

    def _figures(self):
        """Return (heading, caption, figure) of every drawing of the report."""
        n_splits = len(self.records)
        figures = []
        if self.settings["curves"] and not self.curves().empty:
            figures.append(
                (
                    "Loss curves",
                    "Log loss by epoch, without the L2 penalty: median and quartiles of all "
                    "runs. Solid: training rows; dashed: held-out rows, watched and never used.",
                    self._curves_display().to_figure(),
                )
            )
        figures.append(
            (
                "Scores",
                f"The {name_metric(self.metrics[0])} of every split, held-out (filled) beside "
                "training (open), and the 95% interval of the mean held-out score.",
                self._scores_display().to_figure(),
            )
        )
        if len(self.settings["candidates"]) > 1 and n_splits > 1:
            figures.append(
                (
                    "Differences",
                    "What is known of each difference, and the region of practical equivalence "
                    f"of ±{self._rope_of(self.metrics[0]):g}.",
                    self._differences_display().to_figure(),
                )
            )
        if self._several_activations:
            figures.append(
                (
                    "Initializers and activations",
                    "Mean held-out score of every pair; the best is framed.",
                    self._heatmap_display().to_figure(),
                )
            )
        return figures

    def _notes(self) -> list[str]:
        n_splits = len(self.records)
        notes = [
            "The interval of a mean is that of the expected score when trained on as many rows "
            "as one split trains on. Two such intervals that overlap say nothing about a "
            "difference: the differences have intervals of their own."
        ]
        resolution = self.resolution()
        if np.isfinite(resolution) and resolution > 0:
            notes.append(
                f"These {n_splits} splits find a difference of {resolution:.3f} four times in "
                "five (median over all pairs). More seeds, more repeats and above all more data "
                "find smaller ones."
            )
        if self.honest_best == self.honest_best and self.control is None:
            notes.append(
                "The mean of a winner is optimistic. The honest estimate of choosing this way "
                f"is {self.honest_best:.3f}."
            )
        if len(self.metrics) > 2:
            notes.append(
                f"All tests are about {self.metrics[0]}; those of the other metrics are "
                "exploratory."
            )
        return notes

    def _method(self) -> dict[str, str]:
        settings = self.settings
        data, splits = settings["data"], settings["splits"]
        classes = ", ".join(f"{name}: {count}" for name, count in data["classes"].items())
        steps, control = settings["preprocessing"], self._control_of(self.metrics[0])
        return {
            "Data": f"{data['n_samples']:,} rows of {data['n_features']:,} features "
            f"(fingerprint {data['X']}-{data['y']})",
            "Rows per class": classes,
            "Network": f"InitMLPClassifier({write_arguments(settings['network'])})",
            "Preprocessing": "; ".join(steps.values()) if steps else "none",
            "Splits": f"{splits['n']} ({splits['cv']}), fitted on the training part alone",
            "Seeds per split": f"{splits['n_seeds']}, from random_state={settings['seed']}; the "
            "same for all candidates, different for every split",
            "Tests": f"corrected resampled t-test (test to training rows {self.rho:.2f}), Holm "
            + ("over all pairs" if control is None else "over the pairs with the control")
            + f"; posterior with a region of practical equivalence of {self.rope}",
            "Versions": ", ".join(f"{k} {v}" for k, v in settings["versions"].items()),
        }

    def save(self, path) -> None:
        """Write the comparison as one JSON file.

        Parameters
        ----------
        path : path-like
            Where; replaced in one step if it exists.
        """
        control = list(self.control) if isinstance(self.control, tuple) else self.control
        document = {
            "settings": self.settings,
            "control": control,
            "rope": self.rope,
            "records": self.records,
        }
        write_atomically(path, to_json(document))

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
            If the file is neither.
        """
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
            settings, records = document["settings"], document["records"]
            is_comparison = settings["format"] == FORMAT
        except (ValueError, KeyError, TypeError):
            is_comparison = False
        if not is_comparison:
            settings, records = Checkpoint.read(path)
            if not records:
                raise ValueError(f"{str(path)!r} holds no finished split yet.")
            return cls(settings, sorted(records, key=lambda record: record["split"]))
        control = document["control"]
        control = tuple(control) if isinstance(control, list) else control
        return cls(settings, records, control=control, rope=document["rope"])
