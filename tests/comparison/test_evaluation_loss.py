"""Cross-entropy is cross-entropy, whatever a network was trained with; ten sigmoids are said to be some."""

from pathlib import Path

import numpy as np
import pytest

from eip_cli.comparison.evaluation.subjects import evaluate_checkpoint
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.backend import keras

losses, layers = keras.losses, keras.layers


def build_network(activation: str | None) -> keras.Model:
    image = keras.Input((32, 32, 3))
    features = layers.AveragePooling2D(8)(image)
    model = keras.Model(image, layers.Dense(10, activation=activation)(layers.Flatten()(features)))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 1, weight.shape) for weight in model.weights])
    return model


def cross_entropy(model: keras.Model) -> float:
    """Of the softmax of the last layer's sums, over the digits' test images, in float64."""
    digits = load_dataset("digits")
    sums = keras.Model(model.input, keras.layers.Identity()(model.layers[-2].output))
    features = np.asarray(sums(digits.test_images.astype("float32") / 255), dtype="float64")
    kernel, bias = (np.asarray(weight, dtype="float64") for weight in model.layers[-1].weights)
    logits = features @ kernel + bias
    chosen = logits[np.arange(len(logits)), digits.test_labels]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen))


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("softmax", "categorical_crossentropy"),
        ("softmax", losses.CategoricalCrossentropy(label_smoothing=0.3)),
        ("softmax", losses.CategoricalFocalCrossentropy()),
        ("softmax", losses.SparseCategoricalCrossentropy(ignore_class=3)),
        ("softmax", losses.SparseCategoricalCrossentropy(from_logits=True)),  # which a softmax's are not
        ("softmax", losses.CategoricalCrossentropy(from_logits=True)),
        (None, losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)),
        (None, losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=3)),
        (None, losses.CategoricalFocalCrossentropy(from_logits=True)),
    ],
)
def test_the_loss_of_the_training_does_not_matter(
    activation: str | None, loss: str | keras.losses.Loss, ending: str, tmp_path: Path
) -> None:
    model = build_network(activation)
    model.compile("sgd", loss)
    path = tmp_path / f"model{ending}"
    model.save(path)
    evaluation = evaluate_checkpoint(str(path), dataset="digits")
    assert evaluation.loss == pytest.approx(cross_entropy(model), rel=1e-4)
    assert [note for note in evaluation.notes if not note.startswith("no verdict: ")] == []


def test_nor_does_that_of_the_network_that_weights_are_read_into(tmp_path: Path) -> None:
    model = build_network("softmax")
    model.save_weights(tmp_path / "model.weights.h5")
    (tmp_path / "net.py").write_text(
        "import keras\nfrom keras import layers\n"
        "def net():\n"
        "    image = keras.Input((32, 32, 3))\n"
        "    features = layers.Flatten()(layers.AveragePooling2D(8)(image))\n"
        "    model = keras.Model(image, layers.Dense(10, activation='softmax')(features))\n"
        "    model.compile('sgd', keras.losses.CategoricalCrossentropy(label_smoothing=0.3))\n"
        "    return model\n"
    )
    weights, network = str(tmp_path / "model.weights.h5"), str(tmp_path / "net.py:net")
    evaluation = evaluate_checkpoint(weights, network=network, dataset="digits")
    assert evaluation.loss == pytest.approx(cross_entropy(model), rel=1e-4)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy"])
def test_ten_sigmoids_are_said_to_be_sigmoids(loss: str, tmp_path: Path) -> None:
    model = build_network("sigmoid")
    model.compile("sgd", loss)
    model.save(tmp_path / "model.h5")
    evaluation = evaluate_checkpoint(str(tmp_path / "model.h5"), dataset="digits")
    digits = load_dataset("digits")
    outputs = np.asarray(model(digits.test_images.astype("float32") / 255))
    assert evaluation.accuracy == np.mean(outputs.argmax(axis=1) == digits.test_labels)
    assert any("its outputs are sigmoids" in note for note in evaluation.notes)
