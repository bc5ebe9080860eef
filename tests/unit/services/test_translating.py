from __future__ import annotations

import msgspec

from hall_in_memory import FLOOR, MemoryHall
from moothall.core import commands as do
from moothall.core import events as ev
from moothall.core.actors import Actor, Role
from moothall.core.errors import Refusal, RefusalCode
from moothall.core.ids import ChannelId, CommandId, SegmentId
from moothall.core.removing import Lines
from moothall.core.signals import Partial, Unrecorded
from moothall.services.orders import Receipt
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from translating_hall import ENGINE, ES, FR, PT, Translated, added, translated_hall

FRENCH = msgspec.structs.replace(DIRECTIONS[2], source="es", target="fr", rough=True, cost=11.5)


def test_a_session_is_translated_into_the_languages_of_record_as_soon_as_somebody_can() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            await on.says("a", "Good morning.")
            assert added(on) == {}
            on.connect()
            await on.comes(lambda: len(on.lines(ES)) == 1 and len(on.lines(PT)) == 1)
            assert added(on) == {ES: True, PT: True}, "English is what is spoken"
            assert on.lines(PT) == {"a": "[pt] Good morning."}
            assert on.lines(ES) == {"a": "[es] [pt] Good morning."}
            await on.says("b", "Welcome.")
            assert await on.comes(lambda: len(on.lines(ES)) == 2) < 0.25

    run(story())


def test_each_hop_is_made_once_for_all_languages_and_readied_before_it_is_needed() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            echo = on.connect()
            await on.comes(lambda: len(added(on)) == 2)
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(ES)) == 1 and len(on.lines(PT)) == 1)
            assert sorted(echo.asked) == ["Good morning.", "[pt] Good morning."]
            assert [each.target for each in echo.prepared] == ["pt", "es"]

    run(story())


def test_a_correction_is_followed_in_every_language() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            on.connect()
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(ES)) == 1)
            await on.corrects("a", "Good evening.")
            assert await on.comes(lambda: on.lines(ES) == {"a": "[es] [pt] Good evening."}) < 1
            line = on.live.state.segments.get(SegmentId("a-mt-es"))
            assert line is not None
            assert (line.revision, line.mended) == (1, False)
            await on.corrects("a-mt-es", "Buenas noches.", 1, ES)
            await on.corrects("a", "Good night.", 1)
            await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good night."})
            assert on.lines(ES) == {"a": "Buenas noches."}, "a person wrote it"

    run(story())


def test_a_restart_translates_nothing_twice_and_goes_on_where_it_was() -> None:
    async def story() -> None:
        hall = MemoryHall()
        async with translated_hall(hall) as on:
            echo = on.connect()
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(ES)) == 1 and len(on.lines(PT)) == 1)
            echo.cut()
            await on.comes(lambda: not on.translators.directions)
            await on.says("b", "Welcome.")
        again = MemoryHall(log=hall.log)
        async with translated_hall(again) as on:
            echo = on.connect()
            await on.comes(lambda: len(on.lines(ES)) == 2)
            assert sorted(echo.asked) == ["Welcome.", "[pt] Welcome."]
        records = [event for event in await again.events() if isinstance(event, ev.SegmentOpened)]
        names = [event.segment for event in records]
        assert len(set(names)) == len(names) == 6

    run(story())


def test_who_comes_late_gets_what_is_on_the_screen_first_and_then_all_of_it() -> None:
    async def story() -> None:
        async with translated_hall(of_record=()) as on:
            for number in range(60):
                await on.says(f"l{number:02}", f"Line {number}.")
            echo = on.connect(EchoEnd((*DIRECTIONS, FRENCH)))
            await on.comes(lambda: len(added(on)) == 3)
            assert added(on) == {ES: False, PT: False, FR: False}
            await on.hall.clock.sleep(5_000)
            assert echo.asked == [], "nobody reads any of them"
            leave = await on.reads(FR)
            await on.comes(lambda: len(on.lines(FR)) == 60)
            english = [text for text in echo.asked if not text.startswith("[")]
            assert english == [f"Line {n}." for n in (*range(30, 60), *range(30))]
            leave()
            await on.hall.clock.sleep(90_000)
            await on.says("z", "Nobody reads this.")
            await on.hall.clock.sleep(90_000)
            assert len(on.lines(FR)) == 60
            await on.reads(FR)
            await on.comes(lambda: len(on.lines(FR)) == 61)
            line = on.live.state.segments.get(SegmentId("z-mt-fr"))
            assert line is not None
            assert line.made_from is not None
            assert line.made_from.rough

    run(story())


def test_what_is_said_in_the_language_stands_as_it_was_said() -> None:
    async def story() -> None:
        async with translated_hall(languages=("en", "pt")) as on:
            on.connect()
            await on.says("a", "Bom dia a todos.", "pt")
            await on.says("b", "Thank you.")
            await on.comes(lambda: len(on.lines(PT)) == 2)
            assert on.lines(PT) == {"a": "Bom dia a todos.", "b": "[pt] Thank you."}
            english = ChannelId("mt-en")
            await on.comes(lambda: len(on.lines(english)) == 2)
            assert on.lines(english) == {"a": "[en] Bom dia a todos.", "b": "Thank you."}
            line = on.live.state.segments.get(SegmentId("a-mt-pt"))
            assert line is not None
            assert line.origin is ev.Origin.PERSON

    run(story())


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


def test_a_line_that_always_fails_is_left_and_the_others_go_on() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            echo.fails = 10_000
            await on.says("a", "Good morning.")
            await on.hall.clock.sleep(60_000)
            asked = len(echo.asked)
            assert asked == 6
            echo.fails = 0
            await on.says("b", "Welcome.")
            await on.comes(lambda: on.lines(PT) == {"b": "[pt] Welcome."})
            on.connect(EchoEnd([DIRECTIONS[3]]))  # Whatever changes, it is tried anew.
            await on.comes(lambda: len(on.lines(PT)) == 2)

    run(story())


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
                    words=(ev.Word(text, at, at + 90),),
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
                channel=FLOOR, generation=1, segment=SegmentId("a"), t1=900, reason=ev.EndReason.SENTENCE
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


def test_what_is_removed_is_forgotten_and_stays_away() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            echo = on.connect()
            await on.says("a", "Good morning.")
            await on.says("b", "Welcome.")
            await on.comes(lambda: len(on.lines(ES)) == 2 and len(on.lines(PT)) == 2)
            removed = await on.live.writer.remove(
                Actor(Role.SECRETARIAT, "s"), CommandId("r"), Lines((SegmentId("a"),))
            )
            assert isinstance(removed, Receipt)
            await on.hall.clock.sleep(2_000)
            assert on.lines(ES) == {"b": "[es] [pt] Welcome."}
            before = len(echo.asked)
            await on.says("c", "Welcome.")
            await on.comes(lambda: len(on.lines(ES)) == 2)
            assert len(echo.asked) == before + 2, "what was kept of other texts went with it"

    run(story())


def test_the_engines_own_better_text_is_waited_for_half_a_second_at_most() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            echo = on.connect()
            await on.comes(lambda: PT in on.live.state.channels)
            on.translating.expect_better(on.live.id, [SegmentId("a"), SegmentId("b")])
            await on.says("a", "Good morning.")
            await on.hall.clock.sleep(100)
            await on.corrects("a", "Good evening.")
            assert await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good evening."}) < 0.3
            assert echo.asked == ["Good evening."], "what was bettered was not translated before"
            await on.says("b", "Welcome.")
            assert 0.4 < await on.comes(lambda: len(on.lines(PT)) == 2) < 0.7

    run(story())


def test_a_closed_session_is_translated_when_somebody_asks_for_it() -> None:
    async def story() -> None:
        async with translated_hall(of_record=()) as on:
            await on.says("a", "Good morning.")
            await on.do(do.CloseSession())
            on.connect()
            await on.hall.clock.sleep(5_000)
            assert added(on) == {}
            assert on.translating.languages(on.live.state) == ("es", "pt")
            refused = await on.translating.want(on.live, "ar")
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNKNOWN
            assert await on.translating.want(on.live, "es") == ES
            await on.comes(lambda: on.lines(ES) == {"a": "[es] [pt] Good morning."})
            assert await on.translating.want(on.live, "es") == ES

    run(story())


def test_a_direction_that_does_not_work_is_not_used() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            broken = EchoEnd()
            broken.unfit = (DIRECTIONS[2],)
            on.connect(broken)
            await on.comes(lambda: len(added(on)) == 2)
            await on.hall.clock.sleep(2_000)
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(PT)) == 1)
            await on.hall.clock.sleep(2_000)
            assert on.lines(ES) == {}
            on.connect()
            await on.comes(lambda: len(on.lines(ES)) == 1)

    run(story())
