"""Predictions for the handwritten digits, as arrays and in files."""

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eip_cli.datasets.loading import load_dataset

DIGITS = load_dataset("digits")
LABELS = DIGITS.test_labels
N = len(LABELS)
ANIMALS = replace(
    DIGITS,
    name="animals",
    class_names=("cat", "dog", "owl", "bee", "ant", "elk", "fox", "hen", "pig", "rat"),
)
SHA256 = hashlib.sha256(bytes(LABELS.tolist())).hexdigest()


def make_probabilities(right: float = 0.8, seed: int = 0) -> np.ndarray:
    """Rows of float32 that sum to one, of which about ``right`` are largest at the true class."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(N, 10))
    scores[np.arange(N), LABELS] += np.where(random.random(N) < right, 6, -6)
    rows = np.exp(scores)
    return (rows / rows.sum(axis=1, keepdims=True)).astype("float32")


ROWS = make_probabilities()
PREDICTED = ROWS.argmax(axis=1)


def write_npz(path: Path | str = "p.npz", **arrays: Any) -> str:
    given = {"labels_sha256": SHA256} | arrays
    np.savez(path, **{name: value for name, value in given.items() if value is not None})
    return str(path)


def write_csv(path: Path | str = "p.csv", **columns: Any) -> str:
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


def classes(rows: np.ndarray = ROWS, names: tuple[str, ...] = DIGITS.class_names) -> dict[str, Any]:
    return {name: rows[:, at] for at, name in enumerate(names)}
