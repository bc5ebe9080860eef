"""`moothall COMMAND`: which commands there are, and how errors and Ctrl-C end them."""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module

from moothall import __version__
from moothall.adapters.system.programs import exit_status

PROGRAMS = {"engine": "moothall_models", "translator": "moothall_models.translator_cli"}
COMMANDS = {
    "play": ("serve", "demo"),
    "demo_cluster": ("demo-cluster",),
    "conference": ("conference", "admin-link"),
    "doctor": ("doctor",),
    "operating": ("status", "drain", "reload", "cluster"),
    "replay": ("replay",),
    "read": ("read",),
    "caption_bridge": ("caption-bridge",),
    "transcribe": ("transcribe",),
    "refine": ("refine",),
    "verifying": ("verify",),
    "keys": ("new-key",),
    "backup": ("backup", "restore"),
}
"""The modules beside and the commands that each adds, in the order of the help. A command loads its own module alone:
all of them take a second, most of it for the server."""
UNUSABLE = 2
EPILOG = """\
  moothall models list | fetch | verify     the recognisers' weights (moothall models --help)
  moothall engine …                         an engine on another machine (moothall engine --help)
  moothall translator …                     translators on another machine (moothall translator --help)
  moothall hub …                            a hub: the text for a far local network (moothall hub --help)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 0 done, 1 it failed and said why, 2 the arguments are wrong."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["models"]:
        from moothall_models.store import models_command  # the engine's part, which a server can do without

        return models_command(given[1:])
    if given and given[0] in PROGRAMS:
        # A program of its own: it takes this process over, and nothing of the server stays in it.
        os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[given[0]], *given[1:]])  # noqa: S606  # our own
    if given[:1] == ["hub"]:
        return hub_program(given[1:])
    collecting = gc.isenabled()
    gc.disable()  # What is loaded stays: looking for garbage among it took an eighth of a start.
    try:
        arguments = command_parser(given[0] if given else "").parse_args(given)
    finally:
        if collecting:
            gc.enable()
    return exit_status("moothall", lambda: int(arguments.run(arguments)))


def hub_program(given: Sequence[str]) -> int:
    """Run a hub: a program of its own too. Where a system can't let it take this process over it is waited for."""
    program = [sys.executable, "-m", "moothall_hub", *given]
    if hasattr(os, "fork"):
        os.execv(sys.executable, program)  # noqa: S606  # our own
    try:
        return subprocess.run(program, check=False).returncode  # noqa: S603  # our own
    except KeyboardInterrupt:
        return 0  # It was told as well.


def command_parser(command: str = "") -> argparse.ArgumentParser:
    """The options of a command; of all commands where it is none of them. Those of the engine's part aren't known."""
    parser = argparse.ArgumentParser(
        prog="moothall",
        description="Live text of public sessions, carried to people who are not in the room.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"moothall {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    named = [module for module, added in COMMANDS.items() if command in added]
    for module in named or COMMANDS:
        # Only here: the server's part needs Unix, and a hub, which comes by this command too, doesn't.
        import_module(f"moothall.cli.{module}").add_commands(commands)
    return parser
