"""Listening in: the sound of a meeting's floor as it comes, for the control room and for whoever captions.

A WAV file without an end. It is made of what comes, at most 1.5 s late, and nothing of it is stored; what is not
recorded is not sent, nor is what is said in a break.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from aiohttp import hdrs, web

from moothall.adapters.desks.control_socket import MayAct
from moothall.core.commands import TypeSegment
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.ports import Clock
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.services.sessions.staff import Staff
from moothall.services.sound.listening import Listener, Listening

HEARS = frozenset(role for role in STAFF_ROLES if TypeSegment in COMMANDS[role])
"""Roles that may listen: those that look after meetings, and those that write down what is said."""
STRANGER = "The technician, the secretariat and whoever captions listen here: open your link.\n"
MOST = 40
"""Who may listen at a time, 32 KB/s each. Overflow: 503."""
STEP_MS = 100
"""How often what has come is sent on."""
ASK_AGAIN_MS = 5_000
"""How often it is looked whether the link still holds."""
ENDLESS = 0xFFFFFFFF
RATE, BYTES = 16_000, 2


def wav_header() -> bytes:
    """Of PCM16 at 16 kHz, one channel, whose end is not known."""
    numbers = ((16, 4), (1, 2), (1, 2), (RATE, 4), (RATE * BYTES, 4), (BYTES, 2), (8 * BYTES, 2))
    form = b"".join(number.to_bytes(size, "little") for number, size in numbers)
    end = ENDLESS.to_bytes(4, "little")
    return b"RIFF" + end + b"WAVEfmt " + form + b"data" + end


@dataclass(eq=False, repr=False)
class ListeningDoor:
    """Serves `/control/{session}/sound`.

    `listening`: who listens to the floor of a meeting, None while no sound of it comes or nothing of it is kept.
    """

    listening: Callable[[SessionId], Listening | None]
    _: KW_ONLY
    staff: Callable[[web.Request], Sequence[Staff]]
    may_act: MayAct
    clock: Clock

    def __post_init__(self) -> None:
        self._open = 0

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/control/{session}/sound", self.hear, allow_head=False)]

    async def hear(self, request: web.Request) -> web.StreamResponse:
        """The sound, until the listener leaves or their link holds no more."""
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
        listener, source = Listener(), None
        looked = self.clock.monotonic()
        try:
            await response.prepare(request)
            await response.write(wav_header())
            while True:
                now = self.listening(session)
                if now is not source:  # Another take, or a microphone that has come back.
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
            return response  # They have left.
        finally:
            _change(listener, source, None)


def _change(listener: Listener, source: Listening | None, now: Listening | None) -> None:
    if source is not None:
        source.remove(listener)
    if now is None:
        listener.take()  # Of what may not be heard nothing stays to be sent.
    else:
        now.add(listener)
