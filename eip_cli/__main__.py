"""``python -m eip_cli``, and the ``eip`` program."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
