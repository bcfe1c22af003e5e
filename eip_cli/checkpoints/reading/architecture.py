"""A network's architecture in a JSON file, as ``model.to_json()`` of Keras 2 and 3 writes it."""

import json
from pathlib import Path
from typing import Any

from eip_cli.foundation.errors import CheckpointError

from .containers import MAX_CONFIG_BYTES, parse_json, read_file, require_no_keras_1

ARCHITECTURE_ENDING = ".json"


def read_architecture(path: Path) -> tuple[dict[str, Any], str]:
    """The configuration in a JSON file, and the version of Keras that wrote it.

    Raises CheckpointError where the file is missing or holds no architecture.
    """
    text = read_file(path, MAX_CONFIG_BYTES).removeprefix(b"\xef\xbb\xbf")
    if text.lstrip()[:1] == b'"':  # written by json.dump of what was JSON already
        text = _unwrap(text)
    config = parse_json(text, path.name)
    if not isinstance(config.get("class_name"), str) or not isinstance(config.get("config"), dict | list):
        raise CheckpointError("is JSON, but no architecture as model.to_json() of Keras writes one")
    version = config.get("keras_version")
    require_no_keras_1(config, version if isinstance(version, str) else None)
    # Keras 3 leaves its version out.
    return config, version if isinstance(version, str) else "3"


def _unwrap(text: bytes) -> bytes:
    try:
        inner = json.loads(text)
    except ValueError as error:
        raise CheckpointError("is not JSON") from error
    return str(inner).encode()
