"""What the staff did in a session, folded from its log, so that it can be shown and undone after a restart too.

An act is everything that one command id caused. An act counts as undone when a later command has its `undo_id`.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from moothall.core import commands as do
from moothall.core.chain import Header
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.actors import OPERATOR, Actor
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.removal.moves import AWAY, BACK, HERE, short
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.rules.undo import Commands, Undoing, UndoReading, read_act
from moothall.core.sessions.state import State, evolve

UNDO, LATE = "undo:", ":lines"
"""`UNDO`: prefix of the ids of commands that undo an act. `LATE`: suffix of the last of these commands, which gives
lines that were said in the meantime back to the previous speaker.
"""
_WITH_WORDS = (do.Ask, do.ChooseTerm, do.CorrectSegment, do.IntroduceSpeaker, do.Reword, do.TypeSegment, do.WriteAnswer)
"""Commands that carry words of the record."""
_PUBLISHED = str(qe.InterventionPublished.__struct_config__.tag)

_Fact = ev.AnyEvent | UnknownEvent | None


def undo_id(act: CommandId) -> CommandId:
    """Return the id of the command that undoes `act`. It is the same for every actor, so that an act is undone only
    once.
    """
    return CommandId(f"{UNDO}{short(act)}")


class DeskAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done at a desk."""

    id: CommandId
    at: int
    """Unix ms."""
    by: Actor
    last: int
    """Offset of the act's last event."""
    commands: Commands
    undo: Undoing
    """The commands that undo the act; empty when it can't be undone."""
    undone: bool = False

    @property
    def has_words(self) -> bool:
        """Whether the act, or its undoing, carries words of the record."""
        return any(map(_has_words, (*self.commands, *self.undo)))

    @property
    def moved(self) -> do.MoveSegmentsAway | None:
        """This act as a move to another session; None when it is something else, or can't be undone."""
        first = self.commands[0]
        return first if self.undo and isinstance(first, do.MoveSegmentsAway) else None


class _Fresh:
    """An act whose commands are not yet derived from its events, since more events may follow."""

    def __init__(self, header: Header, before: State) -> None:
        self.header = header
        self.last = header.offset
        self.before = before
        self.events: list[_Fact] = []


class Acts:
    """The last acts of a session's staff. Pass every record of the log to `take`, in order.

    When words are removed from the record, this forgets the acts that carry words and all earlier states. Only `state`
    may hold words longer than that; see `settle`.
    """

    def __init__(self, session: SessionId, most: int) -> None:
        """`most`: how many acts are kept. Overflow: the oldest act is dropped and can't be undone any more."""
        self.state = State(id=session)
        """The session's state after the last record that was taken."""
        self.offset = 0
        """Offset of the last record that was taken; 0 before the first."""
        self._most = most
        self._acts: OrderedDict[CommandId, DeskAct] = OrderedDict()
        # Deriving an act's commands takes as long as folding ten events, so it is put off until the act is known to be
        # among the last.
        self._fresh: OrderedDict[CommandId, _Fresh] = OrderedDict()
        self._undone: set[str] = set()
        """Shortened ids (`short`) of the kept acts that are undone."""

    def take(self, header: Header, event: _Fact) -> None:
        """Fold the next record of the log; `event` is None when its body was removed."""
        if isinstance(event, ev.BodyRemoved):
            self._forget_words()
        elif header.role in STAFF_ROLES and header.actor != OPERATOR:
            self._note(header, event)
        self.state = evolve(self.state, event, header.at)
        self.offset = header.offset

    def settle(self) -> None:
        """Derive the commands of all acts that were taken so far, and drop the earlier states that this needed."""
        for name, fresh in self._fresh.items():
            act = _read(name, fresh)
            if act is not None:
                self._acts[name] = act
        self._fresh.clear()
        while len(self._acts) > self._most:
            self._acts.popitem(last=False)
        self._undone &= {short(name) for name in self._acts}

    def all(self) -> dict[CommandId, DeskAct]:
        """The settled acts by id, oldest first."""
        return {name: self._with_undone(act) for name, act in self._acts.items()}

    def get(self, name: CommandId) -> DeskAct | None:
        """The settled act with this id, whole or shortened; None when it is not among the last."""
        act = self._acts.get(name) or self._acts.get(CommandId(short(name)))
        return None if act is None else self._with_undone(act)

    def mark(self, name: CommandId, *, undone: bool) -> None:
        """Record whether an act is undone, where its session's own log doesn't say so."""
        if undone:
            self._undone.add(short(name))
        else:
            self._undone.discard(short(name))

    def _with_undone(self, act: DeskAct) -> DeskAct:
        return msgspec.structs.replace(act, undone=short(act.id) in self._undone)

    def _note(self, header: Header, event: _Fact) -> None:
        cause = header.cause
        if cause.startswith(UNDO):
            # Somebody else was quicker, so the lines that the undoing had brought back were struck again.
            struck = cause.endswith(BACK)
            self.mark(_undone_by(cause), undone=not struck)
            return
        if cause.endswith((HERE, BACK)):
            return  # The act was done in another session.
        name = CommandId(cause.removesuffix(AWAY))
        fresh = self._fresh.get(name)
        if fresh is None:
            fresh = self._fresh[name] = _Fresh(header, self.state)
            if len(self._fresh) > self._most:
                self._fresh.popitem(last=False)
        # A published text that was removed is left out: the change of status in the same act says what was done.
        if event is not None or header.type != _PUBLISHED:
            fresh.events.append(event)
        fresh.last = header.offset

    def _forget_words(self) -> None:
        self.settle()
        for act in list(self._acts.values()):
            if act.has_words:
                del self._acts[act.id]


def _has_words(command: do.AnyCommand) -> bool:
    return isinstance(command, _WITH_WORDS) or (isinstance(command, do.SetStatus) and bool(command.reason))


def _undone_by(cause: CommandId) -> CommandId:
    """The shortened id of the act that a command with this id undoes."""
    name = cause.removeprefix(UNDO)
    for part in (LATE, HERE, AWAY, BACK):
        name = name.removesuffix(part)
    return CommandId(name)


def _read(name: CommandId, fresh: _Fresh) -> DeskAct | None:
    """The act that these events amount to; None when it has no command that can be named."""
    match fresh.events:
        case [le.SegmentsMovedAway() as left] if fresh.header.cause.endswith(AWAY):
            moved = do.MoveSegmentsAway(channel=left.channel, segments=left.segments, session=left.session)
            back = do.BringSegmentsBack(channel=left.channel, segments=left.segments, session=left.session)
            reading = UndoReading((moved,), (back,))
        case events:
            reading = read_act(fresh.before, events)
    if not reading.commands:
        return None
    header = fresh.header
    return DeskAct(
        id=name, at=header.at, by=header.by, last=fresh.last, commands=reading.commands, undo=reading.undoing
    )
