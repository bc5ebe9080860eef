from __future__ import annotations

from base64 import b64encode

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.chain import GENESIS, LogRecord, body_digest, link, seal
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall.core.kernel.lanes import STAFF, Feed
from moothall.record.verify import Gone, RecordFault, RecordVerdict, RemovalEvent, Walk, verify
from moothall.testing.log_memory import MemoryLog
from support.sessions.recorder import EPOCH, SESSION, Recorder

FLOOR = ChannelId("floor")
SEGMENT = SegmentId("s1")
PAUSED = ev.SessionPaused(t=1)
WORDS = le.WordsCommitted(channel=FLOOR, segment=SEGMENT, first=0, words=(le.Word(" Welcome", 0, 400),))
ENDED = le.SegmentEnded(channel=FLOOR, segment=SEGMENT, t1=400, reason=le.EndReason.PAUSE, text=" Welcome")
REMOVED = ev.BodyRemoved(offsets=(2,), reason="request", by="staff-1")

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SIGNED = verifier(SIGNER.public_document())


def story(recorder: Recorder) -> list[LogRecord]:
    """1 session, 2 w, 3 ch, 4 staff, 5 checkpoint, 6 w, 7 ch."""
    return [
        recorder.record(PAUSED),
        recorder.record(WORDS),
        recorder.record(ENDED),
        recorder.record(PAUSED, lane=STAFF),
        recorder.checkpoint(SIGNER),
        recorder.record(WORDS),
        recorder.record(ENDED),
    ]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def records(recorder: Recorder) -> list[LogRecord]:
    return story(recorder)


def test_an_untouched_record_is_intact_and_says_how_far_it_is_signed(
    records: list[LogRecord], recorder: Recorder
) -> None:
    found = verify(records, signed=SIGNED)
    assert found.verdict is RecordVerdict.INTACT
    assert (found.events, found.offset, found.checkpoints, found.signed) == (7, 7, 1, 5)
    assert found.heads == recorder.heads


def test_it_says_by_which_event_a_session_was_closed_and_by_which_key_it_was_signed(recorder: Recorder) -> None:
    closed = [recorder.record(PAUSED), recorder.record(ev.SessionClosed(t=2))]
    found = verify(closed, signed=SIGNED)
    assert (found.closed, found.signed, found.key) == (2, 0, "")
    closed.append(recorder.checkpoint(SIGNER))
    found = verify(closed, signed=SIGNED)
    assert (found.closed, found.signed, found.key) == (2, 3, SIGNER.key_id)
    assert verify([*closed, recorder.record(ev.SessionReopened(t=3))]).closed == 0


async def test_each_removal_says_when_who_and_what_and_nothing_twice(
    records: list[LogRecord], recorder: Recorder
) -> None:
    log = [
        msgspec.structs.replace(record, body=None, salt=None) if record.header.offset in (2, 6) else record
        for record in records
    ]
    log.append(recorder.record(REMOVED, by=Actor(Role.TECHNICIAN, "t")))
    log.append(recorder.record(ev.BodyRemoved(offsets=(2, 6), reason="not-recorded", by="system")))
    words = [Gone(offset, Lane("w:floor"), log[offset - 1].header.at) for offset in (2, 6)]
    assert verify(log, signed=SIGNED).removals == (
        RemovalEvent(offset=8, at=log[7].header.at, role=Role.TECHNICIAN, reason="request", gone=(words[0],)),
        RemovalEvent(offset=9, at=log[8].header.at, role=Role.SYSTEM, reason="not-recorded", gone=(words[1],)),
    )


def test_damage_is_known_as_soon_as_it_is_met(records: list[LogRecord]) -> None:
    walk = Walk()
    walk.step(records[0])
    assert not walk.broken
    walk.step(records[2])
    assert walk.broken[0].offset == 3


def test_a_record_of_nothing_is_intact() -> None:
    found = verify([])
    assert (found.verdict, found.events, found.offset, found.heads) == (RecordVerdict.INTACT, 0, 0, {})


def test_without_keys_signatures_are_left_out(records: list[LogRecord]) -> None:
    found = verify(records)
    assert (found.verdict, found.checkpoints, found.signed) == (RecordVerdict.INTACT, 0, 0)


def test_a_reader_of_some_lanes_can_verify_them(records: list[LogRecord]) -> None:
    lanes = Feed(FLOOR, live=False).lanes
    read = [record for record in records if record.header.lane in lanes]
    assert [record.header.offset for record in read] == [1, 3, 5, 7]
    found = verify(read, lanes=lanes, signed=SIGNED)
    assert (found.verdict, found.events, found.signed) == (RecordVerdict.INTACT, 4, 5)


def test_an_event_of_a_lane_that_was_not_asked_for_is_out_of_place(records: list[LogRecord]) -> None:
    lanes = frozenset({SESSION_LANE})
    found = verify([records[0], records[1]], lanes=lanes)
    assert found.broken == (RecordFault(2, "It is of lane w:floor, which wasn't asked for."),)


async def test_removed_bodies_leave_the_chain_whole(records: list[LogRecord], recorder: Recorder) -> None:
    log = MemoryLog()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, records)
    await log.remove(SESSION, 1, 7, [2], [recorder.record(REMOVED)])
    found = verify(await log.read(SESSION, 0, 100), signed=SIGNED)
    assert (found.verdict, found.removed, found.broken) == (RecordVerdict.REMOVED, (2,), ())


def test_a_body_that_is_gone_without_a_word_is_broken(records: list[LogRecord]) -> None:
    records[5] = msgspec.structs.replace(records[5], body=None, salt=None)
    found = verify(records)
    assert found.verdict is RecordVerdict.BROKEN
    assert found.broken == (RecordFault(6, "Its body is gone, and no event says that it was removed."),)


def test_a_body_that_was_removed_and_came_back_is_broken(records: list[LogRecord], recorder: Recorder) -> None:
    found = verify([*records, recorder.record(REMOVED)])
    assert found.broken == (RecordFault(2, "Event 8 says that its body was removed, but here it is."),)


def test_a_removal_does_not_speak_of_what_comes_after_it(recorder: Recorder) -> None:
    said = recorder.record(REMOVED)
    later = recorder.record(PAUSED)
    assert verify([said, later]).verdict is RecordVerdict.INTACT
    gone = msgspec.structs.replace(later, body=None, salt=None)
    assert verify([said, gone]).broken[0].offset == 2


def test_whoever_does_not_read_the_session_lane_cannot_know_why_a_body_is_gone(records: list[LogRecord]) -> None:
    lane = records[1].header.lane
    read = [msgspec.structs.replace(records[1], body=None, salt=None), records[5]]
    found = verify(read, lanes=frozenset({lane}))
    assert (found.verdict, found.removed) == (RecordVerdict.REMOVED, (2,))


@pytest.mark.parametrize(
    "changed",
    [{"body": None}, {"salt": None}, {"body": b"{}"}, {"salt": b"short"}, {"salt": bytes(16)}],
    ids=["no body", "no salt", "another body", "a short salt", "another salt"],
)
def test_a_body_that_is_not_the_one_written_is_broken_there(
    records: list[LogRecord], changed: dict[str, bytes | None]
) -> None:
    records[2] = msgspec.structs.replace(records[2], **changed)
    assert verify(records).broken == (RecordFault(3, "Its body is not the one that was written."),)


def test_moving_the_line_between_salt_and_body_is_found(records: list[LogRecord]) -> None:
    whole = (records[2].salt or b"") + (records[2].body or b"")
    records[2] = msgspec.structs.replace(records[2], salt=whole[:17], body=whole[17:])
    assert verify(records).broken == (RecordFault(3, "Its body is not the one that was written."),)


def test_a_body_that_was_exchanged_with_its_digest_breaks_the_chain(records: list[LogRecord]) -> None:
    salt = bytes(16)
    records[2] = msgspec.structs.replace(
        records[2], salt=salt, body=b'{"type":"x"}', body_digest=body_digest(salt, b'{"type":"x"}')
    )
    (finding,) = verify(records).broken
    assert (finding.offset, finding.reason[:10]) == (3, "Its digest")


def test_an_event_written_anew_with_its_digest_breaks_the_lane_behind_it(records: list[LogRecord]) -> None:
    other = seal(GENESIS, records[2].header, bytes(16), b'{"type":"x"}')
    found = verify([*records[:2], other, *records[3:]])
    assert [finding.offset for finding in found.broken] == [5, 7]
    assert found.broken[0].reason == (
        "It names event 3 as the end of lane ch:floor, with another digest or another end."
    )


def test_header_bytes_that_say_something_else_are_found(records: list[LogRecord]) -> None:
    records[2] = msgspec.structs.replace(records[2], header=msgspec.structs.replace(records[2].header, actor="x"))
    records[5] = msgspec.structs.replace(records[5], header_bytes=b"\xff")
    records[6] = msgspec.structs.replace(records[6], header_bytes=b'{"session":"\xff"}')
    assert verify(records).broken == (
        RecordFault(3, "Its header does not match its bytes."),
        RecordFault(6, "Its header does not match its bytes."),
        RecordFault(7, "Its header does not match its bytes."),
    )


def test_an_event_taken_out_is_found_at_the_next(records: list[LogRecord]) -> None:
    del records[3]
    assert verify(records).broken == (RecordFault(5, "It comes after event 3: events are missing or out of order."),)


def test_two_events_that_changed_places_are_found(records: list[LogRecord]) -> None:
    records[1], records[2] = records[2], records[1]
    broken = verify(records).broken
    assert {finding.offset for finding in broken} == {2, 3}


def test_a_lane_read_backwards_is_found(records: list[LogRecord]) -> None:
    lane = records[2].header.lane
    found = verify([records[6], records[2]], lanes=frozenset({lane}))
    assert found.broken == (
        RecordFault(3, "It comes after event 7: events are out of order."),
        RecordFault(3, "It follows event 0 of lane ch:floor, but the one before it is 7."),
        RecordFault(7, "It follows event 3 of lane ch:floor, but the one before it is 0."),
    )


@pytest.mark.parametrize("other", [Recorder(SessionId("other")), Recorder(epoch=Epoch("other"))])
def test_an_event_of_another_log_is_found(records: list[LogRecord], other: Recorder) -> None:
    foreign = story(other)
    found = verify([*records[:6], foreign[6]])
    assert found.broken[0] == RecordFault(
        7, "It belongs to another session, or to another epoch of this session's log."
    )


def test_a_cut_tail_is_unseen_without_somebody_who_saw_more(records: list[LogRecord], recorder: Recorder) -> None:
    assert verify(records[:6], signed=SIGNED).verdict is RecordVerdict.INTACT
    found = verify(records[:6], signed=SIGNED, expected=recorder.heads)
    assert found.verdict is RecordVerdict.TAIL_MISSING
    assert found.missing == (RecordFault(7, "Event 7 of lane ch:floor isn't there, and it was seen elsewhere."),)


def test_heads_that_were_seen_elsewhere_are_compared(records: list[LogRecord]) -> None:
    lane = Lane("ch:floor")
    seen = {lane: ev.LaneHead(3, records[2].digest.hex())}
    assert verify(records, expected=seen).verdict is RecordVerdict.INTACT
    found = verify(records, expected={lane: ev.LaneHead(3, "00" * 32)})
    assert found.broken == (RecordFault(3, "Its digest is not the one that was seen elsewhere."),)


def test_heads_of_lanes_that_were_not_read_say_nothing(records: list[LogRecord]) -> None:
    found = verify(
        [records[0]], lanes=frozenset({SESSION_LANE}), expected={Lane("ch:floor"): ev.LaneHead(9, "00" * 32)}
    )
    assert found.verdict is RecordVerdict.INTACT


def test_a_checkpoint_that_names_more_than_is_there_tells_what_is_missing(recorder: Recorder) -> None:
    lanes = Feed(FLOOR, live=False).lanes
    first = [recorder.record(PAUSED), recorder.record(ENDED), recorder.record(ENDED), recorder.checkpoint(SIGNER)]
    recorder.record(ENDED)
    second = recorder.checkpoint(SIGNER)
    found = verify([first[0], first[1], first[3], second], lanes=lanes, signed=SIGNED)
    assert found.verdict is RecordVerdict.TAIL_MISSING
    assert found.missing == (RecordFault(5, "Event 5 of lane ch:floor isn't there, and checkpoint 6 names it."),)
    known = {Lane("ch:floor"): ev.LaneHead(5, recorder.heads[Lane("ch:floor")].digest)}
    assert verify([first[0], first[1], first[3], second], lanes=lanes, expected=known).missing == found.missing


def test_a_lane_that_a_checkpoint_does_not_name_was_put_in_later(recorder: Recorder) -> None:
    opened = recorder.record(PAUSED)
    heads = dict(recorder.heads)
    slipped_in = recorder.record(ENDED)
    recorder.heads = heads
    found = verify([opened, slipped_in, recorder.checkpoint(SIGNER)], signed=SIGNED)
    assert found.broken == (
        RecordFault(3, "It names event 0 as the end of lane ch:floor, with another digest or another end."),
    )


def test_what_stands_in_a_lane_that_is_not_public_is_no_checkpoints_business(recorder: Recorder) -> None:
    read = [recorder.record(PAUSED, lane=STAFF), recorder.checkpoint(SIGNER), recorder.record(PAUSED, lane=STAFF)]
    assert verify(read, signed=SIGNED).verdict is RecordVerdict.INTACT


@pytest.mark.parametrize("signature", [b64encode(bytes(64)).decode(), "", "not base64!", "é"])
def test_a_forged_signature_is_found(recorder: Recorder, signature: str) -> None:
    opened = recorder.record(PAUSED)
    public = {str(lane): head for lane, head in recorder.heads.items()}
    forged = recorder.record(ev.RecordCheckpoint(lanes=public, key=SIGNER.key_id, signature=signature))
    assert verify([opened, forged]).verdict is RecordVerdict.INTACT
    assert verify([opened, forged], signed=SIGNED).broken == (
        RecordFault(2, f"Its signature isn't one of key {SIGNER.key_id}."),
    )


def test_a_signature_by_a_key_that_was_not_published_is_found(recorder: Recorder) -> None:
    stranger = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    read = [recorder.record(PAUSED), recorder.checkpoint(stranger)]
    assert verify(read, signed=SIGNED).broken[0].offset == 2


def _with_body(record: LogRecord, body: bytes) -> LogRecord:
    """The record as its writer would have made it with another body."""
    digest_of_body = body_digest(record.salt or b"", body)
    digest = link(GENESIS, record.header_bytes, digest_of_body)
    return msgspec.structs.replace(record, body=body, body_digest=digest_of_body, digest=digest)


def test_a_checkpoint_that_cannot_be_read_is_broken(recorder: Recorder) -> None:
    record = _with_body(recorder.record(REMOVED), b"\xff")
    assert verify([record]).broken == (RecordFault(1, "Its body can't be read."),)


def test_a_removal_of_a_later_release_explains_nothing_here(recorder: Recorder) -> None:
    record = _with_body(recorder.record(REMOVED), b'{"type":"body.removed","v":99}')
    assert verify([record]).verdict is RecordVerdict.INTACT


async def test_a_removed_checkpoint_is_removed_and_signs_nothing(recorder: Recorder) -> None:
    log = MemoryLog()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, story(recorder))
    said = recorder.record(ev.BodyRemoved(offsets=(5,), reason="request", by="staff-1"))
    await log.remove(SESSION, 1, 7, [5], [said])
    found = verify(await log.read(SESSION, 0, 100), signed=SIGNED)
    assert (found.verdict, found.removed, found.signed) == (RecordVerdict.REMOVED, (5,), 0)
