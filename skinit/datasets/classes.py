"""Rare classes, the positive class, and whether there is anything to learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skinit._wording import list_names, suggest, write_name
from skinit.datasets.doubts import find_doubts
from skinit.datasets.reader import Contents


def settle_target(contents: Contents, pos_label, rare, folds: int) -> Contents:
    """Deal with what is particular to classes or to numbers, and look for leaks."""
    if contents.account.task == "classification":
        return settle_classes(contents, pos_label, rare, folds)
    return settle_numbers(contents, pos_label, rare)


def settle_numbers(contents: Contents, pos_label, rare) -> Contents:
    """Refuse options of classes, and numbers that are all the same; look for leaks."""
    X, y, account, groups = contents
    for option, value in (("--pos-label", pos_label), ("--rare", rare)):
        if value is not None:
            raise ValueError(
                f"{option} is for classes, but column {account.target!r} of {account.file!r} holds "
                "numbers: say --task classification (in Python task=) if each of them is a class."
            )
    if np.ptp(y) == 0:
        raise ValueError(
            f"Column {account.target!r} of {account.file!r} holds one number only, {y[0]:g}: there "
            "is nothing to learn."
        )
    spread = {"min": float(y.min()), "mean": float(y.mean()), "max": float(y.max())}
    doubts = (*account.doubts, *find_doubts(X, y, groups, is_class=False))
    return Contents(X, y, replace(account, spread=spread, doubts=doubts), groups)


def settle_classes(contents: Contents, pos_label, rare, folds: int) -> Contents:
    """Deal with rare classes and the positive class, and look for leaks."""
    X, y, account, groups = contents
    notes, doubts = list(account.notes), list(account.doubts)
    classes, counts = np.unique(y, return_counts=True)
    few = classes[counts < folds]
    if len(few) and rare == "drop":
        kept = ~np.isin(y, few)
        X, y = X[kept].reset_index(drop=True), y[kept]
        groups = groups if groups is None else groups[kept]
        notes.append(f"{(~kept).sum():,} rows of rare classes are left out: {list_names(few)}")
    elif len(few) and rare == "merge":
        is_rare = np.isin(y, few)
        y = np.where(is_rare, "other", y.astype(str))
        notes.append(f"rare classes are one class, other: {list_names(few)}")
    elif len(few):
        verb = "has" if len(few) == 1 else "have"
        doubts.insert(
            0,
            f"{list_names(few)} {verb} fewer rows than there are folds ({folds}): say --rare drop "
            "or --rare merge, or use fewer folds.",
        )
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        only = "no class" if not len(classes) else f"one class only ({write_name(classes[0])})"
        raise ValueError(
            f"Column {account.target!r} of {account.file!r} has {only}: there is nothing to tell "
            "apart."
        )
    if pos_label is not None:
        y = _positive(y, pos_label, classes)
        notes.append(f"{write_name(pos_label)} is the positive class, 1")
    account = replace(
        account,
        rows=len(y),
        classes={str(name): int(count) for name, count in zip(classes, counts, strict=True)},
        notes=tuple(notes),
        doubts=(*doubts, *find_doubts(X, y, groups)),
    )
    return Contents(X, y, account, groups)


def _positive(y: np.ndarray, pos_label, classes: np.ndarray) -> np.ndarray:
    names = [str(name) for name in classes]
    if str(pos_label) not in names:
        raise ValueError(
            f"There is no class {str(pos_label)!r}.{suggest(pos_label, names)} The classes are: "
            f"{list_names(names, 20)}."
        )
    if len(classes) != 2:
        raise ValueError(
            f"A positive class needs two classes, and there are {len(classes)}: leave out "
            "--pos-label (in Python pos_label=)."
        )
    return (y.astype(str) == str(pos_label)).astype(int)
