#!/usr/bin/env python3
"""The traffic of an hour of one language on a hub's uplink: bytes on its socket, both ways.

    python bench/hub_bytes.py LOG [--session NAME]

LOG is a log (moothall.sqlite) with a session that ran as live: of `make demo`, or `moothall replay --as-live --data`.
It is repeated until it fills an hour (bench/hub_hour.py). The centre's own door and links
(`moothall.adapters.hubs.link_door`, `moothall.services.hubs.links`) and a hub's own uplink
(`moothall_hub.uplink.dialling`) talk over a real WebSocket on loopback, on a clock that jumps: handshake, greeting, a
programme with a change each ten minutes, batches, signed checkpoints each minute, pulses and their answers. The hub
unpacks every batch and checks it with the signatures, as it does when it stores them. All without TLS: its overhead, 22
bytes a frame, is estimated in the last column.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub_hour import hour, public_length
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.hubs.link_door import TRIES, TRIES_PATIENCE_MS, HubDoor
from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.adapters.store.sqlite_file import LogReader, open_for_reading
from moothall.adapters.system.clock import SystemRandomness
from moothall.core.chain import LogRecord
from moothall.core.events.types import ChannelKind, LaneHead
from moothall.core.kernel.ids import ChannelId, Lane, SessionId
from moothall.core.kernel.lanes import channel_lane, is_public, words_lane
from moothall.core.sessions.state import Status
from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.ports import ConferenceInfo, LogStatus
from moothall.services.hubs.ports import LanesChanged as News
from moothall.services.hubs.removals import HubRemovals
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LoopClock
from moothall.testing.hub_link import MemoryActs, MemoryRegistry
from moothall.testing.loop import run
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.records import pack, unpack
from moothall_hub.mirror.checking import Run, first_run, take
from moothall_hub.uplink.budget import Meter
from moothall_hub.uplink.centre_clock import CentreClock
from moothall_hub.uplink.counted_connection import TLS_RECORD_BYTES
from moothall_hub.uplink.dialling import CentreAddress, Dialling, UplinkEvent
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import FollowAgain
from scoring import machine

KEY = "k" * 52
OTHERS = 11
"""Meetings of the day in addition to this one: one of them begins or ends each ten minutes."""
CHANGE_MS = 600_000
GRACE_MS = 15_000
"""How long after the last event queued batches may still be sent, in ms."""


class Cost(NamedTuple):
    """The traffic of an hour, in bytes."""

    received: int
    sent: int
    frames: int
    """Frames in both directions, approximately: the calls of the meter."""
    events: int
    verified: bool


class Source:
    """A `LinkSource` of one session, whose log grows at its original pace."""

    def __init__(self, records: Sequence[LogRecord]) -> None:
        self.records = records
        self._here = 0
        """How many of the records have been appended by now; the nth has the offset n."""
        self._heads: dict[Lane, LaneHead] = {}
        self._told: list[News] = []
        self._clock = LoopClock()
        names = sorted(each.header.lane for each in records if each.header.lane.startswith("ch:"))
        self.channels = tuple(dict.fromkeys(lane.removeprefix("ch:") for lane in names))
        self._session = records[0].header.session

    async def grow(self) -> None:
        """Append each event at its time."""
        first, began = self.records[0].header, self._clock.monotonic()
        for record in self.records:
            await self._clock.sleep(began + record.header.at - first.at - self._clock.monotonic())
            self._here = record.header.offset
            self._heads[record.header.lane] = LaneHead(offset=self._here, digest=record.digest.hex())
            for told in self._told:
                told(self._session, frozenset({record.header.lane}))

    async def log_status(self, session: SessionId) -> LogStatus | None:
        """Return the state of the log; None for another session, or before the first event."""
        if session != self._session or not self._here:
            return None
        heads, epoch = dict(self._heads), self.records[0].header.epoch
        return LogStatus(epoch=epoch, offset=self._here, heads=heads, public=True, channels=self.channels)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Return records as a log does."""
        found = (each for each in self.records[after : self._here] if lanes is None or each.header.lane in lanes)
        return list(itertools.islice(found, limit))

    async def sign(self, session: SessionId, behind: int) -> None:
        """Do nothing: the log has all its signatures."""

    def observe(self, told: News) -> None:
        """Call `told` at each new event, as `LinkSource.observe` says."""
        self._told.append(told)

    async def offered(self) -> Sequence[wire.Offered]:
        """Return the programme."""
        done = self._clock.monotonic() // CHANGE_MS
        texts = (wire.OfferedText(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),)
        return [
            wire.Offered(
                session=self._session if not n else SessionId(f"meeting-{n}"),
                title=f"Workshop no. {n} on the rights of those who read",
                place="Conference Room 2",
                begins=n * 3_600_000,
                ends=(n + 1) * 3_600_000,
                status=Status.OPEN if n <= done else Status.CREATED,
                texts=texts,
            )
            for n in range(OTHERS + 1)
        ]


class Room:
    """The hub's side, which checks each batch."""

    def __init__(self, begun: Run, document: dict[str, object], due: int, channel: ChannelId, *, words: bool) -> None:
        self._follow = wire.Follow(session=begun.session, channels=(channel,), words=words)
        self.run = begun
        self.due = due
        self.events = 0
        self.all_here = asyncio.Event()
        self.dialling: Dialling | None = None
        self._signed = verifier(document)

    async def told(self, news: UplinkEvent) -> None:
        """Follow the session, and check its batches."""
        match news:
            case FollowAgain() if self.dialling is not None:
                self.dialling.follow(self._follow)
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


class Counting(Meter):
    """A meter that counts how often it was called."""

    times = 0

    def count(self, wall: int, *, received: int = 0, sent: int = 0) -> bool:
        """Count bytes as `Meter.count` does."""
        self.times += 1
        return super().count(wall, received=received, sent=sent)


async def cost(records: Sequence[LogRecord], due: Sequence[LogRecord], signer: Ed25519Signer, *, words: bool) -> Cost:
    """Append these events, each at its time, and send those that are `due` over a hub's link; returns the traffic."""
    header = records[0].header
    lanes = frozenset(each.header.lane for each in due)
    channel = next(lane.removeprefix("ch:") for lane in lanes if lane.startswith("ch:"))
    source, clock, registry = Source(records), LoopClock(), MemoryRegistry()
    document = signer.public_document()
    removals = HubRemovals(book=MemoryBook(), read=source.read, clock=clock)
    links = HubLinks(
        source, MemoryActs(), registry, clock, removals=removals, pack=pack, above=("c" * 16,),
        about=lambda: ConferenceInfo(keys=msgspec.json.encode(document), zone="Africa/Nairobi",
        address="https://meeting.example"),
    )  # fmt: skip
    registry.pair("kisumu", KEY)
    door = HubDoor(links, registry, AddressGate(clock, SystemRandomness(), TRIES, TRIES_PATIENCE_MS))
    app = web.Application()
    app.add_routes(door.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    room = Room(first_run(header.session, header.epoch, lanes), document, len(due), ChannelId(channel), words=words)
    meter = Counting(None)
    where = CentreAddress(address=f"http://127.0.0.1:{runner.addresses[0][1]}", key=KEY)
    room.dialling = Dialling(
        Link("a" * 16, "0.1.0", lambda: 0.5), CentreClock(LoopClock()), meter, room.told, where=where
    )
    running = asyncio.ensure_future(room.dialling.run())
    await source.grow()
    async with asyncio.timeout(GRACE_MS / 1_000):
        await room.all_here.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await door.close()
    await runner.cleanup()
    usage = meter.usage
    verified = room.run.checked and room.events == len(due)
    return Cost(usage.received, usage.sent, meter.times, room.events, verified)


def main() -> None:
    """Read the log, replay an hour, and print the costs."""
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
            lanes = {Lane("session"), Lane("questions"), channel_lane(ChannelId(channel))}
            lanes |= {words_lane(ChannelId(channel))} if words else set()
            chosen = [each for each in whole if each.header.lane in lanes]
            if words and not any(each.header.lane.startswith("w:") for each in chosen):
                continue
            found = run(cost(whole, chosen, signer, words=words))
            assert found.verified, found
            both = found.received + found.sent
            with_tls = both + TLS_RECORD_BYTES * found.frames
            what = f"{channel}, {'words as they come' if words else 'finished lines'}"
            figures = " | ".join(f"{each / 1e6:.3f}" for each in (found.received, found.sent, both, with_tls))
            print(f"| {what} | {found.events} | {found.frames} | {figures} |")


if __name__ == "__main__":
    main()
