"""The command line; `main` is what the `rebuttal` command starts."""

from flows.cli.app import main

__all__ = ["main"]
