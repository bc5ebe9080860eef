"""Computes suggestions for reports in a process of its own (`suggesting_child`), and asks the process that compares
meanings for vectors.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from moothall.adapters.engines.child_owner import signal_child, to_the_end
from moothall.adapters.search.meaning_child import MeaningChild
from moothall.adapters.sound.audio_file import start_coder
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.reports.suggestions import SuggestedLines
from moothall.services.reports.suggesting import SuggestionOrder
from moothall.wire.meaning import DIMENSIONS, Embed, Embedded

MAX_SECONDS = 60.0
"""Seconds after which the process is killed."""
MAX_BYTES = 1 << 30
"""Bytes of its address space."""
_decoder = msgspec.msgpack.Decoder(SuggestedLines)


class SuggestingLimits(msgspec.Struct, frozen=True):
    """What the process may take."""

    memory: int = MAX_BYTES


class SuggestingProcess:
    """The `SuggestionWork` of a server: one process for each order."""

    def __init__(self, patience: float = MAX_SECONDS, limits: SuggestingLimits | None = None) -> None:
        """`patience`: after how many seconds the process is killed."""
        self._patience = patience
        self._limits = limits or SuggestingLimits()

    async def suggest(self, order: SuggestionOrder) -> SuggestedLines:
        """The suggestions for an order. Raises StorageUnavailable."""
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await start_coder(
                "suggesting_child",
                self._limits,
                package="moothall.adapters.reports",
                stdin=pipe,
                stdout=pipe,
                stderr=nothing,
            )
        except OSError as error:
            raise StorageUnavailable("No process can be started that suggests lines.") from error
        try:
            async with asyncio.timeout(self._patience):
                found, _ = await process.communicate(msgspec.msgpack.encode(order))
            return _decoder.decode(found)
        except (TimeoutError, msgspec.MsgspecError) as error:
            raise StorageUnavailable("The process that suggests lines has failed.") from error
        finally:
            signal_child(process, signal.SIGKILL)
            await to_the_end(_ended(process))


async def _ended(process: asyncio.subprocess.Process) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        await process.communicate()


class MeaningVectors:
    """The `Embedding` of a server with the extra `meaning`."""

    def __init__(self, child: MeaningChild) -> None:
        self._child = child

    async def __call__(self, texts: Sequence[str]) -> bytes:
        """The vectors of texts. Raises StorageUnavailable."""
        answer = await self._child.ask(Embed(tuple(texts)))
        if not isinstance(answer, Embedded) or len(answer.vectors) != DIMENSIONS * len(texts):
            raise StorageUnavailable("The process that compares meanings gave another answer than was asked for.")
        return answer.vectors
