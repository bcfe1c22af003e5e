"""Draws what a command prints, as a terminal of 80 columns shows it, by Rich's own export.

python examples/draw_terminal.py summary.svg eip summary --show-rf
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 80


def main(picture: str, *command: str) -> None:
    """Run ``command`` and write its standard output, colours included, to the file ``picture``."""
    environment = os.environ | {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1"}
    printed = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text.from_ansi(printed.rstrip()))
    svg = console.export_svg(title=f"$ {' '.join(command)}", unique_id="terminal")
    # Rich names a font on another server: a picture in a repository fetches nothing.
    Path(picture).write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
