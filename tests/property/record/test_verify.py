"""Any change to a record outside of its port is detected; what the port removes is reported as removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.chain import LogRecord, body_digest, link
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import STAFF, Feed, is_public
from moothall.record.verify import RecordVerdict, verify
from moothall.testing.log_memory import MemoryLog
from support.sessions.recorder import EPOCH, SESSION, Recorder
from support.sessions.strategies import EVENTS

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SIGNED = verifier(SIGNER.public_document())
PLAIN = EVENTS.filter(lambda event: not isinstance(event, ev.BodyRemoved | ev.RecordCheckpoint))


@st.composite
def records(draw: Callable[[st.SearchStrategy[Any]], Any]) -> list[LogRecord]:
    """A record of events of any kind in any lane, with checkpoints in it."""
    recorder = Recorder()
    made: list[LogRecord] = []
    for _ in range(draw(st.integers(1, 12))):
        event = draw(PLAIN)
        lane = STAFF if draw(st.integers(0, 5)) == 0 else ""
        made.append(recorder.record(event, lane=lane))
        if draw(st.integers(0, 4)) == 0:
            made.append(recorder.checkpoint(SIGNER))
    return made


@given(made=records())
def test_what_nobody_touched_is_intact(made: list[LogRecord]) -> None:
    found = verify(made, signed=SIGNED)
    assert found.verdict is RecordVerdict.INTACT
    assert found.checkpoints == sum(record.header.type == "record.checkpoint" for record in made)


@given(made=records(), data=st.data())
def test_any_changed_byte_is_found_where_it_is(made: list[LogRecord], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(made) - 1))
    field = data.draw(st.sampled_from(["header_bytes", "salt", "body", "body_digest", "digest"]))
    old: bytes = getattr(made[number], field)
    index = data.draw(st.integers(0, len(old) - 1))
    new = old[:index] + bytes([old[index] ^ data.draw(st.integers(1, 255))]) + old[index + 1 :]
    made[number] = msgspec.structs.replace(made[number], **{field: new})
    found = verify(made, signed=SIGNED)
    assert found.verdict is RecordVerdict.BROKEN
    assert found.broken[0].offset == made[number].header.offset


@given(made=records(), data=st.data())
def test_any_event_taken_out_or_put_elsewhere_is_found(made: list[LogRecord], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(made) - 1))
    taken = made.pop(number)
    elsewhere = data.draw(st.none() | st.integers(0, len(made)).filter(lambda place: place != number))
    if elsewhere is not None:
        made.insert(elsewhere, taken)
    elif number == len(made):
        made.append(taken)  # the last one alone can go unseen; other tests have that
        made.append(taken)
    assert verify(made, signed=SIGNED).verdict is RecordVerdict.BROKEN


@given(made=records(), data=st.data())
def test_a_record_written_anew_does_not_get_past_a_checkpoint(made: list[LogRecord], data: st.DataObject) -> None:
    """Somebody changes one body and works out all digests again, as anybody can."""
    number = data.draw(st.integers(0, len(made) - 1))
    target = made[number]
    assert target.salt is not None
    other = msgspec.structs.replace(target, body=b"{}", body_digest=body_digest(target.salt, b"{}"))
    forged = [*made[:number], other, *made[number + 1 :]]
    heads: dict[str, bytes] = {}
    for place, record in enumerate(forged):
        previous = heads.get(record.header.lane, bytes(32))
        digest = link(previous, record.header_bytes, record.body_digest)
        forged[place] = msgspec.structs.replace(record, digest=digest)
        heads[record.header.lane] = digest
    later = [record for record in forged[number + 1 :] if record.header.type == "record.checkpoint"]
    found = verify(forged, signed=SIGNED)
    if target.header.type == "record.checkpoint" or (later and is_public(target.header.lane)):
        assert found.verdict is RecordVerdict.BROKEN
    else:
        assert found.signed <= target.header.offset or not is_public(target.header.lane)


@given(made=records(), data=st.data())
def test_what_the_port_removes_is_removed_and_nothing_else(made: list[LogRecord], data: st.DataObject) -> None:
    offsets = data.draw(st.lists(st.integers(-1, len(made) + 2), max_size=5))

    async def removed() -> list[LogRecord]:
        log, recorder = MemoryLog(), Recorder()
        await log.acquire(SESSION, EPOCH)
        await log.append(SESSION, 1, 0, made)
        head = await log.head(SESSION)
        assert head is not None
        recorder.go_on(head)
        said = recorder.record(ev.BodyRemoved(offsets=tuple(offsets), reason="request", by="staff-1"))
        await log.remove(SESSION, 1, len(made), offsets, [said])
        return list(await log.read(SESSION, 0, 1_000))

    found = verify(asyncio.run(removed()), signed=SIGNED)
    gone = tuple(sorted({offset for offset in offsets if 0 < offset <= len(made)}))
    assert (found.broken, found.missing, found.removed) == ((), (), gone)
    assert found.verdict is (RecordVerdict.REMOVED if gone else RecordVerdict.INTACT)


@given(made=records(), data=st.data())
def test_a_cut_tail_is_found_by_whoever_knows_the_heads(made: list[LogRecord], data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(made) - 1))
    whole = verify(made)
    found = verify(made[:kept], expected=whole.heads)
    assert found.verdict is RecordVerdict.TAIL_MISSING
    assert max(finding.offset for finding in found.missing) == len(made)


@given(made=records(), live=st.booleans())
def test_any_feed_verifies_on_its_own(made: list[LogRecord], live: bool) -> None:
    lanes = Feed(ChannelId("floor"), live).lanes
    read = [record for record in made if record.header.lane in lanes]
    assert verify(read, lanes=lanes, signed=SIGNED).verdict is RecordVerdict.INTACT
