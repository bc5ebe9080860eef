"""The law of the hub link's batches: unpacking returns what was packed, whatever a later release writes."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.chain import GENESIS, Header, LogRecord, body_digest, decode_header, link
from moothall.core.events.codec import encode_event, type_name
from moothall.core.events.types import LaneHead, RecordCheckpoint
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId
from moothall.wire.hubs.encoding import MOST_NUMBER, number
from moothall.wire.hubs.records import pack, unpack
from moothall.wire.hubs.vocabulary import DICTIONARY, VERSION
from support.sessions.strategies import COMMAND_IDS, EVENTS, MAX_INT, NAMES, TEXTS

SESSION, EPOCH = SessionId("demo"), Epoch("k3j9x2")
_LANES = st.sampled_from(["session", "floor", "ch:floor", "w:floor", "hub:north.kisumu", "later:lane"])
_CAUSES = st.one_of(
    st.integers(0, 999).map("demo.floor.1.{}".format),
    st.binary(min_size=20, max_size=20).map(lambda raw: f"mt:{raw.hex()}"),
    st.sampled_from(["create", ".dot", "demo", "a\nb", "\x01"]),
    COMMAND_IDS,
    TEXTS,
)
_STRANGE = st.sampled_from(
    [
        b'{"type":"mood.changed","v":1,"mood":"good"}', b'{"type":"segment.ended","v":9}', b"not JSON", b"",
        b"\xff\xfe", b"\x01\x06", b'{"type":"words.committed","channel":"pt"}', b"[" * 2_000,
        b'{\n"type":"session.closed","v":1,"t":5}',
    ]
)  # fmt: skip


def _later(header: bytes) -> bytes:
    """A header with a field that this release doesn't know."""
    return header[:-1] + b',"mood":"good"}'


class _Log:
    """A log as a writer of any release might leave it: the chain holds, and each header is what its bytes say."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self.heads: dict[Lane, LaneHead] = {}
        self._offset = self._n = 0
        self._at, self._cause, self._by = 1_764_000_000_000, "create", (Role.SYSTEM, "server")

    def record(self) -> LogRecord:
        draw = self._draw
        kind, lane, body = self._body()
        self._offset += draw(st.sampled_from([1, 1, 1, 2, 400]))
        self._at += draw(st.sampled_from([0, 0, 40, 900, 1_000_000]))
        if draw(st.booleans()):
            self._cause, self._n = draw(_CAUSES), draw(st.sampled_from([0, 0, 1, 7]))
        else:
            self._n += draw(st.sampled_from([1, 1, 3]))
        if draw(st.integers(0, 3)) == 0:
            self._by = (draw(st.sampled_from(Role)), draw(NAMES | TEXTS))
        header = Header(
            session=SESSION,
            epoch=EPOCH,
            offset=self._offset,
            lane=lane,
            prev=self._head(lane).offset,
            type=kind,
            at=self._at,
            role=self._by[0],
            actor=self._by[1],
            cause=CommandId(self._cause),
            n=self._n,
        )
        header = self._strange(header)
        encoded = msgspec.json.encode(header)
        encoded = _later(encoded) if draw(st.integers(0, 15)) == 0 else encoded
        salt = draw(st.binary(min_size=16, max_size=16))
        digest = body_digest(salt, body)
        made = LogRecord(
            header=decode_header(encoded),
            header_bytes=encoded,
            salt=salt,
            body=body,
            body_digest=digest,
            digest=link(bytes.fromhex(self._head(header.lane).digest), encoded, digest),
        )
        self.heads[header.lane] = LaneHead(header.offset, made.digest.hex())
        return self._altered(made)

    def _head(self, lane: Lane) -> LaneHead:
        return self.heads.get(lane, LaneHead(0, GENESIS.hex()))

    def _body(self) -> tuple[str, Lane, bytes]:
        draw = self._draw
        match draw(st.sampled_from(["event", "event", "check", "strange"])):
            case "strange":
                return draw(st.sampled_from(["mood.changed", "", "a\nb"])), Lane(draw(_LANES)), draw(_STRANGE)
            case "check":
                signature = b64encode(draw(st.binary(min_size=64, max_size=64))).decode()
                check = RecordCheckpoint(
                    lanes={str(lane): head for lane, head in self.heads.items()},
                    key="0123456789abcdef",
                    signature=signature,
                )
                return type_name(check), check.lane(), encode_event(check)
            case _:
                event = draw(EVENTS)
                return type_name(event), event.lane(), encode_event(event)

    def _strange(self, header: Header) -> Header:
        """Now and then something that no writer of this release does."""
        if self._draw(st.integers(0, 9)):
            return header
        change = self._draw(
            st.sampled_from(
                [
                    {"session": "other"}, {"epoch": "other"}, {"prev": 0}, {"prev": MAX_INT}, {"prev": -1}, {"at": 3},
                    {"offset": 1}, {"n": -1}, {"n": MAX_INT}, {"lane": "later:lane"}, {"type": "mood"}, {"at": 2**63},
                ]
            )
        )  # fmt: skip
        return msgspec.structs.replace(header, **change)

    def _altered(self, record: LogRecord) -> LogRecord:
        """Removed, or with a body or salt that can't be the ones that were hashed."""
        change = self._draw(st.sampled_from([{}] * 8 + [{"salt": None, "body": None}] * 2 + [
            {"salt": None}, {"body": None}, {"body": b"x"}, {"salt": b""}, {"salt": b"s" * 300},
        ]))  # fmt: skip
        return msgspec.structs.replace(record, **change)


@given(st.data(), st.integers(0, 6), st.booleans())
def test_what_was_packed_comes_back(data: st.DataObject, count: int, told: bool) -> None:
    log = _Log(data.draw)
    for _ in range(data.draw(st.integers(0, 3), label="events before")):
        log.record()
    before = dict(log.heads)
    records = [log.record() for _ in range(count)]
    batch = pack(records, session=SESSION, epoch=EPOCH, heads=before if told else None)
    assert unpack(batch, session=SESSION, epoch=EPOCH, heads=before, after=0) == records


@given(st.data(), st.integers(0, 200), st.integers(0, 255))
def test_a_batch_that_was_altered_is_read_or_refused(data: st.DataObject, place: int, byte: int) -> None:
    log = _Log(data.draw)
    packed = bytearray(pack([log.record() for _ in range(3)], session=SESSION, epoch=EPOCH))
    packed[place % len(packed)] = byte
    with suppress(ProtocolError):  # and nothing else
        unpack(bytes(packed), session=SESSION, epoch=EPOCH, heads={}, after=0)


def _deflated(rows: bytes, beside: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return bytes([VERSION]) + deflate.compress(rows) + deflate.flush() + beside


def _inflated(batch: bytes) -> tuple[bytes, bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, DICTIONARY)
    return inflate.decompress(batch[1:]), inflate.unused_data


_NUMBERS = st.integers(0, MOST_NUMBER).map(number) | st.binary(min_size=9, max_size=11)
_PIECES = st.one_of(st.binary(max_size=12), _NUMBERS, _STRANGE.map(lambda body: body + b"\n"), st.just(b"\n"))


@given(st.data(), st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 40), _PIECES), max_size=4), st.binary())
def test_rows_that_were_altered_before_they_were_compressed_are_read_or_refused(
    data: st.DataObject, changes: list[tuple[int, int, bytes]], junk: bytes
) -> None:
    log = _Log(data.draw)
    rows, beside = _inflated(pack([log.record() for _ in range(3)], session=SESSION, epoch=EPOCH))
    for place, length, piece in changes:
        at = place % (len(rows) + 1)
        rows = rows[:at] + piece + rows[at + length :]
    with suppress(ProtocolError):  # and nothing else
        unpack(_deflated(rows, beside + junk), session=SESSION, epoch=EPOCH, heads=log.heads, after=0)


@given(st.lists(_PIECES, max_size=12).map(b"".join), st.binary(max_size=400))
def test_rows_that_nobody_wrote_are_read_or_refused(rows: bytes, beside: bytes) -> None:
    with suppress(ProtocolError):  # and nothing else
        unpack(_deflated(rows, beside), session=SESSION, epoch=EPOCH, heads={}, after=0)


@given(st.binary(max_size=200))
def test_bytes_that_are_none_are_refused(junk: bytes) -> None:
    with pytest.raises(ProtocolError):
        unpack(b"\x01" + junk + b"\xff", session=SESSION, epoch=EPOCH, heads={}, after=0)
