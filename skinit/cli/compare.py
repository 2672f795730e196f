"""`skinit compare`: which initializers differ on these data."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from skinit.cli.app import app, new_table

if TYPE_CHECKING:
    from skinit.comparison import InitComparison

VERDICT_STYLES = {"best": "green", "tie": "cyan", "worse": "red"}

Data = Annotated[
    str,
    typer.Argument(
        help="digits, iris, wine, breast_cancer, pets (drawn), a CSV or Parquet file, or a "
        "folder of pictures."
    ),
]
Target = Annotated[
    str | None,
    typer.Option(help="Column of the class labels, for a file.", show_default=False),
]
Hidden = Annotated[str, typer.Option(help="Units of the hidden layers, separated by commas.")]
Solver = Annotated[
    str,
    typer.Option(
        help="adam, sgd, lbfgs; auto is adam from 1,000 rows on, and lbfgs for fewer rows or for "
        "more features than rows."
    ),
]


@app.command()
def compare(
    data: Data = "digits",
    target: Target = None,
    init: Annotated[str, typer.Option(help="Initializers, separated by commas.")] = (
        "zeros,random,he,xavier"
    ),
    activation: Annotated[str, typer.Option(help="Activations, separated by commas.")] = "relu",
    hidden: Hidden = "100",
    solver: Solver = "auto",
    learning_rate_init: Annotated[
        float, typer.Option(min=0, help="First learning rate of adam and sgd.")
    ] = 0.001,
    max_iter: Annotated[int, typer.Option(min=1, help="Largest number of epochs.")] = 200,
    cv: Annotated[int, typer.Option(min=2, help="Folds.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the folds.")] = 2,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings on each split.")] = 1,
    scoring: Annotated[
        str, typer.Option(help="scikit-learn's scorers, separated by commas; the first decides.")
    ] = "accuracy",
    control: Annotated[
        str | None,
        typer.Option(
            help="A candidate named before any result is seen, such as he (or he:tanh where "
            "there are several activations); all others are compared with it.",
            show_default=False,
        ),
    ] = None,
    rope: Annotated[
        float, typer.Option(min=0, help="Differences below this do not matter to you.")
    ] = 0.01,
    jobs: Annotated[int, typer.Option(help="Splits side by side; -1 is one a core.")] = -1,
    seed: Annotated[int, typer.Option(min=0, help="Where splits and weights come from.")] = 0,
    out: Annotated[Path, typer.Option(help="Where to write the report.")] = Path(
        "skinit-report.html"
    ),
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Keep finished splits here; the same command goes on from there.",
            show_default=False,
        ),
    ] = None,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", help="Where to save all numbers.", show_default=False),
    ] = None,
) -> None:
    """Compare initializers on your data by cross-validation, and write a report.

    Prints who is best, who ties, who is worse and who is undecided.
    """
    from sklearn.model_selection import RepeatedStratifiedKFold

    from skinit._files import check_writable
    from skinit.comparison import compare_initializers
    from skinit.datasets.named import load_dataset

    paths = [path for path in (out, json_path, checkpoint) if path is not None]
    for path in paths:
        check_writable(path)
    if len({path.resolve() for path in paths}) < len(paths):
        raise ValueError("--out, --json and --checkpoint need a file each, but two are the same.")
    check_outputs({"--out": (out, ".html"), "--json": (json_path, ".json")}, data)
    dataset = load_dataset(data, target)
    if dataset.about:
        typer.echo(dataset.about)
    activations = split_list(activation)
    pipeline = make_network(dataset, hidden, solver, learning_rate_init, max_iter, activations[0])
    _check_folds(dataset.y, cv)
    comparison = compare_initializers(
        pipeline,
        dataset.X,
        dataset.y,
        init=split_list(init),
        activation=activations if len(activations) > 1 else None,
        cv=RepeatedStratifiedKFold(n_splits=cv, n_repeats=repeats, random_state=seed),
        n_seeds=seeds,
        scoring=split_list(scoring),
        control=_control(control, len(activations) > 1),
        rope=rope,
        n_jobs=jobs,
        random_state=seed,
        checkpoint=checkpoint,
    )
    comparison.to_html(out, repeat=shlex.join(["skinit", *sys.argv[1:]]))
    if json_path is not None:
        comparison.save(json_path)
    _print_comparison(comparison)
    typer.echo(f"Report: {out}" + (f"\nNumbers: {json_path}" if json_path else ""))


def split_list(text: str) -> list[str]:
    """Return the parts of a comma-separated list, at least one."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError(f"Expected names separated by commas, got {text!r}.")
    return parts


def make_network(dataset, hidden, solver, learning_rate_init, max_iter, activation) -> Any:
    """Return the pipeline of preprocessing and network that the options stand for."""
    from sklearn.pipeline import make_pipeline

    from skinit.classifier import InitMLPClassifier

    try:
        sizes = tuple(int(part) for part in split_list(hidden))
    except ValueError:
        raise ValueError(f"--hidden takes whole numbers such as 100,50, got {hidden!r}.") from None
    if solver not in ("auto", "adam", "sgd", "lbfgs"):
        raise ValueError(f"--solver takes auto, adam, sgd or lbfgs, got {solver!r}.")
    if solver == "auto":
        n_samples, n_features = dataset.X.shape
        # Adam needs many steps, and few rows make few batches.
        solver = "lbfgs" if n_samples < max(1000, n_features) else "adam"
    network = InitMLPClassifier(
        sizes, activation, solver=solver, learning_rate_init=learning_rate_init, max_iter=max_iter
    )
    return make_pipeline(dataset.preprocessing, network)


def check_outputs(outputs, data) -> None:
    """Refuse to write over the data, and files whose names say that they are something else."""
    for option, (path, suffix) in outputs.items():
        if path is None:
            continue
        if path.exists() and path.resolve() == Path(data).resolve():
            raise ValueError(f"{option} {path} would overwrite the data: choose another name.")
        if path.suffix.lower() != suffix:
            raise ValueError(f"{option} must end in {suffix}, got {str(path)!r}.")


def _check_folds(y, folds):
    import numpy as np

    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < folds:
        raise ValueError(
            f"--cv {folds} needs {folds} rows of every class, but class "
            f"{str(classes[counts.argmin()])!r} has {counts.min()}."
        )


def _control(control, several):
    """Return the control's label; with several activations the pair written label:activation."""
    return tuple(control.split(":", 1)) if several and control and ":" in control else control


def _print_comparison(comparison: InitComparison) -> None:
    table = new_table(f"{comparison.metrics[0]}, mean over splits and half its 95% interval")
    table.add_column("candidate", overflow="fold")
    table.add_column("verdict")
    for header in ("training", "held-out", "difference", "adjusted p"):
        table.add_column(header, justify="right")
    *candidates, baseline = comparison.summary().reset_index().to_dict("records")
    for row in candidates:
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(baseline | {"verdict": ""}))
    console = Console()
    console.print(table)
    for sentence in comparison.sentences():
        console.print(Text(f"{sentence}\n"))
    for label, failure in comparison.failures.items():
        console.print(Text(f"{label}: {failure}\n"), style="bold")


def _cells(row) -> list[Text]:
    from skinit.statistics import format_p

    activation = row.get("activation")
    p = "" if row["p_holm"] != row["p_holm"] else format_p(row["p_holm"]).removeprefix("= ")
    return [
        Text(f"{row['label']} ({activation})" if activation else row["label"], "bold"),
        Text(row["verdict"], VERDICT_STYLES.get(row["verdict"], "")),
        Text(_number(row["train_mean"])),
        Text(_with_half_width(row["mean"], row["ci_low"], row["ci_high"])),
        Text(_with_half_width(row["difference"], row["difference_low"], row["difference_high"])),
        Text(p),
    ]


def _number(value) -> str:
    return f"{value:.3f}" if value == value else ""


def _with_half_width(mean, low, high) -> str:
    """Write an estimate; of an interval that its range cuts off, the longer side."""
    half = f" ±{max(mean - low, high - mean):.3f}" if low == low else ""
    return _number(mean) + half
