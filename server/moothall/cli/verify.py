"""`moothall verify`: whether records are what was written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add it to the parser."""
    verify = commands.add_parser(
        "verify",
        help="check that records are what was written",
        description="Check the chain and the signatures of the sessions in a data folder.",
    )
    verify.add_argument("session", nargs="?", help="one session; all of them by default")
    verify.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    from moothall.cli.verifying import verify_command

    return verify_command(arguments.data, arguments.session, sys.stdout)
