from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub_hour import hour, public_length
from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall_hub.mirror.checking import Run, first_run, take
from support.sessions.recorder import EPOCH, SESSION, Recorder

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"an hour of a session needs a key"))
FLOOR = ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "whisper-base")


def short_log() -> list[LogRecord]:
    recorder = Recorder()
    records = [recorder.record(ev.SessionOpened(wall=5)), recorder.record(ne.NoteLeft(text="Not for everybody."))]
    for n in (1, 2):
        line, cause = SegmentId(f"floor-1-{n}"), f"demo.floor.1.{n}"
        opened = le.SegmentOpened(channel=FLOOR, segment=line, t0=4_000 * n, language="en", origin=le.Origin.MACHINE)
        word = le.Word("Hello.", 4_000 * n, 4_000 * n + 500)
        records += [
            recorder.record(opened, ENGINE, cause),
            recorder.record(le.WordsCommitted(channel=FLOOR, segment=line, first=0, words=(word,)), ENGINE, cause, 1),
            recorder.record(
                le.SegmentEnded(channel=FLOOR, segment=line, t1=word.t1, reason=le.EndReason.PAUSE, text=word.text),
                ENGINE,
                cause,
                2,
            ),
        ]
    return [*records, recorder.checkpoint(SIGNER), recorder.record(ev.SessionClosed(t=9_500))]


def test_a_log_is_told_again_until_the_hour_is_full() -> None:
    log = short_log()
    assert public_length(log) == 8_500
    made = hour(log, SIGNER, length_ms=150_000)
    kinds = [each.header.type for each in made]
    assert kinds.count("session.opened") == 1
    assert "note.left" not in kinds
    assert kinds.count("segment.ended") == 2 * 16
    assert kinds.count("record.checkpoint") == 3, "one a minute, and one at the end"
    ended = [decode_event(each.body or b"") for each in made if each.header.type == "segment.ended"]
    assert [(each.segment, each.t1) for each in ended[1:4] if isinstance(each, le.SegmentEnded)] == [
        ("floor-1-2", 8_500), ("floor-1-4", 14_000), ("floor-1-5", 18_000),
    ]  # fmt: skip
    assert len({each.header.cause for each in made if each.header.type == "segment.ended"}) == 32


def test_it_verifies_as_a_log_does() -> None:
    made = hour(short_log(), SIGNER, length_ms=70_000)
    run: object = first_run(SESSION, EPOCH, frozenset(each.header.lane for each in made))
    for record in made:
        assert isinstance(run, Run), run
        run = take(run, record, verifier(SIGNER.public_document()))
    assert isinstance(run, Run)
    assert run.checked
