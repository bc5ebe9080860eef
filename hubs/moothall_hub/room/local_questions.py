"""The questions of a hub's own room: a life of their own until they are passed on to the meeting. Pure.

Each has the name that it will have at the meeting, made of what its author sent: whichever machine of the hub it is
sent to, it is the same question, and arrives once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from moothall.core.events.question_parts import Kind
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.questions.interventions import Questions
from moothall.services.questions.author_view import OwnAct

BEST = 3
"""How many the coordinator passes on with one press."""
_NAME_DIGITS = 32


class Mode(StrEnum):
    """Who passes questions on."""

    COORDINATOR = "coordinator"
    OPEN = "open"
    """Nobody: each goes to the meeting at once."""


class Local(StrEnum):
    """Where a question stands here."""

    HERE = "here"
    """In the local queue: nobody has decided."""
    FORWARDED = "forwarded"
    JOINED = "joined"
    """With another one of the room."""
    KEPT = "kept"
    """It is dealt with here, and not passed on."""
    WITHDRAWN = "withdrawn"


class SentAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the author of a question has done to it since it was passed on."""

    id: CommandId
    """In the outbox."""
    act: OwnAct | None = None
    """None: a line that was typed."""


class LocalQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question of the room."""

    id: InterventionId
    number: int
    """Of this room alone; from 1 in each session."""
    form: str
    """Tells the form with which it was sent from every other."""
    kind: Kind
    text: str
    language: str
    name: str
    asker: str
    """Tells those who ask apart; a keyed hash."""
    at: int
    """When it was asked, Unix ms of the meeting's clock."""
    stands: Local = Local.HERE
    forwarded: bool = False
    """Whether it was ever passed on."""
    into: InterventionId | None = None
    """The one that it was joined with."""
    on_wall: bool = False
    """Whether the local wall shows it."""
    acts: tuple[SentAct, ...] = ()
    """The newest act of its author, and those that were not answered before it; oldest first."""


class LocalQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """All of a room's in one session."""

    session: SessionId
    mode: Mode = Mode.COORDINATOR
    by_id: Mapping[InterventionId, LocalQuestion] = {}
    """In the order of their numbers."""
    supporters: Mapping[InterventionId, frozenset[str]] = {}
    """Who of the room would ask it too, by keyed hashes: of the room's own, and of the meeting's."""
    joined: Mapping[InterventionId, tuple[InterventionId, ...]] = {}
    """What was joined with each, by what it was joined with."""
    cleared: int | None = None
    """When the local wall was cleared last, Unix ms of the meeting's clock."""

    @property
    def last(self) -> int:
        """The highest number."""
        return max((each.number for each in self.by_id.values()), default=0)

    def numbered(self, number: int) -> LocalQuestion | None:
        """The one of that number."""
        return next((each for each in self.by_id.values() if each.number == number), None)

    def with_status(self, *stands: Local) -> list[LocalQuestion]:
        """Those that stand there, in the order of their numbers."""
        return [each for each in self.by_id.values() if each.stands in stands]

    def with_(self, *changed: LocalQuestion) -> LocalQuestions:
        """With these in place of what they were."""
        questions = {**self.by_id, **{each.id: each for each in changed}}
        joined = self.joined
        for each in changed:
            if each.into is not None and each.id not in joined.get(each.into, ()):
                joined = {**joined, each.into: (*joined.get(each.into, ()), each.id)}
        return msgspec.structs.replace(self, by_id=questions, joined=joined)

    def supported(self, what: InterventionId, by: str, *, too: bool = True) -> LocalQuestions:
        """With one more who would ask it too, or with `too` False one fewer."""
        those = self.supporters.get(what, frozenset()) - {by} | ({by} if too else set())
        return msgspec.structs.replace(self, supporters={**self.supporters, what: those})


def name_of(session: SessionId, form: str, *, kind: Kind, text: str, language: str, name: str) -> InterventionId:
    """What a question is called, here and at the meeting: the same on each machine to which the same form is sent."""
    said = msgspec.json.encode([session, form, kind.value, text, language, name])
    return InterventionId(hashlib.sha256(said).hexdigest()[:_NAME_DIGITS])


def forward(local: LocalQuestions, names: Iterable[InterventionId]) -> list[LocalQuestion]:
    """Those of `names` that are passed on by it, as they stand then."""
    return _brought(local, names, Local.FORWARDED, Local.HERE, Local.KEPT)


def keep(local: LocalQuestions, names: Iterable[InterventionId]) -> list[LocalQuestion]:
    """Those of `names` that are kept here by it, as they stand then."""
    return _brought(local, names, Local.KEPT, Local.HERE)


def join(local: LocalQuestions, names: Iterable[InterventionId]) -> list[LocalQuestion]:
    """Those of `names` that are joined with another of them, as they stand then.

    That one was passed on already, or else it is the one that most would ask too. A wish to speak is nobody else's.
    """
    known = [local.by_id[name] for name in dict.fromkeys(names) if name in local.by_id]
    fit = [each for each in known if each.kind is not Kind.REQUEST and each.stands in (Local.HERE, Local.FORWARDED)]
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
    """Those of `names` that come on the local wall, or go from it, as they stand then."""
    known = [local.by_id[name] for name in dict.fromkeys(names) if name in local.by_id]
    fit = [each for each in known if each.on_wall != on_wall and (not on_wall or may_be_on_wall(each))]
    return [msgspec.structs.replace(each, on_wall=on_wall) for each in fit]


def may_be_on_wall(each: LocalQuestion) -> bool:
    """Whether the local wall may show it."""
    return bool(each.text) and each.stands in (Local.HERE, Local.KEPT, Local.FORWARDED)


def on_wall(local: LocalQuestions) -> list[LocalQuestion]:
    """What the local wall shows."""
    return [each for each in local.by_id.values() if each.on_wall and may_be_on_wall(each)]


def clear_wall(local: LocalQuestions, at: int) -> tuple[LocalQuestions, list[LocalQuestion]]:
    """The questions once the wall was cleared, and those that are gone from it."""
    gone = put_on_wall(local, list(local.by_id), on_wall=False)
    return msgspec.structs.replace(local.with_(*gone), cleared=at), gone


def best(local: LocalQuestions, many: int = BEST) -> list[InterventionId]:
    """Those that most would ask too, of those about which nobody has decided."""
    return [each.id for each in by_support(local)[:many]]


def by_support(local: LocalQuestions) -> list[LocalQuestion]:
    """Those about which nobody has decided, those first that most would ask too."""
    return sorted(local.with_status(Local.HERE), key=lambda each: (-count(local, each.id), each.number))


def count(local: LocalQuestions, what: InterventionId) -> int:
    """How many of the room would ask it too, its author not among them.

    Authors and supporters of questions that were joined with it support this one.
    """
    those = set(local.supporters.get(what, ()))
    for other in local.joined.get(what, ()):
        those |= {local.by_id[other].asker, *local.supporters.get(other, ())}
    own = local.by_id.get(what)
    return len(those - ({own.asker} if own is not None else set()))


def own_of(local: LocalQuestions, by: str, meeting: Questions | None) -> frozenset[InterventionId]:
    """What somebody has asked, and what that was joined with, here or by the meeting: they can't ask that too."""
    mine = [each for each in local.by_id.values() if each.asker == by]
    there = [meeting.get(each.id) for each in mine] if meeting is not None else []
    into = [each.into for each in (*mine, *there) if each is not None and each.into is not None]
    return frozenset((*(each.id for each in mine), *into))


def counted(local: LocalQuestions) -> dict[InterventionId, int]:
    """The counts of all that anybody of the room would ask too, of which the meeting may have to know."""
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
