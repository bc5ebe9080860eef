"""Moves one link in real time: one task reads, one writes, one hears and has passes run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from moothall.core.errors import ProtocolError
from moothall.wire.engine import ToEngine, ToServer
from moothall_models.engine_clock import EngineClock
from moothall_models.engine_session import LinkSession
from moothall_models.ports import Hypothesis, Window


class Link(Protocol):
    """The engine's end of a link, whatever carries it."""

    async def receive(self) -> ToEngine | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        ...

    async def send(self, message: ToServer) -> None:
        """Write a message, and wait while the link is slow; silent when it has ended."""
        ...


Recognise = Callable[[Window], Awaitable[Hypothesis]]
"""Runs a pass without holding up the event loop; one at a time."""


async def run_live(session: LinkSession, link: Link, recognise: Recognise, clock: EngineClock) -> None:
    """Serve the link until it ends. Raises ProtocolError when the server breaks the rules."""
    live = _Live(session, link, recognise, clock)
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


class _Live:
    def __init__(self, session: LinkSession, link: Link, recognise: Recognise, clock: EngineClock) -> None:
        self._session = session
        self._link = link
        self._recognise = recognise
        self._clock = clock
        self._news = asyncio.Event()
        self._more_to_write = asyncio.Event()

    async def read(self) -> None:
        while (message := await self._link.receive()) is not None:
            self._session.received(message, self._clock.now())
            await self._hear()  # While a pass runs too: it must be known when it comes back whether speech went on.
            self._news.set()

    async def recognise(self) -> None:
        while True:
            await self._hear()
            turn = self._session.next_pass(self._clock.now())
            if turn is not None:
                hypothesis = await self._recognise(turn.request.window)
                self._session.passed(turn, hypothesis, self._clock.now())
                self._more_to_write.set()
            elif not await self._hear():
                self._news.clear()
                await self._news.wait()

    async def write(self) -> None:
        while True:
            while (message := self._session.next_message()) is not None:
                await self._link.send(message)
            self._more_to_write.clear()
            await self._wait_to_write()
            self._session.retry(self._clock.now())

    async def _wait_to_write(self) -> None:
        at = self._session.retry_at
        left = None if at is None else max(0.0, at - self._clock.now()) / 1000
        try:
            async with asyncio.timeout(left):
                await self._more_to_write.wait()
        except TimeoutError:
            return

    async def _hear(self) -> bool:
        """Hear all that may be heard, with a turn for the others after each second of audio."""
        heard = False
        while self._session.hear(self._clock.now()):
            heard = True
            self._more_to_write.set()
            await asyncio.sleep(0)
        self._more_to_write.set()
        return heard
