"""The command line ``driftgate``. Each command imports its room when it runs, so ``--help`` stays quick."""

from driftgate.cli.main import app

__all__ = ["app"]
