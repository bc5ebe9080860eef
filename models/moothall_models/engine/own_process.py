"""What engines and translators do as processes: their token, their end, and what they never leave behind."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import random
import resource
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.log_lines import LogFormat, formatter

TOKEN_VARIABLE = "MOOTHALL_ENGINE_TOKEN"  # noqa: S105 - the variable's name
LIFE_VARIABLE = "MOOTHALL_ENGINE_LIFE"
"""Where a server that started this process says by which name it knows its pulses."""
LIFE_BYTES = 16
MB = 1_000_000
PATIENCE = 5.0
"""Seconds that an engine without a parent gets to end in order."""
EXIT_WRONG, EXIT_FAILED = 2, 1


def own_parser(program: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """The options of every program that dials a server. `begin` does what they say of the process."""
    parser = argparse.ArgumentParser(prog=f"moothall {program}", description=description, epilog=epilog)
    parser.add_argument("--url", required=True, help="the server's engine link, ws://HOST:PORT/")
    parser.add_argument("--token-file", type=Path, metavar="FILE")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="with the key of a service that is asked")
    parser.add_argument("--name", default=socket.gethostname(), help="for the server's logs")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="json: an object a line")
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="stop when standard input closes; Ctrl-C is left to the parent",
    )
    return parser


def begin(asked: argparse.Namespace) -> None:
    """Before anything else: log as asked, end with the parent if asked, and leave no picture of the memory."""
    start_logging(asked.log_level, asked.log_format)
    if asked.exit_with_parent:
        exit_with_parent()
    leave_no_picture()


def own_token(file: Path | None, environment: Mapping[str, str]) -> str:
    """The token that the server knows. Raises ConfigurationError where there is none, or none that can be sent."""
    token = secret(file, "token", environment.get(TOKEN_VARIABLE, ""))
    if not token or not token.isascii() or not token.isprintable():
        msg = f"The engine needs its token: set {TOKEN_VARIABLE}, or name a file that holds it with --token-file."
        raise ConfigurationError(msg)
    return token


def secret(path: Path | None, what: str, otherwise: str) -> str:
    """What a file holds, or `otherwise` where none is named. Raises ConfigurationError; `what` is for its sentence."""
    if path is None:
        return otherwise.strip()
    try:
        return str(path.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The {what} file {path} can't be read ({type(error).__name__}).") from error


def start_logging(level: str, form: LogFormat = "text") -> None:
    """Write messages of `level` and above to standard error, in one of the formats of `log_lines`."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # It would tell each header that it sends, and the token stands in one.
    logging.getLogger("websockets").setLevel(logging.WARNING)


def own_life(environment: Mapping[str, str]) -> str:
    """The name of this run of the program: given by the server, or made up."""
    return environment.get(LIFE_VARIABLE) or random.SystemRandom().randbytes(LIFE_BYTES).hex()


def limit_memory(mb: int) -> None:
    """Let this process have so many MB of its own and no more; 0: as much as there is. Linux keeps to it."""
    if mb:
        resource.setrlimit(resource.RLIMIT_DATA, (mb * MB, mb * MB))


async def until_terminated(run: Callable[[], Awaitable[None]]) -> None:
    """Run until SIGTERM, which ends it in order."""
    me = asyncio.current_task()
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        if me is not None:
            me.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        await run()
    except asyncio.CancelledError:
        if not told:
            raise


def exit_with_parent() -> None:
    """No orphan survives: the parent holds the other end of standard input, and its death closes it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent drains us first.

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(PATIENCE)
        os._exit(EXIT_FAILED)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def leave_no_picture() -> None:
    """A breakdown must leave no picture of the memory: it would hold what was said while nothing was recorded."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
