from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from moothall.core.backup.blocks import ChainFollower, decode_block, encode_block, without
from moothall.core.backup.removed import named
from moothall.core.chain import LogRecord
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch
from support.sessions.recorder import Recorder


def records(recorder: Recorder, n: int = 4) -> list[LogRecord]:
    return [recorder.record(ev.SessionPaused(t=each)) for each in range(n)]


def test_a_block_gives_the_bytes_back_that_went_in() -> None:
    made = records(Recorder())
    assert decode_block(encode_block(made)) == made


@pytest.mark.parametrize("data", [b"", b"\x91\x01", b"\xff", b"\x91\x95\xc4\x01x\xc0\xc0\xc4\x00\xc4\x00"])
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(RecordBroken, match=f"A block of {len(data)} bytes"):
        decode_block(data)


def test_what_was_removed_goes_with_its_salt_and_leaves_its_digest() -> None:
    made = records(Recorder())
    clean = without(made, {named(made[1])})
    assert (clean[1].body, clean[1].salt, clean[1].digest) == (None, None, made[1].digest)
    assert [clean[0], *clean[2:]] == [made[0], *made[2:]]
    assert without(clean, {named(made[1])}) == clean


def test_another_event_at_the_same_offset_stays() -> None:
    made, other = records(Recorder()), records(Recorder(epoch=Epoch("other")))
    assert without(made, set(map(named, other))) == made


def test_records_that_go_on_are_followed() -> None:
    recorder = Recorder()
    made = records(recorder)
    chain = ChainFollower(0, {})
    for record in made[:2]:
        chain.step(record)
    on = ChainFollower(chain.offset, chain.heads)
    for record in without(made, {named(made[3])})[2:]:
        on.step(record)
    assert (on.offset, on.heads) == (recorder.offset, recorder.heads)


def changed(**fields: object) -> Callable[[LogRecord], LogRecord]:
    return lambda record: msgspec.structs.replace(record, **fields)


@pytest.mark.parametrize(
    "change",
    [
        changed(digest=bytes(32)),
        changed(body=b"{}"),
        changed(body=None),
        changed(salt=None),
        changed(body_digest=bytes(32)),
    ],
)
def test_a_record_that_was_changed_is_found(change: Callable[[LogRecord], LogRecord]) -> None:
    first, second, *_ = records(Recorder())
    chain = ChainFollower(0, {})
    chain.step(first)
    with pytest.raises(RecordBroken, match="Event 2 of session plenary is not what was written"):
        chain.step(change(second))


def test_a_record_that_is_missing_is_found() -> None:
    first, _, third, *_ = records(Recorder())
    chain = ChainFollower(0, {})
    chain.step(first)
    with pytest.raises(RecordBroken, match="Event 3"):
        chain.step(third)


def test_a_missing_last_record_of_another_lane_is_found() -> None:
    recorder = Recorder()
    events = (ev.SessionPaused(t=1), ne.NoteLeft(text="x"), ev.SessionPaused(t=2))
    first, _, third = map(recorder.record, events)
    chain = ChainFollower(0, {})
    chain.step(first)
    with pytest.raises(RecordBroken, match="Event 3"):
        chain.step(third)
