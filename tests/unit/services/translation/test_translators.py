from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.core.translation.routes import RouteScore
from moothall.services.supervision.pulses import ProcessFate, Pulses
from moothall.services.translation.translators import ANSWER_S, IN_FLIGHT, NoTranslator, TranslationFailed, Translators
from moothall.testing.clock import LoopClock
from moothall.testing.engine_link import PulseEnd
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from moothall.wire import translation as wire
from moothall.wire.pulse import ProcessPulse
from support.memory.spans import KeptSpans

EN_PT, _, PT_ES, _ = DIRECTIONS


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class TranslatorLinks:
    """Translators with one link."""

    def __init__(self, group: asyncio.TaskGroup, end: EchoEnd | None = None) -> None:
        self.group = group
        self.translators = Translators()
        self.told = 0
        self.translators.changed(self._told)
        self.echo = self.connect(end)

    def _told(self) -> None:
        self.told += 1

    def connect(self, end: EchoEnd | None = None) -> EchoEnd:
        made = end or EchoEnd()
        self.group.create_task(self.translators.serve(made.server))
        self.group.create_task(made.run())
        return made


def test_a_text_goes_through_whoever_can_and_its_translation_is_kept() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group, EchoEnd(missing=("apt-get install x",)))
            await settle()
            assert house.translators.directions == DIRECTIONS
            assert house.translators.missing == ("apt-get install x",)
            assert await house.translators.hop("Good", EN_PT, "w") == "[pt] Good"
            assert await house.translators.hop("Good", EN_PT, "w") == "[pt] Good"
            assert house.echo.asked == ["Good"]
            house.translators.forget()
            both = await asyncio.gather(*(house.translators.hop("Good", EN_PT, "w") for _ in range(2)))
            assert both == ["[pt] Good"] * 2
            assert house.echo.asked == ["Good", "Good"], "what is under way is not asked for again"
            assert await house.translators.hop("Off", EN_PT, "", keep=False) == "[pt] Off"
            assert await house.translators.hop("Off", EN_PT, "", keep=False) == "[pt] Off"
            assert house.echo.asked[2:] == ["Off", "Off"], "and what is not to be kept is not"
            house.echo.cut()

    run(story())


def test_what_comes_after_something_was_removed_is_not_kept() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            house.echo.silent = True
            asked = asyncio.ensure_future(house.translators.hop("Good", EN_PT, ""))
            await settle()
            house.translators.forget()
            await house.echo.tell(wire.Translated(id=1, text="[pt] Good"))
            assert await asked == "[pt] Good"
            house.echo.silent = False
            await house.translators.hop("Good", EN_PT, "")
            assert house.echo.asked == ["Good", "Good"], "it may have been what was removed"
            house.echo.cut()

    run(story())


def test_failures_are_told_to_all_who_wait_and_never_kept() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            house.echo.fails = 1
            asked = [asyncio.ensure_future(house.translators.hop("Good", EN_PT, "")) for _ in range(2)]
            for each in asked:
                with pytest.raises(TranslationFailed, match="to fail"):
                    await each
            assert await house.translators.hop("Good", EN_PT, "") == "[pt] Good"
            house.echo.cut()

    run(story())


def test_a_link_that_ends_gives_back_what_it_owes() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            house.echo.silent = True
            more = [asyncio.ensure_future(house.translators.hop(f"Good {n}", EN_PT, "")) for n in range(IN_FLIGHT + 1)]
            await settle()
            assert len(house.echo.asked) == IN_FLIGHT, "more wait here"
            house.echo.cut()
            for each in more:
                with pytest.raises(NoTranslator):
                    await each
            assert house.translators.directions == ()
            assert house.told == 2
            with pytest.raises(NoTranslator, match="en to pt"):
                await house.translators.hop("Good", EN_PT, "")
            await house.translators.prepare(EN_PT)

    run(story())


def test_whoever_gives_up_leaves_the_others_waiting_and_a_late_answer_is_passed_over() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            house.echo.silent = True
            first = asyncio.ensure_future(house.translators.hop("Good", EN_PT, ""))
            await settle()
            second = asyncio.ensure_future(house.translators.hop("Good", EN_PT, ""))
            await settle()
            first.cancel()
            with pytest.raises(TranslationFailed):
                await second
            await house.echo.tell(wire.Translated(id=1, text="[pt] Good"))
            await house.echo.tell(wire.NotTranslated(id=1, reason="No."))
            house.echo.silent = False
            assert await house.translators.hop("Good", EN_PT, "") == "[pt] Good"
            house.echo.cut()

    run(story())


def test_translators_that_never_answer_are_given_up_and_whoever_started_them_is_told() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            hung: list[bool] = []
            house.translators.tell_hung(lambda: hung.append(True))
            await settle()
            house.echo.silent = True
            asked = [asyncio.ensure_future(house.translators.hop(text, EN_PT, "")) for text in ("One", "Two")]
            for each in asked:
                with pytest.raises(NoTranslator):
                    await each
            await settle()
            assert asyncio.get_running_loop().time() == ANSWER_S
            assert hung == [True]
            assert house.translators.directions == ()

    run(story())


@pytest.mark.parametrize("remote_first", [False, True])
def test_what_translators_elsewhere_say_of_themselves_decides_neither_what_is_sent_there_nor_how_often(
    remote_first: bool,
) -> None:
    async def story() -> None:
        translators = Translators(remote_first=remote_first)
        claims = msgspec.structs.replace(EN_PT, cost=0.001, remote=False)
        far, own = EchoEnd([claims], own=False), EchoEnd([EN_PT])
        async with asyncio.TaskGroup() as group:
            for end in (far, own):
                group.create_task(translators.serve(end.server))
                group.create_task(end.run())
            await settle()
            theirs = next(each for each in translators.directions if each.cost == claims.cost)
            assert theirs.remote
            assert theirs.guest is not remote_first
            assert EN_PT in translators.directions
            assert await translators.hop("Good", theirs, "") == "[pt] Good"
            assert (far.asked, own.asked) == (["Good"], [])
            far.cut()
            own.cut()

    run(story())


def test_translators_that_are_frozen_are_given_up_by_their_pulse_also_with_nothing_to_do() -> None:
    async def story() -> None:
        clock = LoopClock()
        pulses = Pulses(clock)
        translators = Translators(pulses=pulses)
        end, beats = EchoEnd(life="a"), PulseEnd("a")
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(pulses.run())
            group.create_task(translators.serve(end.server))
            group.create_task(end.run())
            feeling = group.create_task(pulses.serve(beats))
            await beats.beat(ProcessPulse(life="a", working=True))
            await clock.sleep(14_000)
            assert translators.connected
            await clock.sleep(2_000)
            assert not translators.connected
            assert pulses.fate("a") is ProcessFate.GIVEN_UP
            watching.cancel()
            feeling.cancel()

    run(story())


def test_a_long_queue_that_goes_on_is_no_reason_to_give_them_up() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            house.echo.silent = True
            asked = [asyncio.ensure_future(house.translators.hop(f"Text {n}", EN_PT, "")) for n in range(IN_FLIGHT)]
            for number in range(1, IN_FLIGHT + 1):
                await asyncio.sleep(12)
                await house.echo.tell(wire.Translated(id=number, text=f"Texto {number}"))
            assert (await asyncio.gather(*asked))[-1] == f"Texto {IN_FLIGHT}"
            assert asyncio.get_running_loop().time() == 12 * IN_FLIGHT
            house.echo.cut()

    run(story())


def test_a_direction_is_prepared_once_and_the_least_busy_link_is_asked() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            other = house.connect()
            await settle()
            for _ in range(2):
                await house.translators.prepare(EN_PT)
            await settle()
            assert house.echo.prepared + other.prepared == [EN_PT]
            house.echo.silent = other.silent = True
            asked = [asyncio.ensure_future(house.translators.hop(text, EN_PT, "")) for text in ("One", "Two")]
            await settle()
            assert sorted([house.echo.asked, other.asked]) == [["One"], ["Two"]]
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            house.echo.cut()
            other.cut()

    run(story())


def test_what_is_unfit_is_asked_for_no_more_and_what_is_far_too_long_is_refused() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            house.echo.unfit = (PT_ES,)
            await settle()
            await house.translators.prepare(PT_ES)
            await settle()
            assert PT_ES not in house.translators.directions
            assert list(house.translators.missing) == ["It says nonsense."], "whoever runs it is told"
            await house.echo.tell(wire.Fit(direction=DIRECTIONS.index(PT_ES)))
            await settle()
            assert house.translators.directions == DIRECTIONS
            assert list(house.translators.missing) == []
            assert house.told == 3, "with the hello"
            house.echo.silent = True
            asked = asyncio.ensure_future(house.translators.hop("Good", EN_PT, ""))
            await settle()
            waiting = [asyncio.ensure_future(house.translators.hop(f"{n}", PT_ES, "")) for n in range(IN_FLIGHT)]
            await settle()
            await house.echo.tell(wire.Unfit(direction=DIRECTIONS.index(PT_ES), reason="It broke."))
            await settle()
            await house.echo.tell(wire.NotTranslated(id=2, reason="It broke."))
            with pytest.raises(NoTranslator, match="can't do it any more"):
                await waiting[-1]
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await house.echo.tell(wire.Translated(id=1, text="x" * (wire.LONGEST_TEXT + 1)))
            with pytest.raises(TranslationFailed, match="too long"):
                await asked
            house.echo.cut()

    run(story())


def test_a_direction_that_nobody_named_breaks_the_rules() -> None:
    async def story() -> None:
        end = EchoEnd()
        await end.tell(wire.TranslatorHello(protocol=wire.PROTOCOL, name="t", directions=DIRECTIONS))
        await end.tell(wire.Fit(direction=4))
        with pytest.raises(ProtocolError, match="none has the number 4"):
            await Translators().serve(end.server)

    run(story())


@pytest.mark.parametrize(
    "first",
    [
        wire.Translated(id=1, text="Bom"),
        wire.TranslatorHello(protocol=wire.PROTOCOL + 1, name="t", directions=()),
        wire.TranslatorHello(protocol=wire.PROTOCOL, name="t", directions=DIRECTIONS * 200),
    ],
)
def test_who_begins_with_something_else_is_sent_away(first: wire.FromTranslators) -> None:
    async def story() -> None:
        end = EchoEnd()
        await end.tell(first)
        with pytest.raises(ProtocolError):
            await Translators().serve(end.server)

    run(story())


def test_who_leaves_before_the_hello_and_who_says_it_twice() -> None:
    async def story() -> None:
        end = EchoEnd()
        end.cut()
        await Translators().serve(end.server)
        hello = wire.TranslatorHello(protocol=wire.PROTOCOL, name="t", directions=())
        twice = EchoEnd()
        await twice.tell(hello)
        await twice.tell(hello)
        with pytest.raises(ProtocolError, match="once"):
            await Translators().serve(twice.server)

    run(story())


def test_how_long_translations_take_and_which_fail_is_counted() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            assert await house.translators.hop("Good", EN_PT, "") == "[pt] Good"
            assert await house.translators.hop("Good", EN_PT, "") == "[pt] Good"  # It was kept.
            translators = house.translators
            assert (translators.answers.count, translators.failures, translators.queue) == (1, 0, 0)
            house.echo.silent = True
            asked = asyncio.ensure_future(translators.hop("Bad", EN_PT, ""))
            await settle()
            assert (translators.queue, translators.links, translators.unfit) == (1, 1, 0)
            house.echo.cut()
            with pytest.raises(TranslationFailed):
                await asked
            assert (translators.answers.count, translators.failures, translators.queue) == (1, 1, 0)

    run(story())


def test_a_translation_is_traced_by_its_languages_and_length() -> None:
    async def story() -> None:
        spans = KeptSpans()
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            house.echo.cut()
            house.translators = Translators(tracing=spans)
            echo = house.connect()
            await settle()
            assert await house.translators.hop("Good", EN_PT, "") == "[pt] Good"
            echo.cut()
        assert spans.spans == [("translation", {"source": "en", "target": "pt", "characters": 4})]

    run(story())


def test_the_scores_of_ways_are_those_that_came_last_and_go_with_their_link() -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house = TranslatorLinks(group)
            await settle()
            told = house.told
            assert house.translators.score((EN_PT, PT_ES)) is None
            scores = [RouteScore(chrf2=chrf2, ms=10.2, p95_ms=14.3, sentences=40) for chrf2 in (69.4, 40.0)]
            await house.echo.tell(wire.Scores(scores=(wire.WayScore(directions=(0, 2), score=scores[0]),)))
            await settle()
            assert house.translators.score((EN_PT, PT_ES)) == scores[0]
            assert house.told == told + 1
            await house.echo.tell(wire.Scores(scores=(wire.WayScore(directions=(0,), score=scores[1]),)))
            await settle()
            assert house.translators.score((EN_PT, PT_ES)) is None
            assert house.translators.score((EN_PT,)) == scores[1]
            house.echo.cut()
            await settle()
            assert house.translators.score((EN_PT,)) is None

    run(story())


def test_a_score_of_a_direction_that_there_is_not_ends_the_link() -> None:
    async def story() -> None:
        score = RouteScore(chrf2=69.4, ms=10.2, p95_ms=14.3, sentences=40)
        translators, echo = Translators(), EchoEnd()
        serving, running = (asyncio.ensure_future(each) for each in (translators.serve(echo.server), echo.run()))
        await settle()
        await echo.tell(wire.Scores(scores=(wire.WayScore(directions=(0, 4), score=score),)))
        with pytest.raises(ProtocolError, match="named 4 directions, and scored another"):
            await serving
        echo.cut()
        await running

    run(story())
