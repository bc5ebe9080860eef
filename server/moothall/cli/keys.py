"""`moothall new-key`: make a signing key where the old one is lost.

The command has a module of its own, since each command's module is named after what the command is about.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TextIO

from moothall.adapters.store import signing

MADE, THERE = 0, 2
"""Exit codes: a key was made; there is one already, and it stays."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    new_key = commands.add_parser(
        "new-key",
        help="make a signing key where the old one is lost",
        description="Make a signing key where the old one is lost. What was signed before verifies with --key alone.",
    )
    new_key.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    new_key.set_defaults(run=_new_key)


def _new_key(arguments: argparse.Namespace) -> int:
    return new_key_command(arguments.data, sys.stdout)


def new_key_command(data: Path, out: TextIO) -> int:
    """Make a signing key in the data folder `data` unless there is one. Raises ConfigurationError."""
    path = data / signing.FILE_NAME
    if path.exists():
        print(f"There is a signing key already: {path}. Nothing was changed.", file=out)
        return THERE
    made = signing.Ed25519Signer.open(path)
    print(f"Made {path}; its id is {made.key_id}. Back it up, apart from the log.", file=out)
    return MADE
