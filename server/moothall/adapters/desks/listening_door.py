"""Listening in: the live sound of a meeting's floor, for the control room and for captioners.

The answer is an endless WAV file. It is at most 1.5 s behind, and nothing of it is stored. Sound that is not recorded,
or falls in a break, is not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from aiohttp import hdrs, web

from moothall.core.commands import TypeSegment
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.ports import Clock
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.services.sessions.staff import MayAct, Staff
from moothall.services.sound.listening import Listening, SoundListener

HEARS = frozenset(role for role in STAFF_ROLES if TypeSegment in COMMANDS[role])
"""Roles that may listen: those that run meetings, and those that caption them."""
STRANGER = "The technician, the secretariat and whoever captions listen here: open your link.\n"
MOST = 40
"""The most listeners at a time, 32 KB/s each. Overflow: 503."""
STEP_MS = 100
"""Interval at which new sound is sent."""
ASK_AGAIN_MS = 5_000
"""Interval at which the listener's link is checked again."""
ENDLESS = 0xFFFFFFFF
RATE, BYTES = 16_000, 2


def wav_header() -> bytes:
    """The header of a WAV file of unknown length: PCM16, 16 kHz, mono."""
    numbers = ((16, 4), (1, 2), (1, 2), (RATE, 4), (RATE * BYTES, 4), (BYTES, 2), (8 * BYTES, 2))
    form = b"".join(number.to_bytes(size, "little") for number, size in numbers)
    end = ENDLESS.to_bytes(4, "little")
    return b"RIFF" + end + b"WAVEfmt " + form + b"data" + end


@dataclass(eq=False, repr=False)
class ListeningDoor:
    """Serves `/control/{session}/sound`.

    `listening`: returns the set of listeners to a meeting's floor; None while no sound arrives or nothing is recorded.
    """

    listening: Callable[[SessionId], Listening | None]
    _: KW_ONLY
    staff: Callable[[web.Request], Sequence[Staff]]
    may_act: MayAct
    clock: Clock

    def __post_init__(self) -> None:
        self._open = 0

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/control/{session}/sound", self.hear, allow_head=False)]

    async def hear(self, request: web.Request) -> web.StreamResponse:
        """Send the sound until the listener disconnects or their link is no longer valid."""
        name = request.match_info["session"]
        if not is_name(name) or not self._may(request, SessionId(name)):
            return web.Response(status=403, text=STRANGER)
        session = SessionId(name)
        if self.listening(session) is None:
            return web.Response(status=404, text="No sound of this meeting comes at the moment.\n")
        if self._open >= MOST:
            return web.Response(status=503, text="So many listen that there is no room for one more. Try again.\n")
        self._open += 1
        try:
            return await self._stream(request, session)
        finally:
            self._open -= 1

    def _may(self, request: web.Request, session: SessionId) -> bool:
        return any(each.role in HEARS and self.may_act(each, session) for each in self.staff(request))

    async def _stream(self, request: web.Request, session: SessionId) -> web.StreamResponse:
        headers = {hdrs.CACHE_CONTROL: "no-store", hdrs.CONTENT_TYPE: "audio/wav"}
        response = web.StreamResponse(headers=headers)
        listener, source = SoundListener(), None
        looked = self.clock.monotonic()
        try:
            await response.prepare(request)
            await response.write(wav_header())
            while True:
                now = self.listening(session)
                if now is not source:  # Another take has begun, or a microphone is back.
                    _change(listener, source, now)
                    source = now
                if pcm := listener.take():
                    await response.write(pcm)
                if self.clock.monotonic() - looked >= ASK_AGAIN_MS:
                    looked = self.clock.monotonic()
                    if not self._may(request, session):
                        return response
                await self.clock.sleep(STEP_MS)
        except ConnectionResetError:
            return response  # The listener has disconnected.
        finally:
            _change(listener, source, None)


def _change(listener: SoundListener, source: Listening | None, now: Listening | None) -> None:
    if source is not None:
        source.remove(listener)
    if now is None:
        listener.take()  # Discard sound that may no longer be heard.
    else:
        now.add(listener)
