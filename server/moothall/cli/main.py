"""`moothall COMMAND`: the list of commands, and how errors and Ctrl-C end them."""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal

from moothall import __version__
from moothall.adapters.system.programs import exit_status

NICE = 10
"""By how much adding and testing languages gives way to a server that runs here: a meeting may be on."""
CHOOSING = ("suggest", "describe")
"""What `moothall models` does with models loaded or read, in a program of the engine's part."""
PROGRAMS = {"engine": "moothall_models", "translator": "moothall_models.translator_cli"}
COMMANDS = {
    "play": ("serve", "demo"),
    "demo_cluster": ("demo-cluster",),
    "conference": ("conference", "admin-link"),
    "tokens.command": ("token",),
    "record.past": ("record",),
    "doctor": ("doctor",),
    "operating": ("status", "drain", "reload", "cluster"),
    "replay": ("replay",),
    "read": ("read",),
    "search.command": ("search",),
    "caption_bridge": ("caption-bridge",),
    "transcribe": ("transcribe",),
    "refine": ("refine",),
    "verifying": ("verify",),
    "keys": ("new-key",),
    "proof.tree_command": ("log",),
    "backup": ("backup", "restore"),
}
"""The modules of this package and the commands that each adds, in the order of the help. A command loads only its own
module: all of them take a second, most of it for the server."""
UNUSABLE = 2
EPILOG = """\
  moothall models list | fetch | verify     the recognisers' weights (moothall models --help)
  moothall models suggest                   which model and how many rooms this machine carries
  moothall languages list | add | test      languages to translate into (moothall languages --help)
  moothall engine …                         an engine on another machine (moothall engine --help)
  moothall translator …                     translators on another machine (moothall translator --help)
  moothall hub …                            a hub: the text for a far local network (moothall hub --help)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Return its exit status: 0 done; 1 it failed and said why; 2 the arguments are wrong."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["models"] and given[1:2] and given[1] in CHOOSING:
        os.execv(sys.executable, [sys.executable, "-m", "moothall_models.choosing", *given[1:]])  # noqa: S606  # our own
    if given[:1] == ["models"]:
        from moothall_models.store import models_command  # the engine's part, which a server need not have

        return exit_status("moothall", lambda: models_command(*with_settings(given[1:], os.environ, "argos_index")))
    if given[:1] == ["languages"]:
        from moothall_models.store import languages_command

        os.nice(NICE)
        return exit_status("moothall", lambda: languages_command(*with_settings(given[1:], os.environ, "registry")))
    if given and given[0] in PROGRAMS:
        # It is a program of its own: it replaces this process, so that nothing of the server stays in memory.
        os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[given[0]], *given[1:]])  # noqa: S606  # our own
    if given[:1] == ["hub"]:
        return hub_program(given[1:])
    collecting = gc.isenabled()
    gc.disable()  # Imported modules stay in memory: looking for garbage among them took an eighth of the start time.
    try:
        arguments = command_parser(given[0] if given else "").parse_args(given)
    finally:
        if collecting:
            gc.enable()
    return exit_status("moothall", lambda: int(arguments.run(arguments)))


def with_settings(
    given: Sequence[str], environ: Mapping[str, str], source: Literal["registry", "argos_index"]
) -> tuple[list[str], str]:
    """The arguments of `moothall languages` or `moothall models` without `--config FILE`, and the list out of which it
    fetches, which the field `source` of the settings' section `translation` names.

    Raises ConfigurationError.
    """
    from moothall.settings.loading import load
    from moothall.wire.languages import REGISTRY

    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--config", type=Path)
    asked, rest = options.parse_known_args(list(given))
    return rest, getattr(load(asked.config, environ).translation, source) or REGISTRY


def hub_program(given: Sequence[str]) -> int:
    """Run a hub, which is a program of its own: it replaces this process, or is waited for where that is impossible."""
    program = [sys.executable, "-m", "moothall_hub", *given]
    if hasattr(os, "fork"):
        os.execv(sys.executable, program)  # noqa: S606  # the program is this project's own
    try:
        return subprocess.run(program, check=False).returncode  # noqa: S603  # the program is this project's own
    except KeyboardInterrupt:
        return 0  # The hub got the signal too.


def command_parser(command: str = "") -> argparse.ArgumentParser:
    """Build the parser of one command, or of all where `command` is none of them, without the engine's programs."""
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
        # It is imported only here: the server's part needs Unix, but a hub, which is started by this command too, does
        # not.
        import_module(f"moothall.cli.{module}").add_commands(commands)
    return parser
