from __future__ import annotations

import asyncio

import aiohttp
import pytest

from moothall.adapters.sound.audio_door import LAST_WORDS_MS, may_send
from moothall.core.commands import AddChannel, BeginNotRecorded, CloseSession, OpenSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import audio
from moothall.wire.audio import Piece, TakeEndReason
from moothall.wire.close_codes import CloseCode
from moothall.wire.frames import PULSE_MS
from support.halls.microphone_door import EVERYBODY, ORIGIN, door, say, send, sending, shut, told, until
from support.memory.hall import FLOOR, SESSION, MemoryHall
from support.memory.microphone import RATE, Ears, greeting, sound
from support.memory.scribe import Scribe

FRENCH = ChannelId("fr")


def test_sound_is_taken_acknowledged_and_ended() -> None:
    async def story() -> None:
        ears = Ears()
        async with door(ears) as at:
            await at.hall.session()
            async with at.connected(Origin=ORIGIN) as socket:
                await say(socket, greeting())
                assert await told(socket) == {"kind": "go", "at": 0, "session": "s"}
                await send(socket, 0, 2 * RATE)
                assert (await until(socket, "safe"))["at"] > 0
                await say(socket, audio.End(at=2 * RATE, reason=TakeEndReason.STOPPED))
                await until(socket, "ended")
                await say(socket, greeting("taketwo2"))  # another start of the same microphone
                assert (await until(socket, "go")) == {"kind": "go", "at": 0, "session": "s"}
            assert ears.heard[0] == (FLOOR, 0, sound(0, 2 * RATE))

    loop.run(story())


def test_a_microphone_that_gave_up_before_it_was_answered_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with door() as at:
            at.leaves = True
            with pytest.raises(aiohttp.ClientConnectionError):
                async with at.connected():
                    pass

    loop.run(story())
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_after_a_cut_link_it_is_asked_for_what_did_not_come_and_an_overlap_is_no_matter() -> None:
    async def story() -> None:
        ears = Ears()
        async with door(ears) as at:
            await at.hall.session()
            async with at.connected() as socket:
                await say(socket, greeting())
                await told(socket)
                await send(socket, 0, RATE)
                assert (await until(socket, "safe"))["at"] == RATE
            async with at.connected() as socket:
                await say(socket, greeting(first=RATE // 2))
                assert await until(socket, "go") == {"kind": "go", "at": RATE, "session": "s"}
                await send(socket, RATE - 500, 3 * RATE)
                await say(socket, audio.End(at=3 * RATE, reason=TakeEndReason.STOPPED))
                await until(socket, "ended")
            await at.hall.clock.sleep(1_000)
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, 3 * RATE)]

    loop.run(story())


def test_a_microphone_that_asks_for_it_has_a_pulse_whatever_else_is_said() -> None:
    async def story() -> None:
        async with door() as at:
            await at.hall.session()
            async with at.connected(path="/s/s/audio?pulse=1") as socket:
                for _ in range(3):
                    assert await told(socket) == {"kind": "pulse", "every": PULSE_MS}
                assert at.hall.clock.monotonic() >= 2 * PULSE_MS
                await say(socket, greeting())
                assert await until(socket, "go") == {"kind": "go", "at": 0, "session": "s"}
                await until(socket, "pulse")
            async with at.connected() as other:
                await say(other, greeting())
                assert (await told(other))["kind"] == "go", "one of before would not know what it is"

    loop.run(story())


def test_the_same_microphone_comes_back_before_its_old_link_is_seen_to_be_dead() -> None:
    async def story() -> None:
        async with door() as at:
            await at.hall.session()
            async with at.connected() as old, at.connected() as new:
                await say(old, greeting())
                await told(old)
                await say(new, greeting())
                assert await until(new, "go") == {"kind": "go", "at": 0, "session": "s"}
                assert await shut(old) == CloseCode.REPLACED

    loop.run(story())


def test_a_second_one_is_told_who_sends_and_may_take_over() -> None:
    async def story() -> None:
        ears = Ears()
        async with door(ears) as at:
            await at.hall.session()
            async with at.connected() as first, at.connected("c1") as second, at.connected("c1") as third:
                await say(first, greeting())
                await told(first)
                await send(first, 0, RATE)
                await until(first, "safe")
                await say(second, greeting("taketwo2"))
                held = await told(second)
                assert (held["kind"], held["by"]) == ("held", "Main hall, technician")
                await say(third, greeting("takethre"))
                await told(third)
                await third.close()
                await send(first, RATE, 2 * RATE)  # it goes on, as long as nobody decides
                await until(first, "safe")
                await say(second, audio.TakeOver())
                assert await until(second, "go") == {"kind": "go", "at": 0, "session": "s"}
                assert await shut(first) == CloseCode.REPLACED
                await send(second, 0, RATE, mark=4)
                await say(second, audio.End(at=RATE, reason=TakeEndReason.STOPPED))
                await until(second, "ended")
            await at.hall.clock.sleep(1_000)
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, 2 * RATE), sound(0, RATE, 4)]

    loop.run(story())


def test_the_time_that_somebody_takes_to_decide_is_no_hole_in_the_sound() -> None:
    async def story() -> None:
        ears = Ears()
        async with door(ears) as at:
            await at.hall.session()
            async with at.connected() as first, at.connected("c1") as second:
                await say(first, greeting())
                await told(first)
                await say(second, greeting("taketwo2"))
                assert (await told(second))["kind"] == "held"
                began = at.hall.clock.monotonic()
                await at.hall.clock.sleep(4_000)
                await say(second, audio.TakeOver())
                await until(second, "go")
                live = await at.hall.sessions.open(SESSION)
                assert len(live.state.sources) == 2
                assert max(source.t for source in live.state.sources.values()) < began + 2_000

    loop.run(story())


def test_who_may_send_what() -> None:
    async def story() -> None:
        async with door() as at:
            live = await at.hall.session()
            added = AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",))
            await live.writer.send(SYSTEM, CommandId("add"), added)
            await at.hall.session(SessionId("other"))
            found: dict[tuple[str, str, str], int | str | None] = {}
            for link, session, channel in (
                ("c1", "s", "floor"),
                ("i1", "s", "fr"),
                ("i1", "s", "floor"),
                ("r1", "s", "floor"),
                ("c1", "other", "floor"),
                ("t1", "s", "nothing"),
                ("t1", "nowhere", "floor"),
                ("t1", "S!", "floor"),
            ):
                async with at.connected(link, f"/s/{session}/audio") as socket:
                    await say(socket, greeting(f"take{link}{channel}", channel=ChannelId(channel)))
                    answer = await socket.receive()
                    went = answer.type is aiohttp.WSMsgType.TEXT
                    found[link, session, channel] = answer.json()["kind"] if went else socket.close_code
            assert found == {
                ("c1", "s", "floor"): "go",
                ("i1", "s", "fr"): "go",
                ("i1", "s", "floor"): CloseCode.FORBIDDEN,
                ("r1", "s", "floor"): CloseCode.FORBIDDEN,
                ("c1", "other", "floor"): CloseCode.UNKNOWN_SESSION,
                ("t1", "s", "nothing"): CloseCode.UNKNOWN_SESSION,
                ("t1", "nowhere", "floor"): CloseCode.UNKNOWN_SESSION,
                ("t1", "S!", "floor"): CloseCode.UNKNOWN_SESSION,
            }

    loop.run(story())


@pytest.mark.parametrize("kind", ChannelKind)
def test_nobody_sends_the_sound_of_a_translation(kind: ChannelKind) -> None:
    able = {staff.role for staff in EVERYBODY.values() if may_send(staff, kind)}
    assert (Role.TECHNICIAN in able) == (kind is not ChannelKind.TRANSLATION)
    assert (Role.INTERPRETER in able) == (kind is ChannelKind.INTERPRETATION)


def test_strangers_foreign_pages_and_plain_requests_are_turned_away() -> None:
    async def story() -> None:
        async with door() as at:
            await at.hall.session()
            upgrade = {
                "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            }  # fmt: skip
            assert await at.status("nobody", **upgrade) == 403
            assert await at.status("t1", Origin="https://evil.example", **upgrade) == 403
            assert await at.status("t1", Origin="null", **upgrade) == 403
            assert await at.status("t1", Origin=ORIGIN) == 426

    loop.run(story())


def test_a_link_that_is_revoked_sends_no_longer() -> None:
    async def story() -> None:
        async with sending() as (at, socket):
            del at.links["t1"]
            assert await shut(socket) == CloseCode.FORBIDDEN
            assert at.hall.clock.monotonic() < 6_000

    loop.run(story())


@pytest.mark.parametrize("nonsense", ["text", "late hello", "hole", "wrong end", "half a sample", "bytes first"])
def test_who_breaks_the_rules_is_closed_with_a_sentence(nonsense: str) -> None:
    async def story() -> None:
        async with door() as at:
            await at.hall.session()
            async with at.connected() as socket:
                if nonsense == "bytes first":
                    for _ in range(300):
                        await socket.send_bytes(b"x")
                else:
                    await say(socket, greeting())
                    await told(socket)
                match nonsense:
                    case "text":
                        await socket.send_str("hello")
                    case "late hello":
                        await say(socket, greeting("taketwo2"))
                    case "hole":
                        await send(socket, 10, 20)
                    case "wrong end":
                        await say(socket, audio.End(at=5, reason=TakeEndReason.STOPPED))
                    case "half a sample":
                        await socket.send_bytes(bytes(audio.HEAD_BYTES + 3))
                assert await shut(socket) == CloseCode.BAD_REQUEST

    loop.run(story())


def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async def story() -> None:
        async with sending() as (_, socket):
            await socket.send_bytes(bytes(audio.MAX_PIECE_BYTES + 2))
            assert await shut(socket) == CloseCode.TOO_BIG

    loop.run(story())


def test_the_longest_piece_is_taken() -> None:
    async def story() -> None:
        async with sending() as (_, socket):
            whole = sound(0, audio.MAX_PIECE_SAMPLES)
            await socket.send_bytes(audio.encode_piece(Piece(first=0, age=0, pcm=whole)))
            assert (await until(socket, "safe"))["at"] == audio.MAX_PIECE_SAMPLES

    loop.run(story())


def test_ten_minutes_that_were_kept_come_at_once_and_more_is_read_more_slowly() -> None:
    async def story() -> None:
        async with sending() as (at, socket):
            for first in range(0, 1_600 * 8, 8):  # small pieces: it is their number that counts
                await socket.send_bytes(audio.encode_piece(Piece(first=first, age=0, pcm=sound(first, 8))))
            await say(socket, audio.End(at=1_600 * 8, reason=TakeEndReason.STOPPED))
            await until(socket, "ended")
            assert 1_000 < at.hall.clock.monotonic() < 5_000

    loop.run(story())


def test_more_sound_than_a_microphone_may_have_kept_comes_no_faster_than_it_is_heard_on_any_connection() -> None:
    async def story() -> None:
        async with sending() as (at, socket):
            for second in range(400):
                await socket.send_bytes(audio.encode_piece(Piece(first=second * RATE, age=0, pcm=bytes(2 * RATE))))
            await say(socket, audio.End(at=400 * RATE, reason=TakeEndReason.STOPPED))
            await until(socket, "ended")
            before = at.hall.clock.monotonic()
            await say(socket, greeting("taketwo2"))
            await until(socket, "go")
            for second in range(238):
                await socket.send_bytes(audio.encode_piece(Piece(first=second * RATE, age=0, pcm=bytes(2 * RATE))))
            await say(socket, audio.End(at=238 * RATE, reason=TakeEndReason.STOPPED))
            await until(socket, "ended")
            assert at.hall.clock.monotonic() - before > 5_000

    loop.run(story())


def test_the_session_ends_and_the_microphone_is_told() -> None:
    async def story() -> None:
        async with door() as at:
            live = await at.hall.session()
            async with at.connected() as socket:
                await say(socket, greeting())
                await told(socket)
                await send(socket, 0, RATE)
                await live.writer.send(SYSTEM, CommandId("close"), CloseSession())
                await until(socket, "over")
                await say(socket, greeting("taketwo2"))
                await until(socket, "over")

    loop.run(story())


def test_a_room_follows_its_sessions_and_takes_nothing_between_them() -> None:
    async def story() -> None:
        ears = Ears()
        async with door(ears) as at:
            first = await at.hall.session()
            await at.hall.session(SessionId("next"))
            async with at.connected(path="/room/main/audio") as socket:
                await say(socket, greeting())
                assert await told(socket) == {"kind": "idle"}
                at.running = SESSION
                await say(socket, greeting())
                assert await told(socket) == {"kind": "go", "at": 0, "session": "s"}
                await send(socket, 0, RATE)
                await until(socket, "safe")
                at.running = SessionId("next")
                await first.writer.send(SYSTEM, CommandId("close"), CloseSession())
                await until(socket, "over")
                await send(socket, RATE, 2 * RATE)  # on its way, and of the old session
                await say(socket, greeting("taketwo2"))
                assert await until(socket, "go") == {"kind": "go", "at": 0, "session": "next"}
                await send(socket, 0, RATE, mark=5)
                await say(socket, audio.End(at=RATE, reason=TakeEndReason.STOPPED))
                await until(socket, "ended")
            async with at.connected(path="/room/nowhere/audio") as socket:
                await say(socket, greeting())
                assert await told(socket) == {"kind": "idle"}
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, RATE), sound(0, RATE, 5)]

    loop.run(story())


def test_what_can_not_be_stored_is_to_be_sent_later() -> None:
    async def story() -> None:
        log = FailingLog()
        async with door(hall=MemoryHall(log)) as at:
            await at.hall.session()
            log.full = True
            async with at.connected() as socket:
                await say(socket, greeting())
                assert await shut(socket) == CloseCode.TRY_LATER

    loop.run(story())


@pytest.mark.parametrize("asks", [True, False])
def test_a_microphone_is_told_when_sound_that_waits_for_its_words_has_all_its_room(asks: bool) -> None:
    async def story() -> None:
        async with door(hall=MemoryHall(spools=MemorySpools(kept_samples=2 * RATE))) as at:
            await at.hall.session()
            async with at.connected(path=f"/s/s/audio{'?full=1' if asks else ''}") as socket:
                await say(socket, greeting())
                assert (await told(socket))["kind"] == "go"
                await send(socket, 0, 4 * RATE)
                heard = [await told(socket)]
                while heard[-1] != {"kind": "safe", "at": 2 * RATE}:
                    heard.append(await told(socket))
                assert at.hall.live.full(SESSION) is True
                if asks:
                    assert await told(socket) == {"kind": "full"}
                [take] = [take for channel in at.hall.live._of(SESSION) for take in channel.takes]
                await take.audio._spool.trim(RATE)
                after = await told(socket)
                assert after["kind"] == "safe"
                assert after["at"] > 2 * RATE

    loop.run(story())


@pytest.mark.parametrize("asks", [True, False])
def test_a_microphone_that_asks_is_told_what_is_done_and_its_end_waits_for_the_last_words(asks: bool) -> None:
    async def story() -> None:
        ears = Scribe()
        async with door(ears) as at:
            await at.hall.session()
            async with at.connected(path=f"/s/s/audio{'?done=0' if asks else ''}") as socket:
                await say(socket, greeting())
                assert (await told(socket))["kind"] == "go"
                await send(socket, 0, 6 * RATE)
                heard = [await told(socket)]
                while heard[-1] != {"kind": "safe", "at": 6 * RATE}:
                    heard.append(await told(socket))
                await ears.word(4_000, 5_000)
                if asks:
                    assert heard[0] == {"kind": "done", "at": 0}  # Before any `safe`.
                    assert await told(socket) == {"kind": "done", "at": 3 * RATE}
                else:
                    assert {each["kind"] for each in heard} == {"safe"}
                await say(socket, audio.End(at=6 * RATE, reason=TakeEndReason.STOPPED))
                last = await told(socket)
                if asks:
                    assert last == {"kind": "done", "at": 6 * RATE}
                    last = await told(socket)
                assert last == {"kind": "ended"}

    loop.run(story())


def test_a_node_that_may_not_acknowledge_says_nothing_is_done_that_another_may_record() -> None:
    async def story() -> None:
        async with door(Scribe()) as at:
            live = await at.hall.session()
            off = (OpenSession(), BeginNotRecorded())
            assert isinstance(await live.writer.send(Actor(Role.TECHNICIAN, "t1"), CommandId("off"), off), Receipt)
            at.answers = False
            async with at.connected(path="/s/s/audio?done=0") as socket:
                await say(socket, greeting())
                await send(socket, 0, 3 * RATE)
                assert (await told(socket))["kind"] == "go"
                heard = [await told(socket)]
                while heard[-1] != {"kind": "safe", "at": 3 * RATE}:
                    heard.append(await told(socket))
                assert [each for each in heard if each["kind"] == "done"] == [{"kind": "done", "at": 0}]
                await say(socket, audio.End(at=3 * RATE, reason=TakeEndReason.STOPPED))
                asyncio.get_running_loop().call_later(2 * LAST_WORDS_MS / 1_000, setattr, at, "answers", True)
                assert await told(socket) == {"kind": "done", "at": 3 * RATE}
                await until(socket, "ended")
            assert at.hall.clock.monotonic() >= 2 * LAST_WORDS_MS

    loop.run(story())


class Away(Ears):
    """An engine that never connects."""

    async def listen(self, link: EngineEnd, channels: int = 4) -> None:
        pass


def test_where_no_engine_is_the_end_of_a_take_waits_ten_seconds_and_no_longer() -> None:
    async def story() -> None:
        async with door(Away()) as at:
            await at.hall.session()
            async with at.connected(path="/s/s/audio?done=0") as socket:
                await say(socket, greeting())
                await send(socket, 0, RATE)
                await say(socket, audio.End(at=RATE, reason=TakeEndReason.STOPPED))
                await until(socket, "ended")
            assert LAST_WORDS_MS <= at.hall.clock.monotonic() <= LAST_WORDS_MS + 2_000

    loop.run(story())


@pytest.mark.parametrize("done", ["", "-1", "x", "1e3", "9" * 30])
def test_what_is_no_position_is_refused(done: str) -> None:
    async def story() -> None:
        async with door() as at:
            await at.hall.session()
            async with at.connected(path=f"/s/s/audio?done={done}") as socket:
                assert await shut(socket) == CloseCode.BAD_REQUEST

    loop.run(story())


def test_a_take_whose_end_lies_before_what_is_asked_for_is_over() -> None:
    async def story() -> None:
        ears, log = Scribe(), FailingLog()
        async with door(ears, MemoryHall(log)) as at:
            await at.hall.session()
            async with at.connected() as socket:
                await say(socket, greeting())
                await send(socket, 0, 6 * RATE)
                await until(socket, "safe")
                await ears.word(5_500, 9_000)  # Nearer to the end than any engine should say.
        async with door(ears, MemoryHall(log)) as at, at.connected(path="/s/s/audio?done=0") as socket:
            await say(socket, greeting(first=6 * RATE))
            assert (await told(socket))["at"] == 7 * RATE
            await say(socket, audio.End(at=6 * RATE, reason=TakeEndReason.STOPPED))
            await until(socket, "ended")

    loop.run(story())


def test_a_take_that_is_over_is_over() -> None:
    async def story() -> None:
        async with sending() as (at, socket):
            await send(socket, 0, RATE)
            await say(socket, audio.End(at=RATE, reason=TakeEndReason.STOPPED))
            await until(socket, "ended")
            await at.hall.clock.sleep(2_000)
            await say(socket, greeting(first=RATE))
            await until(socket, "ended")

    loop.run(story())


def test_who_never_says_hello_is_let_go() -> None:
    async def story() -> None:
        async with door() as at, at.connected() as silent:
            assert await shut(silent) == CloseCode.NORMAL
            assert at.hall.clock.monotonic() < 30_000

    loop.run(story())


def test_a_take_belongs_to_one_text() -> None:
    async def story() -> None:
        async with door() as at:
            live = await at.hall.session()
            added = AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",))
            await live.writer.send(SYSTEM, CommandId("add"), added)
            async with at.connected() as one, at.connected() as two:
                await say(one, greeting())
                await told(one)
                await say(two, greeting(channel=FRENCH))
                assert await shut(two) == CloseCode.BAD_REQUEST

    loop.run(story())


def test_a_server_that_goes_says_so() -> None:
    async def story() -> None:
        async with sending() as (at, socket):
            closing = asyncio.ensure_future(at.adapter.close())
            assert await shut(socket) == CloseCode.GOING_AWAY
            await closing
            async with at.connected() as late:
                assert await shut(late) == CloseCode.GOING_AWAY

    loop.run(story())
