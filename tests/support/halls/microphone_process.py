"""A server in a process of its own to which microphones send, and a Chromium whose microphone plays a file."""

from __future__ import annotations

import os
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal
from moothall.core.programme.plan import Planned
from moothall.services.sessions.staff import session_scope
from moothall.settings.sections import Server, Settings
from support.halls.process import SESSION, HallProcess

RATE = 16_000


class MicrophoneHall(HallProcess):
    """`moothall serve`, with one planned session, and role links of a technician and of a captioner to it."""

    def __init__(self, data: Path, model: str, port: int, *, behind: str = "") -> None:
        """`behind`: the address at which browsers reach the server; empty for its own."""
        super().__init__(data, data, model, port)
        config = data.with_suffix(".toml")
        config.write_text(f'[server]\npublic_address = "{behind}"\n', encoding="utf-8")
        self._arguments = [
            *("-m", "moothall", "serve", "--config", str(config), "--data", str(data)),
            *("--port", str(port), "--model", model),
        ]
        self.token = self.captioner = ""

    async def prepare(self, languages: tuple[str, ...] = ("en",)) -> None:
        """Plan the session and make the links, while no server runs."""
        settings = Settings(server=Server(data=str(self.data)))
        async with quiet_backend(settings, SystemClock()) as house:
            planned = Planned(session=SESSION, title="Open hall", languages=languages)
            made = await house.programme.make(planned)
            assert not isinstance(made, Refusal), made
            _, self.token = await house.links.create(Role.TECHNICIAN, session_scope(SESSION), "Main hall")
            _, self.captioner = await house.links.create(Role.CAPTIONER, session_scope(SESSION), "Ann")

    async def opened(self) -> bool:
        """Wait until the server's doors are open; returns False when it ends instead."""
        assert self._process is not None
        assert self._process.stdout is not None
        return b"Moothall is at" in await self._process.stdout.readline()


def write_capture(path: Path, pcm: bytes) -> Path:
    """Save PCM16 mono 16 kHz as a sound card of 48 kHz would record it: each sample three times, nothing rounded."""
    samples = array("h", pcm)
    wide = array("h", bytes(6 * len(samples)))
    for third in range(3):
        wide[third::3] = samples
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(3 * RATE)
        out.writeframes(wide.tobytes())
    return path


@asynccontextmanager
async def chromium_with_microphone(sound: Path | None, executable: str, *options: str) -> AsyncIterator[Browser]:
    """Open a new browser whose microphone plays `sound` once, from when it is first opened.

    Without a sound the browser has no microphone.
    """
    fake = []
    if sound is not None:
        fake = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}%noloop",
        ]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=[*options, *fake, *sandbox])
        try:
            yield browser
        finally:
            await browser.close()
