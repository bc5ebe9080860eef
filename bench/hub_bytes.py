#!/usr/bin/env python3
"""What an hour of one language costs a hub's line: bytes on its socket, both ways.

    python bench/hub_bytes.py LOG [--session NAME]

LOG is a log (moothall.sqlite) with a session that ran as live: of `make demo`, or `moothall replay --as-live --data`.
It is told again until it fills an hour (bench/hub_hour.py). A server and a hub's own line (`moothall_hub.dialling`)
talk over a real WebSocket on loopback, on a clock that jumps: handshake, greeting, batches gathered for 1 s at most
(but for what `moothall.wire.hub_haste` lets wait), signed checkpoints each minute, pulses and their answers. The hub
unpacks every batch and checks it with the signatures, as it does when it stores them. All without TLS: what that adds,
22 bytes a frame, is estimated in the last column.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from hub_hour import HOUR_MS, hour, public_length
from moothall.adapters.signing import Ed25519Signer, verifier
from moothall.adapters.sqlite_file import LogReader, open_for_reading
from moothall.core.chain import LogRecord
from moothall.core.event_parts import LaneHead
from moothall.core.ids import ChannelId, Lane, SessionId
from moothall.core.lanes import channel_lane, is_public, words_lane
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run
from moothall.wire import hub as wire
from moothall.wire.hub_haste import WAIT_MS, may_wait
from moothall.wire.hub_records import pack, unpack
from moothall_hub.budget import Meter
from moothall_hub.centre_clock import CentreClock
from moothall_hub.checking import Run, first_run, take
from moothall_hub.counted_connection import TLS_RECORD_BYTES
from moothall_hub.dialling import Dialling, Told, Where
from moothall_hub.link import Link
from scoring import machine

GATHER_MS = 1_000
"""A batch is sent at once when none was for so long, else so long after the one before."""


class Cost(NamedTuple):
    """What an hour took."""

    received: int
    sent: int
    frames: int
    """Both ways."""
    events: int
    verified: bool


class Centre:
    """The server's side of one session, live from its first event."""

    def __init__(self, records: Sequence[LogRecord], *, words: bool) -> None:
        self.records = records
        self.words = words
        self.frames = 0
        self.done = asyncio.Event()

    async def handle(self, socket: ServerConnection) -> None:
        """Greet, tell what there is, and send each batch at its time."""
        loop = asyncio.get_running_loop()
        while not isinstance(wire.decode_from_hub(await socket.recv(decode=False)), wire.Hello):
            pass
        await self.say(socket, wire.Welcome(
            protocol=1, hub="kisumu", title="Kisumu", above=("c" * 16,), wall=0, keys=b"{" + b"k" * 200 + b"}",
            zone="Africa/Nairobi", address="https://meeting.example",
        ))  # fmt: skip
        header = self.records[0].header
        hearing = loop.create_task(self.hear(socket))
        live = wire.Live(session=header.session, epoch=header.epoch, channels=(), begin=0, heads={}, missed=False)
        await self.say(socket, live)
        began, first, heads = loop.time(), header.at, dict[Lane, LaneHead]()
        for due, batch in batches(self.records, words=self.words):
            await asyncio.sleep(began + (due - first) / 1_000 - loop.time())
            data = pack(batch, session=header.session, epoch=header.epoch, heads=heads)
            heads |= {each.header.lane: LaneHead(each.header.offset, each.digest.hex()) for each in batch}
            await self.say(socket, wire.Batch(session=header.session, part=wire.Part.LIVE, data=data))
        await asyncio.sleep(began + HOUR_MS / 1_000 - loop.time())
        hearing.cancel()
        self.done.set()
        await socket.wait_closed()

    async def say(self, socket: ServerConnection, message: wire.ToHub) -> None:
        self.frames += 1
        with contextlib.suppress(ConnectionClosed):
            await socket.send(wire.encode(message))

    async def hear(self, socket: ServerConnection) -> None:
        while True:
            heard = wire.decode_from_hub(await socket.recv(decode=False))
            self.frames += 1
            if isinstance(heard, wire.Pulse) and not heard.echo:
                await self.say(socket, wire.Pulse(sent=_now(), echo=heard.sent, wall=_now()))


def _now() -> int:
    return LoopClock().wall()


def batches(records: Sequence[LogRecord], *, words: bool) -> Iterator[tuple[int, list[LogRecord]]]:
    """What goes together, and when: its time in the log's."""
    gathered: list[LogRecord] = []
    last = due = -GATHER_MS
    for record in records:
        at = record.header.at
        if gathered and due < at:
            yield due, gathered
            last, gathered = due, []
        moment = max(at + WAIT_MS if may_wait(record, words=words) else at, last + GATHER_MS)
        due = min(due, moment) if gathered else moment
        gathered.append(record)
    yield due, gathered


class Room:
    """The hub's side: it checks everything that comes."""

    def __init__(self, begun: Run, document: dict[str, object], due: int) -> None:
        self.run = begun
        self.due = due
        self.events = 0
        self.all_here = asyncio.Event()
        self.line: Dialling | None = None
        self._signed = verifier(document)

    async def told(self, news: Told) -> None:
        """Ask for the session, and check its batches."""
        match news:
            case wire.Welcome() if self.line is not None:
                self.line.follow(wire.Follow(session=self.run.session, channels=(ChannelId("floor"),)))
            case wire.Batch(data=data):
                found = unpack(
                    data, session=self.run.session, epoch=self.run.epoch, heads=self.run.heads, after=self.run.offset
                )
                for record in found:
                    grown = take(self.run, record, self._signed)
                    assert isinstance(grown, Run), grown
                    self.run = grown
                    self.events += 1
                if self.events == self.due:
                    self.all_here.set()


async def cost(records: Sequence[LogRecord], signer: Ed25519Signer, *, words: bool) -> Cost:
    """Send these events over a line, each at its time."""
    header = records[0].header
    lanes = frozenset(each.header.lane for each in records)
    centre = Centre(records, words=words)
    room = Room(first_run(header.session, header.epoch, lanes), signer.public_document(), len(records))
    async with serve(centre.handle, "127.0.0.1", 0, ping_interval=None, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        clock, meter = CentreClock(LoopClock()), Meter(None)
        where = Where(address=f"http://127.0.0.1:{port}", key="k" * 52)
        room.line = Dialling(Link("a" * 16, "0.1.0", lambda: 0.5), clock, meter, room.told, where=where)
        running = asyncio.get_running_loop().create_task(room.line.run())
        await centre.done.wait()
        async with asyncio.timeout(60):
            await room.all_here.wait()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    usage = meter.usage
    verified = room.run.checked and room.events == len(records)
    return Cost(usage.received, usage.sent, centre.frames, room.events, verified)


def main() -> None:
    """Read, tell for an hour, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--session", help="left out: the first one")
    arguments = parser.parse_args()
    reader = LogReader(open_for_reading(arguments.log))
    session = SessionId(arguments.session or reader.sessions()[0])
    public = [each for each in reader.read(session, 0, 1_000_000) if is_public(each.header.lane)]
    signer = Ed25519Signer(Ed25519PrivateKey.generate())
    whole = hour(public, signer)
    channels = sorted({each.header.lane.removeprefix("ch:") for each in whole if each.header.lane.startswith("ch:")})
    print("\n".join(machine()))
    print(f"log       session {session}, {public_length(public) / 1000:.0f} s of text, told again for an hour\n")
    print("| what | events | frames | received MB | sent MB | together MB | with TLS MB |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for channel in channels:
        for words in (False, True):
            lanes = {Lane("session"), Lane("floor"), channel_lane(ChannelId(channel))}
            lanes |= {words_lane(ChannelId(channel))} if words else set()
            chosen = [each for each in whole if each.header.lane in lanes]
            if words and not any(each.header.lane.startswith("w:") for each in chosen):
                continue
            found = run(cost(chosen, signer, words=words))
            assert found.verified, found
            both = found.received + found.sent
            with_tls = both + TLS_RECORD_BYTES * found.frames
            what = f"{channel}, {'words as they come' if words else 'finished lines'}"
            figures = " | ".join(f"{each / 1e6:.3f}" for each in (found.received, found.sent, both, with_tls))
            print(f"| {what} | {found.events} | {found.frames} | {figures} |")


if __name__ == "__main__":
    main()
