"""The door for sound: published sound can be heard with the text, and staff may hear the piece that they correct.

Parts are served as files with ranges, so that players can seek in them, also while a part grows. A script
(`web/js/reader/sound.js`) plays them one after the other, in step with the text.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import NO_SESSION, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.sessions.state import State
from moothall.services.sessions.staff import Staff
from moothall.services.sound.live_audio import BYTES, RATE
from moothall.services.sound.recording import HELD_BACK_MS, Recordings, TimedPart

FLOOR = ChannelId("floor")
TYPE = "audio/ogg; codecs=opus"
MAX_DIGITS = 12
_STATUSES = {RefusalCode.UNKNOWN: 404, RefusalCode.INVALID: 400, RefusalCode.CONFLICT: 409}

StateOf = Callable[[SessionId], Awaitable[State | None]]
"""Returns a session's state, loading it when necessary; None for an unknown session."""


class ListedSound(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a recording; times are media ms."""

    address: str
    t0: int
    t1: int


class SoundListing(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a channel's published sound; `behind` is how many ms the recording stays behind what is said."""

    parts: tuple[ListedSound, ...]
    behind: int


@dataclass(eq=False, repr=False)
class SoundDoor:
    """Handlers of published sound, and of the pieces that staff hear while they correct.

    `path_of` returns the file of a part; `may_read` decides as for readers; `staff` and `may_act` are those of the
    staff door.
    """

    recordings: Recordings
    _: KW_ONLY
    path_of: Callable[[SessionId, TimedPart], Path]
    state_of: StateOf
    may_read: Callable[[SessionId], Refusal | None]
    staff: Callable[[web.Request], tuple[Staff, ...]]
    may_act: Callable[[Staff, SessionId], bool]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/sound", self.sound),
            web.get("/s/{session}/sound/at", self.at),
            web.get("/s/{session}/sound.json", self.listing),
            web.get("/s/{session}/clip", self.clip),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """Answer with the parts of a channel: `{"parts": [{"address", "t0", "t1"}], "behind": 35000}`."""
        session, parts = await self._parts(request)
        listed = tuple(ListedSound(address=_address(session, part), t0=part.t0, t1=part.t1) for part in parts)
        body = SoundListing(parts=listed, behind=HELD_BACK_MS)
        return web.Response(body=msgspec.json.encode(body), content_type="application/json", headers=_NOT_KEPT)

    async def sound(self, request: web.Request) -> web.StreamResponse:
        """Answer with a part as Ogg Opus, with ranges; the first part of the channel when none is named."""
        session, parts = await self._parts(request)
        source, first = request.query.get("source"), request.query.get("first")
        named = [part for part in parts if first is None or (part.source == source and str(part.first) == first)]
        if not named:
            raise web.HTTPNotFound(text="There is no such piece of sound here.\n")
        return web.FileResponse(self.path_of(session, named[0]), headers={**_NOT_KEPT, hdrs.CONTENT_TYPE: TYPE})

    async def at(self, request: web.Request) -> web.Response:
        """Redirect to the part that has what was said at `?t=` (media ms), and in it to that time: in the channel or,
        since a translation has no sound, in the floor.
        """
        session, parts = await self._heard(request)
        t = _number(request, "t")
        there = [part for part in parts if part.t0 <= t < part.t1]
        for channel in (request.query.get("channel", FLOOR), FLOOR):
            if (part := next((each for each in there if each.channel == channel), None)) is not None:
                where = f"{_address(session, part)}#t={(t - part.t0) / 1000:.1f}"
                return web.Response(status=303, headers={**_NOT_KEPT, hdrs.LOCATION: where})
        raise web.HTTPNotFound(text="There is no such piece of sound here.\n")

    async def clip(self, request: web.Request) -> web.Response:
        """Answer staff with `?channel=&from=&to=` (media ms, at most 60 s) as WAV."""
        session = _session(request)
        if not await self._is_staff(request, session):
            raise web.HTTPForbidden(text="Only the staff of this meeting may hear that. Open your link again.\n")
        t0, t1 = (_number(request, name) for name in ("from", "to"))
        answer = await self.recordings.clip(session, ChannelId(request.query.get("channel", FLOOR)), t0, t1)
        if isinstance(answer, Refusal):
            status = _STATUSES.get(answer.code, 503)
            return web.Response(status=status, text=f"{answer.message}\n", headers=_NOT_KEPT)
        return web.Response(body=_wave(answer), content_type="audio/wav", headers=_NOT_KEPT)

    async def _parts(self, request: web.Request) -> tuple[SessionId, list[TimedPart]]:
        """The session, and the parts of the requested channel. Raises HTTPNotFound for a visitor who may not
        hear them.
        """
        session, parts = await self._heard(request)
        channel = request.query.get("channel", FLOOR)
        return session, [part for part in parts if part.channel == channel]

    async def _heard(self, request: web.Request) -> tuple[SessionId, Sequence[TimedPart]]:
        """The session, and the parts of all channels. Raises as `_parts` does."""
        session = _session(request)
        known = await self.state_of(session) is not None
        heard = known and self.recordings.published(session) and self.may_read(session) is None
        if not (heard or (known and await self._is_staff(request, session))):
            raise web.HTTPNotFound(text="There is no sound to be heard here.\n")
        return session, await self.recordings.parts(session)

    async def _is_staff(self, request: web.Request, session: SessionId) -> bool:
        if await self.state_of(session) is None:
            return False
        return any(staff.role in STAFF_ROLES and self.may_act(staff, session) for staff in self.staff(request))


_NOT_KEPT = {hdrs.CACHE_CONTROL: "private, no-store"}
"""No cache may keep sound: a part of it may have to be silenced tomorrow."""


def _session(request: web.Request) -> SessionId:
    name = request.match_info["session"]
    if not is_name(name):
        raise web.HTTPNotFound(text=f"{NO_SESSION.message}\n")
    return SessionId(name)


def _number(request: web.Request, name: str) -> int:
    number = number_in(request.query.get(name, ""), MAX_DIGITS)
    if number is None:
        raise web.HTTPBadRequest(text=f"'{name}' has to be a number of milliseconds.\n")
    return number


def _address(session: SessionId, part: TimedPart) -> str:
    query = urlencode({"channel": part.channel, "source": part.source, "first": part.first})
    return f"/s/{session}/sound?{query}"


def _wave(pcm: bytes) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(BYTES)
        out.setframerate(RATE)
        out.writeframes(pcm)
    return made.getvalue()
