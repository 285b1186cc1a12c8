"""The command line: reads what was typed, calls the other rooms."""

from diehl_cook.cli.entry import main

__all__ = ["main"]
