"""`moothall log fetch` and `moothall log succeed`: bring the public tree back after a restore from an older copy."""

from __future__ import annotations

import argparse
from pathlib import Path

from moothall.cli.conference import add_house
from moothall.cli.operating import asked


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    log = commands.add_parser(
        "log",
        help="bring the public tree back after a restore",
        description="Bring the public tree of the running server back, where a witness has cosigned more than it has.",
    )
    acts = log.add_subparsers(required=True, metavar="ACT")
    fetch = acts.add_parser(
        "fetch",
        help="take what is missing from a copy",
        description="Take the missing leaves from a copy of the tree: from another node, a mirror, or a cache. Nothing "
        "is believed that doesn't lead to a checkpoint that this server has signed.",
    )
    fetch.add_argument("source", metavar="ADDRESS|FOLDER", help="where `checkpoint` and `tile/…` are")
    add_house(fetch)
    fetch.set_defaults(run=_fetch)
    succeed = acts.add_parser(
        "succeed",
        help="begin another tree, since there is no copy",
        description="Begin another tree with another origin, and sign a note that names both. All sessions enter it; "
        "proofs from before stay true.",
    )
    add_house(succeed)
    succeed.set_defaults(run=_succeed)


def _fetch(arguments: argparse.Namespace) -> int:
    source: str = arguments.source
    if not source.startswith(("http://", "https://")):
        source = str(Path(source).absolute())
    print(asked(arguments, lambda server: server.tree(source)))
    return 0


def _succeed(arguments: argparse.Namespace) -> int:
    print(asked(arguments, lambda server: server.tree("")))
    return 0
