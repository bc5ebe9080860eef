"""Laws of what a hub trusts: written events are verified in whatever order they arrive, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.chain import LogRecord, seal
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import QueueOrder
from moothall.core.kernel.ids import ChannelId, Lane, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall_hub.mirror.checking import Broken, Run, first_run, join, live_run, take
from support.sessions.recorder import EPOCH, SESSION, Recorder

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"a hub's laws need a key: this is"))
SIGNED = verifier(SIGNER.public_document())
LANES = Feed(ChannelId("floor"), live=False).lanes
FLOOR = ChannelId("floor")


def _made(kinds: Sequence[str]) -> tuple[list[LogRecord], list[dict[Lane, ev.LaneHead]]]:
    """A log, and where its lanes stood before each event and at the end."""
    recorder, records = Recorder(), list[LogRecord]()
    stood = [dict(recorder.heads)]
    for n, kind in enumerate(["session", *kinds]):
        match kind:
            case "session":
                record = recorder.record(ev.SessionDescribed(title=f"Title {n}"))
            case "line":
                record = recorder.record(
                    le.SegmentEnded(
                        channel=FLOOR, segment=SegmentId(f"s{n}"), t1=n, reason=le.EndReason.PAUSE, text="x"
                    )
                )
            case "words":
                record = recorder.record(le.WordsCommitted(channel=FLOOR, segment=SegmentId("s"), first=n, words=()))
            case "floor":
                record = recorder.record(qe.QueueOrdered(order=QueueOrder.SUPPORT))
            case "note":
                record = recorder.record(ne.NoteLeft(text=f"Note {n}"))
            case _:
                record = recorder.checkpoint(SIGNER)
        records.append(record)
        stood.append(dict(recorder.heads))
    return records, stood


KINDS = st.lists(st.sampled_from(["session", "line", "words", "floor", "note", "check", "check"]), max_size=30)


def followed(records: Sequence[LogRecord], after: int, until: int) -> list[LogRecord]:
    return [each for each in records if after < each.header.offset <= until and each.header.lane in LANES]


def base(stood: Sequence[dict[Lane, ev.LaneHead]], offset: int) -> dict[Lane, ev.LaneHead]:
    return {lane: head for lane, head in stood[offset].items() if lane in LANES}


def heard(run: Run, records: Sequence[LogRecord]) -> Run | Broken:
    found: Run | Broken = run
    for record in records:
        if isinstance(found, Broken):
            break
        found = take(found, record, SIGNED)
    return found


def last_check(records: Sequence[LogRecord]) -> int:
    return max((each.header.offset for each in records if each.header.type == "record.checkpoint"), default=0)


@given(KINDS, st.data())
def test_what_was_written_is_verified_up_to_its_last_checkpoint(kinds: list[str], data: st.DataObject) -> None:
    records, stood = _made(kinds)
    end = len(records)
    went = data.draw(st.integers(0, end), label="the line goes behind")
    back = data.draw(st.integers(0, end), label="it is back behind")
    known = heard(first_run(SESSION, EPOCH, LANES), followed(records, 0, went))
    assert isinstance(known, Run)
    begun = live_run(known, begin=back, base=base(stood, back))
    assert (begun.meets == {}) is (back >= max([0, *(head.offset for head in known.heads.values())]))
    live = heard(begun, followed(records, back, end))
    assert isinstance(live, Run)
    assert live.sure is (last_check(records) > back)
    for record in followed(records, went, back):
        assert join(known, live) is None, "not before all of it is there"
        grown = take(known, record, SIGNED)
        assert isinstance(grown, Run)
        known = grown
    whole = join(known, live)
    assert isinstance(whole, Run)
    assert (whole.begin, whole.sure, whole.heads) == (0, True, base(stood, end))
    assert whole.verified == last_check(records)


def _forged(records: Sequence[LogRecord], at: int) -> list[LogRecord]:
    """With another body there, and all digests after it made to fit: by whoever has all but the key."""
    heads: dict[Lane, bytes] = {}
    made: list[LogRecord] = []
    for each in records:
        body = each.body or b""
        forged = b'{"type":"session.described","title":"Forged"}' if each.header.offset == at else body
        before = heads.get(each.header.lane, bytes(32))
        record = seal(before, each.header, each.salt or b"", forged)
        heads[each.header.lane] = record.digest
        made.append(record)
    return made


def _other_body(record: LogRecord) -> LogRecord:
    return msgspec.structs.replace(record, body=b'{"type":"session.described","title":"Other"}')


def _other_actor(record: LogRecord) -> LogRecord:
    return msgspec.structs.replace(record, header=msgspec.structs.replace(record.header, actor="somebody"))


Tampering = Callable[[list[LogRecord], int], list[LogRecord]]
"""What somebody on the line makes of what follows, and at which place."""
TAMPERINGS: dict[str, Tampering] = {
    "another body": lambda sent, n: [*sent[:n], _other_body(sent[n]), *sent[n + 1 :]],
    "another actor": lambda sent, n: [*sent[:n], _other_actor(sent[n]), *sent[n + 1 :]],
    "one is left out": lambda sent, n: [*sent[:n], *sent[n + 1 :]],
    "one comes again": lambda sent, n: [*sent[: n + 1], *sent[n:]],
    "the other way round": lambda sent, n: [*sent[:n], *reversed(sent[n:])],
    "written anew": lambda sent, n: sent,
}


@given(KINDS, st.sampled_from(sorted(TAMPERINGS)), st.data())
def test_nothing_that_was_tampered_with_is_verified(kinds: list[str], how: str, data: st.DataObject) -> None:
    records, _ = _made(["line", *kinds, "line", "check"])
    sent = followed(records, 0, len(records))
    place = data.draw(st.integers(0, len(sent) - 2), label="place")
    if how == "written anew":
        sent = followed(_forged(records, sent[place].header.offset), 0, len(records))
    assert isinstance(heard(first_run(SESSION, EPOCH, LANES), TAMPERINGS[how](sent, place)), Broken)


@given(KINDS, st.data())
def test_a_beginning_that_is_not_true_is_never_believed(kinds: list[str], data: st.DataObject) -> None:
    records, stood = _made(["line", *kinds, "check", "line"])
    at = data.draw(st.integers(1, len(records) - 2), label="live behind")
    true = base(stood, at)
    lane = data.draw(st.sampled_from(sorted(true)), label="of lane")
    false = {**true, lane: ev.LaneHead(offset=true[lane].offset, digest="00" * 32)}
    known = heard(first_run(SESSION, EPOCH, LANES), followed(records, 0, at))
    assert isinstance(known, Run)
    live = live_run(known, begin=at, base=false)
    assert isinstance(join(known, live), Broken), "what was missed doesn't lead there"
    for record in followed(records, at, len(records)):
        grown = take(live, record, SIGNED)
        if isinstance(grown, Broken):
            return  # By the next of that lane, or by the next checkpoint.
        assert not grown.sure
        live = grown
    assert last_check(records) <= at
