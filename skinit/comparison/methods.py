"""A methods paragraph to paste into a paper, with its references."""

from __future__ import annotations

from dataclasses import dataclass, field

from skinit._wording import join_words, name_label, write_count, write_setting
from skinit.activations import get_activation
from skinit.comparison import configuration
from skinit.comparison.schema import Candidate, Settings
from skinit.displays.base import name_metric, word_metric
from skinit.engine.solvers import SOLVERS
from skinit.initializers.table import INITIALIZERS

NADEAU = "Nadeau and Bengio (2003). Inference for the generalization error. Machine Learning 52."
HOLM = (
    "Holm (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
    "Statistics 6."
)
BENAVOLI = (
    "Benavoli, Corani, Demšar and Zaffalon (2017). Time for a change: a tutorial for comparing "
    "multiple classifiers through Bayesian analysis. JMLR 18."
)
ADAM = "Kingma and Ba (2015). Adam: a method for stochastic optimization. ICLR, arXiv:1412.6980."


@dataclass(frozen=True)
class MethodsSection:
    """What a paper says about how a comparison was made.

    Parameters
    ----------
    paragraph : str
        The text, in which numbers in brackets stand for references.
    references : tuple of str
        What these numbers stand for, the first one for [1].
    """

    paragraph: str
    references: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"[{number}] {text}" for number, text in enumerate(self.references, start=1)]
        return "\n".join([self.paragraph, "", *lines])


@dataclass
class _Bibliography:
    """References in the order in which they are cited."""

    texts: list[str] = field(default_factory=list)

    def cite(self, text: str) -> str:
        """Return the number of a reference, as a text has it; nothing for no reference."""
        if not text:
            return ""
        if text not in self.texts:
            self.texts.append(text)
        return f" [{self.texts.index(text) + 1}]"


def write_methods(comparison) -> MethodsSection:
    """Return the methods paragraph of an InitComparison, and its references."""
    cited = _Bibliography()
    settings = comparison.settings
    sentences = [
        _initializers(settings, cited, comparison.data_name),
        _network(settings, cited),
        _rows(settings),
        _splits(comparison),
        _tuning(settings),
        _tests(comparison, cited),
        _versions(comparison),
    ]
    return MethodsSection(" ".join(filter(None, sentences)), tuple(cited.texts))


def describe_data(settings: Settings, name: str = "") -> str:
    """Return rows, features and classes of the data, after their name if they have one."""
    data = settings.data
    counts = (
        f"{data.n_samples:,} rows, {write_count(data.n_features, 'feature')}, "
        f"{describe_target(settings)}"
    )
    return f"{name} ({counts})" if name else f"data of {counts}"


def describe_target(settings: Settings) -> str:
    """Return what is predicted: the number of classes, or how numbers spread."""
    data = settings.data
    if data.classes:
        return f"{len(data.classes)} classes"
    if not data.numbers:
        return "several numbers to predict"
    low, high = (write_setting(data.numbers[name]) for name in ("min", "max"))
    return f"a target from {low} to {high}"


def _initializers(settings: Settings, cited: _Bibliography, data_name: str) -> str:
    labels: dict[str, str] = {}
    for candidate in settings.candidates:
        source = cited.cite(source_of(candidate))
        text = f"{name_label(candidate.label)}{source}, {candidate.formula}"
        labels.setdefault(candidate.label, text)
    what = f"{write_count(len(labels), 'weight initializer')} of a multilayer perceptron"
    normal = ""
    if any("N(0, " in candidate.formula for candidate in settings.candidates):
        normal = " N(0, v) is the normal distribution with mean 0 and variance v."
    return (
        f"We compared {what} on {describe_data(settings, data_name)}: "
        f"{'; '.join(labels.values())}.{normal}"
    )


def source_of(candidate: Candidate) -> str:
    """Return the paper or library that a candidate's name comes from, if it is known."""
    name = candidate.init
    if name == "auto":
        try:
            name = str(get_activation(candidate.activation).default_init)
        except ValueError:  # somebody's activation, which has no name in this process
            return ""
    if name not in INITIALIZERS:
        return ""
    return INITIALIZERS[name].source.partition("; init=")[0]


def _network(settings: Settings, cited: _Bibliography) -> str:
    values = configuration.parameters(settings.network)
    layers = configuration.hidden_layers(values)
    number, _, units = layers.partition(" of ")
    hidden = (
        f"{write_count(int(number), 'hidden layer')} of {units}" if units else "no hidden layer"
    )
    names = join_words(settings.activations)
    solver = configuration.solver(values)
    if values["solver"] == "adam":
        solver += cited.cite(ADAM)
    lines = configuration.configuration(settings)
    details = []
    if SOLVERS[values["solver"]].minibatches:
        details = [f"learning rate {lines['Learning rate']}", f"batches: {lines['Batch']}"]
    details.append(f"L2 penalty {lines['L2 penalty (alpha)']}")
    return (
        f"The network had {hidden} with {names} and was trained by {solver}; "
        f"{'; '.join(details)}. Training ended {lines['Stopping']}."
    )


def _rows(settings: Settings) -> str:
    steps, target = settings.network.preprocessing, settings.network.target
    transformed = "" if target is None else f" The target was transformed by {target}."
    if not steps:
        return f"The inputs were not preprocessed.{transformed}"
    return (
        f"The inputs were preprocessed by {join_words(steps.values())}, fitted on the training "
        f"rows of each split alone.{transformed}"
    )


def _splits(comparison) -> str:
    splits, kind = comparison.settings.splits, comparison.settings.kind
    cv = splits.cv
    if cv.isdecimal():
        cv = f"{'Stratified' * kind.stratifies}{'Group' * bool(splits.groups)}KFold(n_splits={cv})"
    scores = join_words(name_metric(name) for name in _asked_for(comparison))
    runs = write_count(splits.n_seeds, "training run")
    verb, mean = ("are", "means") if len(_asked_for(comparison)) > 1 else ("is", "the mean")
    return (
        f"The {scores} on held-out rows {verb} {mean} over {write_count(splits.n, 'split')} "
        f"({cv}), with {runs} of each candidate on each split; all candidates of a split "
        "shared rows, seeds and the order of batches, and seeds differed between splits."
    )


def _asked_for(comparison) -> list[str]:
    return [metric.name for metric in comparison.settings.scoring]


def _tuning(settings: Settings) -> str:
    tuning = settings.tuning
    if tuning is None:
        return ""
    tried = [
        f"{name} from {join_words(map(write_setting, values), 'or')}"
        for name, values in tuning.values.items()
    ]
    race = ""
    if tuning.racing:
        race = "; after a quarter of the epochs only the best two values of each went on"
    return (
        f"For each candidate and inside each split, {join_words(tried)} was chosen by the "
        f"{word_metric(tuning.loss)} on {100 * tuning.size:g}% of the training rows, and the "
        f"network trained again on all of them{race}."
    )


def _tests(comparison, cited: _Bibliography) -> str:
    n, control = len(comparison.settings.candidates), comparison._analyze(None).control
    if n < 2:
        return ""
    tested = f"Differences were tested by the corrected resampled t-test{cited.cite(NADEAU)} "
    tested += f"(ratio of test to training rows {comparison.rho:.2f}), two-sided, at the 5% level"
    if n > 2:
        family = f"all {n * (n - 1) // 2} pairs"
        if control is not None:
            family = f"the {n - 1} pairs with {name_label(control)}"
        tested += f", adjusted by Holm's method{cited.cite(HOLM)} for {family}"
    rope = comparison._rope_of(comparison.metrics[0])
    named = ""
    if control is not None:
        named = f" {name_label(control)} was named as the control before the results were seen."
    return (
        f"{tested}. Two candidates are called tied where the Bayesian correlated t-test"
        f"{cited.cite(BENAVOLI)} gives a probability of at least 95% to a difference within "
        f"±{rope:g}.{named}"
    )


def _versions(comparison) -> str:
    versions = comparison.settings.versions
    used = join_words(f"{name} {number}" for name, number in versions.items())
    where = (
        f" on {comparison.provenance.describe_machine()}" if comparison.provenance.machine else ""
    )
    return f"Computed with {used}{where}."
