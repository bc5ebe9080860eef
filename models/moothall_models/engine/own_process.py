"""Process matters of engines and translators: options, token, logging, termination, memory limit and core dumps."""

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
"""Environment variable in which a server that starts this process gives the name of this run (`wire.pulse`)."""
LIFE_BYTES = 16
MB = 1_000_000
PATIENCE = 5.0
"""Seconds that a process gets to end in order after its parent has ended."""
EXIT_WRONG, EXIT_FAILED = 2, 1


def own_parser(program: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser with the options of every program that dials a server; `begin` applies those of the process."""
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
    """Apply the options of the process: set up logging, end with the parent if asked, and disable core dumps.

    To be called before anything else.
    """
    start_logging(asked.log_level, asked.log_format)
    if asked.exit_with_parent:
        exit_with_parent()
    leave_no_picture()


def own_token(file: Path | None, environment: Mapping[str, str]) -> str:
    """The token for the server, from a file or the environment. Raises ConfigurationError without a valid token."""
    token = secret(file, "token", environment.get(TOKEN_VARIABLE, ""))
    if not token or not token.isascii() or not token.isprintable():
        msg = f"The engine needs its token: set {TOKEN_VARIABLE}, or name a file that holds it with --token-file."
        raise ConfigurationError(msg)
    return token


def secret(path: Path | None, what: str, otherwise: str) -> str:
    """The stripped content of a file, or `otherwise` when `path` is None.

    Raises ConfigurationError when the file can't be read; `what` names the secret in the error's text.
    """
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
    # At level debug this library logs all headers that it sends, and one of them holds the token.
    logging.getLogger("websockets").setLevel(logging.WARNING)


def own_life(environment: Mapping[str, str]) -> str:
    """The name of this run of the program: given by the server that started it, or random."""
    return environment.get(LIFE_VARIABLE) or random.SystemRandom().randbytes(LIFE_BYTES).hex()


def limit_memory(mb: int) -> None:
    """Limit this process's private memory to `mb` MB; 0: no limit. Only Linux enforces this limit (RLIMIT_DATA)."""
    if mb:
        resource.setrlimit(resource.RLIMIT_DATA, (mb * MB, mb * MB))


async def until_terminated(run: Callable[[], Awaitable[None]]) -> None:
    """Await `run()`, and cancel it on SIGTERM; then return normally."""
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
    """End this process when standard input closes, as it does when the parent, which holds its other end, ends.

    A thread then sends SIGTERM to this process, and forces its end after `PATIENCE` seconds.
    """
    # Ctrl-C is sent to the whole process group, and the parent wants to drain this process first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(PATIENCE)
        os._exit(EXIT_FAILED)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def leave_no_picture() -> None:
    """Disable core dumps: one would hold speech, even speech that was not to be recorded."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
