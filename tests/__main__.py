"""The one check command: format, lint, arrows between packages, types, tests. ``python -m tests``.

Arguments go to pytest.
"""

import subprocess
import sys
from pathlib import Path

CHECKS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
    ("lint-imports", "--no-logo"),
    ("mypy",),
)
# Files side by side: most of the time goes into trainings in processes of their own. Each file stays on
# one worker, because its fixtures train too, in the order that conftest.py gives; more than four workers
# would want more memory than speed.
PYTEST = ("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")


def main(pytest_arguments: list[str]) -> int:
    """Run every check, the cheap ones first; the first failure ends it."""
    root = Path(__file__).resolve().parent.parent
    for program, *arguments in (*CHECKS, (*PYTEST, *pytest_arguments)):
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        status = subprocess.run(command, cwd=root, check=False).returncode
        if status != 0:
            print(f"{program} {' '.join(arguments)} failed", file=sys.stderr)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
