"""A newcomer finds what somebody said in another language, hears it, quotes it, and verifies it without a network."""

from __future__ import annotations

import asyncio
import math
import re
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.lines import EndReason, SourceSegment, Word
from moothall.core.events.types import ChannelKind, SealVersion, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SourceId, SpeakerId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.browser.browsing import tab
from support.proof.ahead import AheadClock

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SESSION, FLOOR, ENGLISH, MIC = SessionId("forum"), ChannelId("floor"), ChannelId("mt-en"), SourceId("mic")
PLAYED = """player => new Promise(done => {
  const look = () => player.currentTime >= 2 && done();
  player.addEventListener("timeupdate", look);
  look();
})"""
"""Waits until a player has played two seconds."""
RATE = 16_000
SAID, READ = "Le fossé numérique est large.", "The digital divide is wide."


async def held(running: RunningServer, shelf: SoundFolder) -> None:
    """Hold a meeting in French, with an English text and sound that is published, and seal it."""
    live = await running.backend.sessions.open(SESSION)
    french, line, awa = ("fr",), SegmentId("a"), SpeakerId("awa")
    words = tuple(
        Word(text=f" {word}" if n else word, t0=2_000 + 400 * n, t1=2_300 + 400 * n)
        for n, word in enumerate(SAID.split())
    )
    acts: list[tuple[Actor, list[do.AnyCommand]]] = [
        (
            SYSTEM,
            [
                do.CreateSession(title="Forum numérique", languages=french, sound=SoundKept.PUBLISHED),
                do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=french),
                do.AddChannel(channel=ENGLISH, kind=ChannelKind.TRANSLATION, languages=("en",), of_record=True),
                do.OpenSession(),
                do.AttachSource(source=MIC, channel=FLOOR, t=0, rate=RATE),
                do.AttachEngine(channel=FLOOR, model="m"),
                do.IntroduceSpeaker(speaker=awa, name="Awa Ndiaye"),
                do.SetSpeaker(channel=FLOOR, speaker=awa),
            ],
        ),
        (
            Actor(Role.ENGINE, "m"),
            [
                do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=line,
                    first=0,
                    words=words,
                    start=do.SegmentStart(t0=2_000, language="fr"),
                ),
                do.EndSegment(channel=FLOOR, generation=1, segment=line, t1=words[-1].t1, reason=EndReason.SENTENCE),
            ],
        ),
        (
            Actor(Role.TRANSLATOR, "mt"),
            [do.SetTranslation(channel=ENGLISH, source=SourceSegment(line, 0), text=READ, route="argos 1.9 fr>en")],
        ),
        (SYSTEM, [do.CloseSession()]),
        (Actor(Role.SECRETARIAT, "s"), [do.SealRecord(version=SealVersion.RAW)]),
    ]
    for n, (by, commands) in enumerate(acts):
        answer = await live.writer.send(by, CommandId(f"act-{n}"), commands)
        assert isinstance(answer, Receipt), answer
    writer = await shelf.begin(SESSION, MIC, 0)
    await writer.write(array("h", (int(9_000 * math.sin(n / 6)) for n in range(6 * RATE))).tobytes())
    await writer.close()
    await running.backend.indexing.catch_up()


async def test_what_was_said_is_found_heard_quoted_and_verified_without_a_network(
    browser: Browser, tmp_path: Path
) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    proof, keys = tmp_path / "line.tlog-proof", tmp_path / "keys.json"
    clock = AheadClock()
    async with hall(settings, clock=clock) as running:
        await held(running, SoundFolder(tmp_path / "data" / "recordings", bitrate=24_000))
        await clock.grow(running)
        async with tab(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
            # It is found in a language in which it was not said.
            await page.goto(f"{running.address}/search?ui=en")
            await page.get_by_role("searchbox").fill("digital divide")
            await page.keyboard.press("Enter")
            await expect(page.locator("mark")).to_have_text(["digital", "divide"])
            await expect(page.locator(".moments .text")).to_have_text(READ)
            await expect(page.locator(".moments")).to_contain_text("Awa Ndiaye")
            # It is heard from where it was said.
            await page.get_by_role("link", name="Hear it").click()
            player = page.locator("video, audio")
            await expect(player).to_have_js_property("error", None)
            await player.evaluate(PLAYED)
            await page.go_back()
            # It is read in its place, and what was said beside it.
            await page.get_by_role("heading", level=3).get_by_role("link").click()
            line = page.locator("#Lines > .line").filter(has_text=READ)
            await expect(line).to_be_in_viewport()
            # It is quoted, with its source.
            await line.locator(".time").click()
            await line.get_by_role("link", name="Cite").click()
            await expect(page.locator("blockquote .words")).to_have_text(READ)
            await page.get_by_role("button", name="Copy: Quotation with its source").click()
            await expect(page.get_by_role("status").first).to_have_text("Copied")
            quoted = await page.evaluate("navigator.clipboard.readText()")
            # Its proof is taken home, with the key.
            await page.get_by_role("link", name="Proof of the line at 0:02").click()
            async with page.expect_download() as taken:
                await page.get_by_role("link", name="Take the proof home").click()
            await (await taken.value).save_as(proof)
            key = await page.get_by_role("link", name="the public key").get_attribute("href")
            keys.write_bytes(await (await page.request.get(f"{running.address}{key}")).body())
    # The server is gone, and so is the network, where the machine lets us take it away.
    assert quoted.startswith(f"“{READ}” — Awa Ndiaye, Forum numérique, ")
    code, said = await asyncio.to_thread(verified, proof, keys)
    assert code == 0, said
    assert f"Session {SESSION}, ch:{ENGLISH}, event" in said
    words = re.search(r': "(.+)"$', said, re.MULTILINE)
    assert words is not None
    assert words[1] == READ
    proof.write_bytes(proof.read_bytes().replace(b"index ", b"index 1", 1))
    assert (await asyncio.to_thread(verified, proof, keys))[0] == 1


def verified(proof: Path, keys: Path) -> tuple[int, str]:
    """What `moothall verify` says of a proof in a process without a network, and its exit code."""
    alone = ["unshare", "--map-root-user", "--net"]
    if shutil.which(alone[0]) is None or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        alone = []
    run = subprocess.run(
        [*alone, sys.executable, "-m", "moothall", "verify", str(proof), "--key", str(keys)],
        capture_output=True,
        encoding="utf-8",
        check=False,  # Its status is what is asked for.
    )
    return run.returncode, run.stdout + run.stderr
