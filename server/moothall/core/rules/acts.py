"""What the staff did in a session, folded from its log, so that it can be shown and undone after a restart too.

An act is what one command id caused. That one was undone is told by the id of what undid it.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from moothall.core import commands as do
from moothall.core.chain import Header
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.actors import OPERATOR, Actor
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.removal.moves import AWAY, BACK, HERE, short
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.rules.undo import Commands, Undoing, UndoReading, read_act
from moothall.core.session.state import State, evolve

UNDO, LATE = "undo:", ":lines"
"""How the ids of what undoes an act begin; and how the last of them ends where lines of meanwhile go back too."""
_WITH_WORDS = (do.Ask, do.ChooseTerm, do.CorrectSegment, do.IntroduceSpeaker, do.Reword, do.TypeSegment, do.WriteAnswer)
"""Commands that carry words of the record."""
_PUBLISHED = str(ev.InterventionPublished.__struct_config__.tag)

_Fact = ev.AnyEvent | UnknownEvent | None


def undo_id(act: CommandId) -> CommandId:
    """The id of the act that undoes another one: the same for every actor, so that it is done once."""
    return CommandId(f"{UNDO}{short(act)}")


class DeskAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done at a desk."""

    id: CommandId
    at: int
    """Unix ms."""
    by: Actor
    last: int
    """Offset of its last event."""
    commands: Commands
    undo: Undoing
    """Empty when it can't be undone."""
    undone: bool = False

    @property
    def has_words(self) -> bool:
        """Whether it, or its undoing, carries words of the record."""
        return any(map(_has_words, (*self.commands, *self.undo)))

    @property
    def moved(self) -> do.MoveSegmentsAway | None:
        """The move to another session that it is, if it can be undone."""
        first = self.commands[0]
        return first if self.undo and isinstance(first, do.MoveSegmentsAway) else None


class _Fresh:
    """An act whose events are not read yet: more of them may come."""

    def __init__(self, header: Header, before: State) -> None:
        self.header = header
        self.last = header.offset
        self.before = before
        self.events: list[_Fact] = []


class Acts:
    """The last acts of a session's staff. Give it every record of the log in order.

    What it holds of the record's words goes with the event that removes any, but for `state`: see `settle`.
    """

    def __init__(self, session: SessionId, most: int) -> None:
        """`most`: how many acts are kept. Overflow: the oldest can't be undone any more."""
        self.state = State(id=session)
        """The session as far as it was given."""
        self.offset = 0
        """That of the last record."""
        self._most = most
        self._acts: OrderedDict[CommandId, DeskAct] = OrderedDict()
        # Reading an act takes as long as folding ten events, so it is left until it is known to be among the last.
        self._fresh: OrderedDict[CommandId, _Fresh] = OrderedDict()
        self._undone: set[str] = set()
        """Of acts that are kept, shortened."""

    def take(self, header: Header, event: _Fact) -> None:
        """The next record; `event` is None when its body was removed."""
        if isinstance(event, ev.BodyRemoved):
            self._forget_words()
        elif header.role in STAFF_ROLES and header.actor != OPERATOR:
            self._note(header, event)
        self.state = evolve(self.state, event, header.at)
        self.offset = header.offset

    def settle(self) -> None:
        """Read what was done up to here; from now on no earlier state is kept."""
        for name, fresh in self._fresh.items():
            act = _read(name, fresh)
            if act is not None:
                self._acts[name] = act
        self._fresh.clear()
        while len(self._acts) > self._most:
            self._acts.popitem(last=False)
        self._undone &= {short(name) for name in self._acts}

    def all(self) -> dict[CommandId, DeskAct]:
        """Those that are settled, oldest first."""
        return {name: self._with_undone(act) for name, act in self._acts.items()}

    def get(self, name: CommandId) -> DeskAct | None:
        """The act of that id, whole or shortened, if it is settled."""
        act = self._acts.get(name) or self._acts.get(CommandId(short(name)))
        return None if act is None else self._with_undone(act)

    def mark(self, name: CommandId, *, undone: bool) -> None:
        """Say of an act whether it is undone, where the log alone doesn't tell."""
        if undone:
            self._undone.add(short(name))
        else:
            self._undone.discard(short(name))

    def _with_undone(self, act: DeskAct) -> DeskAct:
        return msgspec.structs.replace(act, undone=short(act.id) in self._undone)

    def _note(self, header: Header, event: _Fact) -> None:
        cause = header.cause
        if cause.startswith(UNDO):
            struck = cause.endswith(BACK)  # Lines that had come back went again: somebody was quicker.
            self.mark(_undone_by(cause), undone=not struck)
            return
        if cause.endswith((HERE, BACK)):
            return  # Done in another session.
        name = CommandId(cause.removesuffix(AWAY))
        fresh = self._fresh.get(name)
        if fresh is None:
            fresh = self._fresh[name] = _Fresh(header, self.state)
            if len(self._fresh) > self._most:
                self._fresh.popitem(last=False)
        if event is not None or header.type != _PUBLISHED:  # What was published went with where it came to stand.
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
    """The act that is undone by what this id caused."""
    name = cause.removeprefix(UNDO)
    for part in (LATE, HERE, AWAY, BACK):
        name = name.removesuffix(part)
    return CommandId(name)


def _read(name: CommandId, fresh: _Fresh) -> DeskAct | None:
    """None when there is nothing to be named."""
    match fresh.events:
        case [ev.SegmentsMovedAway() as left] if fresh.header.cause.endswith(AWAY):
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
