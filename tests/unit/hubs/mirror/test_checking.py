from __future__ import annotations

from base64 import b64encode

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.chain import LogRecord, checkpoint_bytes, decode_header, seal
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import QueueOrder
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import QUESTIONS, STAFF, Feed
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall_hub.mirror.checking import Broken, Run, first_run, live_run, take, with_lanes
from support.sessions.recorder import EPOCH, SESSION, Recorder

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"a hub's tests need a key: this is"[:32]))
SIGNED = verifier(SIGNER.public_document())
LANES = Feed(ChannelId("floor"), live=False).lanes
BEGUN = first_run(SESSION, EPOCH, LANES)
TITLE = ev.SessionDescribed(title="Open hall")


def reason(run: Run, record: LogRecord) -> str:
    found = take(run, record, SIGNED)
    assert isinstance(found, Broken)
    assert found.offset == record.header.offset
    return found.reason


def taken(run: Run, *records: LogRecord) -> Run:
    for record in records:
        grown = take(run, record, SIGNED)
        assert isinstance(grown, Run)
        run = grown
    return run


def test_a_session_is_verified_by_its_checkpoints() -> None:
    recorder = Recorder()
    run = taken(BEGUN, recorder.record(TITLE))
    assert (run.verified, run.checked) == (0, False)
    run = taken(run, recorder.checkpoint(SIGNER))
    assert (run.verified, run.checked) == (2, True)
    run = taken(run, recorder.record(ev.SessionDescribed(title="Water")))
    assert (run.offset, run.verified, run.checked) == (3, 2, False)


def test_a_body_that_was_removed_leaves_the_chain_whole() -> None:
    recorder = Recorder()
    gone = msgspec.structs.replace(recorder.record(TITLE), body=None, salt=None)
    assert taken(BEGUN, gone, recorder.checkpoint(SIGNER)).checked
    half = msgspec.structs.replace(gone, salt=b"x" * 16)
    assert reason(BEGUN, half) == "Its body is not the one that was written."


def test_what_doesnt_fit_is_named() -> None:
    recorder = Recorder()
    first, second = recorder.record(TITLE), recorder.record(ne.NoteLeft(text="Psst"))
    third = recorder.record(ev.SessionDescribed(title="Water"))
    run = taken(BEGUN, first)
    assert "It is repeated or out of order" in reason(run, first)
    assert "It follows event 0 of lane session" in reason(msgspec.structs.replace(run, offset=0), first)
    assert reason(run, second) == "It is of lane staff, which isn't followed."
    assert "another session" in reason(first_run(SessionId("other"), EPOCH, LANES), first)
    assert "another epoch" in reason(first_run(SESSION, Epoch("k3j9x3"), LANES), first)
    assert reason(BEGUN, third) == "It follows event 1 of lane session, but the one before it is 0."
    other = msgspec.structs.replace(third, header=msgspec.structs.replace(third.header, actor="x"))
    assert "header does not match its bytes" in reason(run, other)
    assert "header does not match its bytes" in reason(run, msgspec.structs.replace(third, header_bytes=b"\xff"))
    assert "digest" in reason(run, msgspec.structs.replace(third, digest=b"x" * 32))


def sealed(recorder: Recorder, body: bytes) -> LogRecord:
    """Something else in a checkpoint's place, with digests that fit."""
    before = bytes.fromhex(recorder.heads[next(iter(recorder.heads))].digest)
    made = recorder.checkpoint(SIGNER)
    return seal(before, decode_header(made.header_bytes), made.salt or b"", body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", "Its body can't be read."),
        (b'{"type":"session.described","title":"x"}', "Its header says checkpoint; its body is not one."),
        (
            b'{"type":"record.checkpoint","lanes":{},"key":"k","signature":"\xc3\xa9"}',
            "Its signature isn't one of key k.",
        ),
    ],
)
def test_a_checkpoint_that_is_none_vouches_for_nothing(body: bytes, expected: str) -> None:
    recorder = Recorder()
    run = taken(BEGUN, recorder.record(TITLE))
    assert reason(run, sealed(recorder, body)) == expected


def test_a_checkpoint_whose_body_was_removed_is_passed_over() -> None:
    recorder = Recorder()
    run = taken(BEGUN, recorder.record(TITLE))
    gone = msgspec.structs.replace(recorder.checkpoint(SIGNER), body=None, salt=None)
    assert taken(run, gone).verified == 0


def test_a_signed_checkpoint_of_something_else_is_named() -> None:
    recorder = Recorder()
    first = recorder.record(TITLE)
    heads = {"session": ev.LaneHead(offset=1, digest="00" * 32)}
    signature = b64encode(SIGNER.sign(checkpoint_bytes(SESSION, EPOCH, heads))).decode()
    other = recorder.record(ev.RecordCheckpoint(lanes=heads, key=SIGNER.key_id, signature=signature))
    found = reason(taken(BEGUN, first), other)
    assert found == "The checkpoint says that lane session ends at event 1, with another digest or end."


def test_only_public_lanes_are_followed() -> None:
    with pytest.raises(ValueError, match="only public ones are signed"):
        first_run(SESSION, EPOCH, LANES | {STAFF})
    with pytest.raises(ValueError, match="not all are public"):
        with_lanes(BEGUN, frozenset({STAFF}), {})


def test_another_event_in_the_place_of_one_that_is_held_is_named() -> None:
    recorder = Recorder()
    known = taken(BEGUN, recorder.record(TITLE))
    live = live_run(known, begin=0, base={})
    assert taken(live, Recorder().record(TITLE)).meets == {}
    other = Recorder().record(ev.SessionDescribed(title="Water"))
    assert reason(live, other) == "It differs from event 1 of lane session received earlier."


def test_a_lane_that_comes_in_is_missed_from_its_first_event_or_from_where_it_was_left() -> None:
    recorder = Recorder()
    first, note = recorder.record(TITLE), recorder.record(qe.QueueOrdered(order=QueueOrder.SUPPORT))
    few = with_lanes(taken(BEGUN, first), frozenset({SESSION_LANE}), {})
    assert (few.lanes, few.offset, few.verified) == (frozenset({SESSION_LANE}), 1, 0)
    more = with_lanes(few, LANES, {})
    assert (more.offset, dict(more.heads)) == (0, {SESSION_LANE: recorder.heads[SESSION_LANE]})
    assert taken(more, note, recorder.checkpoint(SIGNER)).checked
    left = with_lanes(few, frozenset({SESSION_LANE, QUESTIONS}), {QUESTIONS: recorder.heads[QUESTIONS]})
    assert (left.offset, left.heads[QUESTIONS].offset) == (1, 2)


ALONE, BOTH = frozenset({SESSION_LANE}), frozenset({SESSION_LANE, QUESTIONS})


def signed_without_the_floor() -> tuple[Run, list[LogRecord]]:
    """A run of the session's lane alone up to a signature, and what the floor's lane has, and what comes after it."""
    recorder, run = Recorder(), first_run(SESSION, EPOCH, ALONE)
    run = taken(run, recorder.record(TITLE))
    floor = [recorder.record(qe.QueueOrdered(order=order)) for order in (QueueOrder.SUPPORT, QueueOrder.ARRIVAL)]
    run = taken(run, recorder.checkpoint(SIGNER))
    assert (run.verified, run.checked) == (4, True)
    return run, [*floor, recorder.record(TITLE)]


def test_a_lane_that_comes_in_later_is_vouched_for_by_the_signature_that_spoke_of_it() -> None:
    signed, floor = signed_without_the_floor()
    more = with_lanes(signed, BOTH, {})
    assert (more.verified, more.checked) == (0, False)
    assert taken(more, floor[0]).verified == 0
    whole = taken(more, *floor[:2])
    assert whole.verified == 4
    # What it has is its own as well where it was left, and comes back.
    again = with_lanes(with_lanes(whole, ALONE, {}), BOTH, {QUESTIONS: whole.heads[QUESTIONS]})
    assert (again.verified, again.meets) == (4, {})


def test_a_lane_that_comes_in_otherwise_than_it_was_signed_is_named() -> None:
    signed, floor = signed_without_the_floor()
    more = with_lanes(signed, BOTH, {})
    forger = Recorder()
    forger.record(TITLE)
    first, second = [forger.record(qe.QueueOrdered(order=QueueOrder.ARRIVAL)) for _ in range(2)]
    assert reason(taken(more, first), second) == "It differs from event 3 of lane questions received earlier."
    left_out = take(taken(more, floor[0]), floor[2], SIGNED)
    assert isinstance(left_out, Broken)
    assert (left_out.offset, left_out.lane) == (3, QUESTIONS)
    # What was left behind, and is not what was signed, is vouched for by nothing.
    wrong = with_lanes(signed, BOTH, {QUESTIONS: forger.heads[QUESTIONS]})
    assert (wrong.verified, wrong.checked) == (0, False)


def test_numbers_that_no_event_has_are_named() -> None:
    recorder = Recorder()
    recorder.offset = 10**15
    assert reason(BEGUN, recorder.record(TITLE)) == "No event has such a number."
    assert reason(BEGUN, Recorder().record(TITLE, n=-1)) == "No event has such a number."
