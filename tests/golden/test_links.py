"""Replays what an earlier release sent on its links to this release's server, engine, translators and hub.

A release that fails here can't run beside the earlier one: see docs/reference/support.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from websockets.asyncio.client import connect

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import BookEntry
from moothall.core.translation.routes import Direction
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.translation.translators import Translators
from moothall.testing import loop
from moothall.testing.engine_link import Pipe, engine_link, next_known
from moothall.testing.scripted import Script, make_script, render
from moothall.testing.translator_link import TranslatorServerEnd
from moothall.wire import engine, translation
from moothall.wire.hubs import messages as hub
from moothall.wire.hubs.acts import AskAct
from moothall_hub.app import BOOK, COPIES
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.pairing.pairing import NAMESPACE, PAIRING, Pairing
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.translator_process import TranslatorService
from moothall_models.translators.echo import EchoTranslator
from support.hubs.door import KEY, hub_hall
from support.hubs.node import running_hub
from support.hubs.server import Visit, hub_server
from support.hubs.together import shows
from support.memory.hall import FLOOR, MIC, memory_hall
from support.releases.conversations import DOWN, UP, Said, read_conversation
from support.releases.release import COMMITS

HERE = Path(__file__).parent
SCRIPT = make_script(7, 30)
"""The same script as in `make_links.py`."""
UNKNOWN = tuple(map(msgspec.msgpack.encode, ({"m": "mood", "good": True}, {"m": "act-2", "id": "a"}, [9, "s", 1])))
"""Messages of kinds that no release has; only the hub link has arrays."""
ASKED = 77
"""The value of `sent` in a test's pulse."""
WORDS = [word.text.strip() for word in SCRIPT.words]

pytestmark = [pytest.mark.parametrize("release", COMMITS)]
later = pytest.mark.parametrize("later", [False, True], ids=["as it was", "as of a later release"])
"""With `later` each message has an unknown field, and messages of unknown kinds are inserted between them."""


def test_each_conversation_has_what_is_asked_of_it(release: str) -> None:
    kinds = {(said.by, _kind(said.frame)) for name in ("engine", "translators", "hub") for said in _said(release, name)}
    assert kinds >= {
        *((UP, kind) for kind in ("hello", "act", "tell", "drained", "usage", "translated", "follow", 0)),
        *((DOWN, kind) for kind in ("attach", "audio", "end-of-audio", "accepted", "prepare", "translate")),
        *((DOWN, kind) for kind in ("welcome", "programme", "live", "done", 0, 1)),
    }


@later
def test_an_engine_of_the_release_writes_a_session_of_this_server(release: str, later: bool) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            await live.writer.insist(SYSTEM, CommandId("open"), do.OpenSession())
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            assert hall.group is not None
            heard = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            await audio.carry(_Spoken(SCRIPT), as_live=False)
            link = hall.connect()
            end = 0
            for said in _said(release, "engine", UP if later else ""):
                told = msgspec.msgpack.decode(said.frame)
                if said.by == UP:
                    await link.send_frame(said.frame)
                elif told["m"] not in ("audio", "end-of-audio"):
                    while isinstance(message := await link.receive(), engine.Audio | engine.EndOfAudio):
                        end = message.t + len(message.pcm) // 32 if isinstance(message, engine.Audio) else end
                    assert message is not None
                    assert msgspec.msgpack.decode(engine.encode(message))["m"] == told["m"]
                    assert not isinstance(message, engine.Accepted) or message.id == told["id"]
            await heard
            assert end == len(render(SCRIPT)) // 32
            events = await hall.events()
        words = [word for event in events if isinstance(event, le.WordsCommitted) for word in event.words]
        assert [word.text.strip() for word in words] == WORDS
        assert len([event for event in events if isinstance(event, le.SegmentEnded)]) == 4

    loop.run(story())


@later
def test_this_engine_hears_a_session_of_a_server_of_the_release(release: str, later: bool) -> None:
    recognizer, clock = ScriptedRecognizer(SCRIPT), EngineClock()
    came: list[engine.ToServer] = []

    async def recognise(windows: Sequence[Window]) -> Sequence[Hypothesis]:
        await asyncio.sleep(0.1)
        return recognizer.recognise_all(windows)

    async def story() -> None:
        ours, theirs = engine_link()
        hello = engine.EngineHello(protocol=engine.PROTOCOL, name="e", model="scripted", languages=(), channels=2)
        session = LinkSession(
            hello,
            voice=ScriptedVoiceActivity,
            media=lambda attach: ArrivalTime(attach.audio_from),
            cpu_ms=clock.cpu_ms,
        )
        down = [said.frame for said in _said(release, "engine", DOWN if later else "") if said.by == DOWN]
        accepted = next(told for frame in down if (told := msgspec.msgpack.decode(frame))["m"] == "accepted")

        async def answer() -> None:
            while (message := await theirs.receive()) is not None:
                came.append(message)
                if isinstance(message, engine.PassAct):
                    await theirs.send_frame(msgspec.msgpack.encode({**accepted, "id": message.id, "offset": len(came)}))
                if isinstance(message, engine.Drained):
                    theirs.cut()

        async with asyncio.TaskGroup() as group:
            group.create_task(run_live(session, ours, recognise, clock))
            group.create_task(answer())
            for frame in down:
                if _kind(frame) != "accepted":
                    await theirs.send_frame(frame)
                    await asyncio.sleep(0.1)

    loop.run(story())
    commits = [
        command
        for message in came
        if isinstance(message, engine.PassAct)
        for command in message.commands
        if isinstance(command, do.CommitWords)
    ]
    assert [word.text.strip() for commit in commits for word in commit.words] == WORDS
    assert isinstance(came[-1], engine.Drained)


@later
async def test_translators_of_the_release_answer_this_server(release: str, later: bool) -> None:
    said = _said(release, "translators", UP if later else "")
    hello = msgspec.msgpack.decode(said[0].frame, type=translation.TranslatorHello)
    answers = [each.frame for each in said if _kind(each.frame) == "translated"]
    down = [msgspec.msgpack.decode(each.frame) for each in said if each.by == DOWN]
    asked = [told for told in down if told["m"] == "translate"]
    to_translators, to_server = Pipe(), Pipe()
    translators = Translators()
    known = asyncio.Event()
    translators.changed(known.set)
    serving = asyncio.ensure_future(translators.serve(TranslatorServerEnd(to_translators, to_server)))
    await to_server.put(said[0].frame)
    await known.wait()
    assert translators.directions == hello.directions
    await translators.prepare(hello.directions[4])
    assert msgspec.msgpack.decode(await to_translators.get() or b"") == {"m": "prepare", "direction": 4}
    for told, answer in zip(asked, answers, strict=True):
        hop = asyncio.ensure_future(translators.hop(told["text"], hello.directions[told["direction"]], ""))
        assert msgspec.msgpack.decode(await to_translators.get() or b"") == told
        for frame in (*UNKNOWN[:2], answer) if later else (answer,):
            await to_server.put(frame)
        assert await hop == msgspec.msgpack.decode(answer)["text"]
    to_server.close()
    await serving


@later
async def test_these_translators_answer_a_server_of_the_release(release: str, later: bool) -> None:
    to_translators, to_server = Pipe(), Pipe()

    class End:
        async def receive(self) -> translation.ToTranslators | None:
            return await next_known(to_translators, translation.decode_to_translators)

        async def send(self, message: translation.FromTranslators) -> None:
            await to_server.put(translation.encode(message))

    directions = [Direction(engine="echo", version="1", source="en", target=f"x{n}", cost=1.0) for n in range(6)]
    service = TranslatorService([EchoTranslator(directions)], "t", try_out=lambda *_: None)
    serving = asyncio.ensure_future(service.run(End()))
    hello = msgspec.msgpack.decode(await to_server.get() or b"")
    assert hello["protocol"] == translation.PROTOCOL
    for said in _said(release, "translators", DOWN if later else ""):
        if said.by == DOWN:
            told = msgspec.msgpack.decode(said.frame)
            await to_translators.put(said.frame)
            if told["m"] == "translate":
                answer = msgspec.msgpack.decode(await to_server.get() or b"")
                assert answer == {"m": "translated", "id": told["id"], "text": f"[x4] {told['text']}"}
    to_translators.close()
    await serving
    service.close()


@later
async def test_a_hub_of_the_release_follows_this_server_and_asks(release: str, later: bool, tmp_path: Path) -> None:
    said = _said(release, "hub", UP if later else "")
    last = max(number for number, each in enumerate(said) if _kind(each.frame) == "done")
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        async with connect(
            f"ws://127.0.0.1:{hall.port}{hub.PATH}",
            additional_headers={"Authorization": f"Bearer {KEY}"},
            compression=None,
            ping_interval=None,
        ) as socket:
            came: list[hub.ToHub] = []
            for each in said[: last + 1]:
                if each.by == UP:
                    await socket.send(each.frame)
                elif not any(_same_kind(each.frame, message) for message in came):
                    while not came or not _same_kind(each.frame, came[-1]):
                        came.append(hub.decode_to_hub(await socket.recv(decode=False)))
        assert [act.act.text for _, act, _ in hall.acts.done if isinstance(act.act, AskAct)] == ["Is this no. 1?"]
        (connected,) = [message for message in came if isinstance(message, hub.Live)]
        assert (connected.session, connected.channels, connected.number) == ("s", ("floor",), 1)


@later
async def test_this_hub_follows_a_server_of_the_release(release: str, later: bool, tmp_path: Path) -> None:
    down = [said.frame for said in _said(release, "hub", DOWN if later else "") if said.by == DOWN]
    welcome = hub.decode_to_hub(down[0])
    assert isinstance(welcome, hub.Welcome)
    async with hub_server() as server, ClientSession() as client:
        book = await SqliteBook.open(tmp_path / BOOK)
        paired = Pairing(
            address=server.address, hub="kisumu", title="Kisumu", key=KEY, keys=msgspec.json.decode(welcome.keys)
        )
        await book.write([BookEntry(NAMESPACE, PAIRING, msgspec.json.encode(paired))])
        await book.close()
        async with running_hub(tmp_path) as running:
            visit = await server.visits.get()
            followed = False
            for frame in down:
                while _kind(frame) == "live" and not followed:
                    followed = isinstance(await visit.hear(), hub.Follow)
                await visit.socket.send(frame)
            await _until_it_is_done(visit)
            assert await shows(client, f"{running.own}/s/s?ui=en", " ".join(WORDS[21:]))()
        mirror = await Mirror.open(tmp_path / COPIES)
        copy = await mirror.copy(SessionId("s"))
        assert copy is not None
        assert copy.known is not None
        records = await mirror.read(SessionId("s"), 0, 1_000, copy.known.lanes)
        await mirror.close()
    assert (copy.broken, copy.whole) == (None, True)
    assert copy.verified > 0, "It is vouched for by the centre's key."
    events = [decode_event(record.body) for record in records if record.body is not None]
    assert " ".join(event.text for event in events if isinstance(event, le.SegmentEnded)).split() == WORDS
    assert isinstance(events[-1], ev.SessionClosed | ev.RecordCheckpoint)


class _Spoken:
    """An `AudioSource` that plays a script."""

    def __init__(self, script: Script) -> None:
        self._pcm = render(script)

    async def __aenter__(self) -> _Spoken:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self, samples: int) -> bytes:
        said, self._pcm = self._pcm[: 2 * samples], self._pcm[2 * samples :]
        return said


def _said(release: str, name: str, later: str = "") -> list[Said]:
    """Return a conversation; messages of the side `later` are altered as if a later release had sent them."""
    said = read_conversation(HERE / f"link-{release}-{name}.txt")
    first = next((number for number, each in enumerate(said) if each.by == later), 0)
    made: list[Said] = []
    for number, each in enumerate(said):
        if each.by == later and number > first:
            made += [Said(later, frame) for frame in UNKNOWN if name == "hub" or frame[0] < 0x90]
        made.append(Said(each.by, _with_more(each.frame)) if each.by == later else each)
    return made


def _with_more(frame: bytes) -> bytes:
    told = msgspec.msgpack.decode(frame)
    more = ["more", {"later": 1}]
    return msgspec.msgpack.encode({"mood": more, **told} if isinstance(told, dict) else [*told, more])


async def _until_it_is_done(visit: Visit) -> None:
    """Wait until the hub has handled everything sent before: its pulse answers ours in order."""
    await visit.socket.send(hub.encode(hub.HubPulse(sent=ASKED, wall=1)))
    while True:
        message = hub.decode_from_hub(await visit.socket.recv(decode=False))
        if isinstance(message, hub.HubPulse) and message.echo == ASKED:
            return


def _kind(frame: bytes) -> Any:
    told = msgspec.msgpack.decode(frame)
    return told["m"] if isinstance(told, dict) else told[0]


def _same_kind(frame: bytes, message: hub.ToHub) -> bool:
    return bool(_kind(hub.encode(message)) == _kind(frame))
