"""The one check command: format, lint, types, tests. ``python -m tests``; arguments go to pytest."""

import subprocess
import sys
from pathlib import Path

CHECKS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
    ("mypy",),
)
# Files side by side: most of the time goes into trainings in processes of their own. Each file stays on
# one worker, because its fixtures train too; more than four workers would want more memory than speed.
PYTEST = ("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")


def main(pytest_arguments: list[str]) -> int:
    """Run every check, the cheap ones first; the first failure ends it."""
    root = Path(__file__).resolve().parent.parent
    for check in (*CHECKS, (*PYTEST, *pytest_arguments)):
        status = subprocess.run([sys.executable, "-m", *check], cwd=root, check=False).returncode
        if status != 0:
            print(f"{' '.join(check)} failed", file=sys.stderr)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
