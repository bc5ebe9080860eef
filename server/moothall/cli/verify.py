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
        epilog="Exit status: 0 intact, 1 broken or something is missing, 2 can't be read, 3 whole but not proved.",
    )
    verify.add_argument("session", nargs="?", help="one session; all of them by default")
    verify.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    verify.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE|URL",
        help="public keys that were saved elsewhere, or where the server publishes them; may be said several times",
    )
    verify.add_argument(
        "--heads",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a record.json that was taken home, or from a hub: the log has to hold what it saw; several times too",
    )
    verify.set_defaults(run=_verify)
    new_key = commands.add_parser(
        "new-key",
        help="make a signing key where the old one is lost",
        description="Make a signing key where the old one is lost. What was signed before verifies with --key alone.",
    )
    new_key.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    new_key.set_defaults(run=_new_key)


def _verify(arguments: argparse.Namespace) -> int:
    from moothall.cli.verifying import verify_command

    return verify_command(arguments.data, arguments.session, sys.stdout, keys=arguments.key, seen=arguments.heads)


def _new_key(arguments: argparse.Namespace) -> int:
    from moothall.cli.verifying import new_key_command

    return new_key_command(arguments.data, sys.stdout)
