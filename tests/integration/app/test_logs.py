"""The logs of a server and its programs: ids, in both formats, and nothing that people said."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import hall
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.signals import ChannelState, Sound
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection, Logging, Server, Settings, Translation
from moothall.testing.scripted import make_script, render, write_script
from moothall.wire.log_lines import LogFormat, formatter
from support.halls.process import HallProcess, free_port, watched, write_wave

SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
SPOKEN, NAMED, ASKED, TITLE = "mallow", "Quillfeather", "persimmon", "Hedgerow"
ENGINE = Actor(Role.ENGINE, "scripted")


def settings(folder: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )


@contextmanager
def written(form: LogFormat) -> Iterator[io.StringIO]:
    """What is logged meanwhile, however unimportant, as a program of ours writes it."""
    text, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(text), root.level
    handler.setFormatter(formatter(form))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def said() -> tuple[tuple[do.AnyCommand, ...], ...]:
    """Acts with speech and names in them, by the system and by an engine."""
    start = do.SegmentStart(t0=0, language="en")
    word = le.Word(f" {SPOKEN}", 0, 500)
    return (
        (
            do.CreateSession(title=TITLE, languages=("en",)),
            do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
        ),
        (do.AttachEngine(channel=FLOOR, model="scripted"),),
        (
            do.CommitWords(
                channel=FLOOR, generation=1, segment=SegmentId("s1"), first=0, words=(word,), rest=SPOKEN, start=start
            ),
        ),
    )


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_line_holds_speech_names_questions_or_tokens(form: LogFormat, tmp_path: Path) -> None:
    with written(form) as log:
        async with hall(settings(tmp_path)) as running:
            live = await running.backend.sessions.open(SESSION)
            for number, act in enumerate(said()):
                actor = ENGINE if number == 2 else SYSTEM
                answer = await live.writer.send(actor, CommandId(f"a{number}"), act)
                assert isinstance(answer, Receipt), answer
            named = do.IntroduceSpeaker(speaker=SpeakerId("p1"), name=NAMED)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("p"), named), Receipt)
            stale = await live.writer.send(ENGINE, CommandId("again"), said()[2])  # It is refused.
            assert not isinstance(stale, Receipt)
            _, token = await running.backend.links.create(Role.MODERATOR, HALL, NAMED)
            tokens = [token, *await visit(running.address, token)]

            def fail(*_: object) -> None:
                raise StorageUnavailable(SPOKEN)

            running.backend.sessions.observe(fail)
            live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=1))
            logging.getLogger("asyncio").error("Task failed\nfuture: <Task exception=%r>", ValueError(SPOKEN))
            try:
                raise ValueError(SPOKEN)
            except ValueError:
                logging.getLogger("aiohttp.server").exception("Error handling request from %s", "192.0.2.1")
    lines = log.getvalue()
    assert "session plenary" in lines
    assert "an observer failed" in lines
    assert len(tokens) > 1
    for hidden in (SPOKEN, NAMED, ASKED, TITLE, "192.0.2.1", *tokens):
        assert hidden not in lines, hidden
    if form == "json":
        parsed = [json.loads(line) for line in lines.splitlines()]
        assert {"time", "level", "logger", "message"} <= set.intersection(*(set(each) for each in parsed))
        assert {each.get("session") for each in parsed} == {None, "plenary"}


async def visit(address: str, token: str) -> list[str]:
    """Ask a question, come by a link, and send what is malformed; returns the tokens that came of it."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(address, headers={"Origin": address}, cookie_jar=jar) as http:
        form = {"id": "q1", "kind": "question", "text": f"Why {ASKED}?", "name": NAMED, "language": "en"}
        async with http.post(f"/s/{SESSION}/ask", data=form, allow_redirects=False) as asked:
            assert asked.status == 303, await asked.text()
        async with http.get(f"/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303
        async with http.post(f"/s/{SESSION}/ask", data=b"\xff" + ASKED.encode()) as broken:
            assert broken.status >= 400
        async with http.get(f"/moderate/{SESSION}?x={ASKED}") as desk:
            assert desk.status == 200
        tokens = [cookie.value for cookie in jar]
    reader, writer = await asyncio.open_connection(*address.removeprefix("http://").split(":"))
    writer.write(f"GET /s/{SESSION}/{ASKED}\x00 HTTP/1.1\r\nCookie: {token}\r\n\r\n".encode())
    assert b" 400 " in await reader.readline()
    writer.close()
    return [*tokens, asked.headers["Location"].rpartition("/")[2].partition("?")[0]]


async def test_server_and_engine_write_one_object_a_line(tmp_path: Path) -> None:
    script = make_script(3, 6)
    (tmp_path / "script.json").write_bytes(write_script(script))
    write_wave(tmp_path / "sound.wav", render(script))
    (tmp_path / "settings.toml").write_text('[logging]\nlevel = "debug"\nformat = "json"\n', encoding="utf-8")
    process = HallProcess(
        tmp_path / "data",
        tmp_path / "sound.wav",
        f"scripted:{tmp_path / 'script.json'}",
        free_port(11),
        *("--config", str(tmp_path / "settings.toml"), "--title", TITLE),
    )
    async with watched(process) as witness:
        await witness.until(lambda: witness.closed)
    log = process.log.read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {each["logger"].partition(".")[0] for each in lines} >= {"moothall", "moothall_models"}
    assert "child-1" in {each.get("engine") for each in lines}
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each["time"]) for each in lines)
    assert TITLE not in log
    words = {word.text.strip(" .,") for word in script.words}
    assert words
    assert not words & {word for each in lines for word in re.findall(r"\w+", each["message"])}


async def test_so_do_its_translators(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=("echo",)),
        logging=Logging(level="debug", format="json"),
    )
    async with hall(wanted) as running:
        there = asyncio.Event()
        running.translation.translators.changed(there.set)
        if not running.translation.translators.connected:
            await there.wait()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= set(each) for each in lines)


async def test_so_does_a_hub(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "hub"), "--host", "127.0.0.1", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moothall_hub", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "MOOTHALL_HUB_LOG_FORMAT": "json", "MOOTHALL_HUB_LOG_LEVEL": "debug"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"Read it at" in await process.stdout.readline()
    process.terminate()
    errors = (await process.communicate())[1]
    lines = [json.loads(line) for line in errors.splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= set(each) for each in lines)
