#!/usr/bin/env python3
"""The engine of a run on the CPU clock: one link, one thread, no concurrency (docs/reference/replay.md).

`bench/replay.py` starts it. Speech policy, recogniser and messages are the product's; the clock is the bench's, and so
is the transport of the messages: audio arrives as fast as the server sends it, and the engine hears it when its time
has come.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import os
import sys
from collections.abc import Callable
from typing import Protocol

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from cpu_clock import ClockTime, EngineCpuClock, Stamped
from moothall.core.kernel.errors import MoothallError, StorageUnavailable
from moothall.wire import engine as wire
from moothall_models.cli import Computing, load_model
from moothall_models.engine.dialling import EngineServer
from moothall_models.engine.own_process import exit_with_parent, own_token, start_logging, until_terminated
from moothall_models.engine.policies import policy_for
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Recognizer, VoiceActivity, Window

logger = logging.getLogger("bench.engine")


class TimedLink(Protocol):
    """The engine's end of the link."""

    async def receive(self) -> wire.ToEngine | None:
        """Return the next message; None when the link has ended. Raises ProtocolError."""
        ...

    async def send(self, message: wire.ToServer, at: float | None) -> None:
        """Write a message with the engine's time of it."""
        ...


class StampedSocket:
    """A `TimedLink` over a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def receive(self) -> wire.ToEngine | None:
        try:
            return wire.decode_to_engine(await self._socket.recv(decode=False))
        except ConnectionClosed:
            return None

    async def send(self, message: wire.ToServer, at: float | None) -> None:
        await self._socket.send(msgspec.msgpack.encode(Stamped(at, msgspec.Raw(wire.encode(message)))))


class TimedSession:
    """A link's session whose messages keep the time at which they were made."""

    def __init__(
        self, session: LinkSession, link: TimedLink, recognise: Callable[[Window], Hypothesis], clock: EngineCpuClock
    ) -> None:
        """`recognise` runs a pass, blocking this thread."""
        self._session = session
        self._link = link
        self._recognise = recognise
        self._clock = clock
        self._numbers = itertools.count()
        # Bounded by the session: acts by its limit of unanswered acts, signals by their keys, as in its own queue.
        self._out: dict[object, tuple[wire.ToServer, float | None]] = {}

    async def run(self) -> None:
        """Serve the link until it ends.

        Passes run between frames. Sound that arrived during a pass is heard before the pass's words are judged, as in
        live operation. Waiting for the server's answers is unbilled. Raises ProtocolError, and StorageUnavailable when
        the server can't store, since such a run can't be measured.
        """
        started = False
        session, clock = self._session, self._clock
        while True:
            await self._exchange()
            if started and self._hear():
                continue
            turn = session.next_pass(clock.now())
            if turn is not None:
                hypothesis = self._recognise(turn.request.window)
                while self._hear():
                    pass
                now = clock.now()
                session.passed(turn, hypothesis, now)
                self._collect(now)
                continue
            end = session.next_frame_end
            if end is not None and not session.lacks_audio:
                await clock.until(end)
                continue
            with clock.unbilled():
                message = await self._link.receive()
            if message is None:
                return
            if not started and isinstance(message, wire.Attach):
                clock.start(message.audio_from)
                started = True
            self._received(message)

    def _hear(self) -> bool:
        now = self._clock.now()
        heard = self._session.hear(now)
        self._collect(now)
        return heard

    def _received(self, message: wire.ToEngine) -> None:
        now = self._clock.now()
        self._session.received(message, now)
        self._collect(now)

    def _collect(self, now: float) -> None:
        """Collect the session's messages, and stamp acts and signals with the time at which it made them."""
        while (message := self._session.next_message()) is not None:
            key: object = next(self._numbers)
            if isinstance(message, wire.Tell):
                key = (message.attachment, message.signal.key)
            self._out.pop(key, None)  # A newer signal replaces the older one, at the queue's end.
            self._out[key] = (message, now if isinstance(message, wire.PassAct | wire.Tell) else None)

    async def _exchange(self) -> None:
        """Send the queued messages, and wait until the server has answered all of them."""
        self._collect(self._clock.now())
        while True:
            for message, at in self._out.values():
                await self._link.send(message, at)
            self._out.clear()
            if self._session.held_up:
                msg = "The server could not store what was recognised; a run on the CPU clock can't go on without it."
                raise StorageUnavailable(msg)
            if not self._session.under_way:
                return
            with self._clock.unbilled():
                answer = await self._link.receive()
            if answer is None:
                return
            self._received(answer)


async def serve(server: EngineServer, recognizer: Recognizer, voice: Callable[[], VoiceActivity]) -> None:
    """Warm up, dial the server, and serve one link to its end."""
    clock = EngineCpuClock()
    recognizer.warm_up()
    clock.warmed_up()
    logger.info("model %s is ready", recognizer.model)
    hello = wire.EngineHello(
        protocol=wire.PROTOCOL,
        name="bench",
        model=recognizer.model,
        languages=recognizer.languages,
        channels=1,
        takes_glossary=True,
    )
    async with server.dial() as socket:
        session = LinkSession(
            hello, voice=voice, media=lambda _: ClockTime(), cpu_ms=clock.cpu_ms, speech=policy_for(recognizer)
        )
        await TimedSession(session, StampedSocket(socket), recognizer.recognise, clock).run()


def main() -> int:
    """Load the model and serve; returns 1 after printing a sentence when that fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--log-level", default="warning")
    parser.add_argument("--exit-with-parent", action="store_true")
    args = parser.parse_args()
    start_logging(args.log_level)
    if args.exit_with_parent:
        exit_with_parent()
    try:
        server = EngineServer(args.url, own_token(None, os.environ), "bench")
        recognizer, voice = load_model(args.model, None, Computing(threads=args.threads))
        asyncio.run(until_terminated(lambda: serve(server, recognizer, voice)))
    except MoothallError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The engine can't reach {args.url}: {error.strerror or type(error).__name__}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
