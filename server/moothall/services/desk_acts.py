"""What was done at a desk, and by whom, as the desks of a session see it."""

from __future__ import annotations

import msgspec

from moothall.core.actors import Role
from moothall.core.commands import AnyCommand, CorrectSegment, IntroduceSpeaker, TypeLine
from moothall.core.ids import CommandId

_WITH_WORDS = (CorrectSegment, IntroduceSpeaker, TypeLine)
"""Commands that carry words of the record."""


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a desk."""

    seat: str
    """Tells two apart who came with the same link."""
    role: Role
    label: str
    name: str = ""
    """What they call themselves."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done at a desk."""

    id: CommandId
    at: int
    """Unix ms."""
    by: Presence
    commands: tuple[AnyCommand, ...]
    undo: tuple[AnyCommand, ...]
    """Empty when it can't be undone."""
    undone: bool = False

    @property
    def has_words(self) -> bool:
        """Whether it, or its undoing, carries words of the record."""
        return any(isinstance(command, _WITH_WORDS) for command in (*self.commands, *self.undo))

    def shown(self) -> dict[str, object]:
        """As desks are told of it, of plain values for JSON."""
        shown: dict[str, object] = msgspec.to_builtins(self)
        return shown
