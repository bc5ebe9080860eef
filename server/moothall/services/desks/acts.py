"""The acts of a session's desks, read from its log when a desk is opened and kept up to date from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from moothall.core.commands import SetStatus
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import EventLog
from moothall.core.removal.moves import commands_of
from moothall.core.rules.acts import Acts, DeskAct, undo_id
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.sessions.state import State
from moothall.services.log.folding import PAGE
from moothall.services.log.publication import Publication
from moothall.services.log.session_writer import SessionWriter

ACTS = 200
"""Most acts of a session that are kept for undoing."""


class DeskPresence(msgspec.Struct, frozen=True, kw_only=True):
    """A person at a desk."""

    desk: str
    """Distinguishes people who use the same link; empty where it is no longer known which of them it was."""
    role: Role
    label: str
    name: str = ""
    """The name that they give themselves."""

    @property
    def known_as(self) -> str:
        """The person's name, else their link's label."""
        return self.name or self.label


class ActNews(msgspec.Struct, frozen=True):
    """Changes of the acts that desks know."""

    acts: tuple[DeskAct, ...] = ()
    """Acts that are new or whose `undone` has changed."""
    forgotten: tuple[CommandId, ...] = ()
    """Ids of acts that can't be undone any more."""


def shown(act: DeskAct, by: DeskPresence, state: State) -> dict[str, object]:
    """An act as it is sent to desks, of plain values for JSON. `state` knows the numbers of its questions."""
    stands = (command for command in act.commands if isinstance(command, SetStatus))
    asked = (state.questions.get(name) for command in stands for name in command.interventions)
    return {
        "numbers": {each.id: each.number for each in asked if each is not None},
        "id": act.id,
        "at": act.at,
        "by": msgspec.to_builtins(by),
        "commands": msgspec.to_builtins(act.commands),
        "undo": msgspec.to_builtins(act.undo),
        "undone": act.undone,
    }


class DeskActs:
    """The last acts of one session. Nothing is known before `load`, which may be called repeatedly."""

    def __init__(self, session: SessionId, log: EventLog) -> None:
        self._session = session
        self._log = log
        self._acts = Acts(session, ACTS)
        self._known: dict[CommandId, DeskAct] = {}
        self._followed = False
        """Whether the acts cover the log up to the last publication."""
        self._loading = asyncio.Lock()

    @property
    def state(self) -> State:
        """The session's state at the last record that was read here."""
        return self._acts.state

    @property
    def followed(self) -> bool:
        """Whether all published records were read."""
        return self._followed

    def all(self) -> Sequence[DeskAct]:
        """The known acts, oldest first."""
        return tuple(self._known.values())

    def get(self, name: CommandId) -> DeskAct | None:
        """The act with this id; None where it isn't known."""
        return self._acts.get(name)

    def mark(self, name: CommandId, *, undone: bool) -> ActNews:
        """Set whether an act is undone, where the log alone doesn't show it; return what changed."""
        self._acts.mark(name, undone=undone)
        return self._changed()

    async def load(self, writer: SessionWriter) -> ActNews:
        """Read the log, unless all of it is known; return what changed. Raises StorageUnavailable and RecordBroken."""
        async with self._loading:
            if self._followed:
                return ActNews()
            acts = Acts(self._session, ACTS)
            while True:
                published = writer.handed_on
                page = await self._log.read(self._session, acts.offset, PAGE)
                for record in page:
                    acts.take(record.header, None if record.body is None else decode_event(record.body))
                if page:
                    continue
                acts.settle()
                await self._half_undone(acts)
                if writer.handed_on == published:
                    break
            self._acts, self._followed = acts, True
            self._share(writer)
            return self._changed()

    def hear(self, writer: SessionWriter, publication: Publication) -> ActNews:
        """Apply a publication, once the log was read; return what changed."""
        if not (self._followed and publication.records):
            return ActNews()
        acts, removed, told = self._acts, False, False
        for record, event in zip(publication.records, publication.events, strict=True):
            offset = record.header.offset
            if offset <= acts.offset:
                continue  # It was in the log when `load` read it.
            if offset > acts.offset + 1:
                self._followed = False
                return ActNews()
            acts.take(record.header, event)
            removed = removed or isinstance(event, BodyRemoved)
            told = told or record.header.role in STAFF_ROLES
        acts.settle()
        self._followed = self._share(writer) or not removed
        return self._changed() if told or removed else ActNews()

    def _share(self, writer: SessionWriter) -> bool:
        """Share the writer's state, so that no second copy of the session is held, nor text that is gone from the
        writer's. Returns False where the writer is at another offset.
        """
        same = writer.offset == self._acts.offset
        if same:
            self._acts.state = writer.state
        return same

    async def _half_undone(self, acts: Acts) -> None:
        """Mark a move as not undone that was undone in this log and not in the other one, because the server was killed
        in between: so its undoing can be continued.
        """
        for name, act in acts.all().items():
            if act.moved is not None and act.undone:
                _, away, _ = commands_of(undo_id(name))
                if not any(record.header.cause == away for record in await self._log.caused(away)):
                    acts.mark(name, undone=False)

    def _changed(self) -> ActNews:
        """The difference from the acts that were known before; it is known from now on."""
        known, self._known = self._known, self._acts.all()
        return ActNews(
            tuple(act for name, act in self._known.items() if known.get(name) != act),
            tuple(name for name in known if name not in self._known),
        )
