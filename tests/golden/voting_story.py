"""A story for `make_log.py`: two comments are put to the vote, and sums are told; then the words of one are removed."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import (
    REMOTE,
    InterventionKind,
    InterventionStatus,
    OpinionGroup,
    OpinionSums,
)
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId
from support.sessions.recorder import MORNING, Recorder

MODERATOR = Actor(Role.MODERATOR, "moderator-3")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
VISITOR = Actor(Role.PARTICIPANT, "visitor")
ONE, OTHER = InterventionId("c1"), InterventionId("c2")
WORDS = {ONE: "Access is a right.", OTHER: "Ask João Silva to pay."}


def _comment(recorder: Recorder, name: InterventionId, number: int) -> list[LogRecord]:
    tell, cause, kind = recorder.record, f"say-{number}", InterventionKind.COMMENT
    received = qe.InterventionReceived(
        intervention=name,
        number=number,
        kind=kind,
        text=WORDS[name],
        language="en",
        name="",
        origin=REMOTE,
        asker=f"asker-{number}",
        t=900,
    )
    published = qe.InterventionPublished(
        intervention=name, number=number, kind=kind, text=WORDS[name], language="en", name="", origin=REMOTE, t=900
    )
    stands = [
        qe.InterventionStatusChanged(intervention=name, number=number, status=status, t=900)
        for status in (InterventionStatus.CHECKED, InterventionStatus.QUEUED)
    ]
    return [
        tell(received, VISITOR, cause=cause),
        tell(stands[0], VISITOR, cause=cause, n=1),
        tell(published, MODERATOR, cause=f"yes-{number}"),
        tell(stands[1], MODERATOR, cause=f"yes-{number}", n=1),
    ]


def voted(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    one, other = (OpinionSums(agree=n, disagree=0, passed=2) for n in (11, 9))
    against = OpinionSums(agree=0, disagree=8, passed=1)
    both = OpinionSums(agree=11, disagree=8, passed=3)
    return [
        tell(ev.SessionCreated(title="Votes", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=ChannelId("floor"), kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), MODERATOR),
        *_comment(recorder, ONE, 1),
        *_comment(recorder, OTHER, 2),
        tell(qe.VotingSwitched(on=True), MODERATOR),
        tell(qe.CommentsPutToVote(comments=(ONE, OTHER)), MODERATOR),
        tell(qe.OpinionsCounted(voters=5, sums={ONE: OpinionSums(agree=4, disagree=0, passed=1)}, groups=())),
        tell(
            qe.OpinionsCounted(
                voters=24,
                sums={ONE: OpinionSums(agree=20, disagree=0, passed=4), OTHER: both},
                groups=(
                    OpinionGroup(people=13, sums={ONE: one, OTHER: one}),
                    OpinionGroup(people=11, sums={ONE: other, OTHER: against}),
                ),
            )
        ),
        tell(qe.VotingSwitched(on=False), MODERATOR),
        tell(ev.SessionClosed(t=3_000), MODERATOR),
    ]


def remove_the_other(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone, tell, kind = (8, 10), recorder.record, InterventionKind.COMMENT
    stays = qe.InterventionRemoved(
        intervention=OTHER, number=2, kind=kind, language="en", origin=REMOTE, asker="asker-2", t=900
    )
    published = qe.InterventionPublished(
        intervention=OTHER, number=2, kind=kind, text="", language="en", name="", origin=REMOTE, t=900, removed=True
    )
    return gone, [
        tell(stays, STAFF, cause="r"),
        tell(published, STAFF, cause="r", n=1),
        tell(ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id), STAFF, cause="r", n=2),
    ]
