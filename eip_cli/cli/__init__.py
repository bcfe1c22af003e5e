"""The command line: a command parses, calls the core, and hands the result to display.

One file a command, named after it; ``common`` holds what several share. May not know mathematics or
files. What starts Keras is imported inside a command, so that help and usage errors answer at once.
"""

from .common.group import cli

__all__ = ["cli"]
