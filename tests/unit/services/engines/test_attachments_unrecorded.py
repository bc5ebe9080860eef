"""What engines get around a span of "not recorded": the sound before it separately, and the span separately."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.kernel.ids import CommandId
from moothall.core.signals import ChannelState
from moothall.core.signals import Sound as Heard
from moothall.testing import loop
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, attached, hello
from support.memory.live_sound import live_scene


def test_what_was_said_before_the_span_is_heard_to_its_end_and_the_span_by_itself() -> None:
    async def story() -> None:
        async with live_scene() as it:
            before = await it.off_the_record(5_000)
            end, message = await it.until_it_ends()
            assert (end, message) == (5_000, wire.EndOfAudio(attachment=before.attachment))
            # It heard a little more than that, and says so.
            assert isinstance(await it.act(before, "w1", it.commit(before, "Kept", 4_400)), wire.Accepted)
            assert isinstance(await it.act(before, "w2", it.commit(before, " hush", 5_050, first=1)), wire.Accepted)
            span = await it.drained(before)
            assert (span.audio_from, span.last_words, span.open_segment, span.resume_point) == (5_000, (), None, None)
            assert isinstance(await it.act(span, "w3", it.commit(span, "Secret", 5_400)), wire.Accepted)
            await it.hall.clock.sleep(4_000)
            assert it.unrecorded() == ["Secret"]
            await it.command("on", do.EndNotRecorded())
            _, message = await it.until_it_ends()
            assert message == wire.Detach(attachment=span.attachment)
            after = await attached(it.engine)
            assert after.audio_from == after.committed_through == after.cut == it.live.state.not_recorded[0][1]
            assert [word.text for word in after.last_words] == ["Kept"]
            assert isinstance(await it.act(after, "w4", it.commit(after, "Again", 9_600)), wire.Accepted)
            await it.hall.clock.sleep(10)
            assert it.unrecorded() == ["Secret", ""]
            assert await it.logged() == ["Kept", "Again"]

    loop.run(story())


def test_set_back_an_engine_is_let_go_at_once_and_what_it_still_says_is_dropped() -> None:
    async def story() -> None:
        async with live_scene() as it:
            before = await attached(it.engine)
            await it.hall.clock.sleep(20_000)
            assert isinstance(await it.act(before, "w1", it.commit(before, "Kept", 4_000)), wire.Accepted)
            await it.command("off", do.BeginNotRecorded(back=10_000))
            _, message = await it.until_it_ends()
            assert message == wire.Detach(attachment=before.attachment)
            late = it.commit(before, " late", 9_000, first=1)
            await it.engine.send(wire.PassAct(attachment=before.attachment, id=CommandId("w2"), commands=(late,)))
            # What was said before the span is heard once more, to its end.
            drain = await attached(it.engine)
            end, message = await it.until_it_ends()
            assert (end, message) == (10_000, wire.EndOfAudio(attachment=drain.attachment))
            span = await it.drained(drain)
            assert span.audio_from == 10_000
            assert await it.logged() == ["Kept"]

    loop.run(story())


def test_when_an_engine_dies_in_the_span_the_next_goes_on_from_memory() -> None:
    async def story() -> None:
        async with live_scene() as it:
            before = await it.off_the_record(5_000)
            await it.until_it_ends()
            span = await it.drained(before)
            await it.act(span, "w2", it.commit(span, "Secret", 5_400))
            heard = ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=0, t=8_000)
            await it.engine.send(wire.Tell(attachment=span.attachment, signal=heard))
            await it.hall.clock.sleep(6_000)
            it.hall.links[0].cut()
            it.engine = it.hall.connect("second")
            await hello(it.engine)
            again = await attached(it.engine)
            assert (again.audio_from, again.last_words) == (8_000, ())
            await it.act(again, "w3", it.commit(again, "more", 8_400))
            await it.hall.clock.sleep(10)
            assert it.unrecorded()[-1] == "Secret more"
            assert await it.logged() == []

    loop.run(story())


def test_a_span_that_ends_while_what_was_before_is_still_heard_is_passed_over() -> None:
    async def story() -> None:
        async with live_scene() as it:
            before = await it.off_the_record(5_000)
            await it.until_it_ends()
            await it.hall.clock.sleep(2_000)
            await it.command("on", do.EndNotRecorded())
            after = await it.drained(before)
            assert (after.audio_from, after.committed_through) == (7_000, 7_000)

    loop.run(story())


def test_a_line_whose_engine_died_does_not_go_on_over_the_span() -> None:
    async def story() -> None:
        async with live_scene() as it:
            before = await attached(it.engine)
            await it.hall.clock.sleep(5_000)
            await it.act(before, "w1", it.commit(before, "Open", 4_900))
            it.hall.links[0].cut()
            await it.command("off", do.BeginNotRecorded())
            await it.hall.clock.sleep(1_000)
            it.engine = it.hall.connect("second")
            await hello(it.engine)
            span = await attached(it.engine)
            assert span.audio_from == 5_100
            assert it.live.state.channels[FLOOR].open_segment is None

    loop.run(story())


def test_sound_that_is_over_in_the_span_is_over() -> None:
    async def story() -> None:
        async with live_scene() as it:
            before = await it.off_the_record(50_000)
            await it.until_it_ends()
            span = await it.drained(before)
            end, message = await it.until_it_ends()
            assert (end, message) == (60_000, wire.EndOfAudio(attachment=span.attachment))
            await it.act(span, "w1", it.commit(span, "Secret", 59_000))
            await it.engine.send(wire.Drained(attachment=span.attachment))
            await it.hall.clock.sleep(100)
            assert it.unrecorded() == ["Secret", ""]

    loop.run(story())
