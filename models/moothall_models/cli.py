"""`moothall engine`: reads the arguments, loads a model, and runs the engine until it is told to stop."""

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
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from moothall.core.errors import ConfigurationError, MoothallError
from moothall.testing.scripted import read_script
from moothall_models.engine import Engine, EngineSettings
from moothall_models.engine_clock import CpuClock, WallClock
from moothall_models.ports import VAD_FRAME, Recognizer, Samples, VoiceActivity
from moothall_models.store import open_store

TOKEN_VARIABLE = "MOOTHALL_ENGINE_TOKEN"  # noqa: S105 - the variable's name
SCRIPTED = "scripted:"
PATIENCE = 5.0
"""Seconds that an engine without a parent gets to end in order."""
EXIT_WRONG, EXIT_FAILED = 2, 1


def main(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run the engine; `argv` is what follows `moothall engine`.

    Returns the exit code: 0 stopped when told to, 1 it could not go on, 2 wrong arguments.
    """
    asked = _parser().parse_args(argv)
    logging.basicConfig(level=asked.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if asked.exit_with_parent:
        _exit_with_parent()
    with contextlib.suppress(ValueError, OSError):
        # A breakdown must leave no picture of the memory: it would hold what was said while nothing was recorded.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        settings = EngineSettings(
            url=asked.url, token=_token(asked, environment), name=asked.name, channels=asked.channels
        )
        recognizer, voice = load_model(asked.model, asked.model_dir, asked.threads)
        clock = CpuClock() if asked.clock == "cpu" else WallClock()
        engine = Engine(settings, recognizer, voice, clock, random.SystemRandom().random)
        asyncio.run(_until_told(engine))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_WRONG
    except MoothallError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    except OSError as error:
        sys.stderr.write(f"The engine can't reach {asked.url}: {error.strerror or type(error).__name__}.\n")
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 0
    return 0


def load_model(name: str, folder: Path | None, threads: int) -> tuple[Recognizer, Callable[[], VoiceActivity]]:
    """The recogniser, and what makes a voice activity detector for each stream.

    `name` is a model of the store, or of `folder` where given, or `scripted:FILE.json`. Raises ConfigurationError.
    """
    if name.startswith(SCRIPTED):
        from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

        path = Path(name.removeprefix(SCRIPTED))
        try:
            script = read_script(path.read_bytes())
        except OSError as error:
            msg = f"The script {path} can't be read: {error.strerror}."
            raise ConfigurationError(msg) from error
        return ScriptedRecognizer(script), ScriptedVoiceActivity
    path = folder if folder is not None else open_store().path(name)
    if not (path / "model.bin").is_file():
        msg = f"There is no model in {path}: `moothall models fetch {name}` gets it."
        raise ConfigurationError(msg)
    from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity
    from moothall_models.recognizers.whisper import WhisperRecognizer

    network = SileroNetwork()
    SileroVoiceActivity(network).probability(_silence())
    return WhisperRecognizer(path, model=name, threads=threads), lambda: SileroVoiceActivity(network)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="moothall engine",
        description="Recognise the speech of a Moothall server's sessions.",
        epilog=f"The token comes from the variable {TOKEN_VARIABLE} or from --token-file, never from the arguments.",
    )
    parser.add_argument("--url", required=True, help="the server's engine link, ws://HOST:PORT/")
    parser.add_argument("--token-file", type=Path, metavar="FILE")
    parser.add_argument("--model", default="whisper-base", help="a model of `moothall models list`")
    parser.add_argument("--model-dir", type=Path, metavar="FOLDER", help="where the model lies, instead of the store")
    parser.add_argument("--threads", type=int, default=1, help="cores that one pass may use")
    parser.add_argument("--channels", type=int, default=4, help="live channels to take on")
    parser.add_argument("--name", default=socket.gethostname(), help="for the server's logs")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: for benchmarks")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="stop when standard input closes; Ctrl-C is left to the parent",
    )
    return parser


def _token(asked: argparse.Namespace, environment: Mapping[str, str]) -> str:
    if asked.token_file is not None:
        try:
            token = str(asked.token_file.read_text(encoding="utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            msg = f"The token file {asked.token_file} can't be read ({type(error).__name__})."
            raise ConfigurationError(msg) from error
    else:
        token = environment.get(TOKEN_VARIABLE, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        msg = f"The engine needs its token: set {TOKEN_VARIABLE}, or name a file that holds it with --token-file."
        raise ConfigurationError(msg)
    return token


async def _until_told(engine: Engine) -> None:
    """Run until SIGTERM, which ends the link in order."""
    me = asyncio.current_task()
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        if me is not None:
            me.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        await engine.run()
    except asyncio.CancelledError:
        if not told:
            raise


def _exit_with_parent() -> None:
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


def _silence() -> Samples:
    return np.zeros(VAD_FRAME, dtype=np.float32)
