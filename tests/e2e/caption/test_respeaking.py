"""A respeaker in Chromium: one key puts them on air in place of the room's sound, until the key again
or the end of their page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, expect

from e2e.conftest import QUIET, chromium
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.testing.scripted import Script, ScriptWord, render, write_script
from moothall.wire import audio
from support.browser.axe import findings
from support.halls.microphone_process import MicrophoneHall, chromium_with_microphone, write_capture
from support.halls.process import CLOCK, SESSION, free_port, logged

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STEP = 256
PIECE = 1_600
EACH_MS = 700
IN_THE_ROOM, RESPOKEN = 60, 36
"""Words that the room's microphone hears, and those that the respeaker's does."""
PAUSE_EACH, PAUSE = 6, 2
"""The respeaker says so many words, of which the last are none: their lines end there."""
MACHINE = "The machine is on air"


def word(n: int) -> ScriptWord:
    name = f"room{n}" if n < IN_THE_ROOM else f"ann{n - IN_THE_ROOM}"
    return ScriptWord(text=f" {name}", t0=n * EACH_MS, t1=n * EACH_MS + 450)


def both(folder: Path) -> tuple[str, bytes, bytes]:
    """The name of a model that hears both, what the room's microphone hears, and what the respeaker's does."""
    respoken = (n for n in range(RESPOKEN) if n % PAUSE_EACH < PAUSE_EACH - PAUSE)
    words = map(word, (*range(IN_THE_ROOM), *(IN_THE_ROOM + n for n in respoken)))
    script = Script(words=tuple(words), step=STEP)
    (folder / "script.json").write_bytes(write_script(script))
    pcm, there = render(script), 2 * 16 * IN_THE_ROOM * EACH_MS
    return f"scripted:{folder / 'script.json'}", pcm[:there], pcm[there:]


class Room:
    """What is said in the room, which is silent until somebody says the next words."""

    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm
        self._said = self._asked = 0

    def say(self, words: int) -> str:
        """So many words more, and the last of them."""
        self._asked += words
        return word(self._asked - 1).text.strip()

    def hear(self) -> bytes:
        """The next tenth of a second."""
        end = min(self._said + 2 * PIECE, self._asked * 2 * 16 * EACH_MS)
        piece, self._said = self._pcm[self._said : end], end
        return piece + bytes(2 * PIECE - len(piece))


@asynccontextmanager
async def room(hall: MicrophoneHall, pcm: bytes) -> AsyncIterator[Room]:
    """The room's microphone, with which the session begins."""
    made = Room(pcm)

    async def speak(socket: aiohttp.ClientWebSocketResponse) -> None:
        for first in count(0, PIECE):
            await CLOCK.sleep(100)
            await socket.send_bytes(audio.encode_piece(audio.Piece(first=first, age=0, pcm=made.hear())))

    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{hall.address}/enter/{hall.token}") as answer:
            assert answer.status == 200
        async with http.ws_connect(f"{hall.address}/s/{SESSION}/audio") as socket:
            said = audio.TakeHello(protocol=audio.PROTOCOL, channel="floor", take="takeroom1", first=0, age=0)
            await socket.send_str(audio.encode(said))
            speaking = asyncio.ensure_future(speak(socket))
            try:
                yield made
            finally:
                speaking.cancel()


async def caption(page: Page, address: str, token: str) -> None:
    await page.goto(f"{address}/enter/{token}")
    await page.goto(f"{address}/caption/{SESSION}")
    await expect(page.locator("#ComposeText")).to_be_focused()


async def test_one_key_has_a_captioner_heard_until_the_key_and_until_their_page_is_gone(tmp_path: Path) -> None:
    path = chromium()
    if path is None:
        pytest.skip("Chromium is not installed: these tests need the package 'chromium-headless-shell'.")
    model, in_the_room, anns = both(tmp_path)
    sound = write_capture(tmp_path / "ann.wav", anns)
    hall = MicrophoneHall(tmp_path / "data", model, free_port(23))
    await hall.prepare()
    await hall.start()
    try:
        async with room(hall, in_the_room) as people, chromium_with_microphone(sound, path, *QUIET) as browser:
            desk, reader = [await (await browser.new_context(locale="en-GB")).new_page() for _ in range(2)]
            await caption(desk, hall.address, hall.token)
            await reader.goto(f"{hall.address}/s/{SESSION}")
            text, source = reader.locator("#Lines"), reader.locator("#Lines .source").last
            await expect(text).to_contain_text(people.say(3))
            context = await browser.new_context(locale="en-GB")
            ann = await context.new_page()
            await caption(ann, hall.address, hall.captioner)
            who, others = ann.locator("#AirWho"), desk.locator("#AirWho")
            await expect(others).to_have_text(MACHINE)

            await ann.keyboard.press("Alt+v")
            await expect(ann.locator("#RespeakStands")).to_have_text("You are heard")
            await expect(ann.locator("#Respeak")).to_have_attribute("aria-pressed", "true")
            # On a busy machine the sound has holes, and the verdict is another one.
            await expect(ann.locator("#Verdict")).not_to_have_attribute("data-kind", "off")
            assert await findings(ann) == []
            await expect(who).to_have_text("You respeak: the machine hears you")
            await expect(others).to_have_text("\u2068Ann\u2069 respeaks: the machine hears them")
            await expect(reader.locator("#Lines .text").last).to_contain_text("ann3")
            await expect(reader.locator("#Lines .source").last).to_have_text(
                "Written by a machine, respoken by a captioner"
            )

            await ann.keyboard.press("Alt+v")
            await expect(ann.locator("#RespeakStands")).to_be_hidden()
            await expect(ann.locator("#RespeakInput")).to_be_hidden()
            await expect(others).to_have_text(MACHINE)
            await expect(text).to_contain_text(people.say(3))
            await expect(source).to_have_text("Written by a machine")

            await ann.keyboard.press("Alt+v")
            await expect(others).to_contain_text("respeaks")
            await expect(source).to_contain_text("respoken")
            await context.close()
            await expect(others).to_have_text(MACHINE)
            await expect(reader.locator("#State")).to_contain_text("Machine text while the captioner is away")
            await expect(text).to_contain_text(people.say(3))
            await expect(source).to_have_text("Written by a machine")
    finally:
        await hall.stop()
    events = [decode_event(body) for body in logged(hall.data).bodies.values()]
    respoken = {each.segment for each in events if isinstance(each, le.SegmentOpened) and each.respoken}
    said = [each for each in events if isinstance(each, le.WordsCommitted)]
    for mine in (True, False):
        words = [word.text.strip() for each in said if (each.segment in respoken) is mine for word in each.words]
        assert {word.rstrip("0123456789") for word in words} == {"ann" if mine else "room"}
    in_room = [word.text.strip() for each in said if each.segment not in respoken for word in each.words]
    assert in_room == list(dict.fromkeys(in_room)), "no word of the room comes twice"
