"""Serves one link in real time: one task reads, one writes, and one processes audio and starts passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from moothall.core.kernel.errors import ProtocolError
from moothall.wire.engine import ToEngine, ToServer
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.progress import EngineProgress
from moothall_models.engine.session import LinkSession, NextPass, NextVoice
from moothall_models.ports import VAD_FRAME, Floats, Hypothesis, Samples, Window


class EngineLink(Protocol):
    """The engine's end of a link, over any transport."""

    async def receive(self) -> ToEngine | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        ...

    async def send(self, message: ToServer) -> None:
        """Write a message, and wait while the connection is congested. Does nothing when the link has ended."""
        ...


Recognise = Callable[[Sequence[Window]], Awaitable[Sequence[Hypothesis]]]
"""Runs a batch of passes without blocking the event loop; there are as many concurrent calls as workers."""


Measure = Callable[[Samples], Awaitable[Floats]]
"""Measures the voice in speech without blocking the event loop."""


async def run_live(
    session: LinkSession,
    link: EngineLink,
    recognise: Recognise,
    clock: EngineClock,
    *,
    workers: int = 1,
    at_once: int = 1,
    progress: EngineProgress | None = None,
    measure: Measure | None = None,
) -> None:
    """Serve the link until it ends. Raises ProtocolError when the server violates the protocol.

    `workers`: how many batches of passes run at a time; `at_once`: most passes in a batch, each of another channel.
    `measure` is there if the session's hello says that the engine knows voices; passes go before voices. `progress` is
    updated with the samples taken in and the attachments whose passes are running.
    """
    live = _Live(session, link, recognise, clock, workers=workers, at_once=at_once, measure=measure)
    if progress is not None:
        live.tell(progress)
    broken: ProtocolError | None = None
    async with asyncio.TaskGroup() as group:
        others = [group.create_task(live.recognise()), group.create_task(live.write())]
        try:
            await live.read()
        except ProtocolError as error:
            broken = error
        for task in others:
            task.cancel()
    if broken is not None:
        raise broken


@dataclass(eq=False, repr=False)
class _Live:
    session: LinkSession
    link: EngineLink
    recognise_batch: Recognise
    clock: EngineClock
    _: KW_ONLY
    workers: int
    at_once: int
    measure: Measure | None

    def __post_init__(self) -> None:
        self._progress = EngineProgress("")
        self._before = 0
        self._free = self.workers
        self._news = asyncio.Event()
        self._more_to_write = asyncio.Event()

    def tell(self, progress: EngineProgress) -> None:
        """Report to `progress` from now on."""
        self._progress, self._before = progress, progress.samples
        progress.attachments = frozenset()  # Passes left over from an earlier link belong to no attachment of this one.

    async def read(self) -> None:
        while (message := await self.link.receive()) is not None:
            self.session.received(message, self.clock.now())
            await self._hear()  # Also during a pass, since its evaluation depends on whether speech continued.
            self._news.set()

    async def recognise(self) -> None:
        async with asyncio.TaskGroup() as passes:
            while True:
                await self._hear()
                turns = self._next_passes()
                if turns:
                    self._free -= 1
                    passes.create_task(self._run(turns))
                elif self.measure is not None and self._free and (voice := self.session.next_voice()) is not None:
                    self._free -= 1
                    passes.create_task(self._measure(self.measure, voice))
                elif not await self._hear():
                    self._news.clear()
                    # While all workers are busy no pass can begin, and the end of theirs is news.
                    await self._wait(self._news, self.session.stalls_at if self._free else None)

    def _next_passes(self) -> Sequence[NextPass]:
        if not self._free:
            return ()
        return self.session.next_passes(self.clock.now(), workers=self._free, at_once=self.at_once)

    async def _run(self, turns: Sequence[NextPass]) -> None:
        self._progress.attachments |= {turn.attachment for turn in turns}
        hypotheses = await self.recognise_batch([turn.request.window for turn in turns])
        self._progress.attachments -= {turn.attachment for turn in turns}
        self._free += 1
        for turn, hypothesis in zip(turns, hypotheses, strict=True):
            self.session.passed(turn, hypothesis, self.clock.now())
        self._more_to_write.set()
        self._news.set()

    async def _measure(self, measure: Measure, voice: NextVoice) -> None:
        vector = await measure(voice.window.speech)
        self._free += 1
        self.session.measured(voice, vector, self.clock.now())
        self._more_to_write.set()
        self._news.set()

    async def write(self) -> None:
        while True:
            while (message := self.session.next_message()) is not None:
                await self.link.send(message)
            self._more_to_write.clear()
            await self._wait(self._more_to_write, self.session.retry_at)
            self.session.retry(self.clock.now())

    async def _wait(self, event: asyncio.Event, at: float | None) -> None:
        """Wait for an event, at most until `at`, ms of the clock."""
        left = None if at is None else max(0.0, at - self.clock.now()) / 1000
        try:
            async with asyncio.timeout(left):
                await event.wait()
        except TimeoutError:
            return

    async def _hear(self) -> bool:
        """Process all audio that may be processed now, and let other tasks run after each second of audio."""
        heard = False
        while self.session.hear(self.clock.now()):
            heard = True
            self._more_to_write.set()
            await asyncio.sleep(0)
        self._more_to_write.set()
        self._progress.samples = self._before + self.session.frames * VAD_FRAME
        self._progress.waiting = self.session.waiting
        return heard
