"""Fetches streams: http streams are fetched here and decoded by a child; RTSP and RTMP go through a relay to
the child.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network
from typing import Any

import msgspec

from moothall import __version__
from moothall.adapters.engines.child_owner import signal_child, to_the_end
from moothall.adapters.sound.audio_file import start_coder
from moothall.adapters.streams.child_messages import Began, FetchMessage, StreamFailed, StreamRequest
from moothall.adapters.streams.fetching import HttpStream, StreamCut, cancelled
from moothall.adapters.streams.relay import Relay
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Clock
from moothall.core.streams.addresses import Fetching, Network, read_address
from moothall.core.streams.watching import SILENT_MS, START_MS, StreamFault, StreamProperties
from moothall.services.capture.pulling import BYTES, StreamLost, StreamOver

_BUFFER = 1 << 16
"""Bytes; asyncio stops reading the decoder's pipe at twice this size; then the decoder waits, and then the fetching
does.
"""
MOST_REMEMBERED = 64
"""The most streams whose last segment is remembered. Overflow: the oldest is forgotten."""
_decoder: msgspec.json.Decoder[FetchMessage] = msgspec.json.Decoder(FetchMessage)


class StreamPuller:
    """The port by which streams are fetched. `allowed`: private networks that may be reached. `answer_ms`: how long a
    server that was reached may say nothing.

    Raises ConfigurationError.
    """

    def __init__(
        self,
        clock: Clock,
        allowed: Sequence[str] = (),
        *,
        order: StreamRequest | None = None,
        answer_ms: int = SILENT_MS,
    ) -> None:
        self._clock = clock
        self._answer_s = answer_ms / 1_000
        self._allowed = allowed_networks(allowed)
        self._order = order or StreamRequest()
        # Bound: MOST_REMEMBERED.
        self._fetched: dict[tuple[str, str], tuple[int, bool | None]] = {}
        """The number of each stream's last segment, and whether the stream is a recording, by source and address."""

    @asynccontextmanager
    async def fetch(self, address: str, source: str = "") -> AsyncIterator[PullRun]:
        """Begin to fetch a stream; nothing of it is left running at the end. Raises StreamLost and StreamOver."""
        parts = read_address(address)
        if parts is None:
            raise StreamLost(StreamFault.ADDRESS)
        async with AsyncExitStack() as stack:
            relay = stream = None
            if parts.fetching is Fetching.HTTP:
                stream = HttpStream(address, self._allowed, self._clock, f"Moothall/{__version__}")
                stream.last, stream.recorded = self._fetched.pop((source, address), (None, None))
                stack.callback(self._remember, (source, address), stream)
                feeder = _Feeder(stream, self._answer_s)
                feeding = _kept(stack, feeder.feed())
                await feeder.first_bytes(feeding)  # Before the first bytes there is nothing to decode.
                process = await self._decoder(stack, dials=False)
                feeder.decoder.set_result(process)
            else:
                relay = Relay(parts, self._allowed, answer_s=self._answer_s)
                await stack.enter_async_context(relay.open())
                process = await self._decoder(stack, dials=True)
                feeding = _kept(stack, _say(process, parts.at(relay.port)))
            run = PullRun(process, relay, stream, feeding)
            run.hearing = _kept(stack, run.hear())
            yield run

    async def _decoder(self, stack: AsyncExitStack, *, dials: bool) -> asyncio.subprocess.Process:
        """Start a decoder that is ended with the stack."""
        process = await _start(msgspec.structs.replace(self._order, dials=dials))
        stack.push_async_callback(_end, process)
        return process

    def _remember(self, source: tuple[str, str], stream: HttpStream) -> None:
        """Remember the last segment that a decoder got, so that it is not fetched again, which would repeat its words.
        Only a recording that was heard to its end may start anew.
        """
        if source[0] and stream.last is not None and not stream.over:
            self._fetched[source] = stream.last, stream.recorded
            while len(self._fetched) > MOST_REMEMBERED:
                del self._fetched[next(iter(self._fetched))]


def allowed_networks(names: Sequence[str], section: str = "streams") -> tuple[Network, ...]:
    """Parse networks as a section of the settings writes them. Raises ConfigurationError."""
    found: list[Network] = []
    for name in names:
        try:
            found.append(ip_network(name))
        except ValueError as error:
            msg = f"allowed_networks of [{section}] has '{name}', which is no address or network: {error}."
            raise ConfigurationError(msg) from error
    return tuple(found)


class PullRun:
    """A stream that is being fetched."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        relay: Relay | None,
        stream: HttpStream | None,
        feeding: asyncio.Task[None],
    ) -> None:
        """`feeding`: the task that feeds the decoder."""
        self.pid = process.pid
        self._process = process
        self._relay = relay
        self._stream = stream
        self._feeding = feeding
        self._rest = b""
        self._failed: StreamFailed | None = None
        self._began = asyncio.Event()
        self.found: StreamProperties | None = None
        """What the stream contains; known with the first sample, None before."""
        self.hearing: asyncio.Task[None] | None = None
        """The task that runs `hear`."""

    async def read(self, samples: int) -> bytes:
        """Return the next samples, at most `samples`; b"" at the stream's own end. Raises StreamLost."""
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        while True:
            data = self._rest + await self._process.stdout.read(samples * BYTES - len(self._rest))
            if len(data) <= len(self._rest):
                return await self._over()
            whole = len(data) // BYTES * BYTES
            self._rest = data[whole:]
            if whole:
                await self._began.wait()
                return data[:whole]

    async def hear(self) -> None:
        """Receive the decoder's messages until its end. They are not logged: FFmpeg may name the address in them."""
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        try:
            while True:
                try:
                    line = await self._process.stderr.readline()
                except ValueError:  # longer than the buffer: no message of the decoder
                    continue
                if not line:
                    return
                with suppress(Unreadable):
                    match read(_decoder, line):
                        case Began() as began:
                            self.found = began.found
                            self._began.set()
                        case StreamFailed() as failed:
                            self._failed = failed
        finally:
            self._began.set()

    @property
    def once(self) -> bool:
        """Whether the stream starts from its beginning when it is fetched again."""
        return self._stream is not None and self._stream.once

    @property
    def bursts(self) -> bool:
        """Whether the server first sends sound that is older than the connection."""
        return self._stream is None or self._stream.endless

    async def _over(self) -> bytes:
        """Return b"" when the stream came to its own end; else raise StreamLost with the reason."""
        feeding = self._feeding
        if self.hearing is not None:
            await asyncio.wait({self.hearing})
        code = await self._process.wait()
        error = feeding.exception() if feeding.done() and not feeding.cancelled() else None
        if isinstance(error, StreamCut):
            raise StreamLost(StreamFault.ENDED)
        if error is not None and not isinstance(error, DecoderGone):
            raise error
        if self._relay is not None and self._relay.trouble is not None:
            raise StreamLost(self._relay.trouble)
        if self._failed is not None:
            raise StreamLost(self._failed.trouble, self._failed.number)
        if code < 0:
            raise StreamLost(StreamFault.BROKE)
        if error is None and feeding.done():
            if self._stream is not None:
                self._stream.over = True
            return b""
        raise StreamLost(StreamFault.ENDED)


class DecoderGone(Exception):
    """The process that is fed has ended."""


async def _start(order: StreamRequest) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await start_coder(
            "decode_child",
            order,
            package="moothall.adapters.streams",
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=_BUFFER,
        )
    except OSError:
        raise StreamLost(StreamFault.BROKE) from None


async def _end(process: asyncio.subprocess.Process) -> None:
    await to_the_end(_killed(process))


async def _killed(process: asyncio.subprocess.Process) -> None:
    """Kill a process, and read its pipes to their ends, so that asyncio closes them."""
    signal_child(process, signal.SIGKILL)
    await process.communicate()


async def _say(process: asyncio.subprocess.Process, address: str) -> None:
    """Send the relay's address to the decoder; then hold its standard input open until cancelled, so that it ends with
    this process.
    """
    assert process.stdin is not None  # noqa: S101 - it was asked for
    process.stdin.write(f"{address}\n".encode())
    with suppress(ConnectionError):
        await process.stdin.drain()
    await asyncio.get_running_loop().create_future()


class _Feeder:
    """Passes the bytes of a stream to a decoder; waits while the decoder has enough, which makes the sender wait."""

    def __init__(self, stream: HttpStream, answer_s: float) -> None:
        self._stream = stream
        self._answer_s = answer_s
        self._came = asyncio.Event()
        self.decoder: asyncio.Future[asyncio.subprocess.Process] = asyncio.get_running_loop().create_future()

    async def feed(self) -> None:
        """Feed the decoder until the stream's end. Raises what `HttpStream.give` raises, and DecoderGone."""
        try:
            await self._stream.give(self._give)
        finally:
            if self.decoder.done() and not self.decoder.cancelled() and (pipe := self.decoder.result().stdin):
                pipe.close()

    async def first_bytes(self, feeding: asyncio.Task[None]) -> None:
        """Wait for the first bytes. Raises StreamLost when none arrive, sooner where the server says nothing at all,
        and StreamOver when an earlier fetch has had all.
        """
        try:
            async with asyncio.timeout(START_MS / 1_000):
                await _either(self._stream.connected, feeding)
                async with asyncio.timeout(self._answer_s):
                    await _either(self._stream.answered, feeding)
                await _either(self._came, feeding)
        except TimeoutError:
            raise StreamLost(StreamFault.SILENT) from None
        if not self._came.is_set():
            feeding.result()
            if self._stream.recorded and self._stream.last is not None:
                self._stream.over = True
                raise StreamOver
            raise StreamLost(StreamFault.ENDED)

    async def _give(self, data: bytes) -> None:
        if not data:
            return
        self._came.set()
        pipe = (await asyncio.shield(self.decoder)).stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        try:
            pipe.write(data)
            await pipe.drain()
        except ConnectionError:
            raise DecoderGone from None


async def _either(event: asyncio.Event, work: asyncio.Task[None]) -> None:
    """Wait until an event is set or a task has ended."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiting, work}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancelled(waiting)


def _kept(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a task that is cancelled with the stack."""
    task = asyncio.ensure_future(work)
    stack.push_async_callback(cancelled, task)
    return task
