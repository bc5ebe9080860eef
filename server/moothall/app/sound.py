"""Sound: live ingest and sound streams, the microphone's page and door, the recordings, and the door to hear them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from aiohttp import web

from moothall.adapters.desks.microphone_door import MicrophoneDoor, RoomNow
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.record.sound_door import SoundDoor
from moothall.adapters.sound.audio_door import AudioDoor, may_send
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.sound.spool_folder import SpoolQuota
from moothall.adapters.streams.puller import StreamPuller
from moothall.app.backend import RECORDINGS_FOLDER, Backend, removal_list
from moothall.app.parts import Entrance, Nodes, Services
from moothall.core.commands import AddChannel
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock, SpoolStore
from moothall.core.programme.plan import RoomId
from moothall.core.sessions.state import State
from moothall.core.views.captions import Session
from moothall.services.captioning.respeaking import Respeaking
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.capture.streams import StreamSources
from moothall.services.engines.recognising import Recognising
from moothall.services.programme.meeting_plan import other_session_in_room
from moothall.services.sessions.staff import Staff
from moothall.services.sound.recording import Recordings, tell_nobody
from moothall.services.sound.sharing import Sharings
from moothall.settings.sections import Settings

SETTLE_MS = 3_600_000
"""Milliseconds between two looks for recordings that were begun to be erased: each may be encoded anew, in vain."""


def spool_quota(settings: Settings) -> SpoolQuota:
    """The bytes that sound may take in the spool until its words are recognised."""
    recording = settings.recording
    return SpoolQuota(recording.waiting_each_mb * 1_000_000, recording.waiting_mb * 1_000_000)


async def open_live(
    stack: AsyncExitStack, backend: Backend, spools: SpoolStore, recognising: Recognising
) -> LiveIngest:
    """Take in live sound until the stack unwinds, beginning with what was spooled before a restart."""
    live = LiveIngest(sessions=backend.sessions, spools=spools, recognising=recognising, clock=backend.clock)
    backend.closing.first(live.finish, live.awaits)
    backend.closing.warn_with(recognising.unheard_sound)
    started = asyncio.Event()
    stack.callback(backend.tasks.create_task(live.run(started)).cancel)
    await started.wait()
    # Sessions that an earlier run of the server was about to close have their sound again only from here on.
    stack.callback(backend.tasks.create_task(backend.closing.run()).cancel)
    backend.sessions.tell_loaded(lambda session: backend.closing.complete(session.writer))
    return live


async def open_streams(stack: AsyncExitStack, backend: Backend, live: LiveIngest) -> StreamSources:
    """Fetch the sound streams that feed meetings, until the stack unwinds. Streams of before a restart are resumed."""
    streams = StreamSources(
        book=backend.book,
        sessions=backend.sessions,
        ingest=live,
        streams=StreamPuller(backend.clock, backend.settings.streams.allowed_networks),
        forgetting=backend.forgetting,
        closing=backend.closing.closing,
        clock=backend.clock,
        randomness=backend.randomness,
    )
    await streams.load()
    backend.keep(stack, streams.run)
    return streams


def microphone_doors(
    stack: AsyncExitStack, services: Services, entrance: Entrance, nodes: Nodes | None
) -> tuple[Sequence[web.RouteDef], AudioDoor]:
    """Build the microphone's page and audio door, and monitor respeakers until the stack unwinds. Return the routes of
    both, and the audio door, which the caller closes.
    """
    backend, staff = services.backend, entrance.staff
    programme = backend.programme
    respeaking = Respeaking(
        sessions=backend.sessions, ingest=services.live, closing=backend.closing, clock=backend.clock
    )
    backend.keep(stack, respeaking.run)

    def room(name: str) -> RoomNow | None:
        known = programme.room(RoomId(name))
        if known is None:
            return None
        return RoomNow(known.title, programme.now_in(known.id) or programme.next_in(known.id))

    async def add(session: SessionId, who: Staff, language: str) -> Refusal | None:
        """Add an interpreter's channel with the visitor as its author. Only the server may add channels, so it sends
        the command.
        """
        command = AddChannel(channel=ChannelId(language), kind=ChannelKind.INTERPRETATION, languages=(language,))
        return await programme.send(session, command, by=who.link)

    async def session_in(name: str) -> SessionId | None:
        on = programme.now_in(RoomId(name))
        if on is not None:
            # What is said while its last words are awaited belongs to the next session.
            await backend.closing.settled(on)
        return programme.now_in(RoomId(name))

    audio = AudioDoor(
        services.live.begin,
        find=backend.sessions.find,
        staff=staff.staff,
        may_act=staff.may_act,
        clock=backend.clock,
        origins=entrance.address.origins,
        session_in=session_in,
        stays=lambda session, room: programme.room_of(session) == room,
        respeak=respeaking.begin,
        answers=(lambda: True) if nodes is None else nodes.answers,
    )
    page = MicrophoneDoor(
        services.pages,
        find=backend.sessions.find,
        staff=staff.staff,
        may_act=staff.may_act,
        may_send=may_send,
        add=add,
        guard=FormGuard(backend.randomness),
        key_of=staff.key_of,
        room=room,
        place=programme.room_title,
        other_session=lambda session: (
            None if (other := other_session_in_room(programme, session)) is None else other.title
        ),
    )
    return [*audio.routes(), *page.routes()], audio


def sound_folder(settings: Settings) -> SoundFolder:
    """The recordings in the data folder."""
    return SoundFolder(
        Path(settings.server.data) / RECORDINGS_FOLDER,
        bitrate=1_000 * settings.recording.kbits,
        removals=removal_list(settings),
    )


def open_recordings(stack: AsyncExitStack, backend: Backend, *, nodes: bool) -> tuple[Recordings, SoundFolder]:
    """Open the recordings and their folder. Recordings whose time is over, and what an earlier process had begun to
    erase, are erased until the stack unwinds. `nodes`: whether other nodes may have recordings too.
    """
    folder = sound_folder(backend.settings)
    recordings = Recordings(
        folder,
        state_of=lambda session: backend.loaded(session, lambda live: live.state, None),
        standing=Sharings(backend.log).of,
        clock=backend.clock,
        keep_days=backend.settings.recording.keep_days,
        tell_silenced=backend.silenced.add if nodes else tell_nobody,
    )
    backend.sessions.observe(recordings.hear)
    backend.keep(stack, recordings.run)
    backend.keep(stack, partial(settle_recordings, folder, backend.clock))
    return recordings, folder


async def settle_recordings(folder: SoundFolder, clock: Clock) -> None:
    """Carry out what was begun to be erased, at the start and each `SETTLE_MS`, until cancelled. No start and no
    take-over waits for it.
    """
    while True:
        await folder.settle()
        await clock.sleep(SETTLE_MS)


def sound_door(services: Services, entrance: Entrance) -> SoundDoor:
    """The door through which readers and staff hear recordings."""

    async def state_of(session: SessionId) -> State | None:
        live = await services.backend.sessions.find(session)
        return None if live is None else live.state

    return SoundDoor(
        services.recordings,
        path_of=lambda session, part: services.sound_folder.path(session, part.source, part.first),
        state_of=state_of,
        may_read=entrance.access.may_read,
        staff=entrance.staff.staff,
        may_act=entrance.staff.may_act,
    )


def sound_address(session: Session) -> str | None:
    """The address at which readers hear a session; None where its sound is not published."""
    heard = session.sound is SoundKept.PUBLISHED and not session.young_people
    return f"/s/{session.id}/sound" if heard else None
