"""The network that the options of a command describe, after the preprocessing of its data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from skinit._wording import join_words
from skinit.cli.options import NETWORK, complete_list, complete_name, split_list, split_rates

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from skinit.datasets.named import Dataset

SOLVERS = ("auto", "adam", "sgd", "lbfgs")


def _initializers() -> Iterable[str]:
    from skinit.initializers import list_initializers

    return list_initializers()["name"]


def _activations() -> Iterable[str]:
    from skinit.activations import ACTIVATIONS

    return ACTIVATIONS.names()


Init = Annotated[
    str,
    typer.Option(
        help="Initializers, separated by commas; see skinit list.",
        metavar="NAMES",
        autocompletion=complete_list(_initializers),
    ),
]
Hidden = Annotated[
    str,
    typer.Option(
        help="Units of each hidden layer, separated by commas.",
        metavar="UNITS",
        rich_help_panel=NETWORK,
    ),
]
Solver = Annotated[
    str,
    typer.Option(
        help="adam, sgd, lbfgs or auto: lbfgs for fewer than 1,000 rows or more columns than "
        "rows, unless a learning rate is given or tuned; otherwise adam.",
        metavar="NAME",
        rich_help_panel=NETWORK,
        autocompletion=complete_name(lambda: SOLVERS),
    ),
]
Activation = Annotated[
    str,
    typer.Option(
        help="Activation of the hidden layers.",
        metavar="NAME",
        rich_help_panel=NETWORK,
        autocompletion=complete_name(_activations),
    ),
]
Activations = Annotated[
    str,
    typer.Option(
        help="Activations of the hidden layers, separated by commas.",
        metavar="NAMES",
        rich_help_panel=NETWORK,
        autocompletion=complete_list(_activations),
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="RATE",
        help="Initial learning rate of adam and sgd.",
        show_default="0.001",
        rich_help_panel=NETWORK,
    ),
]
LearningRates = Annotated[
    str | None,
    typer.Option(
        help="Initial learning rate of adam and sgd. Of several, separated by commas, each "
        "candidate gets the best for it, chosen inside each split.",
        metavar="RATES",
        show_default="0.001",
        rich_help_panel=NETWORK,
    ),
]
MaxIter = Annotated[
    int, typer.Option(min=1, metavar="N", help="Maximum epochs.", rich_help_panel=NETWORK)
]


@dataclass(frozen=True)
class NetworkOptions:
    """The network without what one command takes once and another one several times."""

    init: Init = "zeros,random,he,xavier"
    hidden: Hidden = "100"
    solver: Solver = "auto"

    @property
    def inits(self) -> list[str]:
        """The initializers."""
        return split_list(self.init)

    def _make_pipeline(self, dataset: Dataset, *, has_rate: bool, **named) -> Pipeline:
        """Return the pipeline of preprocessing and network; numbers to predict are standardized.

        Where a learning rate is given or tuned, the solver is one that has one.
        """
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        from skinit.estimators import InitMLPClassifier, InitMLPRegressor

        named["solver"] = self._choose_solver(dataset.X.shape, has_rate)
        named["hidden_layer_sizes"] = self._hidden_layer_sizes()
        if dataset.task == "classification":
            return make_pipeline(dataset.preprocessing, InitMLPClassifier(**named))
        scaled = TransformedTargetRegressor(InitMLPRegressor(**named), transformer=StandardScaler())
        return make_pipeline(dataset.preprocessing, scaled)

    def _hidden_layer_sizes(self) -> tuple[int, ...]:
        try:
            return tuple(int(part) for part in split_list(self.hidden))
        except ValueError:
            message = f"--hidden takes whole numbers such as 100,50, got {self.hidden!r}."
            raise ValueError(message) from None

    def _choose_solver(self, shape: tuple[int, int], has_rate: bool) -> str:
        """Return the solver that was named, or the one that suits so many rows and columns."""
        if self.solver not in SOLVERS:
            raise ValueError(f"--solver takes {join_words(SOLVERS, 'or')}, got {self.solver!r}.")
        if self.solver == "lbfgs" and has_rate:
            raise ValueError(
                "--solver lbfgs has no learning rate: use --solver adam or sgd, or leave "
                "--learning-rate-init, --tune and --racing out."
            )
        if self.solver != "auto":
            return self.solver
        n_samples, n_features = shape
        # Adam needs many steps, and few rows give few batches an epoch.
        is_small = n_samples < max(1000, n_features)
        return "lbfgs" if is_small and not has_rate else "adam"


@dataclass(frozen=True)
class OneNetwork(NetworkOptions):
    """One activation and one learning rate."""

    activation: Activation = "relu"
    learning_rate_init: LearningRate = None

    def make_pipeline(self, dataset: Dataset) -> Pipeline:
        """Return the pipeline of preprocessing and network."""
        rate = self.learning_rate_init
        named = {} if rate is None else {"learning_rate_init": rate}
        return self._make_pipeline(
            dataset, has_rate=rate is not None, activation=self.activation, **named
        )


@dataclass(frozen=True)
class SeveralNetworks(NetworkOptions):
    """Several activations, and learning rates to choose from."""

    activation: Activations = "relu"
    learning_rate_init: LearningRates = None
    max_iter: MaxIter = 200

    @property
    def activations(self) -> list[str]:
        """The activations."""
        return split_list(self.activation)

    @property
    def rates(self) -> list[float]:
        """The learning rates that are given."""
        return [] if self.learning_rate_init is None else split_rates(self.learning_rate_init)

    def make_pipeline(self, dataset: Dataset, is_tuned: bool) -> Pipeline:
        """Return the pipeline of preprocessing and network, the first of several."""
        named = {"learning_rate_init": self.rates[0]} if self.rates else {}
        return self._make_pipeline(
            dataset,
            has_rate=is_tuned or bool(named),
            activation=self.activations[0],
            max_iter=self.max_iter,
            **named,
        )
