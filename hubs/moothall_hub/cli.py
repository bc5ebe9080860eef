"""`moothall hub`: run a hub, pair it, make a link for its coordinator, and report its status.

The code is the same on every system: a hub is stopped by Ctrl-C, or by SIGTERM, which is handled like Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp
import msgspec

from moothall.adapters.system.programs import exit_status, start_logging, until_terminated
from moothall.core.kernel.errors import ConfigurationError
from moothall_hub.pairing.pairing import PROBLEMS, Pairing, PairingFailure
from moothall_hub.settings import HubSettings, load

FAILED, UNUSABLE = 1, 2
PATIENCE_S = 5.0
EPILOG = """\
  moothall hub pair ADDRESS WORD WORD WORD WORD WORD WORD     connect this computer to a meeting
  moothall hub link                                           a new link for the coordinator
  moothall hub status                                         how the hub that runs here is
"""


def main(given: Sequence[str]) -> int:
    """Run one command. Return its exit status: 0 done; 1 it failed and said why; 2 the arguments are wrong."""
    arguments = hub_parser().parse_args(given)
    with suppress(AttributeError, ValueError):  # ValueError: not in the main thread, as in tests
        signal.signal(signal.SIGTERM, _as_ctrl_c)
    return exit_status("moothall hub", lambda: int(arguments.run(arguments)))


def _as_ctrl_c(*_: object) -> None:
    """End a command on SIGTERM as on Ctrl-C, even where SIGINT is ignored, as it is for a script's background
    processes.

    The long-running command handles SIGTERM in its event loop instead (`until_terminated`), where the system allows
    that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def hub_parser() -> argparse.ArgumentParser:
    """Build the parser of the commands and their options."""
    parser = argparse.ArgumentParser(
        prog="moothall hub",
        description="A hub: the text of meetings far away, served to everybody in this local network.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common(parser)
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--lan", action="store_true", help="let the local network in, and show its address as a code")
    parser.add_argument(
        "--beside", type=Path, metavar="FOLDER", help="data folder of a demo on this machine, to be paired with"
    )
    parser.set_defaults(run=_run)
    commands = parser.add_subparsers(metavar="COMMAND")
    pair = commands.add_parser("pair", help="connect this computer to a meeting", description="Exchange six words.")
    _common(pair, again=True)
    pair.add_argument("address", help="address of the meetings, such as https://text.example.org")
    pair.add_argument("words", nargs="+", help="the six words; the first four letters of each are enough")
    pair.set_defaults(run=_pair)
    link = commands.add_parser("link", help="make a new link for the coordinator, and end the old one")
    _common(link, again=True)
    link.set_defaults(run=_link)
    status = commands.add_parser("status", help="say how the hub that runs here is")
    _common(status, again=True)
    status.set_defaults(run=_status)
    return parser


def _common(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """Add the options that every command has. Given after the subcommand (`again`), an option overrides the one before
    it; where it is not given there, the earlier value stays.
    """
    default = argparse.SUPPRESS if again else None
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=default, help="settings; see config/moothall-hub.toml"
    )
    parser.add_argument("--data", default=default, help="folder of the copies and of the pairing")
    parser.add_argument("--port", type=int, default=default, help="port to listen on; 0 takes a free one")


def settings_of(arguments: argparse.Namespace) -> HubSettings:
    """Return the settings, overridden by the command line."""
    settings = load(arguments.config, os.environ)
    if getattr(arguments, "lan", False):
        settings = msgspec.structs.replace(settings, host="0.0.0.0")  # noqa: S104  # `--lan` asks for all addresses
    given = {key: getattr(arguments, key, None) for key in ("host", "port", "data")}
    return msgspec.structs.replace(settings, **{key: value for key, value in given.items() if value is not None})


def _run(arguments: argparse.Namespace) -> int:
    from moothall_hub.running import run_hub  # the other commands do not need these imports

    settings = settings_of(arguments)
    # Beside a demo the hub prints for a person, as the demo does, so its log is short.
    start_logging(settings.log_level if arguments.beside is None else "warning", settings.log_format)
    asyncio.run(until_terminated(lambda: run_hub(settings, code=arguments.lan, beside=arguments.beside)))
    return 0


def _pair(arguments: argparse.Namespace) -> int:
    from moothall_hub.running import pair_folder

    done = asyncio.run(pair_folder(settings_of(arguments), arguments.address, " ".join(arguments.words)))
    if isinstance(done, PairingFailure):
        raise ConfigurationError(PROBLEMS[done])
    print(f"This computer speaks for {done.title} now, at {done.people}.")
    return 0


def _link(arguments: argparse.Namespace) -> int:
    from moothall_hub.running import new_link

    print(f"Coordinator's link: {asyncio.run(new_link(settings_of(arguments)))}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from moothall_hub.running import paired_as

    settings = settings_of(arguments)
    said = asyncio.run(_asked(settings))
    if said is not None:
        print(said)
        return 0
    print(f"No hub answers at port {settings.port} of this machine.")
    pairing: Pairing | None = asyncio.run(paired_as(settings))
    print("It is not paired." if pairing is None else f"It speaks for {pairing.title}, at {pairing.people}.")
    return FAILED


async def _asked(settings: HubSettings) -> str | None:
    """Return what a running hub says of its uplink, as a sentence; None when no hub answers."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  # only compared with
    where = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/uplink?ui=en"
    try:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(where) as response:
            return str((await response.json())["text"])
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError):
        return None
