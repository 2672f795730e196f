"""The starts: good and bad ones, drawn at random from everything that may be combined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier
from skinit.initializers import Constant, Normal, VarianceScaling

N_ROWS = 400


def biased(bias):
    """Return an initializer that draws he's weights with one negative bias for all units."""

    def draw(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.full(fan_out, bias)

    return draw


def near_copies(fan_in, fan_out, rng):
    """Draw one unit, and all others as the same with a little noise."""
    one = rng.normal(0, np.sqrt(1 / fan_in), (fan_in, 1))
    return one + rng.normal(0, 1e-3, (fan_in, fan_out))


def noisy_constant(fan_in, fan_out, rng):
    """Draw .1 with a little noise."""
    return 0.1 + rng.normal(0, 1e-4, (fan_in, fan_out))


def mirrored(depth):
    """Return initializers of layers whose units come in pairs of opposite signs."""

    def normal(fan_in, fan_out, shape, rng):
        return rng.normal(0, np.sqrt(1 / fan_in), shape)

    def first(fan_in, fan_out, rng):
        W = normal(fan_in, fan_out, (fan_in, fan_out // 2), rng)
        return np.hstack([W, -W])

    def middle(fan_in, fan_out, rng):
        W = normal(fan_in, fan_out, (fan_in // 2, fan_out // 2), rng)
        return np.block([[W, -W], [-W, W]])

    def last(fan_in, fan_out, rng):
        W = normal(fan_in, fan_out, (fan_in // 2, fan_out), rng)
        return np.vstack([W, -W])

    return [first, *[middle] * (depth - 1), last]


# Name: (how often it is drawn, the value of `init`, or a function of the depth).
INITS = {
    "zeros": (0.3, "zeros"),
    "constant .1": (0.6, Constant(0.1)),
    "constant + noise": (0.6, noisy_constant),
    "near copies": (0.6, near_copies),
    "normal .01": (0.7, Normal(0.01)),
    "normal .1": (0.7, Normal(0.1)),
    "random": (1, "random"),
    "xavier": (2, "xavier"),
    "glorot_uniform": (2, "glorot_uniform"),
    "he": (3, "he"),
    "he x 3": (1, VarianceScaling(18.0)),
    "he / 3": (1, VarianceScaling(2 / 9)),
    "orthogonal": (2, "orthogonal"),
    "lsuv": (1.5, "lsuv"),
    "sklearn": (1, "sklearn"),
    "torch": (1, "torch"),
    "biases -50": (0.3, biased(-50.0)),
    "biases -2": (1, biased(-2.0)),
    "biases -1": (0.6, biased(-1.0)),
    "large output": (0.6, lambda depth: ["he"] * depth + [VarianceScaling(500.0)]),
    "mirrored": (0.6, mirrored),
}
OF_DEPTH = {"large output", "mirrored"}
ACTIVATIONS = {
    "tanh": 3, "relu": 3, "logistic": 1.5, "gelu": 1.5, "selu": 1, "leaky_relu": 0.7, "silu": 0.7,
    "elu": 0.7, "softplus": 0.4,
}  # fmt: skip
DEPTHS = {1: 0.2, 2: 0.15, 3: 0.17, 5: 0.18, 10: 0.15, 20: 0.08, 30: 0.07}
DATA = {"digits": 2, "breast_cancer": 1, "digits, 0 to 255": 0.4}
USUAL_RATES = {"adam": 0.001, "sgd": 0.05, "descent": 0.2}  # descent: sgd without momentum
RATES = {
    "adam": [1e-6, 1e-5, 1e-4, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0],
    "sgd": [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0],
}
# So that all take a few hundred steps.
EPOCHS = {"64": 60, "16": 30, "full": 300}


@dataclass(frozen=True)
class Spec:
    """One start, and how it is trained.

    Attributes
    ----------
    data, activation, init : str
        By name; see `DATA`, `ACTIVATIONS`, `INITS`.
    depth, width : int
        Hidden layers and their units.
    solver : {"adam", "sgd"}
        With `momentum`; Adam has none.
    rate : float
        The learning rate.
    batch : {"64", "16", "full"}
        Rows of a step.
    seed : int
        Of weights and batches.
    """

    data: str
    activation: str
    init: str
    depth: int
    width: int
    solver: str
    momentum: float
    rate: float
    batch: str
    seed: int

    @property
    def is_usual(self) -> bool:
        """Whether the learning rate is one that people would choose."""
        low, high = (0.0005, 0.005) if self.solver == "adam" else (0.01, 0.3)
        return low <= self.rate <= high

    def make_estimator(self) -> InitMLPClassifier:
        """Return the estimator, unfitted; it uses all of its epochs."""
        init = INITS[self.init][1]
        return InitMLPClassifier(
            (self.width,) * self.depth,
            self.activation,
            init=init(self.depth) if self.init in OF_DEPTH else init,
            solver=self.solver,
            learning_rate_init=self.rate,
            momentum=self.momentum,
            batch_size=self.batch if self.batch == "full" else int(self.batch),
            max_iter=EPOCHS[self.batch],
            n_iter_no_change=10**6,
            alpha=0,
            random_state=self.seed,
        )


def draw_spec(rng: np.random.Generator) -> Spec:
    """Draw a start; half of them have a usual learning rate."""
    solver = str(rng.choice(["adam", "sgd"]))
    momentum = float(rng.choice([0, 0.9], p=[0.3, 0.7])) if solver == "sgd" else 0.0
    usual = USUAL_RATES["descent" if solver == "sgd" and not momentum else solver]
    rate = usual if rng.random() < 0.5 else float(rng.choice(RATES[solver]))
    batches = {"64": 0.6, "16": 0.2, "full": 0.2 if solver == "sgd" else 0.0}
    return Spec(
        data=_pick(DATA, rng),
        activation=_pick(ACTIVATIONS, rng),
        init=_pick({name: weight for name, (weight, _) in INITS.items()}, rng),
        depth=_pick(DEPTHS, rng),
        width=int(rng.choice([8, 32, 64])),
        solver=solver,
        momentum=momentum,
        rate=rate,
        batch=_pick(batches, rng),
        seed=int(rng.integers(1000)),
    )


def _pick(weights, rng):
    values, p = list(weights), np.array(list(weights.values()), dtype=float)
    return values[rng.choice(len(values), p=p / p.sum())]


def load_data(n_rows: int = N_ROWS) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return data sets of at most ``n_rows`` rows by name; digits are also kept as pixels."""
    data = {}
    for name, load in [("breast_cancer", load_breast_cancer), ("digits", load_digits)]:
        X, y = load(return_X_y=True)
        rows = np.random.default_rng(0).permutation(len(y))[:n_rows]
        data[name] = StandardScaler().fit_transform(X[rows]), y[rows]
        if name == "digits":
            data["digits, 0 to 255"] = X[rows] * (255 / 16), y[rows]
    return data
