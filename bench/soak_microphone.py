"""A microphone of the soak: a script's sound, again and again, at a room's door, through every cut.

The sound is `moothall.testing.scripted`: each word has a size of its own, so the server's own engine, a process with
the scripted recogniser, hears exactly what was said, at next to no cost. All else is as in a meeting: pieces, spool,
engine link, policy, words as they come.
"""

from __future__ import annotations

import asyncio
import random

import aiohttp
import msgspec

from moothall.testing.scripted import SAMPLES_A_MS, Script, render
from moothall.wire import audio

RATE = 1_000 * SAMPLES_A_MS
PIECE = RATE // 2
"""Half a second, as pages send it."""
AGAIN_S = 0.5
IDLE_S = 2.0
SILENCE_S = 15.0
"""Without a message after which the line is dead; pulses come each 5 s."""
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
WORDS = 300
"""Of the script: some two minutes."""

_told: msgspec.json.Decoder[audio.ToMicrophone] = msgspec.json.Decoder(audio.ToMicrophone)


class Microphone:
    """Belongs to a room, whichever session is on."""

    def __init__(self, address: str, token: str, room: str, script: Script, chance: random.Random) -> None:
        self._address = address
        self._token = token
        self._room = room
        self._sound = render(script)
        self._chance = chance
        self._take = ""
        self._began = 0.0
        self._safe = 0
        self.takes = 0

    async def run(self) -> None:
        """Send until cancelled."""
        self._new_take()
        jar = aiohttp.CookieJar(unsafe=True)
        while True:
            try:
                async with aiohttp.ClientSession(cookie_jar=jar) as http:
                    async with http.get(f"{self._address}/enter/{self._token}") as answer:
                        answer.raise_for_status()
                    url = f"{self._address}/room/{self._room}/audio?pulse=1"
                    async with http.ws_connect(url, receive_timeout=SILENCE_S) as socket:
                        await self._serve(socket)
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(AGAIN_S)

    def _new_take(self) -> None:
        self._take = "".join(self._chance.choices(LETTERS, k=12))
        self._began = asyncio.get_running_loop().time()
        self._safe = 0
        self.takes += 1

    def _heard(self) -> int:
        """The position after the newest sample."""
        return int((asyncio.get_running_loop().time() - self._began) * RATE)

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await self._hello(socket)
        sending: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                told = _told.decode(message.data)
                match told:
                    case audio.Go():
                        await _end(sending)
                        sending = asyncio.ensure_future(self._send(socket, told.at))
                    case audio.Safe():
                        self._safe = max(self._safe, told.at)
                    case audio.Held():
                        await socket.send_str(audio.encode(audio.TakeOver()))
                    case audio.Ended() | audio.Over() | audio.Idle():
                        await _end(sending)
                        sending = None
                        await asyncio.sleep(IDLE_S)
                        self._new_take()
                        await self._hello(socket)
                    case _:
                        pass
        finally:
            await _end(sending)

    async def _hello(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        age = max(0, self._heard() - self._safe) // SAMPLES_A_MS
        hello = audio.Hello(protocol=audio.PROTOCOL, channel="floor", take=self._take, first=self._safe, age=age)
        await socket.send_str(audio.encode(hello))

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, at: int) -> None:
        while True:
            behind = self._heard() - at
            if behind < PIECE:
                await asyncio.sleep((PIECE - behind) / RATE)
                continue
            count = min(behind, audio.MAX_PIECE_SAMPLES)
            age = (behind - count) // SAMPLES_A_MS
            await socket.send_bytes(audio.encode_piece(audio.Piece(first=at, age=age, pcm=self._samples(at, count))))
            at += count

    def _samples(self, first: int, count: int) -> bytes:
        begin, size = 2 * first % len(self._sound), 2 * count
        return (self._sound[begin : begin + size] + self._sound)[:size]


async def _end(task: asyncio.Task[None] | None) -> None:
    """End the sending, if any."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
