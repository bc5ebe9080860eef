"""Imports files about past meetings into logs of their own, act by act, and says who may read them.

Whoever reads the files makes the acts (`record.imports.acts`); here they are sent to the session's writer, like any
others. A session that is imported is never on: no engine hears it, no control room watches it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import OPERATOR, Actor, Role
from moothall.core.kernel.errors import NO_MEETING, ImportRefused, Refusal
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.plan import Planned, Speaker
from moothall.core.rules.imports import is_imported
from moothall.core.sessions.state import Status
from moothall.record.imports.acts import (
    FLOOR,
    ImportAct,
    ImportChoice,
    PastMeeting,
    acts_of,
    is_last,
    key_of_name,
    last_act,
)
from moothall.record.imports.whole_file import FileToImport
from moothall.services.programme.programme import NEAR_MS, Programme
from moothall.services.sessions.live_session import LiveSession


class ImportBegun(msgspec.Struct, frozen=True, kw_only=True):
    """What stands of an import."""

    done: bool
    """Whether the file was imported before, wholly."""
    further: bool = False
    """Whether the session is there with another text of the same meeting."""
    speakers: tuple[Speaker, ...] = ()
    """The people whom the programme lists."""


class PublishOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The statement on what ground an imported session may be read."""

    session: SessionId
    access: Access
    ground: str
    listed: bool = True


@dataclass(eq=False, repr=False)
class PastRecords:
    """The imports of one server."""

    programme: Programme

    async def begin(self, meeting: PastMeeting, *, by: str = OPERATOR) -> ImportBegun:
        """Make the session of a past meeting, or the text that it lacks. Raises ImportRefused, StorageUnavailable and
        RecordBroken.
        """
        if meeting.ends > self.programme.now():
            raise ImportRefused("By its beginning and its length this meeting isn't over yet. Correct when it began.")
        live = await self.programme.live(meeting.session)
        if live is None or live.state.status is Status.ABSENT:
            live = await self._made(meeting, by)
        state, channel = live.state, live.state.channels.get(meeting.channel)
        known = None if channel is None else channel.imported
        if not is_imported(state) and not self._is_planned(meeting, state.status):
            raise ImportRefused(
                f"There is another meeting '{meeting.session}' here. Name the session in import.csv (column session)."
            )
        if known is not None and known.digest != meeting.digest:
            raise ImportRefused(
                f"This text of the meeting '{meeting.session}' was imported already, from another file. If this is "
                "another text of it, say which in import.csv (column text); if another meeting, name its session there."
            )
        if state.young_people != meeting.young_people:
            said = "young people take part" if state.young_people else "no young people take part"
            raise ImportRefused(f"The meeting '{meeting.session}' is there, and it was said that {said}.")
        if known is None and state.access is not Access.STAFF:
            if state.status is not Status.CREATED:
                raise ImportRefused(
                    f"Others may read the meeting '{meeting.session}' already. Take that back, import this text, and "
                    "state the ground again."
                )
            await self._send(
                live,
                f"import:staff:{meeting.digest[:24]}",
                do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE, listed=state.listed),
                by,
            )
        if channel is None:
            await self._send(
                live,
                f"import:channel:{meeting.channel}",
                do.AddChannel(
                    channel=meeting.channel,
                    kind=meeting.kind,
                    languages=meeting.text_languages,
                    of_record=meeting.kind is ChannelKind.TRANSLATION,
                ),
                by,
            )
        if live.writer.receipt(last_act(meeting)) is not None:
            await self.programme.sessions.let_go(meeting.session)
            return ImportBegun(done=True)
        listed = {each.id: each for plan in self.programme.planned() for each in plan.speakers}
        return ImportBegun(done=False, further=state.status is Status.CLOSED, speakers=tuple(listed.values()))

    def _is_planned(self, meeting: PastMeeting, status: Status) -> bool:
        """Whether a session is the meeting: it has not begun here, and was planned for the same day."""
        plan = self.programme.plan_of(meeting.session)
        starts = None if plan is None else plan.starts
        return status is Status.CREATED and starts is not None and abs(starts - meeting.starts) < NEAR_MS

    async def _made(self, meeting: PastMeeting, by: str) -> LiveSession:
        floor = meeting.text_languages if meeting.channel == FLOOR else meeting.languages
        planned = Planned(
            session=meeting.session,
            title=meeting.title,
            starts=meeting.starts,
            ends=max(meeting.ends, meeting.starts + 60_000),
            languages=meeting.languages or floor,
        )
        made = await self.programme.make(
            planned, access=Access.STAFF, sound=SoundKept.NONE, young_people=meeting.young_people, by=by
        )
        live = await self.programme.live(meeting.session)
        if isinstance(made, Refusal) or live is None:
            raise ImportRefused(made.message if isinstance(made, Refusal) else NO_MEETING.message)
        return live

    async def act(self, act: ImportAct, *, by: str = OPERATOR) -> None:
        """Carry out a part of an import; a part that was carried out changes nothing. Raises ImportRefused,
        StorageUnavailable and RecordBroken.
        """
        live = await self.programme.live(act.session)
        if live is None:
            raise ImportRefused(NO_MEETING.message)
        with live.held():
            answer = await live.writer.send(Actor(Role.SYSTEM, by), act.id, act.commands)
        if isinstance(answer, Refusal):
            raise ImportRefused(answer.message)
        if is_last(act):  # A back catalogue must not stay in memory.
            await self.programme.sessions.let_go(act.session)

    async def whole(self, file: FileToImport, *, names: str = "", by: str) -> ImportBegun:
        """Import a file at once; `names`: the statement by which names are kept. Returns what stood before. Raises as
        `begin` and `act` do.
        """
        begun = await self.begin(file.meeting, by=by)
        if not begun.done:
            listed = {key_of_name(each.name): each for each in begun.speakers}
            choice = ImportChoice(names=names, listed=listed, file=file.name, original=file.packed)
            for act in await asyncio.to_thread(self._acts, file, choice, begun.further):
                await self.act(act, by=by)
        return begun

    def _acts(self, file: FileToImport, choice: ImportChoice, further: bool) -> tuple[ImportAct, ...]:
        return tuple(acts_of(file.past, file.meeting, choice, further=further))

    async def publish(self, order: PublishOrder, *, by: str = OPERATOR) -> None:
        """State on what ground an imported session may be read, or with the access `staff` take that back. Raises
        ImportRefused, StorageUnavailable and RecordBroken.
        """
        live = await self.programme.live(order.session)
        if live is None or not is_imported(live.state):
            raise ImportRefused(f"There is no imported meeting '{order.session}'.")
        command = do.StateGround(access=order.access, ground=order.ground, listed=order.listed)
        refused = await self.programme.send(order.session, command, by=by)
        if refused is not None:
            raise ImportRefused(refused.message)

    async def _send(self, live: LiveSession, act: str, command: do.AnyCommand, by: str) -> None:
        answer = await live.writer.send(Actor(Role.SYSTEM, by), CommandId(act), command)
        if isinstance(answer, Refusal):
            raise ImportRefused(answer.message)
