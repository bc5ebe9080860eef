"""A log with an event of every type, and with a secret word in the lanes of staff and hubs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec

from moothall.adapters.store import signing
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.system.clock import SystemClock
from moothall.core.chain import GENESIS, Header, LogRecord, seal
from moothall.core.events import attendance as ae
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import (
    InterventionKind,
    InterventionStatus,
    OpinionGroup,
    OpinionSums,
    QueueOrder,
)
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    Epoch,
    InterventionId,
    Lane,
    NoteId,
    PolicyQuestionId,
    PollId,
    RollEntryId,
    SegmentId,
    SessionId,
    SourceId,
    SpeakerId,
)
from moothall.core.kernel.lanes import STAFF, hub_lane, is_public
from support.sessions.every_outcome import outcome_events

SESSION = SessionId("open")
HIDDEN = SessionId("backstage")
FLOOR, PT = ChannelId("floor"), ChannelId("pt")
A, B = SegmentId("a"), SegmentId("b")
Q = InterventionId("q")
P = PollId("p")
WORD = "rhubarb"
WALL = 1_764_000_000_000


def events(access: ev.Access) -> list[ev.AnyEvent]:
    """Return an event of every type, and a second channel that readers of the first don't follow."""
    return [
        # First, since a reader whose position is before a removal gets a snapshot instead of the events.
        ev.BodyRemoved(offsets=(), reason="request", by="t1"),
        ev.SessionCreated(title="Open haul", languages=("en", "pt"), access=access, sound=ev.SoundKept.PUBLISHED),
        ev.SessionDescribed(title="Open hall"),
        ev.SessionArranged(access=access, sound=ev.SoundKept.PUBLISHED),
        ev.SessionCancelled(reason="No quorum"),
        ev.SessionReinstated(),
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.ChannelAdded(channel=PT, kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)),
        ev.TextImported(channel=PT, form="vtt", at=1, digest="0" * 64),
        ev.OriginalKept(channel=PT, name=WORD, part=1, parts=1, content=WORD.encode()),
        ev.GroundStated(access=access, ground="It was held in public."),
        ev.SessionOpened(wall=WALL),
        le.AirChanged(channel=FLOOR, source=le.AirSource.TOOL, t=0, t0=0, tool="StenoCo"),
        le.AirHeld(channel=FLOOR, holder=WORD, token=1),
        le.LineOffered(channel=FLOOR, segment=SegmentId("offered"), text=WORD, language="en", t=0, by=WORD),
        ev.SourceAttached(source=SourceId("mic"), channel=FLOOR, t=0, rate=16_000),
        ev.ClockMapped(t=0, wall=WALL),
        ev.WriterChanged(node="north"),
        ev.EngineAttached(channel=FLOOR, generation=1, model="scripted"),
        ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"),
        le.SegmentOpened(channel=FLOOR, segment=A, t0=0, language="en", origin=le.Origin.MACHINE),
        le.WordsCommitted(channel=FLOOR, segment=A, first=0, words=(le.Word("Good", 0, 9), le.Word(" day.", 9, 20))),
        le.SegmentEnded(channel=FLOOR, segment=A, t1=20, reason=le.EndReason.SENTENCE, text="Good day."),
        le.SegmentCorrected(channel=FLOOR, segment=A, base_revision=0, base_words=2, text="Good evening.", tail=""),
        le.SegmentSplit(channel=FLOOR, segment=A, revision=1, word=1, into=SegmentId("rest"), t1=9),
        le.ProposalDeclined(
            channel=FLOOR, segment=A, text="Good night.", reason="Not said.", by=Role.CAPTIONER, at=WALL
        ),
        le.SegmentOpened(channel=PT, segment=B, t0=0, language="pt", origin=le.Origin.INTERPRETER),
        le.WordsCommitted(channel=PT, segment=B, first=0, words=(le.Word("Boa", 0, 9),)),
        ev.SpeakerAssigned(segments=(A,), speaker=SpeakerId("ana")),
        ev.VoiceAgreed(speaker=SpeakerId(WORD), agreed=True),
        ev.SpeakerChanged(channel=FLOOR, speaker=SpeakerId("ana"), t=30),
        ev.LanguageForced(channel=PT, language="pt"),
        le.ChannelRewound(channel=FLOOR, t=20, segments=(SegmentId("struck"),)),
        le.SegmentsMovedAway(channel=FLOOR, segments=(SegmentId("away"),), session=SessionId("elsewhere")),
        le.SegmentsMovedHere(channel=PT, segments=(SegmentId("here"),), session=SessionId("elsewhere")),
        ne.NoteLeft(text=f"The {WORD} is in the minutes."),
        ne.NoteRead(note=NoteId("n")),
        he.HubNoteLeft(hub="kisumu", note=NoteId("h"), text=WORD, by=Role.MODERATOR),
        he.HubNoteRead(hub="kisumu", note=NoteId(WORD), by=Role.HUB),
        ne.PolicyQuestionsListed(questions=(PolicyQuestion(id=PolicyQuestionId("p1"), text="Who pays?"),)),
        ev.TopicTaken(title="Item 1", t=0),
        ne.SegmentTagged(segment=A, tag=Tag.AGREED, question=PolicyQuestionId(WORD)),
        ev.TermChosen(term=WORD, wanted=True),
        qe.InterventionReceived(
            intervention=Q,
            number=1,
            kind=InterventionKind.QUESTION,
            text=WORD,
            language="en",
            name=WORD,
            origin="remote",
            asker=WORD,
            t=5,
        ),
        qe.InterventionReworded(intervention=Q, text=WORD),
        qe.InterventionFlagged(intervention=Q, flags=(WORD,)),
        qe.InterventionTagged(intervention=Q, question=PolicyQuestionId(WORD)),
        qe.InterventionRemoved(
            intervention=InterventionId(WORD),
            number=2,
            kind=InterventionKind.QUESTION,
            language="en",
            origin=WORD,
            asker=WORD,
            t=5,
        ),
        qe.InterventionStatusChanged(intervention=Q, number=1, status=InterventionStatus.CHECKED, t=5),
        # In the form of earlier releases.
        qe.InterventionStatusChanged(intervention=Q, number=1, status=InterventionStatus.DECLINED, t=5, reason=WORD),
        qe.InterventionDeclined(intervention=Q, reason=WORD),
        he.HubDeclined(hub="kisumu", intervention=Q, reason=WORD),
        qe.InterventionPublished(
            intervention=Q,
            number=1,
            kind=InterventionKind.QUESTION,
            text="Why?",
            language="en",
            name="Ana",
            origin="remote",
            t=5,
        ),
        qe.InterventionWritten(intervention=Q, number=1, text="Because.", language="en"),
        qe.QueueArranged(first=(Q,)),
        qe.QueueOrdered(order=QueueOrder.ALTERNATE),
        qe.AskingLimited(known=True),
        qe.SupportCounted(counts={Q: 3}),
        qe.VotingSwitched(on=True),
        qe.CommentsPutToVote(comments=(Q,)),
        qe.OpinionsCounted(
            voters=21,
            sums={Q: OpinionSums(agree=9, disagree=8, passed=4)},
            groups=(OpinionGroup(people=12, sums={Q: OpinionSums(agree=9, disagree=0, passed=3)}),),
        ),
        qe.PollOpened(poll=P, number=1, question="Shall we?", language="en", options=("Yes", "No"), t=33),
        qe.PollCounted(poll=P, remote=(2, 1), room=(0, 0)),
        qe.PollClosed(poll=P, t=40),
        ev.WallCleared(t=40, withdrawn=Q),
        qe.TurnLimited(ms=180_000),
        qe.TurnTyped(intervention=Q, number=1, t=40),
        qe.TurnHeld(intervention=Q, number=1, t=41),
        he.HubPresenceChanged(hub="kisumu", title="Kisumu", people=23, here=True, since=1_700_000_000_000, t=41),
        ae.AttendanceCounted(people=40, source=ae.CountSource.TYPED, at=1_700_000_000_000),
        ae.RollArranged(open=True),
        ae.RollSigned(entry=RollEntryId("e1"), name=WORD, representing=WORD, group="media"),
        ae.RollStruck(entry=RollEntryId("e2")),
        ae.RollFinalised(people=1, groups={"group": {"media": None}}),
        ae.RollNamed(entry=RollEntryId("n1"), name="Ana Souza", representing="Radio Kisumu"),
        ae.AttendanceReleased(),
        ev.NotRecordedBegan(t0=41),
        ev.NotRecordedEnded(t1=49),
        ev.GapNoted(channel=FLOOR, t0=20, t1=40, reason=ev.GapReason.SOURCE_LOST),
        *outcome_events(WORD),
        ev.SessionPaused(t=50),
        ev.CloseRequested(act=CommandId("c"), by=WORD),
        ev.SessionResumed(t=60),
        ev.SourceEnded(source=SourceId("mic"), t=70),
        ev.SessionClosed(t=80),
        ev.SessionReopened(t=90),
        ev.RecordSealed(version=ev.SealVersion.RAW, n=1),
        CHECKPOINT,
    ]


CHECKPOINT = ev.RecordCheckpoint(lanes={}, key="0" * 16, signature=base64.b64encode(bytes(64)).decode())
"""Replaced in the log by an event with the lanes' heads."""


def notes() -> list[tuple[Lane, str, bytes]]:
    """Return what desks and hubs of this release and of later ones write."""
    rows = [(STAFF, type_name(note), encode_event(note)) for note in [ne.NoteLeft(text=f"{WORD} again")]]
    for kind, lanes in (
        ("note.posted", (STAFF, hub_lane("kisumu"), Lane("later"), Lane("w"), Lane("channel"))),
        ("question.held", (STAFF, hub_lane("kisumu"))),
        ("question.asked-by", (STAFF, hub_lane("lima"))),
    ):
        body = json.dumps({"type": kind, "v": 1, "text": WORD, "name": WORD, "channel": FLOOR}).encode()
        rows += [(lane, kind, body) for lane in lanes]
    return rows


def rows(access: ev.Access) -> list[tuple[Lane, str, bytes]]:
    """Return lane, type and body of all rows in the order of the log, with the secrets in between."""
    first, *rest = ((event.lane(), type_name(event), encode_event(event)) for event in events(access))
    # Each secret is between two of the other events, as in a real log.
    return [first, *(row for index, own in enumerate(rest) for row in (own, notes()[index % len(notes())]))]


async def write(path: Path, session: SessionId, access: ev.Access) -> None:
    """Write the rows into the log of a session, and the signing key beside it."""
    Ed25519Signer.open(path.with_name(signing.FILE_NAME))
    log = await SqliteLog.open(path)
    try:
        head = await log.acquire(session, Epoch("e1"))
        now = SystemClock().wall()  # The server signs older events without a signature at once.
        heads: dict[Lane, tuple[int, bytes]] = {}
        records: list[LogRecord] = []
        for offset, (lane, kind, said) in enumerate(rows(access), 1):
            prev, digest = heads.get(lane, (0, GENESIS))
            body = said
            if kind == type_name(CHECKPOINT):
                lanes = {str(name): ev.LaneHead(at, of.hex()) for name, (at, of) in heads.items() if is_public(name)}
                body = encode_event(msgspec.structs.replace(CHECKPOINT, lanes=lanes))
            header = Header(
                session=session,
                epoch=head.epoch,
                offset=offset,
                lane=lane,
                prev=prev,
                type=kind,
                at=now,
                role=Role.MODERATOR,
                actor=WORD if not is_public(lane) else "server",
                cause=CommandId(f"c{offset}"),
                n=0,
            )
            records.append(seal(digest, header, bytes(16), body))
            heads[lane] = (offset, records[-1].digest)
        await log.append(session, head.term, 0, records)
    finally:
        await log.close()
