from __future__ import annotations

import zlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.adapters.store.signing import Ed25519Signer
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId, SessionId
from moothall.wire.hubs.encoding import number
from moothall.wire.hubs.records import MAX_BATCH_BYTES, pack, unpack
from moothall.wire.hubs.vocabulary import DICTIONARY
from support.sessions.recorder import EPOCH, SESSION, Recorder

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"a batch's tests need a key: here"))
ENGINE = Actor(Role.ENGINE, "whisper-base")
FLOOR = ChannelId("floor")
SAID = "There are about 60 people here in the room and another 240 have joined us online."


def line(recorder: Recorder, n: int, text: str = SAID) -> list[LogRecord]:
    segment, cause = SegmentId(f"floor-1-{n}"), f"{SESSION}.floor.1.{n}"
    opened = le.SegmentOpened(channel=FLOOR, segment=segment, t0=1_000 * n, language="en", origin=le.Origin.MACHINE)
    ended = le.SegmentEnded(channel=FLOOR, segment=segment, t1=1_000 * n + 800, reason=le.EndReason.SENTENCE, text=text)
    return [recorder.record(opened, ENGINE, cause), recorder.record(ended, ENGINE, cause, 1)]


def packed(records: list[LogRecord], heads: dict[Lane, LaneHead] | None = None) -> bytes:
    return pack(records, session=SESSION, epoch=EPOCH, heads=heads)


def unpacked(batch: bytes, heads: dict[Lane, LaneHead] | None = None) -> list[LogRecord]:
    return unpack(batch, session=SESSION, epoch=EPOCH, heads=heads or {}, after=7)


def made(rows: bytes, beside: bytes = b"") -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return b"\x01" + deflate.compress(rows) + deflate.flush() + beside


def refusal(batch: bytes) -> str:
    with pytest.raises(ProtocolError) as refused:
        unpacked(batch)
    begin, _, reason = str(refused.value).partition(" can't be read. ")
    assert begin == f"The batch after event 7 of session {SESSION}"
    return reason


def test_a_line_comes_back_and_takes_little_more_than_its_salts_and_half_of_its_text() -> None:
    records = line(Recorder(), 17)
    batch = packed(records)
    assert unpacked(batch) == records
    assert len(batch) - 2 * 16 < 1.25 * len(SAID)


def test_nothing_at_all_comes_back_too() -> None:
    assert unpacked(packed([])) == []


def test_a_checkpoint_of_lanes_that_the_receiver_has_takes_little_more_than_its_signature() -> None:
    recorder = Recorder()
    line(recorder, 1)
    recorder.record(ev.SessionOpened(wall=5))
    heads = dict(recorder.heads)
    check = recorder.checkpoint(SIGNER)
    assert unpacked(packed([check], heads), heads) == [check]
    assert unpacked(packed([check]), heads) == [check], "who isn't sure leaves nothing out"
    assert len(packed([check], heads)) < 88 + 16 + 16 + 45


def test_a_removed_body_goes_as_its_digest() -> None:
    gone = msgspec.structs.replace(line(Recorder(), 1)[0], body=None, salt=None)
    assert unpacked(packed([gone])) == [gone]


def test_whoever_stands_elsewhere_gets_other_digests() -> None:
    recorder = Recorder()
    first, second = line(recorder, 1), line(recorder, 2)
    found = unpacked(packed(second), {Lane("ch:floor"): LaneHead(1, first[0].digest.hex())})
    assert [each.header for each in found] == [each.header for each in second], "prev says that one is missing"
    assert found[0].digest != second[0].digest


def test_of_another_session_and_of_another_life_the_headers_go_whole() -> None:
    other = [*line(Recorder(SessionId("other")), 1), *line(Recorder(epoch=Epoch("later")), 1)]
    found = unpacked(packed(other))
    assert [each.header_bytes for each in found] == [each.header_bytes for each in other]


def test_what_is_more_than_a_batch_may_be_is_not_packed() -> None:
    recorder = Recorder()
    many = [each for n in range(3) for each in line(recorder, n, "x" * (MAX_BATCH_BYTES // 3))]
    with pytest.raises(ValueError, match="6 events have 1049"):
        packed(many)


def test_what_inflates_to_more_than_a_batch_may_be_is_refused() -> None:
    assert refusal(made(b"\x00" * (MAX_BATCH_BYTES + 1))) == "It has more than 1048576 bytes."


HEADER = b'{"session":"plenary"}'
SALT, DIGEST = b"s" * 16, b"d" * 32
STEPS = b"\x02\x01\x01\x00\x01"
"""Event 1 with its author behind, and nothing before it in its lane."""
ROW = STEPS + b"system\nx\n"
CLOSED = b'{"type":"session.closed","v":1,"t":5}\n'
BODY = b'{"type":"mood.changed","v":1}\n'


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        (b"", "It is of another version than 1: update the older one of the two servers."),
        (b"\x02", "It is of another version than 1: update the older one of the two servers."),
        (b"\x01\xff\xff", "Its compression is broken."),
        (made(b"")[:-1], "It is cut off."),
        (made(b"", b"x"), "It has bytes that belong to no event."),
        (made(b"\x01" + DIGEST + number(len(HEADER) + 1) + HEADER), "A header of 21 bytes can't be read: "),
        (made(b"\x01" + DIGEST + b"\x02\xff"), "A header of 1 bytes can't be read: "),
        (made(b"\x01" + DIGEST + b"\x00"), "A header of 0 bytes can't be read: "),
        (made(b"\x01" + DIGEST + b"\x09{}"), "It ends 6 bytes before the end of what it names."),
        (made(STEPS + b"monarch\nx\n" + CLOSED, SALT), "Event 1 is by a role that this release doesn't know."),
        (made(b"\x00\x01\x01\x00\x01" + CLOSED, SALT), "Event 1 is by a role that this release doesn't know."),
        (made(ROW + BODY, SALT), "It lacks a part of event 1."),
        (made(b"\x02\x01\x01\x00\x02system\nx\n" + CLOSED, SALT), "It lacks a part of event 1."),
        (made(ROW + CLOSED), "It ends 16 bytes before the end of what it names."),
    ],
)
def test_what_is_no_batch_is_refused_with_a_sentence(batch: bytes, reason: str) -> None:
    assert refusal(batch).startswith(reason)


def test_a_body_with_anything_else_than_a_type_says_no_lane() -> None:
    assert refusal(made(ROW + b"[" * 5_000 + b"\n", SALT)) == "It lacks a part of event 1."
    assert [each.header.type for each in unpacked(made(ROW + CLOSED, SALT))] == ["session.closed"]
