"""What every test starts from: an empty working directory and no data of the user's."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def empty_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs land in ``tmp_path``, and neither the user's data folder nor cache is seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EIP_DATA_DIR", raising=False)
    monkeypatch.setenv("EIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path
