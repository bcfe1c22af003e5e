"""What every submission of a folder is graded by."""

from dataclasses import dataclass
from pathlib import Path

from eip_cli.rules.rule_set import RuleSet


@dataclass(frozen=True)
class Task:
    """The rules, the images, and how submissions are read.

    ``seconds`` is the longest that one may take, half of it for its code where ``run_code`` allows that.
    """

    rules: RuleSet
    data_dir: Path | None = None
    pixels: str | None = None
    run_code: bool = False
    seconds: float = 600.0
