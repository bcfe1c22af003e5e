"""``python -m eip_cli`` is the ``eip`` program."""

from .cli import cli

if __name__ == "__main__":
    cli(prog_name="eip")
