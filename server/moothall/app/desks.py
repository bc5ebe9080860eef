"""Build the staff's pages of one meeting and of all meetings, and the services behind them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from aiohttp import web

from moothall.adapters.desks.check_form import CheckForm
from moothall.adapters.desks.control_door import ControlDoor, StandingDoor
from moothall.adapters.desks.control_socket import ControlSocket
from moothall.adapters.desks.desk_door import DeskDoor, DeskPageFacts
from moothall.adapters.desks.desk_socket import DeskSocket
from moothall.adapters.desks.figures_door import FiguresDoor
from moothall.adapters.desks.line_form import LineForm
from moothall.adapters.desks.listening_door import ListeningDoor
from moothall.adapters.desks.own_words_door import LINK_TRIES, OwnWordsDoor
from moothall.adapters.desks.speakers_form import SpeakersForm
from moothall.adapters.desks.staff_socket import StaffSocket
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.prepared_meeting import PreparedOf
from moothall.adapters.pages.request_context import DEFAULT_CHANNEL
from moothall.adapters.pages.staff_frame import facts_of
from moothall.app.backend import Backend
from moothall.app.desk_news import desk_news
from moothall.app.outcomes.reports import redacting
from moothall.app.parts import Entrance, Services
from moothall.core.commands import AnyCommand, SwitchVoting
from moothall.core.events.types import SoundKept
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import NO_MEETING, Refusal
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.rules.fitting import fits
from moothall.core.sessions.state import ON, State, Status
from moothall.services.captioning.on_air import OnAir
from moothall.services.captioning.other_readings import Readings
from moothall.services.control.alarms import RoomConflict
from moothall.services.control.control_room import ControlRoom
from moothall.services.control.reader_trends import ReaderTrends
from moothall.services.control.speaker_watch import SpeakerWatch
from moothall.services.desks.checking import CheckedLines
from moothall.services.desks.crowds import CrowdMessages
from moothall.services.desks.desks import Desks, NewsOf
from moothall.services.desks.line_moves import LineMoves
from moothall.services.desks.proposals import ProposalMessages
from moothall.services.desks.requests import DeskRequests
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.desks.voices import Voices
from moothall.services.log.act_queue import Receipt, SendCommand
from moothall.services.log.publication import Publication
from moothall.services.outcomes.messages_quoting import MessagesQuoting
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.programme.meeting_plan import other_session_in_room, two_in_a_room
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReadSession
from moothall.services.sessions.reports import Reports
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.listening import Listening

MOST_OTHERS = 100
"""The most sessions that a page offers as the target of moved lines."""


def open_desks(
    stack: AsyncExitStack,
    services: Services,
    entrance: Entrance,
    reports: Reports,
    ahead: TypedAhead,
    *,
    prepared_of: PreparedOf,
) -> tuple[Sequence[web.RouteDef], StaffSocket, ControlRoom, OnAir]:
    """Build the staff's pages and run their services. Return the routes; the socket, which the caller closes; the
    control room; and who is on air.
    """
    backend, staff, pages = services.backend, entrance.staff, services.pages
    recognising, sound, reach = services.recognising, services.live, services.translation.reach
    socket = StaffSocket(staff=staff.staff, origins=entrance.address.origins, clock=backend.clock)
    backend.links.when_gone(lambda _: socket.recheck())
    backend.programme.moved(lambda _: socket.recheck())
    news: dict[str, NewsOf] = {}
    moves = LineMoves(
        backend.sessions, log=backend.log, clock=backend.clock, may_act=staff.may_act, busy=backend.moving
    )
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

    def report_goes_on(live: ReadSession, _: Publication) -> None:
        reported = live.state.outcomes.report.session
        if reported is not None:
            desks.look(reported)

    backend.sessions.observe(report_goes_on)
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
        queue=recognising.queue,
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
    voices = Voices(backend.sessions, recognising, allowed=backend.settings.voices.allowed)
    voices.changed = desks.look
    readings = Readings(backend.sessions)
    recognising.tell_readings(readings.heard)
    news |= {
        **desk_news(backend, reports, control, services.glossaries),
        "air": on_air.shown,
        "readings": readings.shown,
        "voices": voices.shown,
    }
    requests = DeskRequests(
        backend.sessions,
        log=backend.log,
        book=backend.book,
        clock=backend.clock,
        desks=desks,
        moves=moves,
        reports=reports,
        programme=backend.programme,
        openers=backend.openers,
        proposals=backend.proposals,
        own_words=backend.own_words,
        redacting=redacting(backend, entrance.catalogue, services.pages),
        recordings=services.recordings,
        recognising=recognising,
    )
    extras = {
        **requests.all(),
        **ProposalMessages(backend.proposals, desks).all(),
        **CrowdMessages(backend.asking.addresses, desks).all(),
        **services.translation.messages.all(),
        **voices.all(),
    }
    DeskSocket(socket, desks, may_act=staff.may_act, extras=extras)
    ControlSocket(socket, control, may_act=staff.may_act, send=_sender(backend.sessions), reach=reach)
    watch = SpeakerWatch(backend.sessions, backend.clock)
    trends = ReaderTrends(backend.sessions, backend.clock)
    backend.keep(
        stack, socket.run, desks.run, control.run, on_air.run, voices.run, trends.run, watch.run, backend.proposals.run
    )
    backend.own_words.end_with(partial(_closed, entrance.catalogue))
    backend.keep(stack, backend.own_words.run)

    def listening(session: SessionId) -> Listening | None:
        """The sound of the floor, while the session is on and recorded; None otherwise."""
        state = backend.loaded(session, lambda live: live.state, None)
        kept = state is not None and state.status is Status.OPEN and state.recorded
        coming = {**recognising.listening(session), **sound.listening(session)} if kept else {}
        return coming.get(DEFAULT_CHANNEL)

    guard, lines = FormGuard(backend.randomness), CheckedLines(backend.book, backend.clock)
    speakers = SpeakersForm(
        backend.own_words, lines=lines, guard=guard, zone=pages.zone, public=entrance.address.public
    )
    doors = (
        DeskDoor(
            pages,
            staff=staff.staff,
            may_act=staff.may_act,
            about=partial(_about, backend),
            line=LineForm(_sender(backend.sessions), guard=FormGuard(backend.randomness), key_of=staff.key_of),
            check=CheckForm(
                _sender(backend.sessions),
                state_of=partial(_state, backend.sessions),
                lines=lines,
                speakers=speakers,
                guard=guard,
                key_of=staff.key_of,
            ),
            speakers=speakers,
            captions_key=backend.links.captions_key,
            public=entrance.address.public,
            prepared_of=prepared_of,
        ),
        OwnWordsDoor(
            pages=pages,
            own_words=backend.own_words,
            quoting=MessagesQuoting(PublishedReports(backend.log), entrance.catalogue.all).find,
            guard=FormGuard(backend.randomness),
            gate=AddressGate(backend.clock, backend.randomness, LINK_TRIES),
            address_of=entrance.address_of,
            secure=staff.secure,
        ),
        ControlDoor(
            pages,
            control,
            staff=staff.staff,
            may_act=staff.may_act,
            reach=reach,
            recognition=lambda: services.recognising.errors,
        ),
        FiguresDoor(
            pages,
            trends,
            backend.clock,
            find=backend.sessions.find,
            staff=staff.staff,
            may_act=staff.may_act,
            place=backend.programme.room_title,
            title_of=backend.hubs.title_of,
            attendance=entrance.attendance.of,
        ),
        StandingDoor(
            control,
            state=lambda session: backend.loaded(session, lambda live: live.state, None),
            staff=staff.staff,
            may_act=staff.may_act,
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


def _sender(sessions: Sessions) -> SendCommand:
    async def send(actor: Actor, session: SessionId, name: CommandId, command: AnyCommand) -> Receipt | Refusal:
        live = await sessions.find(session)
        if live is None:
            return NO_MEETING
        return await live.writer.send(actor, name, command)

    return send


async def _closed(catalogue: SessionCatalogue, session: SessionId) -> int | None:
    await catalogue.fill()
    return catalogue.closed(session)


async def _state(sessions: Sessions, session: SessionId) -> State | None:
    live = await sessions.find(session)
    return None if live is None else live.state


def _room_conflict(backend: Backend, session: SessionId) -> RoomConflict | None:
    other = other_session_in_room(backend.programme, session)
    if other is None:
        return None
    return RoomConflict(title=other.title, by=backend.openers.opened_later(session, other.session))


async def _about(backend: Backend, session: SessionId) -> DeskPageFacts | None:
    """The values of a session's page before it connects; None for an unknown session. Raises StorageUnavailable."""
    live = await backend.sessions.find(session)
    if live is None or live.state.status is Status.ABSENT:
        return None
    return DeskPageFacts(
        title=live.state.title,
        language=next(iter(live.state.languages), ""),
        channel=next(iter(live.state.channels), "floor"),
        sound=live.state.sound is not SoundKept.NONE,
        others=_others(backend, session),
        votes=fits(live.state.kind, SwitchVoting),
        frame=facts_of(live.state, backend.programme.room_title(session)),
        texts=[(channel.id, channel.kind, channel.languages) for channel in live.state.channels.values()],
    )


def _others(backend: Backend, session: SessionId) -> tuple[tuple[SessionId, str], ...]:
    """Other sessions in memory that have begun, with their titles; sessions that are on first, at most MOST_OTHERS."""
    begun = [
        live for live in backend.sessions.all_loaded if live.id != session and live.state.status in (*ON, Status.CLOSED)
    ]
    begun.sort(key=lambda live: (live.state.status is Status.CLOSED, live.state.title))
    return tuple((live.id, live.state.title or live.id) for live in begun[:MOST_OTHERS])
