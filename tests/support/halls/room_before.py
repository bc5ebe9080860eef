"""The history of a room before a scene begins, shared by the scenes of "not recorded"."""

from __future__ import annotations

from typing import Protocol

from moothall.core.commands import AnyCommand, PauseSession, ResumeSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.ports import Clock
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.live_take import LiveTake
from moothall.wire.audio import PROTOCOL, Piece, TakeEndReason, TakeHello

FLOOR = ChannelId("floor")
LONG_MS = 90_000


class Server(Protocol):
    """A running hall, or a hall in memory."""

    @property
    def sessions(self) -> Sessions: ...

    @property
    def clock(self) -> Clock: ...


async def room_before(server: Server, microphones: LiveIngest, session: SessionId) -> None:
    """Do a handover, a break and a second microphone in an open session.

    The first microphone comes from another meeting; it was disconnected for longer than this meeting has existed. None
    of it takes time or moves the session's clock.
    """
    live = await server.sessions.open(session)
    wall = server.clock.wall()
    now = live.state.media_now(wall)
    first = await _heard(server, microphones, session, "cameover1", age=LONG_MS)
    pause: tuple[AnyCommand, ...] = (PauseSession(), ResumeSession())
    for number, command in enumerate(pause):
        assert isinstance(await live.writer.send(SYSTEM, CommandId(f"before-{number}"), command), Receipt)
    second = await _heard(server, microphones, session, "second001", age=0)
    await second.finish(TakeEndReason.STOPPED)
    assert first.finished
    assert live.state.media_now(wall + LONG_MS) == now + LONG_MS


async def _heard(server: Server, microphones: LiveIngest, session: SessionId, name: str, *, age: int) -> LiveTake:
    hello = TakeHello(protocol=PROTOCOL, channel=FLOOR, take=name, first=0, age=age)
    take = await microphones.begin(session, hello)
    assert isinstance(take, LiveTake), take
    assert await take.feed(Piece(first=take.received, age=0, pcm=bytes(320)), server.clock.monotonic())
    return take
