"""A microphone without a page: it sends prepared sound to a microphone's door as if it were just heard.

It behaves as the page does (docs/reference/audio-door.md): it keeps what isn't done, reconnects after each lost
connection (to the next address when it has several), and resumes from the position that the server requests.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import cycle

import aiohttp
import msgspec

from moothall.wire import audio

RATE = 16_000
PIECE = RATE // 10
"""Samples of a piece: a tenth of a second, as pages send it."""
KEPT = 600 * RATE
"""Samples that are safe and not done are kept for ten minutes at most; the oldest are then forgotten, as on a page."""
AGAIN_S = 0.5
IDLE_S = 2.0
SILENCE_S = 15.0
"""Seconds without a message after which the connection counts as lost; pulses come every 5 s."""
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

_told: msgspec.json.Decoder[audio.ToMicrophone] = msgspec.json.Decoder(audio.ToMicrophone)


class Sender:
    """Sends PCM16 mono at 16 kHz in a loop, at the speed of speech, and takes over from other senders."""

    def __init__(
        self, addresses: Sequence[str], token: str, path: str, sound: bytes, chance: random.Random | None = None
    ) -> None:
        """`addresses`: of the server, or of several servers of one house. `token`: the secret of a link that may send.
        `path`: the door's path, such as `/s/plenary/audio`. `sound`: PCM16. `chance` generates the names of takes.
        """
        self._addresses = cycle(addresses)
        self._token = token
        self._path = path
        self._sound = sound
        self._chance = chance or random.SystemRandom()
        self._take = ""
        self._began = 0.0
        self.safe = 0
        """Position in the take before which all samples are on a server's disk."""
        self.done: int | None = None
        """Position before which no sample is ever requested again; None while no server has reported one: then safe
        samples may be forgotten.
        """
        self.takes = 0

    async def run(self) -> None:
        """Send until cancelled, or until the session of the door is over; the door of a room continues with its next
        session.
        """
        self._new_take()
        jar = aiohttp.CookieJar(unsafe=True)
        while True:
            address = next(self._addresses)
            try:
                async with aiohttp.ClientSession(cookie_jar=jar) as http:
                    async with http.get(f"{address}/enter/{self._token}") as answer:
                        answer.raise_for_status()
                    url = f"{address}{self._path}?pulse=1&done={self.done or 0}"
                    async with http.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_receive=SILENCE_S)) as socket:
                        if await self._serve(socket):
                            return
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(AGAIN_S)

    def _new_take(self) -> None:
        self._take = "".join(self._chance.choices(LETTERS, k=12))
        self._began = asyncio.get_running_loop().time()
        self.safe, self.done = 0, None
        self.takes += 1

    def _heard(self) -> int:
        """The position after the newest sample."""
        return int((asyncio.get_running_loop().time() - self._began) * RATE)

    @property
    def _first(self) -> int:
        """The position of the oldest sample that is still kept."""
        if self.done is None:
            return self.safe
        return max(self.done, min(self.safe, self._heard() - KEPT))

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Send over one connection until it ends; return whether sound is no longer wanted."""
        await self._hello(socket)
        sending: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                told = _told.decode(message.data)
                match told:
                    case audio.Go():
                        await _end(sending)
                        self.safe = min(self.safe, told.at)  # Another machine may request again some of what was safe.
                        sending = asyncio.ensure_future(self._send(socket, told.at))
                    case audio.Safe():
                        self.safe = max(self.safe, told.at)
                    case audio.Done():
                        self.done = max(self.done or 0, told.at)
                    case audio.Held():
                        await socket.send_str(audio.encode(audio.TakeOver()))
                    case audio.Over() if self._path.startswith("/s/"):
                        return True
                    case audio.Ended() | audio.Over() | audio.Idle():
                        await _end(sending)
                        sending = None
                        await asyncio.sleep(IDLE_S)
                        self._new_take()
                        await self._hello(socket)
                    case _:
                        pass
            return False
        finally:
            await _end(sending)

    async def _hello(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        first = self._first
        age = max(0, self._heard() - first) * 1000 // RATE
        hello = audio.TakeHello(protocol=audio.PROTOCOL, channel="floor", take=self._take, first=first, age=age)
        await socket.send_str(audio.encode(hello))

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, at: int) -> None:
        while True:
            behind = self._heard() - at
            if behind < PIECE:
                await asyncio.sleep((PIECE - behind) / RATE)
                continue
            count = min(behind, audio.MAX_PIECE_SAMPLES)
            age = (behind - count) * 1000 // RATE
            await socket.send_bytes(audio.encode_piece(audio.Piece(first=at, age=age, pcm=self._samples(at, count))))
            at += count

    def _samples(self, first: int, count: int) -> bytes:
        begin, size = 2 * first % len(self._sound), 2 * count
        piece = self._sound[begin : begin + size]
        while len(piece) < size:
            piece += self._sound[: size - len(piece)]
        return piece


async def _end(task: asyncio.Task[None] | None) -> None:
    """Cancel the sending task, if any, and wait for its end."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
