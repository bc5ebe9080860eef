from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.removal.selection import Lines
from moothall.core.signals import Partial, Unrecorded
from moothall.services.log.act_queue import Receipt
from moothall.services.translation.work import MOST_LATE, LateLines
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from moothall.wire import translation as wire
from support.memory.hall import FLOOR
from support.memory.translation import ENGINE, ES, PT, Translated, added, translated_hall

FRENCH = msgspec.structs.replace(DIRECTIONS[2], source="es", target="fr", rough=True, cost=11.5)


def test_a_failure_costs_a_late_line_and_never_a_lost_one() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.fails = 2
            await on.says("a", "Good morning.")
            await on.says("b", "Welcome.")
            late = await on.comes(lambda: len(on.lines(PT)) == 2)
            assert 0.4 < late < 3
            partials = [signal for signal in on.signals if isinstance(signal, Partial) and signal.channel == PT]
            assert partials[0].text == "Good morning.", "until then it stands as it was said"
            assert partials[0].language == "en"

    run(story())


def test_lines_that_fail_for_an_hour_come_within_a_minute_then() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.fails = 10_000
            await on.says("a", "Good morning.")
            await on.hall.clock.sleep(3_600_000)
            assert 60 < len(echo.asked) < 70, "with more patience each time, once a minute at least"
            echo.fails = 0
            await on.says("b", "Welcome.")
            await on.comes(lambda: on.lines(PT) == {"b": "[pt] Welcome."})
            await on.hall.clock.sleep(60_000)
            assert len(on.lines(PT)) == 2
            echo.fails = 10_000
            await on.says("c", "Thank you.")
            await on.hall.clock.sleep(300_000)
            echo.fails = 0
            on.connect(EchoEnd([DIRECTIONS[3]]))  # Whatever changes, it is tried anew.
            await on.comes(lambda: len(on.lines(PT)) == 3)

    run(story())


def test_a_line_of_a_closed_session_that_always_fails_is_left() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.fails = 10_000
            await on.says("a", "Good morning.")
            await on.do(do.CloseSession())
            for asked in (20, 20):
                await on.hall.clock.sleep(900_000)
                assert len(echo.asked) == asked

    run(story())


def test_what_ends_the_translators_again_and_again_holds_up_nothing_else() -> None:
    class Breaks(EchoEnd):
        async def _answer(self, message: wire.ToTranslators) -> None:
            if isinstance(message, wire.Translate) and message.text == "It breaks.":
                self.cut()
            else:
                await super()._answer(message)

    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            on.connect(Breaks())
            await on.comes(lambda: PT in on.live.state.channels)
            await on.says("a", "It breaks.")
            await on.says("b", "Welcome.")
            restarts = 0
            for _ in range(120):
                await on.hall.clock.sleep(1_000)
                if not on.translators.connected:
                    on.connect(Breaks())
                    restarts += 1
            assert on.lines(PT) == {"b": "[pt] Welcome."}
            assert restarts < 10, "more and more rarely"
            await on.says("c", "Let us begin.")
            assert await on.comes(lambda: "c" in on.lines(PT)) < 0.25
            await on.corrects("a", "It works.")
            assert await on.comes(lambda: on.lines(PT).get("a") == "[pt] It works.") < 1

    run(story())


def test_while_the_translators_hang_what_is_late_stands_as_it_was_said() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",), languages=("en", "ru")) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.silent = True
            await on.says("a", "Good morning.")
            await on.hall.clock.sleep(1_000)
            assert _late(on) == [], "it may come at any moment"
            await on.says("b", "Welcome.")
            await on.hall.clock.sleep(3_000)
            assert _late(on)[-1] == "Good morning. Welcome."
            assert await _removed(on, "a")
            await on.hall.clock.sleep(2_000)
            assert _late(on)[-1] == "Welcome.", "what was removed is not shown again"
            await on.says("c", "Спасибо.", "ru")
            await on.hall.clock.sleep(2_000)
            assert _late(on)[-1] == "Спасибо.", "one signal has one language"
            assert await _removed(on, "b")
            assert await _removed(on, "c")
            await on.hall.clock.sleep(2_000)
            told = len(_late(on))
            assert _late(on)[-1] == ""
            echo.cut()
            await on.hall.clock.sleep(2_000)
            assert len(_late(on)) == told
            await on.says("d", "Let us begin.")
            await on.hall.clock.sleep(1_000)
            assert _late(on)[-1] == "Let us begin.", "nobody is connected who could"
            echo = on.connect()
            await on.comes(lambda: "d" in on.lines(PT))
            echo.silent = True
            await on.says("e", "Thank you.")
            await on.hall.clock.sleep(4_000)
            assert _late(on)[-1] == "Thank you.", "what has come stands there once"

    run(story())


def test_a_line_whose_translation_stands_is_not_shown_as_it_was_said_while_its_new_text_is_late() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            await on.says("a", "Good morning.")
            await on.comes(lambda: "a" in on.lines(PT))
            echo.silent = True
            await on.corrects("a", "Good evening.")
            await on.says("b", "Welcome.")
            await on.hall.clock.sleep(4_000)
            assert _late(on)[-1] == "Welcome."

    run(story())


async def _removed(on: Translated, name: str) -> bool:
    erased = Lines((SegmentId(name),))
    return isinstance(await on.live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId(f"r{name}"), erased), Receipt)


def _late(on: Translated) -> list[str]:
    return [signal.text for signal in on.signals if isinstance(signal, Partial) and signal.channel == PT]


def test_hung_translators_that_are_started_again_lose_nothing() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            echo = on.connect()
            await on.comes(lambda: len(added(on)) == 2)
            echo.silent = True
            await on.says("a", "Good morning.")
            await on.hall.clock.sleep(10_000)
            assert on.lines(ES) == {}
            echo.cut()  # As their own watch does.
            await on.says("b", "Welcome.")
            await on.hall.clock.sleep(1_000)
            on.connect()
            await on.comes(lambda: len(on.lines(ES)) == 2 and len(on.lines(PT)) == 2)

    run(story())


def test_a_line_that_grows_is_shown_by_its_clauses_and_never_kept() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            on.connect()
            await on.comes(lambda: len(added(on)) == 2)
            await on.do(do.AttachEngine(channel=FLOOR, model="m"))
            words = ("Good", " morning", " to", " all,", " and", " welcome", " to", " you.")
            for number, text in enumerate(words):
                at = 100 * number
                commit = do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=SegmentId("a"),
                    first=number,
                    words=(le.Word(text, at, at + 90),),
                    start=None if number else do.SegmentStart(t0=0, language="en"),
                )
                await on.do(commit, actor=ENGINE)
                await on.hall.clock.sleep(500)
            await on.comes(lambda: len(_shown(on)) == 2)
            assert _shown(on) == [
                "[es] [pt] Good morning to all,",
                "[es] [pt] Good morning to all, and welcome to you.",
            ]
            assert on.lines(ES) == {}
            end = do.EndSegment(
                channel=FLOOR, generation=1, segment=SegmentId("a"), t1=900, reason=le.EndReason.SENTENCE
            )
            await on.do(end, actor=ENGINE)
            await on.comes(lambda: len(on.lines(ES)) == 1)

    run(story())


def _shown(on: Translated) -> list[str]:
    return [
        signal.text for signal in on.signals if isinstance(signal, Partial) and signal.channel == ES and signal.text
    ]


def test_what_is_not_recorded_is_shown_in_every_language_and_kept_in_none() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            echo = on.connect()
            await on.comes(lambda: len(added(on)) == 2)
            await on.do(do.BeginNotRecorded())
            on.live.writer.signal(Unrecorded(channel=FLOOR, text="Between us two.", language="en"))
            said = [Unrecorded(channel=ES, text="[es] [pt] Between us two.", language="es")]
            await on.comes(lambda: [each for each in on.signals if each in said] == said)
            await on.comes(lambda: len(echo.asked) == 3)
            on.live.writer.signal(Unrecorded(channel=FLOOR, text="Between us two.", language="en"))
            await on.comes(lambda: len(echo.asked) == 6)  # Nothing of it was kept in memory.
            await on.do(do.EndNotRecorded())
            await on.hall.clock.sleep(3_000)
            assert on.lines(ES) == {}
            last = [each for each in on.signals if isinstance(each, Unrecorded) and each.channel == ES][-1]
            assert last.text == ""

    run(story())


def test_what_is_not_recorded_goes_to_no_service_not_even_where_nothing_else_leads() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            service = EchoEnd([msgspec.structs.replace(DIRECTIONS[0], engine="service", remote=True)])
            on.connect(service)
            await on.comes(lambda: PT in added(on))
            await on.do(do.BeginNotRecorded())
            on.live.writer.signal(Unrecorded(channel=FLOOR, text="Between us two.", language="en"))
            await on.hall.clock.sleep(5_000)
            await on.do(do.EndNotRecorded())
            await on.says("a", "Good morning.")
            await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good morning."})
            assert service.asked == ["Good morning."]
            assert not [
                each for each in on.signals if isinstance(each, Unrecorded) and each.channel == PT and each.text
            ]

    run(story())


def test_the_engines_own_better_text_is_translated_anew_and_waited_for_by_none() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            await on.says("a", "Good morning.")
            assert await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good morning."}) < 0.1
            await on.corrects("a", "Good evening.")
            assert await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good evening."}) < 0.1
            assert echo.asked == ["Good morning.", "Good evening."]

    run(story())


def test_a_line_in_a_language_that_nobody_can_translate_holds_up_no_other() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",), languages=("en", "ar")) as on:
            on.connect()
            await on.says("a", "Good morning.")
            await on.says("b", "صباح الخير", "ar")
            await on.says("c", "Welcome.")
            await on.comes(lambda: len(on.lines(PT)) == 2)
            assert on.lines(PT) == {"a": "[pt] Good morning.", "c": "[pt] Welcome."}
            arabic = msgspec.structs.replace(DIRECTIONS[0], source="ar")
            on.connect(EchoEnd([arabic]))
            await on.comes(lambda: on.lines(PT).get("b") == "[pt] صباح الخير")

    run(story())


def _told(on: Translated) -> list[str]:
    return [signal.text for signal in on.signals if isinstance(signal, Partial) and signal.channel == PT]


def test_the_newest_lines_stand_as_they_were_said_and_nothing_is_told_twice() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.silent = True
            late = LateLines(on.live, PT)
            late.show()
            assert _told(on) == []
            names = [SegmentId(f"line{number}") for number in range(MOST_LATE + 1)]
            for number, name in enumerate(names):
                await on.says(name, f"Line {number}.")
            late.show([*names, SegmentId("nowhere")])
            assert _told(on)[-1] == " ".join(f"Line {number}." for number in range(1, MOST_LATE + 1))
            told = len(_told(on))
            late.show(names)
            assert len(_told(on)) == told

    run(story())
