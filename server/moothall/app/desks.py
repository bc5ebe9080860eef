"""The staff's pages of a meeting and of all meetings: what they are made of, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import KW_ONLY, dataclass
from functools import partial

import msgspec
from aiohttp import web

from moothall.adapters.desks.control_door import ControlDoor
from moothall.adapters.desks.control_socket import ControlSocket, Send
from moothall.adapters.desks.desk_door import DeskDoor, DeskPageFacts
from moothall.adapters.desks.desk_socket import DeskRequest, DeskSocket, Extra
from moothall.adapters.desks.figures_door import FiguresDoor
from moothall.adapters.desks.line_form import LineForm
from moothall.adapters.desks.listening_door import ListeningDoor
from moothall.adapters.desks.staff_socket import StaffSocket
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.pages.request_context import DEFAULT_CHANNEL
from moothall.adapters.pages.staff_frame import facts_of
from moothall.app.backend import Backend
from moothall.app.crowds import CrowdMessages
from moothall.app.desk_news import desk_news
from moothall.app.parts import Entrance, Services
from moothall.app.proposals import ProposalMessages
from moothall.core.commands import AnyCommand, CloseSession, CorrectSegment, TypeSegment
from moothall.core.events.types import SoundKept
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, is_command_id
from moothall.core.removal.moves import short
from moothall.core.removal.selection import Lines, selected
from moothall.core.rules.authority import COMMANDS, REMOVERS, may_send
from moothall.core.session.state import ON, Status
from moothall.services.captioning.on_air import OnAir
from moothall.services.capture.closing import opening_of
from moothall.services.capture.redoing import redo
from moothall.services.control.alarms import RoomConflict
from moothall.services.control.control_room import ControlRoom
from moothall.services.control.reader_trends import ReaderTrends
from moothall.services.control.speaker_watch import SpeakerWatch
from moothall.services.desks.abbreviations import Abbreviations
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.desks import Desks, News
from moothall.services.desks.line_moves import LineMoves
from moothall.services.desks.removal import remove
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.log.act_queue import Receipt, unavailable
from moothall.services.log.session_writer import SessionWriter
from moothall.services.programme.meeting_plan import other_session_in_room, two_in_a_room
from moothall.services.sessions.reports import ReportKind, Reports
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.listening import Listening

MOST_OTHERS = 100
"""Sessions that lines can be moved to from a page."""


def open_desks(
    stack: AsyncExitStack,
    services: Services,
    entrance: Entrance,
    reports: Reports,
    ahead: TypedAhead,
) -> tuple[Sequence[web.RouteDef], StaffSocket, ControlRoom, OnAir]:
    """The routes of the staff's pages, what runs for them running; their socket, to be closed; the control
    room; who is on air.
    """
    backend, staff, pages = services.backend, entrance.staff, services.pages
    recognising, sound, reach = services.recognising, services.live, services.translation.reach
    socket = StaffSocket(staff=staff.staff, origins=entrance.address.origins, clock=backend.clock)
    backend.links.when_gone(lambda _: socket.recheck())
    news: dict[str, News] = {}
    moves = LineMoves(backend.sessions, log=backend.log, clock=backend.clock, may_act=staff.may_act)
    desks = Desks(
        backend.sessions,
        log=backend.log,
        closing=backend.closing,
        clock=backend.clock,
        randomness=backend.randomness,
        held=recognising.held,
        undo_move=moves.undo,
        label=backend.links.label,
        news=news,
        room_conflict=partial(two_in_a_room, backend.programme),
        named=backend.openers.named,
        ahead=ahead,
    )
    on_air = OnAir(
        backend.sessions,
        clock=backend.clock,
        here=desks.here,
        by_level=recognising.by_level,
        label=backend.links.label,
        machine_by_itself=backend.settings.captioning.machine_by_itself,
    )
    desks.typed_ahead.wrote = on_air.wrote
    control = ControlRoom(
        backend.sessions,
        rooms=backend.programme,
        clock=backend.clock,
        engines=lambda: recognising.engines,
        refused=lambda: recognising.refused,
        unheard=lambda session: bool(recognising.unheard(session)),
        unlike=recognising.unlike,
        room_conflict=partial(_room_conflict, backend),
        crowd=lambda session: (bool(recognising.crowded_out(session)), recognising.room_left),
        loudness=lambda session: {**recognising.loudness(session), **sound.loudness(session)},
        sound=lambda session: (sound.begun_again(session), sound.stopped(session)),
        full=sound.full,
        stream_lost=services.streams.lost_for,
        silent=on_air.silent,
        on_air=on_air.called,
        zoom_away=backend.zoom.failing,
        disk=lambda: backend.disk,
        stuck=services.stuck_removals,
        tally=reports.tally,
        presence=desks.presence,
    )
    news |= {**desk_news(backend, reports, control, services.glossaries), "air": on_air.shown}
    extras = {
        **_Extras(services, desks=desks, moves=moves, reports=reports).all(),
        **ProposalMessages(backend.proposals, desks).all(),
        **CrowdMessages(backend, desks).all(),
        **services.translation.messages.all(),
    }
    DeskSocket(socket, desks, may_act=staff.may_act, extras=extras)
    ControlSocket(socket, control, may_act=staff.may_act, send=_sender(backend.sessions), reach=reach)
    watch = SpeakerWatch(backend.sessions, backend.clock)
    trends = ReaderTrends(backend.sessions, backend.clock)
    backend.keep(stack, socket.run, desks.run, control.run, on_air.run, trends.run, watch.run, backend.proposals.run)

    def listening(session: SessionId) -> Listening | None:
        """Of the floor, while what is said there is kept."""
        state = backend.loaded(session, lambda live: live.state, None)
        kept = state is not None and state.status is Status.OPEN and state.recorded
        coming = {**recognising.listening(session), **sound.listening(session)} if kept else {}
        return coming.get(DEFAULT_CHANNEL)

    doors = (
        DeskDoor(
            pages,
            staff=staff.staff,
            may_act=staff.may_act,
            about=partial(_about, backend),
            line=LineForm(_sender(backend.sessions), guard=FormGuard(backend.randomness), key_of=staff.key_of),
            captions_key=backend.links.captions_key,
            public=entrance.address.public,
        ),
        ControlDoor(pages, control, staff=staff.staff, may_act=staff.may_act, reach=reach),
        FiguresDoor(
            pages,
            trends,
            backend.clock,
            find=backend.sessions.find,
            staff=staff.staff,
            may_act=staff.may_act,
            place=backend.programme.room_title,
            title_of=backend.hubs.title_of,
        ),
        ListeningDoor(
            listening,
            staff=staff.staff,
            may_act=staff.may_act,
            clock=backend.clock,
        ),
        socket,
    )
    return [route for door in doors for route in door.routes()], socket, control, on_air


def _sender(sessions: Sessions) -> Send:
    async def send(actor: Actor, session: SessionId, name: CommandId, command: AnyCommand) -> Receipt | Refusal:
        live = await sessions.find(session)
        if live is None:
            return refuse(RefusalCode.UNKNOWN, "There is no such meeting here.")
        return await live.writer.send(actor, name, command)

    return send


def _room_conflict(backend: Backend, session: SessionId) -> RoomConflict | None:
    other = other_session_in_room(backend.programme, session)
    if other is None:
        return None
    return RoomConflict(title=other.title, by=backend.openers.opened_later(session, other.session))


async def _about(backend: Backend, session: SessionId) -> DeskPageFacts | None:
    """What the page of a session has to know before it connects; None for an unknown session. Raises
    StorageUnavailable.
    """
    live = await backend.sessions.find(session)
    if live is None or live.state.status is Status.ABSENT:
        return None
    return DeskPageFacts(
        title=live.state.title,
        language=next(iter(live.state.languages), ""),
        channel=next(iter(live.state.channels), "floor"),
        sound=live.state.sound is not SoundKept.NONE,
        others=_others(backend, session),
        frame=facts_of(live.state, backend.programme.room_title(session)),
        texts=[(channel.id, channel.kind, channel.languages) for channel in live.state.channels.values()],
    )


def _others(backend: Backend, session: SessionId) -> tuple[tuple[SessionId, str], ...]:
    """Sessions that have begun, those that are on first."""
    begun = [
        live for live in backend.sessions.all_loaded if live.id != session and live.state.status in (*ON, Status.CLOSED)
    ]
    begun.sort(key=lambda live: (live.state.status is Status.CLOSED, live.state.title))
    return tuple((live.id, live.state.title or live.id) for live in begun[:MOST_OTHERS])


@dataclass(eq=False, repr=False)
class _Extras:
    """What desks can ask for beside commands to their own session."""

    services: Services
    _: KW_ONLY
    desks: Desks
    moves: LineMoves
    reports: Reports

    def __post_init__(self) -> None:
        self.backend = self.services.backend
        self._copies = OtherLogs(self.backend.log, self._writer_of)
        self._abbreviations = Abbreviations(self.backend.book, self.backend.clock)

    async def _writer_of(self, session: SessionId) -> SessionWriter | None:
        live = await self.backend.sessions.find(session)
        return None if live is None else live.writer

    def all(self) -> dict[str, Extra]:
        """By the names of their messages."""
        return {
            "redo": self._redo,
            "move": self._move,
            "next": self._next,
            "remove": self._remove,
            "concerned": self._concerned,
            "seen": self._seen,
            "mended": self._mended,
            "abbreviations": self._abbreviate,
        }

    async def _redo(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """They speak another language: force it, and have the last minute recognised once more."""
        channel = ChannelId(request.channel or desk.channel)
        if not is_command_id(request.id) or channel not in desk.live.state.channels:
            return refuse(RefusalCode.INVALID, "This act needs an id and one of the meeting's texts.")
        name = CommandId(request.id)
        with self.desks.doing(desk, name):
            answer = await redo(
                desk.live.writer, self.services.recognising, desk.actor, name, channel, request.language
            )
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _move(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Lines belong to another session. That the link reaches it has been asked."""
        if not is_command_id(request.id):
            return refuse(RefusalCode.INVALID, "This act needs an id.")
        name, channel = CommandId(request.id), ChannelId(request.channel or desk.channel)
        with self.desks.doing(desk, name):
            answer = await self.moves.move(
                desk, name, channel=channel, segments=request.segments, session=SessionId(request.session or "")
            )
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _next(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Close this session and start the one that follows in its room."""
        room = self.backend.programme.room_of(desk.live.id)
        if room is None or not may_send(desk.staff.role, CloseSession()):
            return refuse(
                RefusalCode.FORBIDDEN, "This meeting is in no room of the programme, so no next meeting can follow it."
            )
        if not is_command_id(request.id):
            return refuse(RefusalCode.INVALID, "This act needs an id.")
        live, act = desk.live, CommandId(f"next:{short(CommandId(request.id))}")
        gone = self.backend.programme.gone_on(room, act)
        if gone is not None:  # It is sent again, since the line or the server was away.
            return {"session": gone}
        on = live.id if live.state.status in ON else None
        if on is None and self.backend.programme.now_in(room) is not None:
            return self.backend.programme.quicker(room)
        then = None if request.then is None else SessionId(request.then)
        with self.backend.openers.named(opening_of(act), desk.presence.known_as):
            answer = await self.backend.programme.next_session(room, after=on, then=then, by=desk.staff.link, act=act)
        return answer if isinstance(answer, Refusal) else {"session": answer}

    async def _remove(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Words must not stay, neither in the text nor in the sound."""
        if not is_command_id(request.id) or request.removes is None:
            return refuse(RefusalCode.INVALID, "This act needs an id and says which words are removed.")
        async with self.moves.busy:
            answer = await remove(
                desk.live.writer,
                desk.actor,
                CommandId(request.id),
                request.removes,
                copies=self._copies,
                silence=self._silence,
            )
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _silence(self, session: SessionId, spoken: Sequence[tuple[ChannelId, int, int]]) -> None:
        await self.backend.proposals.forget_spoken(session, spoken)
        await self.services.recordings.silence(session, spoken)

    async def _concerned(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """How many lines that stand would lose words to a removal, here and where they were moved to."""
        if request.removes is None or desk.staff.role not in REMOVERS:
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for removing words.")
        try:
            found = await self._copies.of(desk.live.writer, request.removes)
        except StorageUnavailable:
            return unavailable()
        cuts = [*selected(desk.live.state, request.removes)]
        for each in (found.here, *found.elsewhere):
            cuts += selected(each.writer.state, Lines(each.segments))
        return {"lines": sum(not cut.line.gone and bool(cut.line.whole.strip()) for cut in cuts)}

    async def _seen(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        return self._report(desk, request, self.reports.seen)

    async def _mended(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        return self._report(desk, request, self.reports.mended)

    async def _abbreviate(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """What the link's abbreviations are after a change, which may be none."""
        if not COMMANDS[desk.staff.role] & {TypeSegment, CorrectSegment}:
            return refuse(RefusalCode.FORBIDDEN, "Your link writes nothing.")
        answer = await self._abbreviations.change(desk.staff.link, request.change)
        return answer if isinstance(answer, Refusal) else {"list": answer}

    def _report(
        self, desk: DeskConnection, request: DeskRequest, tell: Callable[[SessionId, ReportKind], object]
    ) -> dict[str, object] | Refusal:
        if request.kind not in {kind.value for kind in ReportKind} or not _tends_text(desk.staff.role):
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for answering what readers report.")
        tell(desk.live.id, ReportKind(request.kind))
        return {}


def _tends_text(role: Role) -> bool:
    return bool(COMMANDS[role] & {CorrectSegment, CloseSession})
