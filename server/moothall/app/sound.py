"""Sound: the service that takes in what microphones send, their page and door, the recordings, and who hears them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from aiohttp import web

from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.desks.microphone_door import MicrophoneDoor, RoomNow
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.pages.templates import Pages
from moothall.adapters.record.sound_door import SoundDoor
from moothall.adapters.sound.audio_door import AudioDoor, may_send
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.backend import RECORDINGS_FOLDER, House
from moothall.core.commands import AddChannel
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import SpoolStore
from moothall.core.programme.plan import RoomId
from moothall.core.session.state import State
from moothall.core.views.captions import Session
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.engines.recognising import Recognising
from moothall.services.programme.meeting_plan import on_beside
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.role_links import Staff
from moothall.services.sound.recording import Recordings, standing_of
from moothall.services.supervision.carrying_on import carry_on
from moothall.settings.sections import Settings


async def open_live(stack: AsyncExitStack, house: House, spools: SpoolStore, recognising: Recognising) -> LiveIngest:
    """Take in live sound until the stack unwinds; begins with what was spooled before a restart."""
    live = LiveIngest(sessions=house.sessions, spools=spools, recognising=recognising, clock=house.clock)
    house.closing.first(live.finish, live.awaits)
    started = asyncio.Event()
    stack.callback(house.tasks.create_task(live.run(started)).cancel)
    await started.wait()
    # Only now: what an earlier life of the server was about to close has its sound again.
    stack.callback(house.tasks.create_task(house.closing.run()).cancel)
    house.sessions.tell_loaded(lambda session: house.closing.complete(session.writer))
    return live


def microphone_doors(
    house: House, origins: frozenset[str], pages: Pages, staff: StaffDoor, live: LiveIngest
) -> tuple[Sequence[web.RouteDef], AudioDoor]:
    """The routes of both doors, and the door that has to be closed."""
    programme = house.programme

    def room(name: str) -> RoomNow | None:
        known = programme.room(RoomId(name))
        if known is None:
            return None
        return RoomNow(known.title, programme.now_in(known.id) or programme.next_in(known.id))

    async def add(session: SessionId, who: Staff, language: str) -> Refusal | None:
        """As the server, which alone makes texts, under the visitor's pseudonym."""
        command = AddChannel(channel=ChannelId(language), kind=ChannelKind.INTERPRETATION, languages=(language,))
        return await programme.send(session, command, by=who.link)

    async def session_in(name: str) -> SessionId | None:
        on = programme.now_in(RoomId(name))
        if on is not None:
            await house.closing.settled(on)  # What is said while its last words are awaited belongs to the next.
        return programme.now_in(RoomId(name))

    audio = AudioDoor(
        live.begin,
        find=house.sessions.find,
        staff=staff.staff,
        may_act=staff.may_act,
        clock=house.clock,
        origins=origins,
        session_in=session_in,
    )
    page = MicrophoneDoor(
        pages,
        find=house.sessions.find,
        staff=staff.staff,
        may_act=staff.may_act,
        may_send=may_send,
        add=add,
        guard=FormGuard(house.randomness),
        key_of=staff.key_of,
        room=room,
        beside=lambda session: None if (other := on_beside(programme, session)) is None else other.title,
    )
    return [*audio.routes(), *page.routes()], audio


def open_recordings(stack: AsyncExitStack, house: House, settings: Settings) -> tuple[Recordings, SoundFolder]:
    """The recordings and where they lie; what need not be kept any longer is erased until the stack unwinds."""
    sessions = house.sessions

    def state_of(session: SessionId) -> State | None:
        live = sessions.loaded(session)
        return None if live is None else live.state

    folder = SoundFolder(house.data / RECORDINGS_FOLDER, bitrate=1_000 * settings.recording.kbits)
    recordings = Recordings(
        folder,
        state_of=state_of,
        standing=partial(standing_of, sessions),
        clock=house.clock,
        keep_days=settings.recording.keep_days,
    )
    stack.callback(house.tasks.create_task(carry_on(recordings.run, house.clock)).cancel)
    return recordings, folder


def sound_door(
    house: House, recordings: Recordings, folder: SoundFolder, staff: StaffDoor, access: ReaderAccess
) -> SoundDoor:
    """The door through which sound is heard."""

    async def state_of(session: SessionId) -> State | None:
        live = await house.sessions.find(session)
        return None if live is None else live.state

    return SoundDoor(
        recordings,
        path_of=lambda session, part: folder.path(session, part.source, part.first),
        state_of=state_of,
        may_read=access.may_read,
        staff=staff.staff,
        may_act=staff.may_act,
    )


def sound_address(session: Session) -> str | None:
    """Where a reader hears a session; None where its sound isn't published."""
    heard = session.sound is SoundKept.PUBLISHED and not session.young_people
    return f"/s/{session.id}/sound" if heard else None
