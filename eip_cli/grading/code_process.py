"""``python -m eip_cli.grading.code_process SPEC DATASET FILE SECONDS BYTES``: runs a student's code.

Writes to FILE how the network is described that the function SPEC returns for the images of DATASET.
"""

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

LARGEST_FILE_BYTES = 100 * 2**20


def _limit(seconds: int, memory: int) -> None:
    """Bounds that the system keeps, where it has them: processor time, memory, and what is written."""
    with suppress(ImportError):  # Windows
        import resource

        for name, value in (
            ("RLIMIT_CPU", 4 * seconds),  # of several threads
            ("RLIMIT_DATA", memory),
            ("RLIMIT_FSIZE", LARGEST_FILE_BYTES),
            ("RLIMIT_CORE", 0),
        ):
            with suppress(OSError, ValueError):
                resource.setrlimit(getattr(resource, name), (value, value))


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def main(spec: str, dataset: str, file: str, seconds: str, memory: str) -> int:
    """Exit status: 0 done, 1 failed with one line on standard error."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit(int(seconds), int(memory))
    # Imported here: within the limits.
    from eip_cli.datasets.loading import problem_of
    from eip_cli.foundation.errors import EipError, in_one_line
    from eip_cli.networks.model import build_model
    from eip_cli.networks.users_mistakes.failures import blame_users_code

    try:
        text = build_model(spec, 0, *problem_of(dataset)).to_json()
        Path(file).write_text(text, encoding="utf-8")
    except EipError as error:
        sys.stderr.write(f"\n{in_one_line(error)}\n")
        return 1
    except Exception as error:  # the code is a stranger's
        reason = blame_users_code(error) or f"{type(error).__name__}: {in_one_line(error)}"
        sys.stderr.write(f"\n{reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.stderr.flush()
    os._exit(main(*sys.argv[1:]))  # what the code left running does not matter
