"""`moothall translator`: finds the translators of this machine and serves a Moothall server with them."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from websockets.asyncio.client import ClientConnection

from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.core.translation.routes import Direction
from moothall.wire import translation as wire
from moothall_models.engine.dialling import EngineServer, JitteredBackoff, WebSocketLink, first_of
from moothall_models.engine.own_process import (
    EXIT_FAILED,
    EXIT_WRONG,
    TOKEN_VARIABLE,
    begin,
    own_life,
    own_parser,
    own_token,
    secret,
    until_terminated,
)
from moothall_models.engine.progress import EngineProgress
from moothall_models.engine.pulse_thread import send_pulses
from moothall_models.store.scores import KeptScores
from moothall_models.store.translators import find_translators
from moothall_models.store.where import scores_folder, store_folder
from moothall_models.translator_process import TranslatorService
from moothall_models.translators.port import Translator, try_out

logger = logging.getLogger(__name__)

KEY_VARIABLE = "MOOTHALL_TRANSLATOR_KEY"


def main(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run the translators; `argv` are the arguments after `moothall translator`.

    Returns the exit code: 0 it was stopped, 1 it could not continue, 2 wrong arguments.
    """
    asked = _parser().parse_args(argv)
    begin(asked)
    code = 0
    try:
        token, progress = own_token(asked.token_file, environment), EngineProgress(own_life(environment))
        send_pulses(asked.url, token, progress, seconds=time.perf_counter)
        server = EngineServer(asked.url.rstrip("/") + wire.PATH, token, asked.name)
        backoff = JitteredBackoff(random.SystemRandom().random)
        scores = KeptScores(scores_folder(store_folder(environment)))

        def find() -> TranslatorService:
            found = find_translators(asked.only)
            if asked.service:
                found = (*found, at_service(asked, environment))
            return TranslatorService(found, asked.name, try_out=_tried, progress=progress, scores=scores.read)

        def serving(service: TranslatorService) -> Awaitable[None]:
            return serve(service, server, backoff, progress)

        asyncio.run(until_terminated(lambda: serve_what_is_here(find, _models_changed, serving)))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        code = EXIT_WRONG
    except MoothallError as error:
        sys.stderr.write(f"{error}\n")
        code = EXIT_FAILED
    except ExceptionGroup as failed:
        sys.stderr.write(f"{first_of(failed)}\n")
        code = EXIT_FAILED
    except KeyboardInterrupt:
        code = 0
    return code


def at_service(asked: argparse.Namespace, environment: Mapping[str, str]) -> Translator:
    """Make the translator for the chat service that the arguments name. Raises ConfigurationError."""
    from moothall_models.translators.service import open_service

    return open_service(
        asked.service,
        asked.language,
        lambda: secret(asked.key_file, "key", environment.get(KEY_VARIABLE, "")),
        seconds=time.perf_counter,
        pause=time.sleep,
    )


async def serve(
    service: TranslatorService, server: EngineServer, backoff: JitteredBackoff, progress: EngineProgress | None = None
) -> None:
    """Dial the server and serve each link, until cancelled; after a link has ended, dial again.

    Raises ConfigurationError, and TranslatorHung and GivenUp, alone or in an exception group.
    """
    if progress is not None:
        progress.ask_loop(asyncio.get_running_loop().call_soon_threadsafe)
        progress.loaded()
    while True:

        async def talk(socket: ClientConnection) -> None:
            link = WebSocketLink(socket, wire.decode_to_translators, wire.encode)
            try:
                await service.run(link)
            finally:
                if link.used:  # For a server that closes the link without a message the back-off grows.
                    backoff.reset()

        await server.talk(talk)
        await asyncio.sleep(backoff.next_ms() / 1000)


async def serve_what_is_here(
    find: Callable[[], TranslatorService],
    changed: Callable[[], Awaitable[None]],
    serving: Callable[[TranslatorService], Awaitable[None]],
) -> None:
    """Serve with the translators that `find` returns, and find them anew each time `changed` returns, until cancelled.

    `serving` serves until it is cancelled. Raises ConfigurationError, and what `serving` raises.
    """
    while True:
        service = await asyncio.to_thread(find)
        try:
            await _until(changed(), serving(service))
        finally:
            service.close()
            for translator in service.translators:
                translator.close()
        logger.info("models were added or removed: the translators are found anew")


async def _until(changed: Awaitable[None], serving: Awaitable[None]) -> None:
    """Serve until something has changed. Raises what `serving` raises."""
    served, seen = asyncio.ensure_future(serving), asyncio.ensure_future(changed)
    try:
        await asyncio.wait((served, seen), return_when=asyncio.FIRST_COMPLETED)
        for each in (served, seen):
            if each.done():
                each.result()
    finally:
        for each in (served, seen):
            each.cancel()
        await asyncio.gather(served, seen, return_exceptions=True)


async def _models_changed() -> None:
    """Wait until a model of Firefox or a package of Argos comes into the store, or goes."""
    from moothall_models.store import firefox_folder, open_store, packages_folder
    from moothall_models.store.changes import until_changed

    folder = open_store().folder
    await until_changed((firefox_folder(folder), packages_folder(folder)))


def _tried(translator: Translator, direction: Direction) -> None:
    try_out([direction], translator.translate, translator.missing or "Install it again.")


def _parser() -> argparse.ArgumentParser:
    parser = own_parser(
        "translator",
        "Translate the text of a Moothall server's sessions.",
        f"The token comes from the variable {TOKEN_VARIABLE} or from --token-file; never from the arguments.",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="use this translator; may be given more than once"
    )
    parser.add_argument("--service", default="", metavar="NAME", help="a chat service, openai:MODEL@https://HOST/v1")
    parser.add_argument(
        "--language", action="append", default=[], metavar="TAG", help="one between which the service translates"
    )
    return parser


if __name__ == "__main__":
    ended = main(sys.argv[1:])
    logging.shutdown()
    sys.stderr.flush()
    # Exit at once: a call that hangs in a thread would keep the process alive forever.
    os._exit(ended)
