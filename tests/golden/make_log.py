# ruff: noqa: T201 (a script that prints)
"""Writes the databases that every later release must open: together all types of event, with fixed salts and times.

Each file's name has the release, and what the story shows. After adding a story to `STORIES`, run from the project's
folder: `PYTHONPATH=tests .venv/bin/python tests/golden/make_log.py`, then `pytest tests/golden --update-golden`.
Existing databases are never overwritten.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from golden.air_story import remove_what_was_offered, taken_over
from golden.attendance_story import counted, remove_an_entry
from golden.hands_story import remove_the_second, show_of_hands
from golden.hubs_story import remove_what_it_asked, rooms_far_away
from golden.imported_story import held_elsewhere, remove_him_and_the_file
from golden.nodes_story import remove_what_came_after, two_servers
from golden.not_taken_story import remove_the_one_from_a_hub, two_not_taken
from golden.outcomes_story import outcomes, remove_a_draft
from golden.own_words_story import own_words, remove_the_other_line
from golden.planned_story import held_after_all, remove_why
from golden.question_removed_story import question_not_taken, remove_its_words
from golden.split_story import remove_the_last_of_them, two_in_a_line
from golden.topics_story import remove_the_statement, topics_taken_up
from golden.voting_story import remove_the_other, voted
from golden.walls_story import cleared_walls, remove_the_line
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.signing import Ed25519Signer
from moothall.core.chain import LogRecord
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    InterventionId,
    NoteId,
    PolicyQuestionId,
    SegmentId,
    SessionId,
    SourceId,
    SpeakerId,
)
from support.sessions.recorder import EPOCH, MORNING, SESSION, Recorder

HERE = Path(__file__).parent
SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"moothall golden log, no secret.."))
"""A key that isn't secret."""
ENGINE = Actor(Role.ENGINE, "engine-1")
CAPTIONER = Actor(Role.CAPTIONER, "captioner-7")
CHAIR = Actor(Role.CHAIR, "chair-2")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
FLOOR, PT = ChannelId("floor"), ChannelId("pt")
S1, S2, S3, S4 = (SegmentId(f"s{number}") for number in range(1, 5))
P1 = SegmentId("p1")
ROOM, BOOTH = SourceId("room"), SourceId("booth")
ANA = SpeakerId("ana")


def words(segment: SegmentId, first: int, t0: int, *texts: str, channel: ChannelId = FLOOR) -> le.WordsCommitted:
    spoken = tuple(le.Word(text, t0 + 300 * n, t0 + 300 * n + 250, 0.875) for n, text in enumerate(texts))
    return le.WordsCommitted(channel=channel, segment=segment, first=first, words=spoken)


def opened(segment: SegmentId, t0: int) -> le.SegmentOpened:
    return le.SegmentOpened(channel=FLOOR, segment=segment, t0=t0, language="en", origin=le.Origin.MACHINE)


def ended(segment: SegmentId, t1: int, text: str, reason: le.EndReason = le.EndReason.SENTENCE) -> le.SegmentEnded:
    return le.SegmentEnded(channel=FLOOR, segment=segment, t1=t1, reason=reason, text=text)


def story(recorder: Recorder) -> list[LogRecord]:
    """A short session with a break, two languages, a correction, a gap and a name that is removed later."""
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Opening plenary · Abertura", languages=("en", "pt")), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt")), STAFF),
        tell(ev.ChannelAdded(channel=PT, kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)), STAFF),
        tell(ev.SpeakerIntroduced(speaker=ANA, name="Ana Conceição"), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(ev.SourceAttached(source=ROOM, channel=FLOOR, t=0, rate=16_000)),
        tell(ev.SourceAttached(source=BOOTH, channel=PT, t=120, rate=48_000)),
        tell(ev.EngineAttached(channel=FLOOR, generation=1, model="whisper-base")),
        tell(ev.ClockMapped(t=0, wall=MORNING)),
        tell(opened(S1, 400), ENGINE, cause="w-1"),
        tell(words(S1, 0, 400, " Good", " morning,"), ENGINE, cause="w-1", n=1),
        tell(words(S1, 2, 1_000, " every", " one."), ENGINE),
        tell(ended(S1, 1_600, " Good morning, every one."), ENGINE),
        tell(
            le.SegmentCorrected(
                channel=FLOOR, segment=S1, base_revision=0, base_words=4, text=" Good morning, everyone.", tail=""
            ),
            CAPTIONER,
        ),
        tell(ev.SpeakerAssigned(segments=(S1,), speaker=ANA), CAPTIONER),
        tell(
            le.SegmentOpened(
                channel=PT, segment=P1, t0=900, language="pt", origin=le.Origin.INTERPRETER, speaker=SpeakerId("booth")
            ),
            ENGINE,
        ),
        tell(words(P1, 0, 900, " Bom", " dia", " a", " todas", " e", " todos", "!", channel=PT), ENGINE),
        recorder.checkpoint(SIGNER),
        tell(opened(S2, 2_000), ENGINE),
        tell(words(S2, 0, 2_000, " My", " neighbour", " João", " Silva"), ENGINE),
        tell(ended(S2, 3_400, " My neighbour João Silva", le.EndReason.SPEAKER), ENGINE),
        tell(ev.GapNoted(channel=FLOOR, t0=3_400, t1=9_000, reason=ev.GapReason.SOURCE_LOST)),
        tell(ev.SessionPaused(t=9_500), CHAIR),
        tell(ev.SessionResumed(t=60_000), CHAIR),
        tell(ev.ClockMapped(t=60_000, wall=MORNING + 60_012)),
        tell(opened(S3, 60_100), ENGINE),
        tell(words(S3, 0, 60_100, " شكرا", " جزيلا"), ENGINE),
        tell(ended(S3, 60_900, " شكرا جزيلا", le.EndReason.LANGUAGE), ENGINE),
        tell(ev.SourceEnded(source=ROOM, t=61_000)),
        tell(ev.SessionClosed(t=61_000), CHAIR),
        tell(ev.SessionReopened(t=61_500), CHAIR),
        tell(opened(S4, 61_600), ENGINE),
        tell(words(S4, 0, 61_600, " One", " more"), ENGINE),
        tell(ended(S4, 62_400, " One more", le.EndReason.CLOSE), ENGINE),
        tell(ev.SessionClosed(t=62_500), CHAIR),
        tell(ev.RecordSealed(version=ev.SealVersion.RAW, n=1), STAFF),
        recorder.checkpoint(SIGNER),
    ]


def remove_the_neighbour(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (20, 21), [recorder.record(ev.BodyRemoved(offsets=(20, 21), reason="request", by=STAFF.id), STAFF)]


def open_hall(recorder: Recorder) -> list[LogRecord]:
    """A technician names speakers, forces a language, goes off the record, and moves lines that
    came to the wrong session.
    """
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Hearing", languages=("en", "pt"), sound=ev.SoundKept.PUBLISHED), STAFF),
        tell(ev.SessionDescribed(title="Hearing on access · Audiência"), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt")), STAFF),
        tell(ev.SpeakerIntroduced(speaker=ANA, name="Ana Conceição"), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(ev.EngineAttached(channel=FLOOR, generation=1, model="whisper-base")),
        tell(ev.SpeakerChanged(channel=FLOOR, speaker=ANA, t=300), CAPTIONER),
        tell(opened(S1, 400), ENGINE, cause="w-1"),
        tell(words(S1, 0, 400, " Bone", " deer."), ENGINE, cause="w-1", n=1),
        tell(ended(S1, 1_000, " Bone deer."), ENGINE),
        tell(ev.LanguageForced(channel=FLOOR, language="pt"), CAPTIONER),
        tell(le.ChannelRewound(channel=FLOOR, t=400, segments=(S1,)), CAPTIONER),
        tell(opened(S2, 400), ENGINE),
        tell(words(S2, 0, 400, " Bom", " dia,"), ENGINE),
        tell(words(S2, 2, 1_000, " entre", " nós"), ENGINE),
        tell(ended(S2, 1_000, " Bom dia,", le.EndReason.CLOSE), CHAIR, cause="off"),
        tell(ev.NotRecordedBegan(t0=1_000), CHAIR, cause="off", n=1),
        tell(opened(SegmentId("kept-13-0"), 400), cause="not-recorded:17"),
        tell(words(SegmentId("kept-13-0"), 0, 400, " Bom", " dia,"), cause="not-recorded:17", n=1),
        tell(ended(SegmentId("kept-13-0"), 950, " Bom dia,", le.EndReason.CLOSE), cause="not-recorded:17", n=2),
    ]


def remove_what_was_not_recorded(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    tell, gone, elsewhere = recorder.record, (13, 14, 15, 16), SessionId("afternoon")
    removed = ev.BodyRemoved(offsets=gone, reason="not-recorded", by="server", through={FLOOR: 1_550})
    return gone, [
        tell(removed, cause="not-recorded:17", n=3),
        tell(ev.NotRecordedEnded(t1=90_000), CHAIR),
        tell(ne.NoteLeft(text="Booth 2 has no sound."), CAPTIONER),
        tell(
            le.SegmentOpened(channel=FLOOR, segment=S3, t0=91_000, language="pt", origin=le.Origin.PERSON, speaker=ANA),
            CAPTIONER,
        ),
        tell(ended(S3, 91_000, "Retomamos."), CAPTIONER),
        tell(le.SegmentsMovedAway(channel=FLOOR, segments=(S3,), session=elsewhere), CAPTIONER),
        tell(le.SegmentsMovedHere(channel=FLOOR, segments=(S4,), session=elsewhere), CAPTIONER, cause="m"),
        tell(opened(S4, 92_000), CAPTIONER, cause="m", n=1),
        tell(ended(S4, 93_000, "Obrigada."), CAPTIONER, cause="m", n=2),
        tell(
            le.SegmentCorrected(
                channel=FLOOR, segment=S4, base_revision=0, base_words=0, text="Obrigada.", tail="", machine=False
            ),
            CAPTIONER,
            cause="m",
            n=3,
        ),
    ]


def closing(recorder: Recorder) -> list[LogRecord]:
    """A session that somebody closes twice while last words are awaited; the second close is carried out."""
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Closing", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(ev.CloseRequested(act=CommandId("d1"), by="chair-2")),
        tell(ev.CloseRequested()),
        tell(opened(S1, 400), ENGINE),
        tell(ev.CloseRequested(act=CommandId("d2"), by="chair-2")),
        tell(words(S1, 0, 400, " Good", "bye."), ENGINE),
        tell(ended(S1, 1_000, " Goodbye."), ENGINE),
        tell(ev.SessionClosed(t=2_000), CHAIR, cause="d2"),
    ]


def remove_the_last_words(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (6, 8, 9)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by="staff-1"), STAFF)]


def better_pass(recorder: Recorder) -> list[LogRecord]:
    """An engine corrects two lines right after their end; then a person corrects the second line."""
    tell = recorder.record
    better = le.SegmentCorrected(
        channel=FLOOR, segment=S1, base_revision=0, base_words=2, text="Good morning.", tail="", machine=True
    )
    return [
        tell(ev.SessionCreated(title="Better pass", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(ev.EngineAttached(channel=FLOOR, generation=1, model="whisper-base")),
        tell(opened(S1, 400), ENGINE, cause="w-1"),
        tell(words(S1, 0, 400, "Good", " mourning."), ENGINE, cause="w-1", n=1),
        tell(ended(S1, 1_000, "Good mourning."), ENGINE, cause="w-1", n=2),
        tell(better, ENGINE, cause="w-2"),
        tell(opened(S2, 1_200), ENGINE, cause="w-3"),
        tell(words(S2, 0, 1_200, "To", " ale."), ENGINE, cause="w-3", n=1),
        tell(ended(S2, 1_800, "To ale."), ENGINE, cause="w-3", n=2),
        tell(msgspec.structs.replace(better, segment=S2, text="To hail."), ENGINE, cause="w-4"),
        tell(
            le.SegmentCorrected(channel=FLOOR, segment=S2, base_revision=1, base_words=2, text="To all.", tail=""),
            CAPTIONER,
        ),
        tell(opened(S3, 2_000), ENGINE, cause="w-5"),
        tell(words(S3, 0, 2_000, "Hm."), ENGINE, cause="w-5", n=1),
        tell(ended(S3, 2_250, "Hm."), ENGINE, cause="w-5", n=2),
        tell(msgspec.structs.replace(better, segment=S3, base_words=1, text="Hmm."), ENGINE, cause="w-6"),
        tell(ev.SessionClosed(t=3_000), CHAIR),
    ]


def remove_the_bettered(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (14, 15, 16, 17)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by="staff-1"), STAFF)]


def chosen_terms(recorder: Recorder) -> list[LogRecord]:
    """Names and terms that a desk preferred, one of them the name of somebody who wants it removed."""
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Names", languages=("en", "pt")), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt")), STAFF),
        tell(ev.SpeakerIntroduced(speaker=ANA, name="Ana Conceição"), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(ev.TermChosen(term="Ana Conceição", wanted=True), CAPTIONER),
        tell(ev.TermChosen(term="Moothall", wanted=True, language="en"), CAPTIONER),
        tell(ev.TermChosen(term="DNS", wanted=False), CAPTIONER),
        tell(ev.TermChosen(term="DNS", wanted=None), CAPTIONER),
        tell(ev.SessionClosed(t=2_000), CHAIR),
    ]


def remove_her_name(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (3, 5), [recorder.record(ev.BodyRemoved(offsets=(3, 5), reason="request", by="staff-1"), STAFF)]


def translated(recorder: Recorder) -> list[LogRecord]:
    """Lines that are translated late and in another order; one is translated again, one is
    struck, and two are removed.
    """
    tell, mt = recorder.record, Actor(Role.TRANSLATOR, "translator")
    spanish = ChannelId("mt-es")

    def made(segment: SegmentId, revision: int, *, rough: bool = False) -> le.MadeFrom:
        sources = (le.SourceSegment(segment, revision),)
        return le.MadeFrom(sources=sources, route="bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es", rough=rough)

    def line(segment: SegmentId, t0: int, text: str) -> list[LogRecord]:
        name = SegmentId(f"{segment}-mt-es")
        opening = le.SegmentOpened(
            channel=spanish,
            segment=name,
            t0=t0,
            language="es",
            origin=le.Origin.TRANSLATED,
            speaker=ANA,
            made_from=made(segment, 0),
        )
        ending = le.SegmentEnded(channel=spanish, segment=name, t1=t0 + 600, reason=le.EndReason.SENTENCE, text=text)
        return [tell(opening, mt, cause=f"mt-{segment}"), tell(ending, mt, cause=f"mt-{segment}", n=1)]

    said = [(S1, 400, "Good morning."), (S2, 1_200, "To all."), (S3, 2_000, "Hm.")]
    records = [
        tell(ev.SessionCreated(title="Translated", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SpeakerIntroduced(speaker=ANA, name="Ana Conceição"), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(
            ev.ChannelAdded(
                channel=spanish, kind=ev.ChannelKind.TRANSLATION, languages=("es",), of_record=False, requested=MORNING
            )
        ),
    ]
    for segment, t0, text in said:
        records += [tell(opened(segment, t0), ENGINE), tell(ended(segment, t0 + 600, text), ENGINE)]
    records += [*line(S2, 1_200, "A todos."), *line(S1, 400, "Buenos días."), *line(S3, 2_000, "Hm.")]
    mended = le.SegmentCorrected(channel=FLOOR, segment=S1, base_revision=0, base_words=0, text="Good night.", tail="")
    anew = le.SegmentCorrected(
        channel=spanish,
        segment=SegmentId("s1-mt-es"),
        base_revision=0,
        base_words=0,
        text="Buenas noches.",
        tail="",
        machine=True,
        made_from=made(S1, 1, rough=True),
    )
    records += [
        tell(mended, CAPTIONER),
        tell(anew, mt),
        tell(le.ChannelRewound(channel=spanish, t=0, segments=(SegmentId("s3-mt-es"),)), CAPTIONER),
        tell(ev.SessionClosed(t=3_000), CHAIR),
    ]
    return records


def remove_a_line_in_both_languages(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (8, 9, 12, 13)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by="staff-1"), STAFF)]


def asking(recorder: Recorder) -> list[LogRecord]:
    """A question that is reworded, answered in writing and supported; and a question that is removed."""
    tell, by = recorder.record, Actor(Role.PARTICIPANT, "visitor")
    q1, q2 = InterventionId("q1"), InterventionId("q2")

    def received(name: InterventionId, number: int, text: str) -> LogRecord:
        return tell(
            qe.InterventionReceived(
                intervention=name,
                number=number,
                kind=InterventionKind.QUESTION,
                text=text,
                language="en",
                name="Ana Conceição",
                origin="hub:lima",
                asker=f"asker-{number}",
                t=900,
            ),
            by,
        )

    def stands(status: InterventionStatus) -> LogRecord:
        return tell(qe.InterventionStatusChanged(intervention=q1, number=1, status=status, t=1_000), STAFF)

    return [
        tell(ev.SessionCreated(title="Asking", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        received(q1, 1, "Wy?"),
        received(q2, 2, "Who is it?"),
        tell(qe.InterventionFlagged(intervention=q2, flags=("blocked-word",)), STAFF),
        tell(qe.InterventionReworded(intervention=q1, text="Why?"), STAFF),
        tell(
            qe.InterventionPublished(
                intervention=q1,
                number=1,
                kind=InterventionKind.QUESTION,
                text="Why?",
                language="en",
                name="Ana Conceição",
                origin="hub:lima",
                t=900,
            ),
            STAFF,
        ),
        stands(InterventionStatus.QUEUED),
        tell(qe.QueueOrdered(order=QueueOrder.ALTERNATE), STAFF),
        tell(qe.QueueArranged(first=(q1,)), CHAIR),
        tell(qe.SupportCounted(counts={q1: 12})),
        tell(qe.InterventionWritten(intervention=q1, number=1, text="Because.", language="en"), STAFF),
        stands(InterventionStatus.WRITTEN),
        tell(ev.SessionClosed(t=3_000), CHAIR),
    ]


def remove_what_was_asked(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (5,), [recorder.record(ev.BodyRemoved(offsets=(5,), reason="request", by="staff-1"), STAFF)]


def turns(recorder: Recorder) -> list[LogRecord]:
    """A request to speak that its author puts off, resumes, and types when it is called."""
    tell, by = recorder.record, Actor(Role.PARTICIPANT, "q1")
    q1, line, speaker = InterventionId("q1"), SegmentId("i1.a"), SpeakerId("i1")

    def stands(status: InterventionStatus, t: int, actor: Actor = STAFF, *, own: bool = False) -> LogRecord:
        return tell(qe.InterventionStatusChanged(intervention=q1, number=1, status=status, t=t, own=own), actor)

    return [
        tell(ev.SessionCreated(title="Turns", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(
            qe.InterventionReceived(
                intervention=q1,
                number=1,
                kind=InterventionKind.REQUEST,
                text="",
                language="en",
                name="Ana",
                origin="remote",
                asker="asker-1",
                t=900,
            ),
            by,
        ),
        tell(
            qe.InterventionPublished(
                intervention=q1,
                number=1,
                kind=InterventionKind.REQUEST,
                text="",
                language="en",
                name="Ana",
                origin="remote",
                t=900,
            ),
            STAFF,
        ),
        stands(InterventionStatus.QUEUED, 1_000),
        stands(InterventionStatus.LATER, 1_100, by, own=True),
        stands(InterventionStatus.QUEUED, 1_200, by, own=True),
        tell(qe.TurnLimited(ms=180_000), CHAIR),
        stands(InterventionStatus.CALLED, 2_000),
        tell(ev.SpeakerIntroduced(speaker=speaker, name="Ana"), by),
        tell(qe.TurnTyped(intervention=q1, number=1, t=3_000), by),
        tell(
            le.SegmentOpened(
                channel=FLOOR, segment=line, t0=3_500, language="en", origin=le.Origin.SPEAKER, speaker=speaker
            ),
            by,
        ),
        tell(
            le.SegmentEnded(channel=FLOOR, segment=line, t1=3_500, reason=le.EndReason.SENTENCE, text="I wonder why."),
            by,
        ),
        stands(InterventionStatus.ANSWERED, 9_000),
        tell(ev.SessionClosed(t=10_000), CHAIR),
    ]


def remove_what_was_typed(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (13, 14), [recorder.record(ev.BodyRemoved(offsets=(13, 14), reason="request", by="staff-1"), STAFF)]


def held_turn(recorder: Recorder) -> list[LogRecord]:
    """A question whose author needs more time when it is called; the next question is called meanwhile."""
    tell, by, q1 = recorder.record, Actor(Role.PARTICIPANT, "q1"), InterventionId("q1")
    received = qe.InterventionReceived(
        intervention=q1, number=1, kind=InterventionKind.QUESTION, text="Who pays?", language="en", name="",
        origin="remote",
        asker="asker-1", t=900,
    )  # fmt: skip
    published = qe.InterventionPublished(
        intervention=q1,
        number=1,
        kind=InterventionKind.QUESTION,
        text="Who pays?",
        language="en",
        name="",
        origin="remote",
        t=900,
    )

    def stands(status: InterventionStatus, t: int) -> LogRecord:
        return tell(qe.InterventionStatusChanged(intervention=q1, number=1, status=status, t=t), STAFF)

    return [
        tell(ev.SessionCreated(title="Held", languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(received, by),
        tell(published, STAFF),
        stands(InterventionStatus.QUEUED, 1_000),
        stands(InterventionStatus.CALLED, 2_000),
        tell(qe.TurnHeld(intervention=q1, number=1, t=3_000), by),
        stands(InterventionStatus.QUEUED, 4_000),
        tell(ev.SessionClosed(t=10_000), CHAIR),
    ]


def remove_that_it_was_held(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (6,), [recorder.record(ev.BodyRemoved(offsets=(6,), reason="request", by="staff-1"), STAFF)]


def backstage(recorder: Recorder) -> list[LogRecord]:
    """Notes among the staff and with a hub, each read; a line under one of two policy questions."""
    tell, hub = recorder.record, Actor(Role.HUB, "l2")
    note, to_hub, line = NoteId("n1"), NoteId("n2"), SegmentId("s1")
    who, how = PolicyQuestionId("q1"), PolicyQuestionId("q2")
    listed = (PolicyQuestion(id=who, text="Who pays?"), PolicyQuestion(id=how, text="How is it measured?"))
    ended = le.SegmentEnded(channel=FLOOR, segment=line, t1=900, reason=le.EndReason.SENTENCE, text="All of us pay.")
    return [
        tell(ev.SessionCreated(title="Backstage", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ne.PolicyQuestionsListed(questions=listed), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(le.SegmentOpened(channel=FLOOR, segment=line, t0=0, language="en", origin=le.Origin.PERSON), CAPTIONER),
        tell(ended, CAPTIONER),
        tell(ne.SegmentTagged(segment=line, tag=Tag.AGREED, question=who), STAFF),
        tell(ne.SegmentTagged(segment=line, tag=Tag.OPTION), CHAIR),
        tell(ne.SegmentTagged(segment=line, tag=None), CHAIR),
        tell(ne.NoteLeft(text="Ana Conceição comes next.", note=note, to=Role.CAPTIONER), CHAIR),
        tell(ne.NoteRead(note=note), CAPTIONER),
        tell(he.HubNoteLeft(hub="lima", note=to_hub, text="You are next.", by=Role.CHAIR), CHAIR),
        tell(he.HubNoteRead(hub="lima", note=to_hub, by=Role.HUB), hub),
        tell(ev.SessionClosed(t=3_000), CHAIR),
    ]


def remove_a_note(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (10,), [recorder.record(ev.BodyRemoved(offsets=(10,), reason="request", by="staff-1"), STAFF)]


Story = Callable[[Recorder], list[LogRecord]]
Removal = Callable[[Recorder], tuple[tuple[int, ...], list[LogRecord]]]
"""Returns the offsets of the bodies to remove, and the records to append with their removal."""
STORIES: dict[str, tuple[Story, Removal]] = {
    "log-0.1": (story, remove_the_neighbour),
    "log-0.1-open-hall": (open_hall, remove_what_was_not_recorded),
    "log-0.1-last-words": (closing, remove_the_last_words),
    "log-0.1-better-pass": (better_pass, remove_the_bettered),
    "log-0.1-terms": (chosen_terms, remove_her_name),
    "log-0.1-translated": (translated, remove_a_line_in_both_languages),
    "log-0.1-asking": (asking, remove_what_was_asked),
    "log-0.1-question-removed": (question_not_taken, remove_its_words),
    "log-0.1-hands": (show_of_hands, remove_the_second),
    "log-0.1-walls": (cleared_walls, remove_the_line),
    "log-0.1-turns": (turns, remove_what_was_typed),
    "log-0.1-held": (held_turn, remove_that_it_was_held),
    "log-0.1-backstage": (backstage, remove_a_note),
    "log-0.1-not-taken": (two_not_taken, remove_the_one_from_a_hub),
    "log-0.1-hubs": (rooms_far_away, remove_what_it_asked),
    "log-0.1-nodes": (two_servers, remove_what_came_after),
    "log-0.1-planned": (held_after_all, remove_why),
    "log-0.1-air": (taken_over, remove_what_was_offered),
    "log-0.1-imported": (held_elsewhere, remove_him_and_the_file),
    "log-0.1-own-words": (own_words, remove_the_other_line),
    "log-0.1-outcomes": (outcomes, remove_a_draft),
    "log-0.1-topics": (topics_taken_up, remove_the_statement),
    "log-0.1-attendance": (counted, remove_an_entry),
    "log-0.1-voting": (voted, remove_the_other),
    "log-0.1-split": (two_in_a_line, remove_the_last_of_them),
}


async def write(path: Path, tell: Story, remove: Removal) -> None:
    recorder = Recorder()
    log = await SqliteLog.open(path)
    await log.acquire(SESSION, EPOCH)
    records = tell(recorder)
    await log.append(SESSION, 1, 0, records)
    gone, said = remove(recorder)
    await log.remove(SESSION, 1, len(records), gone, said)
    await log.append(SESSION, 1, recorder.offset, [recorder.checkpoint(SIGNER)])
    await log.close()


def make(name: str) -> None:
    path = HERE / f"{name}.sqlite"
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "log.sqlite"
        asyncio.run(write(draft, *STORIES[name]))
        connection = sqlite3.connect(draft, isolation_level=None)
        connection.execute("VACUUM")
        connection.close()
        path.write_bytes(draft.read_bytes())
    keys = path.with_suffix(".keys.json")
    keys.write_bytes(msgspec.json.format(msgspec.json.encode(SIGNER.public_document()), indent=2) + b"\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def main() -> None:
    missing = [name for name in STORIES if not (HERE / f"{name}.sqlite").exists()]
    for name in missing:
        make(name)
    if not missing:
        print("All databases are there already, and stay as they are.")


if __name__ == "__main__":
    main()
