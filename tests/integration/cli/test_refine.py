"""`moothall refine` on a session's log and recording, with a server that holds the data folder and without one."""

from __future__ import annotations

import asyncio
import os
from contextlib import chdir
from pathlib import Path

import aiohttp
import msgspec
import pytest

from moothall.adapters.admin.local_door import CARD, Caller, Card
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import RECORDINGS_FOLDER, quiet_backend
from moothall.cli.main import main
from moothall.cli.refine import Of, read_proposals, write_proposals
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SourceId
from moothall.core.proposals.refining import Proposal
from moothall.core.sessions.parts import Segment
from moothall.services.log.act_queue import Receipt
from moothall.services.proposals.proposing import ProposeOrder
from moothall.settings.sections import Server, Settings
from support.desks.admin import admin_house
from support.sessions.deciding import commit, end, word
from support.sound.hearing import sample_sound

FLOOR = ChannelId("floor")
MIC = SourceId("mic")
SESSION = SessionId("meeting")
ENGINE = Actor(Role.ENGINE, "scripted")
RATE = 16_000


def settings(data: Path) -> Settings:
    return Settings(server=Server(data=str(data)))


async def make(data: Path, *lines: str, close: bool = True) -> None:
    """A session with lines of two seconds each, one after the other."""
    async with quiet_backend(settings(data), SystemClock()) as house:
        live = await house.sessions.open(SESSION)
        acts: list[tuple[Actor, list[do.AnyCommand]]] = [
            (
                SYSTEM,
                [
                    do.CreateSession(title="Meeting", languages=("en",), sound=SoundKept.UNTIL_CHECKED),
                    do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
                    do.OpenSession(),
                    do.AttachSource(source=MIC, channel=FLOOR, t=0, rate=RATE),
                    do.AttachEngine(channel=FLOOR, model="scripted"),
                ],
            )
        ]
        for number, line in enumerate(lines):
            t, words = number * 2_000, line.split(" ")
            each = 2_000 // len(words)
            said = [word(f" {text}", t + n * each, t + (n + 1) * each) for n, text in enumerate(words)]
            acts.append((ENGINE, [commit(f"l{number}", 0, *said, start=t), end(f"l{number}", t + 2_000)]))
        acts += [(SYSTEM, [do.CloseSession()])] if close else []
        for number, (actor, commands) in enumerate(acts):
            answer = await live.writer.send(actor, CommandId(f"make-{number}"), commands)
            assert isinstance(answer, Receipt), answer


async def line(data: Path, name: str) -> Segment:
    async with quiet_backend(settings(data), SystemClock()) as house:
        live = await house.sessions.find(SESSION)
        assert live is not None
        found = live.state.segments.get(SegmentId(name))
        assert found is not None
        return found


def refine(data: Path, *options: str) -> int:
    return main(["refine", SESSION, "--data", str(data), *options])


def accepted(tmp_path: Path, *, old: str = "We hold trues.") -> Path:
    """A file of one proposal."""
    proposal = Proposal(
        segment=SegmentId("l0"),
        channel=FLOOR,
        base_revision=0,
        t0=0,
        old=old,
        new="We hold truths.",
        stays=0.67,
        machine=True,
    )
    path = tmp_path / "read.jsonl"
    path.write_bytes(write_proposals(Of(session=SESSION, model="better"), [proposal]))
    return path


async def test_what_a_person_has_read_is_carried_out_without_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    await make(data, "We hold trues.")
    assert await asyncio.to_thread(refine, data, "--accept", str(accepted(tmp_path))) == 0
    assert capsys.readouterr().out == "Lines corrected: 1.\n"
    found = await line(data, "l0")
    assert (found.whole, found.mended) == ("We hold truths.", True)
    assert not found.accepted
    # Given twice it changes nothing; a line that was changed meanwhile is said, and stays.
    path = accepted(tmp_path)
    assert await asyncio.to_thread(refine, data, "--accept", str(path)) == 0
    of, (proposal,) = read_proposals(path)
    path.write_bytes(write_proposals(of, [msgspec.structs.replace(proposal, new="Another.")]))
    capsys.readouterr()
    assert await asyncio.to_thread(refine, data, "--accept", str(path)) == 1
    assert "l0: It was changed meanwhile." in capsys.readouterr().err


async def test_what_a_person_took_as_it_was_proposed_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await make(data, "We hold trues.", "We hold trues.")
    path = accepted(tmp_path)
    _, (proposal,) = read_proposals(path)
    other = msgspec.structs.replace(proposal, segment=SegmentId("l1"))
    async with quiet_backend(settings(data), SystemClock()) as house:
        order = ProposeOrder(session=SESSION, model="better", through=100, proposals=(proposal, other))
        assert await house.proposals.keep(order) == 2
    mended = msgspec.structs.replace(other, new="We hold these truths.")
    path.write_bytes(write_proposals(Of(session=SESSION, model="better"), [proposal, mended]))
    assert await asyncio.to_thread(refine, data, "--accept", str(path)) == 0
    assert [((await line(data, name)).mended, (await line(data, name)).accepted) for name in ("l0", "l1")] == [
        (True, True), (True, False)
    ]  # fmt: skip


async def test_proposals_that_can_not_be_kept_are_said_over_the_door(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await make(data, "We hold trues.")
    async with admin_house(tmp_path):
        caller = Caller(data)
        with pytest.raises(ConfigurationError, match="There is no session 'nobody'"):
            await caller.propose(ProposeOrder(session=SessionId("nobody"), model="m", through=0, proposals=()))
        card = msgspec.json.decode((data / CARD).read_bytes(), type=Card)
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {card.token}"}) as http,
            http.post(f"{card.address}/local/propose", data=b"{}") as answer,
        ):
            assert answer.status == 400
        async with (
            aiohttp.ClientSession(headers={"Authorization": "Bearer guess"}) as http,
            http.post(f"{card.address}/local/propose", data=b"{}") as answer,
        ):
            assert answer.status == 403


async def test_with_a_server_the_server_does_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    await make(data, "We hold trues.")
    async with admin_house(tmp_path) as house:
        assert await asyncio.to_thread(refine, data, "--accept", str(accepted(tmp_path))) == 0
        live = await house.running.backend.sessions.find(SESSION)
        assert live is not None
        found = live.state.segments.get(SegmentId("l0"))
        assert found is not None
        assert (found.whole, found.revision) == ("We hold truths.", 1)
        card = msgspec.json.decode((data / CARD).read_bytes(), type=Card)
        headers = {"Authorization": f"Bearer {card.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{card.address}/local/refine", data=b"{}") as answer,
        ):
            assert answer.status == 400
    assert capsys.readouterr().out == "Lines corrected: 1.\n"


@pytest.mark.slow  # 11 s of CPU, with a real model.
@pytest.mark.model
async def test_a_second_pass_proposes_and_mends_what_no_person_has_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "proposals.jsonl"
    # What is said, in lines of two seconds: ... and welcome to this open session on remote participation.
    await make(data, "Good afternoon, everybody,", "and will come to this open session", "on remote participating.")
    sounds = SoundFolder(data / RECORDINGS_FOLDER, bitrate=24_000)
    part = await sounds.begin(SESSION, MIC, 0)
    await part.write(await sample_sound(0, 6_400))
    await part.close()
    options = ("--model", "whisper-tiny.en", "--threads", "1")
    # To a server that runs, where they wait for a person; there is no file but the journal, which is gone by then.
    async with admin_house(tmp_path) as house:
        with chdir(tmp_path):
            assert await asyncio.to_thread(refine, data, *options) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[0] == "2 corrections proposed."
        assert said[-1] == f"2 wait to be decided on: {house.running.served.public}/desk/{SESSION}/refinements"
    assert os.listdir(tmp_path) == ["data"]
    async with quiet_backend(settings(data), SystemClock()) as opened:
        kept = opened.proposals.kept(SESSION)
        assert kept is not None
        assert (kept.model, [each.segment for each in kept.proposals]) == ("whisper-tiny.en", ["l1", "l2"])
    # To the data folder, and into a file.
    assert await asyncio.to_thread(refine, data, *options, "--out", str(out)) == 0
    of, proposals = read_proposals(out)
    assert (of.session, of.model) == (SESSION, "whisper-tiny.en")
    assert [each.segment for each in proposals] == ["l1", "l2"]
    assert (await line(data, "l1")).revision == 0
    assert sorted(os.listdir(tmp_path)) == ["data", "proposals.jsonl"]
    with chdir(tmp_path):
        assert await asyncio.to_thread(refine, data, *options, "--apply", "machine-lines") == 0
    assert capsys.readouterr().out.endswith("Lines corrected: 2.\n")
    mended = await line(data, "l1")
    assert "and welcome to this open session" in mended.whole
    assert (mended.revision, mended.mended) == (1, False)
    with chdir(tmp_path):
        assert await asyncio.to_thread(refine, data, *options, "--apply", "machine-lines") == 0
    assert capsys.readouterr().out.endswith("Lines corrected: 0.\n")
    async with quiet_backend(settings(data), SystemClock()) as opened:
        assert opened.proposals.kept(SESSION) is None


async def test_what_can_not_be_refined_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, script = tmp_path / "data", tmp_path / "script.json"
    script.write_bytes(b'{"words": []}')
    model = ("--model", f"scripted:{script}")
    await make(data, "We hold trues.", close=False)
    assert await asyncio.to_thread(refine, data, *model) == 1
    assert "a second pass waits until it is closed" in capsys.readouterr().err
    async with quiet_backend(settings(data), SystemClock()) as house:
        live = await house.sessions.find(SESSION)
        assert live is not None
        await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession())
    assert await asyncio.to_thread(refine, data, *model) == 1
    assert "There is no recording of 'meeting'" in capsys.readouterr().err
    assert await asyncio.to_thread(main, ["refine", "nobody", "--data", str(data), *model]) == 1
    assert "There is no session 'nobody'" in capsys.readouterr().err
    other = accepted(tmp_path)
    assert await asyncio.to_thread(main, ["refine", "nobody", "--data", str(data), "--accept", str(other)]) == 1
    assert "about the session 'meeting'" in capsys.readouterr().err
