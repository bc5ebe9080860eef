"""Adds languages by `moothall languages` in a process of its own: the server loads no model."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.core.kernel.errors import ProtocolError
from moothall.services.translation.adding import LanguagesUnavailable
from moothall.wire import languages as wire

PROGRAM = (sys.executable, "-m", "moothall", "languages")
SILENT_S = 120.0
"""Seconds without a line after which the program counts as hanging: it tries a model that it has fetched, on a busy
machine."""
BROKEN = "The program that adds languages broke off. Run `moothall languages` on the server's machine: it says why."


class LanguagesProgram:
    """The `LanguageStore` of this machine."""

    def __init__(
        self,
        registry: str,
        program: Sequence[str] = PROGRAM,
        silent_s: float = SILENT_S,
        translators: Sequence[str] = (),
    ) -> None:
        """`registry`: the address of the list of models. `program`: the command, to which its arguments are added.
        `translators`: those that are tested, by default all usual ones.
        """
        self._registry = ("--registry", registry)
        self._only = tuple(each for name in translators for each in ("--only", name))
        self._program = tuple(program)
        self._silent_s = silent_s

    async def offers(self) -> Sequence[wire.LanguageOffer]:
        """The languages of the list (`LanguageStore`)."""
        async with aclosing(self._messages("list", *self._registry)) as messages:
            return [message async for message in messages if isinstance(message, wire.LanguageOffer)]

    async def add(self, language: str, wish: wire.Wish) -> AsyncGenerator[wire.LanguageProgress, None]:
        """Add a language (`LanguageStore`)."""
        flags = () if wish is wire.Wish.FITTING else (f"--{wish.value}",)
        async with aclosing(self._messages("add", language, *flags, *self._registry)) as messages:
            async for message in messages:
                if isinstance(message, wire.LanguageProgress):
                    yield message

    async def test(self, languages: Sequence[str]) -> AsyncGenerator[wire.LanguagesTested, None]:
        """Test translations (`LanguageStore`)."""
        async with aclosing(self._messages("test", *languages, *self._only)) as messages:
            async for message in messages:
                if isinstance(message, wire.LanguagesTested):
                    yield message

    async def _messages(self, *arguments: str) -> AsyncGenerator[wire.LanguageMessage, None]:
        """Run the program to its end, and yield its messages. Raises LanguagesUnavailable."""
        process = await start_child(
            *(*self._program, *arguments, "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=wire.LONGEST,
        )
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            while line := await self._line(process.stdout):
                message = wire.decode(line)
                if isinstance(message, wire.LanguagesFailed):
                    raise LanguagesUnavailable(message.said)
                yield message
            if await process.wait() != 0:
                raise LanguagesUnavailable(BROKEN)
        except (ProtocolError, TimeoutError, ValueError) as error:  # ValueError: a line without an end
            raise LanguagesUnavailable(BROKEN) from error
        finally:
            signal_child(process, signal.SIGKILL)
            await to_the_end(process.communicate())

    async def _line(self, stream: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._silent_s):
            return await stream.readline()
