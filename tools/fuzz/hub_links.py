"""Targets for the hub link in both directions, its batches, and a hostile centre's effect on a hub's copy."""

from __future__ import annotations

import hashlib
import zlib

import msgspec

from fuzz.target import Target, joined, parts
from moothall.core.chain import GENESIS, Header, LogRecord, seal
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, SessionId
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.first import first_fields, first_frames
from moothall.wire.hubs.programme import changed
from moothall.wire.hubs.records import pack, unpack
from moothall.wire.hubs.vocabulary import DICTIONARY, VERSION
from moothall_hub.mirror import copying
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import ClockReading, MessageReceived

SESSION, EPOCH, FLOOR = SessionId("s"), Epoch("1"), ChannelId("floor")


def log() -> list[LogRecord]:
    """Return the records of a minimal log: created, a channel, opened, closed."""
    heads: dict[str, tuple[int, bytes]] = {}
    records = []
    events: tuple[ev.AnyEvent, ...] = (
        ev.SessionCreated(title="Title", languages=("en",)),
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.SessionOpened(wall=1_764_000_000_000),
        ev.SessionClosed(t=5),
    )
    for offset, event in enumerate(events, 1):
        lane = event.lane()
        prev, digest = heads.get(lane, (0, GENESIS))
        header = Header(
            session=SESSION,
            epoch=EPOCH,
            offset=offset,
            lane=lane,
            prev=prev,
            type=type_name(event),
            at=1_764_000_000_000 + offset,
            role=SYSTEM.role,
            actor=SYSTEM.id,
            cause=CommandId(f"c{offset}"),
            n=0,
        )
        record = seal(digest, header, hashlib.sha256(bytes([offset])).digest()[:16], encode_event(event))
        heads[lane] = offset, record.digest
        records.append(record)
    return records


def batch(data: bytes) -> None:
    """Unpack a batch as a hub does, and check that its records pack and unpack to the same."""
    records = unpack(data, session=SESSION, epoch=EPOCH, heads={}, after=0)
    again = unpack(pack(records, session=SESSION, epoch=EPOCH), session=SESSION, epoch=EPOCH, heads={}, after=0)
    if again != records:
        raise AssertionError("A batch is read otherwise once more.")


def packed(rows: bytes, beside: bytes) -> bytes:
    """Return a batch of these rows: hardly any input would get through decompression by itself."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return bytes([VERSION]) + deflate.compress(rows) + deflate.flush() + beside


def rows_of(batch: bytes) -> tuple[bytes, bytes]:
    """Return the two arguments from which `packed` makes this batch."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, DICTIONARY)
    return inflate.decompress(batch[1:]), inflate.unused_data


def rows(data: bytes) -> None:
    """Try a batch before its compression: the first two bytes say how many of the others are stored beside the rows."""
    beside = int.from_bytes(data[:2], "little")
    batch(packed(data[2 + beside :], data[2 : 2 + beside]))


def centre(data: bytes) -> None:
    """Try a hub whose centre sends arbitrary messages, one after the other. No message may break the hub.

    Raises ProtocolError for a frame that can't be read, as the hub drops the uplink there.
    """
    link = Link("0123456789abcdef", "1", lambda: 0.5)
    at = ClockReading(0, 0)
    link.restart(at)
    link.dialled(at)
    link.opened(at)
    copy, follow = copying.follow(SessionCopy(session=SESSION), (FLOOR,), words=True)
    link.follow(follow)
    programme: wire.HubProgramme | None = None
    for n, frame in enumerate(parts(data), 1):
        if frame[:1] == ROWS:  # no MessagePack frame begins so
            beside = int.from_bytes(frame[2:4], "little")
            part = wire.FeedPart(frame[1] % len(wire.FeedPart)) if len(frame) > 1 else wire.FeedPart.LIVE
            inner = packed(frame[4 + beside :], frame[4 : 4 + beside])
            message: wire.ToHub = wire.Batch(session=SESSION, part=part, number=n, data=inner)
        else:
            message = wire.decode_to_hub(frame)
        for move in link.received(ClockReading(n, n), message):
            if not isinstance(move, MessageReceived):
                continue
            match move.news:
                case wire.HubProgramme() as told:
                    programme = changed(programme, told)
                case wire.Live() | wire.Batch() | wire.Caught() | wire.Stopped() as told:
                    copy = _copied(copy, told)
        msgspec.json.decode(msgspec.json.encode(copy), type=SessionCopy)


def _copied(copy: SessionCopy, told: wire.Live | wire.Batch | wire.Caught | wire.Stopped) -> SessionCopy:
    """Change the copy as `Replication` does, without a disk."""
    match told:
        case wire.Live():
            found = copying.began(copy, told)
        case wire.Caught():
            found = copying.caught(copy)
        case wire.Stopped():
            return copying.stopped(copy, told)
        case wire.Batch():
            if copy.known is None:
                return copy
            run = copy.live if told.part is wire.FeedPart.LIVE and copy.live is not None else copy.known
            heads = copy.own if told.part is wire.FeedPart.OWN else dict(run.heads)
            try:
                records = unpack(told.data, session=SESSION, epoch=copy.known.epoch, heads=heads, after=run.offset)
            except ProtocolError:
                return copy
            found = copying.batch(copy, told.part, records, lambda *_: True, number=told.number)
    return copying.broke(copy, found) if isinstance(found, Broken) else found.copy


ROWS = b"\xc1"
"""The byte that MessagePack never uses; a batch before its compression follows it."""
LOG = pack(log(), session=SESSION, epoch=EPOCH)
WELCOME = wire.Welcome(protocol=1, hub="kisumu", title="Kisumu", above=("centre",), wall=1, keys=b'{"keys":[]}')
LIVE = wire.Live(session=SESSION, epoch=EPOCH, channels=(FLOOR,), begin=0, heads={}, missed=False, number=1)
BATCH = wire.Batch(session=SESSION, part=wire.FeedPart.LIVE, data=LOG)
FROM_HUB: tuple[wire.FromHub, ...] = (
    wire.HubHello(protocol=1, node="0123456789abcdef", release="1", wall=1),
    wire.Taken(session=SESSION, number=1),
    wire.Leave(session=SESSION),
    wire.HubPulse(sent=1, echo=0, wall=2),
    copying.follow(SessionCopy(session=SESSION), (FLOOR,), words=True)[1],
)
TO_HUB: tuple[wire.ToHub, ...] = (
    WELCOME,
    LIVE,
    BATCH,
    wire.Caught(session=SESSION),
    wire.Stopped(session=SESSION, message="x"),
    wire.HubPulse(sent=1, echo=0, wall=2),
    wire.HubProgramme(sessions=()),
)


def _beside(rows: bytes, beside: bytes) -> bytes:
    return len(beside).to_bytes(2, "little") + beside + rows


TARGETS = (
    Target(
        name="hub-to-server",
        call=wire.decode_from_hub,
        declared=(ProtocolError,),
        seeds=tuple(wire.encode(each) for each in FROM_HUB),
    ),
    Target(
        name="server-to-hub",
        call=wire.decode_to_hub,
        declared=(ProtocolError,),
        seeds=tuple(wire.encode(each) for each in TO_HUB),
    ),
    Target(
        name="hub-dial",
        call=lambda data: first_frames(data.decode("latin-1").split("\n")),
        declared=(ProtocolError,),
        seeds=("\n".join(first_fields(wire.encode(each) for each in FROM_HUB)).encode(),),
    ),
    Target(
        name="hub-batch", call=batch, declared=(ProtocolError,), seeds=(LOG, pack((), session=SESSION, epoch=EPOCH))
    ),
    Target(name="hub-rows", call=rows, declared=(ProtocolError,), seeds=(_beside(*rows_of(LOG)),)),
    Target(
        name="hostile-centre",
        call=centre,
        declared=(ProtocolError,),
        seeds=(
            joined([wire.encode(each) for each in TO_HUB[:4]]),
            joined([wire.encode(each) for each in (TO_HUB[0], *TO_HUB[3:], *TO_HUB[1:3])]),
            joined([wire.encode(WELCOME), wire.encode(LIVE), ROWS + b"\0" + _beside(*rows_of(LOG))]),
        ),
    ),
)
