"""What KERAS_BACKEND and keras.json may ask for, and what becomes of it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eip_cli.foundation.errors import BackendError
from eip_cli.foundation.keras_settings import describe_differences, read_request
from tests.support.places import EXAMPLES


@pytest.fixture
def keras_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return tmp_path / "keras.json"


def test_tensorflow_is_the_backend_where_nothing_is_named(keras_json: Path) -> None:
    request = read_request()
    assert (request.backend, request.notice) == ("tensorflow", None)


def test_keras_json_names_the_backend_unless_the_environment_does(
    keras_json: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    keras_json.write_text('{"backend": "jax"}')
    assert read_request().backend == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert read_request().backend == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "")  # for Keras as if it were not there
    assert read_request().backend == "jax"


@pytest.mark.parametrize("backend", ["torch", "numpy", "openvino", "TensorFlow", "tensorflw", "x" * 500])
def test_another_backend_is_refused_by_name(
    backend: str, keras_json: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(
        BackendError, match=r"^KERAS_BACKEND names the backend '.*tensorflow or jax; unset it$"
    ):
        read_request()
    monkeypatch.delenv("KERAS_BACKEND")
    keras_json.write_text(json.dumps({"backend": backend}))
    with pytest.raises(BackendError, match=r'keras\.json names .*; set "backend": "tensorflow" there$'):
        read_request()


def test_a_backend_that_is_not_installed_is_refused_with_what_to_do(
    keras_json: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(BackendError, match=r"jax, which is not installed: pip install jax, or unset it"):
        read_request()


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_keras_json_that_keras_passes_over_is_said(content: bytes, keras_json: Path) -> None:
    keras_json.write_bytes(content)
    request = read_request()
    assert request.backend == "tensorflow"
    assert request.notice == f"{keras_json} is damaged and not followed: mend or remove it"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds no settings"),
        ("null", "holds no settings"),
        ('{"floatx": "float8"}', 'has floatx "float8"'),
        ('{"epsilon": 1}', "has epsilon 1"),
        ('{"image_data_format": ["channels_last"]}', "has image_data_format"),
        ('{"backend": null}', "has backend null"),
    ],
)
def test_a_keras_json_that_stops_keras_is_refused(content: str, message: str, keras_json: Path) -> None:
    keras_json.write_text(content)
    with pytest.raises(BackendError) as refusal:
        read_request()
    assert message in str(refusal.value)
    assert "mend or remove it" in str(refusal.value)


def test_a_folder_in_the_place_of_keras_json_is_refused(keras_json: Path) -> None:
    keras_json.mkdir()
    with pytest.raises(BackendError, match="cannot read"):
        read_request()


def test_settings_are_described_where_they_are_not_keras_defaults() -> None:
    settings: dict[str, object] = {
        "image_data_format": "channels_last",
        "floatx": "float16",
        "epsilon": 0.001,
    }
    assert describe_differences(settings) == "floatx float16 and epsilon 0.001"
    assert describe_differences({"dtype_policy": "mixed_float16"}) == "dtype_policy mixed_float16"
    assert describe_differences({"floatx": "float32", "epsilon": 1e-7}) == ""


def test_a_network_is_the_same_whatever_keras_json_says(keras_json: Path) -> None:
    keras_json.write_text('{"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.001}')
    command = [
        sys.executable,
        "-m",
        "eip_cli",
        "summary",
        f"{EXAMPLES / 'my_network.py'}:bottleneck",
        "--format",
    ]
    result = subprocess.run([*command, "json"], capture_output=True, text=True, check=True, env=os.environ)
    assert json.loads(result.stdout)["total_params"] == 30_517
    (notice,) = result.stderr.splitlines()
    assert "image_data_format channels_first and floatx float16 and epsilon 0.001" in notice
    assert "not followed" in notice
