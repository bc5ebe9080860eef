"""The door for microphones: a WebSocket that receives sound and reports what is safe (docs/reference/audio-door.md).

GET /s/{session}/audio and /room/{room}/audio, for staff. The messages of both sides are in `moothall.wire.audio`. A
connection is a sender; its take outlives the connection. Each text of a session has one sender at a time, and with
`?respeak=` a respeaker beside it, who is on air.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from moothall.adapters.http.forwarded import own_origins
from moothall.adapters.http.security_headers import origin_allowed
from moothall.adapters.pages.staff_frame import StaffOf
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import (
    NO_CHANNEL,
    ProtocolError,
    RecordBroken,
    Refusal,
    RefusalCode,
    StorageUnavailable,
    refuse,
)
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.ports import Clock
from moothall.core.rules.authority import RESPEAKS, SENDS_EVERY_SOUND, SENDS_SOUND
from moothall.services.sessions.live_session import FindSession
from moothall.services.sessions.staff import MayAct, Staff, actor_of
from moothall.services.sound.live_source import Paces
from moothall.services.sound.live_take import LiveTake
from moothall.services.supervision.waiting import pulsing
from moothall.wire import audio
from moothall.wire.close_codes import MEANINGS, CloseCode, reason_bytes
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

OpenTake = Callable[[SessionId, audio.TakeHello, int], Awaitable[LiveTake | Refusal | None]]
"""Begins or resumes the take of a hello; the number is the position up to which the server has reported the take as
done to the microphone. None when the take has already ended.
"""
Respeak = Callable[[SessionId, audio.TakeHello, int, Actor], Awaitable[LiveTake | Refusal | None]]
"""The same for the hello of a respeaker, who is on air with it."""
SessionIn = Callable[[str], Awaitable[SessionId | None]]
"""Returns the session that runs in a room now; while that is being closed, the next one; None when there is none."""

PING_S = 10.0
"""After how many seconds of silence a microphone is pinged; it has half as long again to answer."""
CLOSE_S = 2.0
HELLO_S = 20.0
"""How many seconds a microphone may take to send its hello."""
DECIDE_S = 300.0
"""How many seconds somebody may take to decide whether to take over."""
PASSED_OVER = 256
"""The most messages after the end of a take, still on their way, that are ignored until the next hello."""
ACKNOWLEDGE_MS = 250
"""How many ms pass between checks for what has become safe or done."""
ASK_AGAIN_MS = 5_000
"""How many ms pass between checks whether the role link of a microphone is still valid."""
PIECES = Allowance(per_second=60, burst=1_500)
"""Pieces of one sender: ten minutes at half a second each may come at once; then they are read no faster than
the rate.
"""
PATIENCE_MS = 10_000
LAST_WORDS_MS = 10_000
"""How many ms the end of a take that is on the disk waits for its last words, so that its microphone keeps their sound
until then. It is longer than the latency of a healthy engine; without an engine, whoever has pressed stop shouldn't
wait longer.
"""


_Text = tuple[SessionId, ChannelId, bool]
"""A session, a channel, and whether the sound is a respeaker's beside the channel's own."""


class _Sender(msgspec.Struct, frozen=True, eq=False):
    """Who sends for a text. When the door's list holds another sender of the text, the connection of the former one
    notices that and ends.
    """

    key: _Text
    staff: Staff
    since: int
    take: str
    socket: web.WebSocketResponse


@dataclass(eq=False, repr=False)
class AudioDoor:
    """Serves microphones.

    `origins`: the origins whose pages may send, exactly as browsers write them.
    """

    begin: OpenTake
    _: KW_ONLY
    find: FindSession
    staff: StaffOf
    may_act: MayAct
    clock: Clock
    origins: frozenset[str]
    respeak: Respeak
    session_in: SessionIn | None = None
    stays: Callable[[SessionId, str], bool] = lambda _session, _room: True
    """Whether a session is still planned in a room."""
    answers: Callable[[], bool] = lambda: True
    """Whether this node may acknowledge anything now: certainly no other node keeps the house."""

    def __post_init__(self) -> None:
        self._senders: dict[_Text, _Sender] = {}  # At most one per text, so bounded by what staff may send.
        self._paces: Paces[_Text] = Paces()
        self._sockets: set[web.WebSocketResponse] = set()
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/audio", self.handle, allow_head=False),
            web.get("/room/{room}/audio", self.handle, allow_head=False),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one microphone for as long as it stays connected."""
        if not origin_allowed(request.headers.get("Origin"), own_origins(request, self.origins)):
            return web.Response(status=403, text="Pages of that origin may not send here.\n")
        if not self.staff(request):
            return web.Response(status=403, text="Sound is sent by staff: open the link that you were given.\n")
        socket = web.WebSocketResponse(
            compress=False, max_msg_size=audio.MAX_PIECE_BYTES + 1, heartbeat=PING_S, timeout=CLOSE_S
        )
        if not socket.can_prepare(request).ok:
            text = "This address is for WebSocket; docs/reference/audio-door.md says how.\n"
            return web.Response(status=426, text=text, headers={"Upgrade": "websocket"})
        try:
            await socket.prepare(request)
        except ConnectionResetError:
            return web.Response(status=503)  # The microphone left while its request waited: nobody reads this.
        self._sockets.add(socket)
        try:
            if self._closed:
                await _close(socket, CloseCode.GOING_AWAY)
            else:
                async with pulsing(lambda: _say(socket, audio.PULSE), self.clock, wanted="pulse" in request.query):
                    await self._serve(request, socket)
        except ProtocolError as error:
            logger.info("a microphone broke the protocol: %s", error)
            await socket.close(code=CloseCode.BAD_REQUEST, message=reason_bytes(str(error)), drain=False)
        finally:
            self._sockets.discard(socket)
        return socket

    async def close(self) -> None:
        """Close all connections because the server is ending. Microphones send again what was not reported as safe."""
        self._closed = True
        async with asyncio.TaskGroup() as tasks:
            for socket in list(self._sockets):
                tasks.create_task(_close(socket, CloseCode.GOING_AWAY))

    async def _serve(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        done = audio.decode_done(request.query.get("done", "0"))
        while (hello := await _hello(socket)) is not None:
            session = await self._session_of(request)
            if session is None:
                await _say(socket, audio.Idle())
                continue
            staff = await self._permitted(request, session, hello)
            if isinstance(staff, Refusal):
                await _refuse(socket, staff)
                return
            key = session, ChannelId(hello.channel), bool(_respeaker(request))
            asked = self.clock.monotonic()
            sender = await self._become_sender(key, socket, staff, hello.take)
            if sender is None:
                return
            age = hello.age + self.clock.monotonic() - asked  # Somebody may have taken long to decide.
            hello = msgspec.structs.replace(hello, age=min(audio.LONGEST_AGE, age))
            try:
                if not await self._take(request, socket, hello, done, sender):
                    return
                done = 0  # Nothing was reported as done of another take yet.
            finally:
                if self._senders.get(key) is sender:
                    del self._senders[key]

    async def _session_of(self, request: web.Request) -> SessionId | None:
        room = request.match_info.get("room")
        if room is not None:
            return await self.session_in(room) if self.session_in is not None and is_name(room) else None
        return SessionId(request.match_info["session"])

    async def _permitted(self, request: web.Request, session: SessionId, hello: audio.TakeHello) -> Staff | Refusal:
        """The role with which somebody sends, or a refusal that says why they may not."""
        unknown = NO_CHANNEL
        try:
            live = await self.find(session) if is_name(session) else None
        except (StorageUnavailable, RecordBroken):
            return refuse(RefusalCode.UNAVAILABLE, "The session can't be read at the moment.")
        channel = None if live is None else live.state.channels.get(ChannelId(hello.channel))
        acting = [staff for staff in self.staff(request) if self.may_act(staff, session)]
        if not acting or channel is None:
            return unknown
        link = _respeaker(request)
        for staff in acting:
            if may_respeak(staff, link) if link else may_send(staff, channel.kind):
                return staff
        return refuse(RefusalCode.FORBIDDEN, "Your link is not for sending the sound of this text.")

    async def _become_sender(
        self, key: _Text, socket: web.WebSocketResponse, staff: Staff, take: str
    ) -> _Sender | None:
        """Become the sender of a text; ask first when somebody else is. None when the client doesn't take over.

        The same take on another connection is the same microphone, which has reconnected before its old connection was
        found dead. A respeaker isn't asked, and becomes the sender once they are on air.
        """
        if key[2]:
            return _Sender(key, staff, self.clock.wall(), take, socket)
        holder = self._senders.get(key)
        if holder is not None and holder.take != take and not holder.socket.closed:
            await _say(socket, audio.Held(by=holder.staff.label, since=holder.since))
            if not await _takes_over(socket):
                return None
            holder = self._senders.get(key)
        sender = self._senders[key] = _Sender(key, staff, self.clock.wall(), take, socket)
        if holder is not None:
            logger.info(
                "session %s: link %s takes over from link %s on channel %s",
                key[0],
                staff.link,
                holder.staff.link,
                key[1],
            )
        return sender

    async def _take(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        hello: audio.TakeHello,
        done: int,
        sender: _Sender,
    ) -> bool:
        """Receive one take; return whether another hello may follow."""
        session, _, respeaks = sender.key
        try:
            if respeaks:
                take = await self.respeak(session, hello, done, actor_of(sender.staff))
            else:
                take = await self.begin(session, hello, done)
        except (StorageUnavailable, RecordBroken):
            take = refuse(RefusalCode.UNAVAILABLE, "The session can't be read at the moment.")
        if isinstance(take, Refusal):
            if take.code is RefusalCode.CONFLICT:
                await _say(socket, audio.Over())
                return True
            await _refuse(socket, take)
            return False
        if take is None:
            await _say(socket, audio.Ended())
            return True
        if respeaks:
            self._senders[sender.key] = sender
        await _say(socket, audio.Go(at=take.received, session=session))
        logger.info(
            "session %s: link %s sends sound from sample %d of take %s",
            session,
            sender.staff.link,
            take.received,
            take.name,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell(request, socket, take, sender))
                receiving = tasks.create_task(self._receive(socket, take, sender))
                await asyncio.wait({telling, receiving}, return_when=asyncio.FIRST_COMPLETED)
                receiving.cancel()
                telling.cancel()
        except* ProtocolError as broken:
            raise broken.exceptions[0] from None
        return not socket.closed

    async def _receive(self, socket: web.WebSocketResponse, take: LiveTake, sender: _Sender) -> None:
        """Receive messages until the connection ends. Raises ProtocolError."""
        bucket, pace = Bucket.full(PIECES, now := self.clock.monotonic()), self._paces.of(sender.key, now)
        async for message in socket:
            bucket, wait = bucket.take(PIECES, self.clock.monotonic(), PATIENCE_MS)
            if wait > PATIENCE_MS:
                await _close(socket, CloseCode.TOO_MANY)
                return
            await self.clock.sleep(wait)
            if message.type is WSMsgType.BINARY:
                piece = audio.decode_piece(message.data)
                await self.clock.sleep(pace.take(max(0, piece.end - take.received), self.clock.monotonic()))
                if not await take.feed(piece, self.clock.monotonic()) and not take.finished:
                    raise ProtocolError(f"The piece at {piece.first} does not follow the last one, to {take.received}.")
            elif message.type is WSMsgType.TEXT:
                await self._end(take, _read(message.data))

    async def _end(self, take: LiveTake, message: audio.FromMicrophone) -> None:
        if not isinstance(message, audio.End):
            raise ProtocolError("While a take is sent, the only allowed message is its end.")
        if message.at != take.received and not message.at < take.received == take.base:  # None of it was requested.
            raise ProtocolError(f"The take claims to end at {message.at}; {take.received} samples were received.")
        await take.finish(message.reason)

    async def _tell(self, request: web.Request, socket: web.WebSocketResponse, take: LiveTake, sender: _Sender) -> None:
        """Report what has become safe and what is done, until the take or the right to send ends."""
        told, done, looked, full = -1, -1, self.clock.monotonic(), False
        wants_full, wants_done = "full" in request.query, "done" in request.query
        whole_since: int | None = None
        room = request.match_info.get("room")
        while not socket.closed:
            if self._senders.get(sender.key) is not sender:
                await _close(socket, CloseCode.REPLACED)
                return
            answers = self.answers()
            # Before the first `safe`, after which sound may be forgotten.
            if wants_done and (latest := take.done if answers else take.last_done) != done:
                done = latest
                await _say(socket, audio.Done(at=done))
            if (safe := take.safe) != told:
                await _say(socket, audio.Safe(at=safe))
                told, full = safe, False
            elif take.full and wants_full and not full:
                await _say(socket, audio.Full())
                full = True
            if take.broken or take.apart:
                await _close(socket, CloseCode.GOING_AWAY)  # The microphone reconnects and sends again what isn't safe.
                return
            if room is not None and not self.stays(sender.key[0], room):
                await take.finish(audio.TakeEndReason.STOPPED)
                await _say(socket, audio.Over())
                return
            if not self.may_act(sender.staff, sender.key[0]):  # It is in a room that the link is not for.
                await take.finish(audio.TakeEndReason.STOPPED)
                await _close(socket, CloseCode.FORBIDDEN)
                return
            if take.over:
                await _say(socket, audio.Over())
                return
            if take.whole:
                now = self.clock.monotonic()
                whole_since = now if whole_since is None else whole_since
                if not wants_done or (answers and (take.heard.is_set() or now - whole_since >= LAST_WORDS_MS)):
                    await _say(socket, audio.Ended())
                    return
            if self.clock.monotonic() - looked >= ASK_AGAIN_MS:
                looked = self.clock.monotonic()
                if sender.staff not in self.staff(request):
                    await _close(socket, CloseCode.FORBIDDEN)
                    return
            await self.clock.sleep(ACKNOWLEDGE_MS)


def may_send(staff: Staff, kind: ChannelKind) -> bool:
    """Whether somebody may send the sound of a text of this kind; to be called for links whose scope includes the
    session.
    """
    if staff.role in SENDS_EVERY_SOUND:
        return kind is not ChannelKind.TRANSLATION
    return staff.role in SENDS_SOUND and kind is ChannelKind.INTERPRETATION


def may_respeak(staff: Staff, link: str) -> bool:
    """Whether somebody may go on air as a respeaker, with the link of id `link`, or with any of their links when it is
    "1".
    """
    return staff.role in RESPEAKS and link in ("1", staff.link)


def _respeaker(request: web.Request) -> str:
    """The id of the link with which a respeaker wants to be on air; empty for a microphone of the text's own sound."""
    return request.query.get("respeak", "") if "session" in request.match_info else ""


async def _hello(socket: web.WebSocketResponse) -> audio.TakeHello | None:
    """The next hello, after at most PASSED_OVER other messages; None when the microphone leaves or stays silent. Raises
    ProtocolError.
    """
    for _ in range(PASSED_OVER):
        if (message := await _next(socket, HELLO_S)) is None:
            return None
        if message.type is WSMsgType.TEXT:
            said = _read(message.data)
            if isinstance(said, audio.TakeHello):
                return said
    raise ProtocolError("A microphone begins with a hello.")


async def _takes_over(socket: web.WebSocketResponse) -> bool:
    """Whether the answer to `held` is to take over; False when none comes within DECIDE_S. Raises ProtocolError."""
    message = await _next(socket, DECIDE_S)
    return message is not None and message.type is WSMsgType.TEXT and isinstance(_read(message.data), audio.TakeOver)


async def _next(socket: web.WebSocketResponse, within_s: float) -> WSMessage | None:
    try:
        async with asyncio.timeout(within_s):  # aiohttp's own timeout restarts with each pong
            message = await socket.receive()
    except TimeoutError:
        await _close(socket, CloseCode.NORMAL)
        return None
    return message if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) else None


def _read(text: str) -> audio.FromMicrophone:
    if len(text) > audio.MAX_TEXT:
        raise ProtocolError(f"A microphone's message has at most {audio.MAX_TEXT} characters.")
    return audio.decode(text)


async def _say(socket: web.WebSocketResponse, message: audio.ToMicrophone) -> None:
    with suppress(ConnectionError, RuntimeError):  # The connection is lost, which the task that reads from it notices.
        await socket.send_str(audio.encode(message))


async def _refuse(socket: web.WebSocketResponse, refusal: Refusal) -> None:
    code = _CODES.get(refusal.code, CloseCode.TRY_LATER)
    await socket.close(code=code, message=reason_bytes(refusal.message), drain=False)


_CODES = {
    RefusalCode.UNKNOWN: CloseCode.UNKNOWN_SESSION,
    RefusalCode.FORBIDDEN: CloseCode.FORBIDDEN,
    RefusalCode.INVALID: CloseCode.BAD_REQUEST,
}


async def _close(socket: web.WebSocketResponse, code: CloseCode) -> None:
    await socket.close(code=code, message=reason_bytes(MEANINGS[code].reason), drain=False)
