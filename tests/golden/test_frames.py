"""Pins the bytes of frames: programs that can read these must be able to read later releases' frames too."""

from __future__ import annotations

from pathlib import Path

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.services.reading.feed import FeedState
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import HERE, Format, Frame, carry, decode, retry
from moothall.wire.reader import Outcome, Reader
from support.sessions.meeting import ENGINE, FLOOR, LIVE, Meeting, ended, opened, partial, words
from support.sessions.recorder import MORNING

GOLDEN = Path(__file__).parent / "frames-0.1.txt"


async def small_session() -> list[Frame]:
    meeting = Meeting()
    await meeting.open()
    feed = FeedState(meeting.session, meeting.recorder.epoch, LIVE)
    feed.load(await meeting.log.read(meeting.session, 0, 10, LIVE.lanes), MORNING)
    state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=240, t=1_900)
    ada = SpeakerId("p1")
    publications = [
        await meeting.store(signals=[partial(" Good"), state]),
        await meeting.store(
            opened("s1", 120), words("s1", 0, " Good", " morning"), signals=[partial(" et", first=2)], by=ENGINE
        ),
        await meeting.store(words("s1", 2, " Étienne."), signals=[partial("", first=3)], by=ENGINE),
        await meeting.store(ended("s1", " Good morning Étienne."), by=ENGINE),
        await meeting.store(ev.SpeakerIntroduced(speaker=ada, name='Ada "the chair" </script>')),
        await meeting.store(ev.SpeakerAssigned(segments=(SegmentId("s1"),), speaker=ada)),
        await meeting.store(
            le.SegmentCorrected(
                channel=FLOOR,
                segment=SegmentId("s1"),
                base_revision=0,
                base_words=3,
                text=" Good morning, Étienne.",
                tail="",
            )
        ),
        await meeting.store(signals=[Unsaved(channel=FLOOR, text=" not yet")]),
        await meeting.store(ev.SessionClosed(t=60_000)),
    ]
    frames = [feed.snapshot(MORNING)]
    for n, publication in enumerate(publications):
        entries = list(zip(publication.records, publication.events, strict=True))
        frame = feed.advance(entries, publication.signals, MORNING + 1_000 * n)
        assert frame is not None
        frames.append(frame)
    erased = (await meeting.store(words("s1", 3, " x"))).records[0]
    frame = feed.advance([(msgspec.structs.replace(erased, body=None, salt=None), None)], (), MORNING + 20_000)
    assert frame is not None
    return [*frames, frame, feed.pulse(HERE, MORNING + 25_000)]


async def test_the_frames_of_a_small_session(update_golden: bool) -> None:
    frames = await small_session()
    stream = retry(2_000) + b"".join(carry(frame, Format.SSE) for frame in frames)
    sockets = b"".join(carry(frame, Format.WEBSOCKET).hex(" ", 4).encode() + b"\n" for frame in frames)
    made = b"# server-sent events\n" + stream + b"# websocket frames\n" + sockets
    if update_golden:
        GOLDEN.write_bytes(made)
    assert made == GOLDEN.read_bytes()


def test_what_this_release_wrote_can_be_read() -> None:
    stream = GOLDEN.read_bytes().partition(b"\n")[2].partition(b"# websocket frames")[0]
    reader = Reader(feed=LIVE)
    for event in EventStream().feed(stream):
        reader, outcome = reader.take(decode(event.data))
        assert outcome is Outcome.APPLIED
    assert reader.view is not None
    (line,) = reader.view.lines
    assert (line.text, line.speaker, line.revision, line.mended) == (" Good morning, Étienne.", "p1", 1, True)
    assert reader.view.session.status.value == "closed"
