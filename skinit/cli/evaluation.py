"""How a comparison is made: splits, seeds, scorers, tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skinit.cli.memory import LARGE, count_bytes
from skinit.cli.network import SeveralNetworks
from skinit.cli.options import EVALUATION, Folds, Seed, split_list

if TYPE_CHECKING:
    from skinit.datasets.named import Dataset

Tune = Annotated[
    bool,
    typer.Option(
        "--tune",
        help="Try seven learning rates, and give each candidate the best for it in each split.",
        rich_help_panel=EVALUATION,
    ),
]
Racing = Annotated[
    bool,
    typer.Option(
        "--racing",
        help="Tune faster: after a quarter of the epochs, only the best two rates go on.",
        rich_help_panel=EVALUATION,
    ),
]
Repeats = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Repeats of the cross-validation.", rich_help_panel=EVALUATION
    ),
]
Seeds = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="Training runs per split.", rich_help_panel=EVALUATION),
]
Scoring = Annotated[
    str | None,
    typer.Option(
        help="Scorers of scikit-learn, separated by commas; the first one decides.",
        metavar="NAMES",
        show_default="accuracy, or r2 for numbers",
        rich_help_panel=EVALUATION,
    ),
]
Control = Annotated[
    str | None,
    typer.Option(
        help="A candidate chosen before seeing any results, to compare all others with, such "
        "as he (with several activations: he:tanh).",
        metavar="NAME",
        show_default=False,
        rich_help_panel=EVALUATION,
    ),
]
Rope = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="X",
        help="Smallest difference that matters to you.",
        show_default="0.01, or for errors 1% of the training mean's",
        rich_help_panel=EVALUATION,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Splits to run in parallel; -1 uses all cores, but for rows of more than 256 MiB, "
        "of which each job needs a copy, only one.",
        rich_help_panel=EVALUATION,
    ),
]


@dataclass(frozen=True)
class EvaluationOptions:
    """How candidates are compared."""

    tune: Tune = False
    racing: Racing = False
    cv: Folds = 5
    repeats: Repeats = 2
    seeds: Seeds = 1
    scoring: Scoring = None
    control: Control = None
    rope: Rope = None
    jobs: Jobs = -1
    seed: Seed = 0

    def arguments(self, networks: SeveralNetworks, dataset: Dataset) -> dict[str, Any]:
        """Return what `compare_initializers` is called with, beside pipeline and rows."""
        activations = networks.activations
        return {
            "init": networks.inits,
            "activation": activations if len(activations) > 1 else None,
            "cv": self._splitter(dataset),
            "groups": dataset.groups,
            "n_seeds": self.seeds,
            "scoring": None if self.scoring is None else split_list(self.scoring),
            "control": self._control(len(activations) > 1),
            "rope": self.rope,
            "tune": self.tuned(networks),
            "racing": self.racing,
            "n_jobs": self._jobs_for(dataset.X),
            "random_state": self.seed,
        }

    def tuned(self, networks: SeveralNetworks) -> bool | dict[str, list[float]]:
        """Return which values are tried; False for none."""
        rates = networks.rates
        if self.tune and len(rates) == 1:
            raise ValueError(
                "--tune tries seven learning rates of its own: give --learning-rate-init several, "
                "or leave one of the two out."
            )
        tuned = {"learning_rate_init": rates} if len(rates) > 1 else self.tune
        if self.racing and not tuned:
            raise ValueError("--racing needs --tune, or several values of --learning-rate-init.")
        return tuned

    def _jobs_for(self, X) -> int:
        """Return the number of jobs: one where nobody asked for more and rows are large."""
        return 1 if self.jobs == -1 and count_bytes(X) > LARGE else self.jobs

    def _splitter(self, dataset: Dataset):
        """Return the cross-validation; rows of one group stay on one side of every split."""
        from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

        from skinit.datasets.folds import RepeatedGroupKFold, RepeatedStratifiedGroupKFold

        kinds = {
            "classification": (RepeatedStratifiedKFold, RepeatedStratifiedGroupKFold),
            "regression": (RepeatedKFold, RepeatedGroupKFold),
        }
        kind = kinds[dataset.task][dataset.groups is not None]
        return kind(n_splits=self.cv, n_repeats=self.repeats, random_state=self.seed)

    def _control(self, are_several: bool) -> str | tuple[str, ...] | None:
        """Return the control's label; with several activations the pair label:activation."""
        if are_several and self.control and ":" in self.control:
            return tuple(self.control.split(":", 1))
        return self.control
