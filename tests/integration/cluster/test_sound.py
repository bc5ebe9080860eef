"""Sound outlives the node that has it on its disk: a microphone sends while one keeper after the other is killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.sound.sender import RATE, Sender
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.backend import RECORDINGS_FOLDER, SPOOL_FOLDER
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SegmentId, SessionId, SourceId
from moothall.services.sound.live_take import take_of
from moothall.testing.scripted import Script, make_script, render, write_script
from support.cluster.nodes import STARTED_S, NodeProcess, Prepared, prepared
from support.cluster.process import RedisProcess, RedisProcesses
from support.desks.persistent import PersistentDesk
from support.halls.process import engine_of, plain
from support.halls.readers import until
from support.hubs.together import until as until_so
from support.links.weak_link import weak_link_to

SEAM_MS = 500
"""Words that begin so soon after a span may go with it."""
UNHEARD = 2 * RATE
"""Samples that are safe at a node when it is killed, and of which there are no words."""


class Log:
    """What a node's own log holds of a session."""

    def __init__(self, node: NodeProcess, session: SessionId) -> None:
        self.events = [decode_event(each.body) for each in node.records(session) if each.body is not None]
        commits = (event for event in self.events if isinstance(event, le.WordsCommitted))
        self.words = [word for event in commits for word in event.words]


async def kill_with_unheard_sound(node: NodeProcess, session: SessionId, sender: Sender) -> int:
    """Kill a keeper while its engine stands still; how many samples it had acknowledged that were no words yet."""
    engine = engine_of(node.pid)
    assert engine is not None
    os.kill(engine, signal.SIGSTOP)
    # What the engine said before is still on its way, so that the log is asked each time.
    await until(lambda: sender.safe >= 16 * Log(node, session).words[-1].t1 + UNHEARD + RATE)
    os.kill(engine, signal.SIGKILL)  # It holds the node's output open, and none follows so soon.
    await node.kill()
    return sender.safe - 16 * Log(node, session).words[-1].t1


async def two_nodes(
    folder: Path, redis: RedisProcess, script: Script, *, first_by: int = 0
) -> tuple[NodeProcess, NodeProcess, Prepared]:
    """Two that were not started yet, whose engines hear what the script says, and a planned session. `first_by`: the
    port by which the first finds Redis; 0 for Redis's own.
    """
    (folder / "script.json").write_bytes(write_script(script))
    model, ports = f"scripted:{folder / 'script.json'}", (first_by or redis.port, redis.port)
    first, second = (NodeProcess(folder, number, port, model=model) for number, port in enumerate(ports, 1))
    planned = await prepared(first.data)
    second.sign_like(first)
    return first, second, planned


async def loud(node: NodeProcess, session: SessionId, source: SourceId, t0: int, t1: int) -> bool | None:
    """Whether a node's recording has sound of these ms of a source; None where it has no recording."""
    folder = SoundFolder(node.data / RECORDINGS_FOLDER, bitrate=24_000)
    for part in await folder.parts(session):
        if part.source == source and part.first <= 16 * t0 and 16 * t1 <= part.end:
            samples = array("h", await folder.read(part, 16 * t0, 16 * (t1 - t0)))
            return max(map(abs, samples)) > 1_000
    return None


# tests/unit/services/sound/test_former_recordings.py has the same without processes.
@pytest.mark.slow
async def test_what_is_removed_is_silenced_in_the_recording_of_a_former_keeper_too(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    script = make_script(9, 20, pause_ms=300)
    first, second, planned = await two_nodes(tmp_path, redis_processes.empty("valkey"), script)
    session, nodes = planned.session, [first, second]
    sender = Sender([first.address], planned.token, f"/s/{session}/audio", render(script, tail_ms=120_000))
    desk = PersistentDesk([node.address for node in nodes], planned.token)

    async def has(node: NodeProcess, word: le.Word) -> bool | None:
        at = attached[0].t
        return await loud(node, session, attached[0].source, word.t0 - at + 20, word.t1 - at - 20)

    async def unconfirmed() -> dict[str, int]:
        status = (await Caller(second.data).status()).node
        assert status is not None
        return dict(status.unconfirmed)

    async def confirmed() -> bool:
        return not await unconfirmed()

    try:
        await first.start()
        await first.until("keeps the house")
        await second.start()
        sending = asyncio.ensure_future(sender.run())
        await until(lambda: len(Log(first, session).words) >= 12)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert "receipt" in await desk.send(session, "act", {"id": "close", "commands": [{"do": "close"}]})
        log = Log(first, session)
        attached = [event for event in log.events if isinstance(event, ev.SourceAttached)]
        lines = [event.segment for event in log.events if isinstance(event, le.SegmentOpened)]
        first_words: dict[SegmentId, le.Word] = {}
        for event in log.events:
            if isinstance(event, le.WordsCommitted):
                first_words.setdefault(event.segment, event.words[0])
        gone, stays = (first_words[line] for line in lines[:2])
        await until_so(lambda: has(first, stays))
        await first.kill()
        await second.until("keeps the house")
        removes = {"type": "lines", "segments": [lines[0]]}
        assert "receipt" in await desk.send(session, "remove", {"id": "remove", "removes": removes})
        await until_so(unconfirmed)
        assert await has(first, gone), "it is away"
        await first.start()
        await until_so(confirmed)
        assert (await has(first, gone), await has(first, stays)) == (False, True)
    finally:
        await desk.close()
        await first.stop()
        await second.stop()


class Stream(Sender):
    """Sound that is named as that of a stream, and that nobody keeps who could send it again."""

    def _new_take(self) -> None:
        super()._new_take()
        self._take = f"pull{self._take[:8]}"


@pytest.mark.slow  # Half a minute; keepers are killed in another test here.
async def test_sound_that_nobody_can_send_again_outlives_its_keeper_s_disk(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    script = make_script(9, 40, pause_ms=300)
    first, second, planned = await two_nodes(tmp_path, redis_processes.empty("valkey"), script)
    session = planned.session
    stream = Stream([first.address], planned.token, f"/s/{session}/audio", render(script, tail_ms=120_000))

    async def copied() -> int:
        node = (await Caller(second.data).status()).node
        return 0 if node is None else node.copied_ms

    try:
        await first.start()
        await first.until("keeps the house")
        await second.start()
        sending = asyncio.ensure_future(stream.run())
        await until(lambda: len(Log(first, session).words) >= 5)
        engine = engine_of(first.pid)
        assert engine is not None
        os.kill(engine, signal.SIGSTOP)
        await until(lambda: stream.safe >= 16 * Log(first, session).words[-1].t1 + UNHEARD + RATE)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        safe, before = stream.safe, len(Log(first, session).words)
        async with asyncio.timeout(STARTED_S):
            while 16 * (await copied() + 1) < safe:  # noqa: ASYNC110  # a node tells nobody
                await asyncio.sleep(0)
        os.kill(engine, signal.SIGKILL)
        await first.kill()
        shutil.rmtree(first.data)
        await second.until("keeps the house")
        spoken = [word.text.strip() for word in script.words if 16 * word.t1 <= safe - RATE]
        assert len(spoken) > before
        await until(lambda: len(Log(second, session).words) >= len(spoken))
    finally:
        await first.stop()
        await second.stop()
    log = Log(second, session)
    assert plain(log.words)[: len(spoken)] == spoken
    assert len([event for event in log.events if isinstance(event, ev.SourceAttached)]) == 1


async def test_no_word_is_lost_or_doubled_when_keepers_are_killed_while_somebody_speaks(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    script = make_script(9, 40, pause_ms=300)
    first, second, planned = await two_nodes(tmp_path, redis_processes.empty("valkey"), script)
    session = planned.session
    sound = render(script, tail_ms=120_000)
    sender = Sender([first.address, second.address], planned.token, f"/s/{session}/audio", sound)

    def says(node: NodeProcess, words: int) -> Callable[[], bool]:
        return lambda: len(Log(node, session).words) >= words

    try:
        await first.start()
        await first.until("keeps the house")
        await second.start()
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(sender.run())
            await until(says(first, 5))
            unheard = [await kill_with_unheard_sound(first, session, sender)]
            await second.until("keeps the house")
            assert list((first.data / SPOOL_FOLDER).glob("*/*/*")), "it was killed with sound that was no words yet"
            await first.start()  # With what it had spooled before, which is of no use any more.
            await until(says(second, 18))
            await until(says(first, 18))
            await until(lambda: not list((first.data / SPOOL_FOLDER).glob("*/*/")))
            unheard.append(await kill_with_unheard_sound(second, session, sender))
            await first.until("keeps the house")
            await until(says(first, len(script.words)))
            speaking.cancel()
    finally:
        await first.stop()
        await second.stop()
    log = Log(first, session)
    assert min(unheard) >= UNHEARD
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert not any(isinstance(event, ev.GapNoted) for event in log.events)
    attached = [event for event in log.events if isinstance(event, ev.SourceAttached)]
    assert len(attached) == 3
    for event in attached:
        _, base = take_of(event.source) or ("", 0)
        assert event.t - attached[0].t == base // 16
    for word, said in zip(log.words, script.words, strict=True):
        assert abs(word.t0 - attached[0].t - said.t0) <= 300


@pytest.mark.slow  # Half a minute; keepers are killed in another test here.
async def test_what_is_recorded_again_at_the_next_keeper_is_heard_though_the_cut_off_one_does_not_know(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """The microphone stays with the keeper that was cut off, for which the span lasts, until that one stands by."""
    script, redis = make_script(9, 55, pause_ms=300), redis_processes.empty("valkey")
    async with weak_link_to(redis.port) as link:
        first, second, planned = await two_nodes(tmp_path, redis, script, first_by=link.port)
        session, sound = planned.session, render(script, tail_ms=120_000)
        sender = Sender([first.address, second.address], planned.token, f"/s/{session}/audio", sound)
        there, elsewhere = (PersistentDesk([node.address], planned.token) for node in (first, second))
        try:
            await first.start()
            await first.until("keeps the house")
            await second.start()
            async with asyncio.TaskGroup() as group:
                speaking = group.create_task(sender.run())
                await until(lambda: len(Log(first, session).words) >= 3)
                off = {"id": "off", "commands": [{"do": "not-recorded"}]}
                assert "receipt" in await there.send(session, "act", off)
                began = sender.safe
                await until(lambda: (sender.done or 0) >= began)  # What is said in the span is done at once.
                link.cut()
                await second.until("keeps the house")
                on = {"id": "on", "commands": [{"do": "recorded"}]}
                assert "receipt" in await elsewhere.send(session, "act", on)
                assert first.keeps, "nobody has told it"
                await first.until("stands by")
                since = next(
                    event.t1 for event in Log(second, session).events if isinstance(event, ev.NotRecordedEnded)
                )
                begun = next(event.t for event in Log(second, session).events if isinstance(event, ev.SourceAttached))
                said = [word.text.strip() for word in script.words if begun + word.t0 >= since + SEAM_MS]
                await until(lambda: plain(Log(second, session).words)[-3:] == said[-3:])
                speaking.cancel()
        finally:
            await there.close()
            await elsewhere.close()
            link.mend()
            await first.stop()
            await second.stop()
    assert len(said) > 10, "there was something to lose"
    assert plain(Log(second, session).words)[-len(said) :] == said
