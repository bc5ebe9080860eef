"""The translators' process: answers the server's requests, with a thread for each direction.

A direction is loaded and tried out when the server announces texts (`Prepare`), and before its first text in any case.
So languages that nobody reads cost nothing, and no output of a faulty engine is shown. When the trial fails the server
is notified, and the trial is repeated each minute, since the machine may have been busy or a service out of reach. A
call that hangs can't be removed from its thread: the process ends and is started again, and the server repeats its
requests.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Protocol, TypeVar

from moothall.core.kernel.errors import MoothallError, ProtocolError
from moothall.core.translation.routes import LONGEST as MOST_HOPS
from moothall.core.translation.routes import Direction, RouteScore
from moothall.wire import translation as wire
from moothall_models.engine.progress import EngineProgress
from moothall_models.store.scores import Way, way_of
from moothall_models.translators.port import LONGEST, Translator, UnusableTranslation

T = TypeVar("T")
logger = logging.getLogger(__name__)

HUNG_S = 20.0
"""Time after which a call counts as hanging, s; the time limits of Apertium's pipe and of a service are shorter."""
LOADING_S = 120.0
"""Time after which loading and trying out a direction counts as hanging, s; enough for a slow disk."""
REST_S = 600.0
"""Seconds without a text after which a direction's model is released: nobody reads that language any more. Loading one
again takes 0.1 to 0.4 s, and memory of some 100 MB is free meanwhile."""
AGAIN_S = 60.0
"""Seconds before the trial of a direction is repeated after a failure."""
SCORES_S = 1.0
"""Seconds between two looks whether the translators' scores have changed: somebody may have tested them."""
WAITING = 64
"""Requests that are handled at a time. Overflow: no more messages are read; the server has fewer outstanding."""


def give_back_memory() -> None:
    """Give freed memory back to the system, where the C library can (glibc). It keeps what a model in native code frees
    for the thread that had it: of four directions that rest all 230 MB stayed with the process (`bench/resting.py`).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


class TranslatorHung(MoothallError):
    """A call to a translator hangs: the process has to end."""


class TranslatorLink(Protocol):
    """The translators' end of the link, over any transport."""

    async def receive(self) -> wire.ToTranslators | None:
        """Wait for the next message; None when the link has ended. Raises ProtocolError."""
        ...

    async def send(self, message: wire.FromTranslators) -> None:
        """Write a message, and wait while the connection is congested. Does nothing when the link has ended."""
        ...


@dataclass(eq=False, repr=False)
class TranslatorService:
    """Serves links with the translators of this process, one link after the other."""

    translators: Sequence[Translator]
    name: str
    """The process's name in the server's logs."""
    _: KW_ONLY
    hung_s: float = HUNG_S
    loading_s: float = LOADING_S
    again_s: float = AGAIN_S
    rest_s: float = REST_S
    scores_s: float = SCORES_S
    try_out: Callable[..., None]
    """Tries a translator's direction; called with both, raises TranslationFailed when it doesn't work."""
    scores: Callable[[], Mapping[Way, RouteScore]] = dict
    """Returns the scores of ways on this machine, the same object for as long as they are the same."""
    progress: EngineProgress | None = None
    """Receives the progress that this process's pulses report; None when it sends no pulses."""

    def __post_init__(self) -> None:
        self._progress = self.progress or EngineProgress("")
        self._ways: list[tuple[Direction, Translator]] = [
            (direction, translator) for translator in self.translators for direction in translator.directions
        ]
        self._missing = tuple(line for each in self.translators if (line := each.missing) is not None)
        self._threads: dict[int, ThreadPoolExecutor] = {}
        self._room = asyncio.Semaphore(WAITING)
        self._sane: set[int] = set()
        """Indices of directions whose trial succeeded."""
        # Bound: the directions.
        self._used: dict[int, float] = {}
        """When each direction that is loaded was last used, by the loop's clock."""
        self._unfit: set[int] = set()
        """Indices of directions that were reported as unfit on the current link, and whose trial is repeated."""

    @property
    def hello(self) -> wire.TranslatorHello:
        """The first message to the server."""
        directions = tuple(direction for direction, _ in self._ways)
        return wire.TranslatorHello(
            protocol=wire.PROTOCOL,
            name=self.name,
            directions=directions,
            missing=self._missing,
            life=self._progress.life,
        )

    async def serve(self, link: TranslatorLink) -> None:
        """Answer requests until the link ends; then unfinished requests are cancelled.

        It always ends with an exception group: of _LinkEnded, of an error of the link such as ProtocolError, or of
        TranslatorHung, after which this process has to end.
        """
        await link.send(self.hello)
        self._unfit.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rest_unused())
            group.create_task(self._tell_scores(link))
            while (message := await link.receive()) is not None:
                if not 0 <= message.direction < len(self._ways):
                    raise ProtocolError(f"There is no direction {message.direction} here; there are {len(self._ways)}.")
                await self._room.acquire()
                task = group.create_task(self._answer(group, link, message))
                task.add_done_callback(lambda _: self._room.release())
            raise _LinkEnded

    async def run(self, link: TranslatorLink) -> None:
        """Serve one link; returns when it ends. Raises ProtocolError, and TranslatorHung, alone or in a group."""
        broken: BaseException | None = None
        try:
            await self.serve(link)
        except* _LinkEnded:
            pass
        except* ProtocolError as group:
            broken = group.exceptions[0]
        if broken is not None:
            raise broken

    def close(self) -> None:
        """Shut down the threads, without waiting for calls that hang in them."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, group: asyncio.TaskGroup, link: TranslatorLink, message: wire.ToTranslators) -> None:
        number = message.direction
        self._used[number] = asyncio.get_running_loop().time()
        if number not in self._sane:
            try:
                await self._in_thread(number, lambda: self._tried(number), self.loading_s)
            except UnusableTranslation as failed:
                await self._tell_unfit(group, link, number, str(failed))
                if isinstance(message, wire.Translate):
                    await link.send(wire.NotTranslated(id=message.id, reason=str(failed)))
                return
        if isinstance(message, wire.Prepare):
            return
        direction, translator = self._ways[number]
        try:
            text = await self._in_thread(number, lambda: self._one(translator, message.text, direction), self.hung_s)
        except UnusableTranslation as failed:
            await link.send(wire.NotTranslated(id=message.id, reason=str(failed)))
        else:
            await link.send(wire.Translated(id=message.id, text=text))

    async def _tell_scores(self, link: TranslatorLink) -> None:
        """Send the scores of ways over this process's directions, and again when they change, until cancelled."""
        numbers = {way_of([direction])[0]: number for number, (direction, _) in enumerate(self._ways)}
        seen: Mapping[Way, RouteScore] | None = None
        sent: tuple[wire.WayScore, ...] = ()
        while True:
            scores = await asyncio.to_thread(self.scores)
            if scores is not seen:
                seen = scores
                told = tuple(
                    wire.WayScore(directions=tuple(numbers[name] for name in way), score=score)
                    for way, score in scores.items()
                    if 0 < len(way) <= MOST_HOPS and numbers.keys() >= set(way)
                )
                if told != sent:
                    sent = told
                    await link.send(wire.Scores(scores=told))
            await asyncio.sleep(self.scores_s)

    async def _rest_unused(self) -> None:
        """Release the models of directions that nobody uses, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.rest_s / 10)
            for number, at in tuple(self._used.items()):
                if loop.time() - at >= self.rest_s:
                    direction, translator = self._ways[number]
                    del self._used[number]
                    await self._in_thread(number, partial(translator.rest, direction), self.hung_s)
                    await asyncio.to_thread(give_back_memory)
                    logger.info("%s from %s to %s rests", direction.engine, direction.source, direction.target)

    async def _tell_unfit(self, group: asyncio.TaskGroup, link: TranslatorLink, number: int, reason: str) -> None:
        if number not in self._unfit:
            self._unfit.add(number)
            await link.send(wire.Unfit(direction=number, reason=reason))
            group.create_task(self._try_again(link, number))

    async def _try_again(self, link: TranslatorLink, number: int) -> None:
        while number in self._unfit:
            await asyncio.sleep(self.again_s)
            try:
                await self._in_thread(number, lambda: self._tried(number), self.loading_s)
            except UnusableTranslation as failed:
                logger.warning("the translators' process retries in %.0f s: %s", self.again_s, failed)
            else:
                self._unfit.discard(number)
                await link.send(wire.Fit(direction=number))

    def _tried(self, number: int) -> None:
        """Load a direction and try it out, unless it has been tried with success. Raises TranslationFailed."""
        if number in self._sane:
            return
        direction, translator = self._ways[number]
        try:
            self.try_out(translator, direction)
        except UnusableTranslation:
            raise
        except Exception as error:  # any exception of an engine while it is loaded
            raise _broke(direction, error) from None
        self._sane.add(number)

    def _one(self, translator: Translator, text: str, direction: Direction) -> str:
        if len(text) > LONGEST:
            msg = f"A text of {len(text)} characters is too long to be translated; {LONGEST} are allowed."
            raise UnusableTranslation(msg)
        try:
            return translator.translate([text], direction)[0]
        except UnusableTranslation:
            raise
        except Exception as error:  # any exception of an engine, so that the next text is translated all the same
            raise _broke(direction, error) from None

    async def _in_thread(self, number: int, work: Callable[[], T], within_s: float) -> T:
        thread = self._threads.get(number)
        if thread is None:
            thread = self._threads[number] = ThreadPoolExecutor(1, f"translate-{number}")
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def call() -> T:
            loop.call_soon_threadsafe(begun.set)
            with self._progress.passing(limit_ms=round(within_s * 1000)):
                return work()

        done = loop.run_in_executor(thread, call)
        # After a timeout nobody awaits the result; an unread exception would be logged.
        done.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        await begun.wait()  # The time that a call waits in its thread's queue doesn't count.
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(done)
        except TimeoutError:
            direction, _ = self._ways[number]
            msg = (
                f"{direction.engine} has not come back from {direction.source} to {direction.target} for "
                f"{within_s:.0f} s; the process ends and is started again."
            )
            raise TranslatorHung(msg) from None


def _broke(direction: Direction, error: Exception) -> UnusableTranslation:
    # Without the error's message, which may quote the text.
    return UnusableTranslation(
        f"{direction.engine} failed from {direction.source} to {direction.target} ({type(error).__name__})."
    )


class _LinkEnded(Exception):
    """The link has ended; raised to cancel unfinished requests with it."""
