"""Where this program keeps what it can get or make again: data sets, compiled programs."""

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Return the user's cache directory of this program; EIP_CACHE_DIR moves it."""
    return Path(os.environ.get("EIP_CACHE_DIR") or platformdirs.user_cache_dir("eip", appauthor=False))
