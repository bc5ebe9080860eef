"""The questions of a hub's own room, and how they change until they are passed on to the meeting. Pure.

The id of a question is made of what its author sent, and is the same at the meeting. So a form that is sent to several
machines of a hub is the same question on each of them, and reaches the meeting once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.questions.interventions import Questions
from moothall.services.questions.author_view import OwnAct

BEST = 3
"""How many questions the coordinator passes on with one press."""
_NAME_DIGITS = 32


class Mode(StrEnum):
    """Who decides which questions are passed on to the meeting."""

    COORDINATOR = "coordinator"
    OPEN = "open"
    """Nobody decides: each question is passed on at once."""


class Local(StrEnum):
    """The status of a question in the room."""

    HERE = "here"
    """It is in the local queue, and nobody has decided about it."""
    FORWARDED = "forwarded"
    JOINED = "joined"
    """It was joined with another question."""
    KEPT = "kept"
    """It is dealt with in the room, and not passed on."""
    WITHDRAWN = "withdrawn"


class SentAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act of a question's author since the question was passed on."""

    id: CommandId
    """The act's id in the outbox."""
    act: OwnAct | None = None
    """What the author did; None: the act is a typed line."""


class LocalQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was asked in a hub's room."""

    id: InterventionId
    number: int
    """Its number in this room, from 1 in each session. At the meeting it has another one."""
    form: str
    """The id of the form with which it was sent; each form has another one."""
    kind: InterventionKind
    text: str
    language: str
    name: str
    asker: str
    """The keyed hash that tells authors apart."""
    at: int
    """When it was asked, Unix ms of the meeting's clock."""
    stands: Local = Local.HERE
    forwarded: bool = False
    """Whether it was ever passed on."""
    into: InterventionId | None = None
    """The question that it was joined with; None when it was not joined."""
    on_wall: bool = False
    """Whether the local wall shows it."""
    acts: tuple[SentAct, ...] = ()
    """Its author's newest act, and those before it that were not answered; oldest first."""


class LocalQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """All questions of a room in one session."""

    session: SessionId
    mode: Mode = Mode.COORDINATOR
    by_id: Mapping[InterventionId, LocalQuestion] = {}
    """The questions by id, in the order of their numbers."""
    supporters: Mapping[InterventionId, frozenset[str]] = {}
    """The people of the room who would ask a question too, as keyed hashes; for the room's own questions and the
    meeting's."""
    joined: Mapping[InterventionId, tuple[InterventionId, ...]] = {}
    """For each question with which others were joined, the ids of those others."""
    cleared: int | None = None
    """When the local wall was last cleared, in Unix ms of the meeting's clock; None: never."""

    @property
    def last(self) -> int:
        """The highest number of a question; 0 when there is none."""
        return max((each.number for each in self.by_id.values()), default=0)

    def numbered(self, number: int) -> LocalQuestion | None:
        """The question with this number; None when there is none."""
        return next((each for each in self.by_id.values() if each.number == number), None)

    def with_status(self, *stands: Local) -> list[LocalQuestion]:
        """The questions whose status is one of these, in the order of their numbers."""
        return [each for each in self.by_id.values() if each.stands in stands]

    def with_(self, *changed: LocalQuestion) -> LocalQuestions:
        """Return a copy with each of `changed` added or in place of its earlier version."""
        questions = {**self.by_id, **{each.id: each for each in changed}}
        joined = self.joined
        for each in changed:
            if each.into is not None and each.id not in joined.get(each.into, ()):
                joined = {**joined, each.into: (*joined.get(each.into, ()), each.id)}
        return msgspec.structs.replace(self, by_id=questions, joined=joined)

    def supported(self, what: InterventionId, by: str, *, too: bool = True) -> LocalQuestions:
        """Return a copy in which `by` would ask a question too, or with `too` False would not."""
        those = self.supporters.get(what, frozenset()) - {by} | ({by} if too else set())
        return msgspec.structs.replace(self, supporters={**self.supporters, what: those})


def name_of(
    session: SessionId, form: str, *, kind: InterventionKind, text: str, language: str, name: str
) -> InterventionId:
    """Make a question's id, here and at the meeting, from its form and words: the same on each machine that gets it."""
    said = msgspec.json.encode([session, form, kind.value, text, language, name])
    return InterventionId(hashlib.sha256(said).hexdigest()[:_NAME_DIGITS])


def forward(local: LocalQuestions, names: Iterable[InterventionId]) -> list[LocalQuestion]:
    """Return the questions among `names` that can be passed on, with their new status."""
    return _brought(local, names, Local.FORWARDED, Local.HERE, Local.KEPT)


def keep(local: LocalQuestions, names: Iterable[InterventionId]) -> list[LocalQuestion]:
    """Return the questions among `names` that can be kept in the room, with their new status."""
    return _brought(local, names, Local.KEPT, Local.HERE)


def join(local: LocalQuestions, names: Iterable[InterventionId]) -> list[LocalQuestion]:
    """Return the questions among `names` that can be joined with another of them, with their new status.

    The one that they are joined with is a question that was passed on already, or else the one with the most
    supporters. A request to speak is never joined.
    """
    known = [local.by_id[name] for name in dict.fromkeys(names) if name in local.by_id]
    fit = [
        each
        for each in known
        if each.kind is not InterventionKind.REQUEST and each.stands in (Local.HERE, Local.FORWARDED)
    ]
    if not fit:
        return []
    first = min(fit, key=lambda each: (not each.forwarded, -count(local, each.id), each.number))
    replace = msgspec.structs.replace
    return [
        replace(each, stands=Local.JOINED, into=first.id, on_wall=False)
        for each in fit
        if each is not first and each.stands is Local.HERE
    ]


def put_on_wall(local: LocalQuestions, names: Iterable[InterventionId], on_wall: bool = True) -> list[LocalQuestion]:
    """Return the questions among `names` that are put on the local wall, or taken off it, in their new state."""
    known = [local.by_id[name] for name in dict.fromkeys(names) if name in local.by_id]
    fit = [each for each in known if each.on_wall != on_wall and (not on_wall or may_be_on_wall(each))]
    return [msgspec.structs.replace(each, on_wall=on_wall) for each in fit]


def may_be_on_wall(each: LocalQuestion) -> bool:
    """Whether the local wall may show a question: it has a text, and was neither joined nor withdrawn."""
    return bool(each.text) and each.stands in (Local.HERE, Local.KEPT, Local.FORWARDED)


def on_wall(local: LocalQuestions) -> list[LocalQuestion]:
    """The questions that the local wall shows, in the order of their numbers."""
    return [each for each in local.by_id.values() if each.on_wall and may_be_on_wall(each)]


def clear_wall(local: LocalQuestions, at: int) -> tuple[LocalQuestions, list[LocalQuestion]]:
    """Return the questions after the wall was cleared at `at` (Unix ms), and those that were taken off it."""
    gone = put_on_wall(local, list(local.by_id), on_wall=False)
    return msgspec.structs.replace(local.with_(*gone), cleared=at), gone


def best(local: LocalQuestions, many: int = BEST) -> list[InterventionId]:
    """The ids of the undecided questions with the most supporters, at most `many`."""
    return [each.id for each in by_support(local)[:many]]


def by_support(local: LocalQuestions) -> list[LocalQuestion]:
    """The undecided questions, those with the most supporters first."""
    return sorted(local.with_status(Local.HERE), key=lambda each: (-count(local, each.id), each.number))


def count(local: LocalQuestions, what: InterventionId) -> int:
    """How many people of the room would ask a question too, without its author.

    Authors and supporters of questions that were joined with it count as its supporters.
    """
    those = set(local.supporters.get(what, ()))
    for other in local.joined.get(what, ()):
        those |= {local.by_id[other].asker, *local.supporters.get(other, ())}
    own = local.by_id.get(what)
    return len(those - ({own.asker} if own is not None else set()))


def own_of(local: LocalQuestions, by: str, meeting: Questions | None) -> frozenset[InterventionId]:
    """The questions that somebody has asked, and those with which these were joined, here or by the meeting. Nobody can
    support them as somebody else's.
    """
    mine = [each for each in local.by_id.values() if each.asker == by]
    there = [meeting.get(each.id) for each in mine] if meeting is not None else []
    into = [each.into for each in (*mine, *there) if each is not None and each.into is not None]
    return frozenset((*(each.id for each in mine), *into))


def counted(local: LocalQuestions) -> dict[InterventionId, int]:
    """The number of supporters of each question that somebody of the room supports; the meeting may need it."""
    return {name: count(local, name) for name in dict.fromkeys([*local.supporters, *local.joined])}


def _brought(
    local: LocalQuestions, names: Iterable[InterventionId], stands: Local, *before: Local
) -> list[LocalQuestion]:
    known = [local.by_id[name] for name in dict.fromkeys(names) if name in local.by_id]
    on = stands in (Local.FORWARDED, Local.KEPT)
    return [
        msgspec.structs.replace(
            each,
            stands=stands,
            forwarded=each.forwarded or stands is Local.FORWARDED,
            on_wall=each.on_wall and on,
        )
        for each in known
        if each.stands in before
    ]
