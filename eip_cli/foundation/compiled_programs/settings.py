"""The settings of the environment that say where compiled programs are kept; TensorFlow is not started."""

import re
from pathlib import Path

SETTING = "EIP_COMPILE_CACHE"
FLAGS = "TF_XLA_FLAGS"
IN_USE = "in-use"  # the folder that holds those of processes
_CACHE_FLAG = re.compile(r"""\s*--tf_xla_persistent_cache_directory=("[^"]*"|'[^']*'|\S*)""")


def names_cache(flags: str) -> bool:
    """Whether ``flags`` of TF_XLA_FLAGS say where programs are kept."""
    return _CACHE_FLAG.search(flags) is not None


def without_cache_of_this_program(flags: str) -> str:
    """``flags`` of TF_XLA_FLAGS without the folder that a process of this program has set for itself."""

    def keep(found: re.Match[str]) -> str:
        return "" if Path(found[1].strip("\"'")).parent.name == IN_USE else found[0]

    return _CACHE_FLAG.sub(keep, flags)


def without_cache(flags: str) -> str:
    """``flags`` of TF_XLA_FLAGS without any cache's folder, which changes nothing that is computed."""
    return _CACHE_FLAG.sub("", flags).strip()
