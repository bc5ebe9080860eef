from __future__ import annotations

import msgspec
import pytest

from moothall.app.translation import TranslationParts
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.core.signals import Partial
from moothall.core.translation.routes import Direction
from moothall.services.desks.translations import TranslationMessages
from moothall.services.log.act_queue import Receipt
from moothall.services.translation.text_translation import Made, Terms
from moothall.services.translation.translating import HOW_TO_ADD, MOST_OLD, no_terms
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from support.memory.hall import FLOOR, MemoryHall
from support.memory.translation import CAPTIONER, ENGINE, ES, FR, PT, added, translated_hall

SERVICE = msgspec.structs.replace(
    DIRECTIONS[0], engine="service", version="some-model@api.example.org", cost=1.0, remote=True
)
ROADS = (("firefox", 30.0), ("argos", 40.0))
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
            undo = do.CorrectSegment(
                channel=ES, segment=line.id, base_revision=2, base_words=0, text=line.whole, unmended=True
            )
            await on.do(undo, actor=CAPTIONER)
            await on.comes(lambda: on.lines(ES) == {"a": "[es] [pt] Good night."})

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
        records = [event for event in await again.events() if isinstance(event, le.SegmentOpened)]
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
            assert line.origin is le.Origin.PERSON

    run(story())


def test_what_is_typed_in_a_turn_is_translated_while_an_engine_hears() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            on.connect()
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(ES)) == 1)
            who = InterventionId("q")
            asked = do.Ask(intervention=who, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="p")
            called = tuple(
                do.SetStatus(interventions=(who,), status=to)
                for to in (InterventionStatus.QUEUED, InterventionStatus.CALLED)
            )
            await on.do(asked, *called, actor=Actor(Role.MODERATOR, "m1"))
            await on.do(do.AttachEngine(channel=FLOOR, model="m"))
            words, start = (le.Word("Well", 0, 400),), do.SegmentStart(t0=0, language="en")
            heard = do.CommitWords(
                channel=FLOOR, generation=1, segment=SegmentId("e"), first=0, words=words, start=start
            )
            await on.do(heard, actor=ENGINE)
            typed = do.TypeTurn(intervention=who, lines=(do.TypedLine(segment=SegmentId("i1.x"), text="Who pays?"),))
            await on.do(typed, actor=Actor(Role.PARTICIPANT, who))
            assert await on.comes(lambda: on.lines(ES).get("i1.x") == "¿[es] [pt] Who pays?") < 0.25
            line = on.live.state.segments.get(SegmentId("i1.x-mt-es"))
            assert line is not None
            assert line.speaker == "i1"

    run(story())


def test_what_whoever_is_on_air_writes_is_translated_once_and_what_was_offered_once_it_is_taken() -> None:
    tool = Actor(Role.TOOL, "x1", tool="StenoCo")
    offered = do.TypeSegment(channel=FLOOR, segment=SegmentId("u"), text="Thank you.", language="en")

    async def story() -> None:
        async with translated_hall() as on:
            on.connect()
            await on.do(do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON), actor=CAPTIONER)
            await on.says("a", "Good morning.")
            await on.do(offered, actor=tool)
            await on.comes(lambda: len(on.lines(ES)) == 1)
            await on.hall.clock.sleep(5_000)
            assert on.lines(ES) == {"a": "[es] [pt] Good morning."}
            await on.do(offered, actor=CAPTIONER)
            await on.do(do.PutOnAir(channel=FLOOR, source=le.AirSource.TOOL, token=5), actor=tool)
            await on.do(msgspec.structs.replace(offered, segment=SegmentId("v"), text="We go on."), actor=tool)
            await on.comes(lambda: len(on.lines(ES)) == 3)
            assert on.lines(PT) == {"a": "[pt] Good morning.", "u": "[pt] Thank you.", "v": "[pt] We go on."}

    run(story())


def test_what_is_respoken_is_translated_once_it_is_a_line() -> None:
    engine = Actor(Role.ENGINE, "whisper")
    words = tuple(le.Word(text, 1_000 + 300 * n, 1_250 + 300 * n) for n, text in enumerate(("Good", " morning.")))
    said = do.CommitWords(
        channel=FLOOR,
        generation=1,
        segment=SegmentId("r"),
        first=0,
        words=words,
        start=do.SegmentStart(t0=1_000, language="en"),
    )
    end = do.EndSegment(channel=FLOOR, generation=1, segment=SegmentId("r"), t1=1_600, reason=le.EndReason.SENTENCE)

    async def story() -> None:
        async with translated_hall() as on:
            on.connect()
            await on.do(do.PutOnAir(channel=FLOOR, source=le.AirSource.RESPEAKER), actor=CAPTIONER)
            await on.do(do.AttachEngine(channel=FLOOR, model="whisper"))
            await on.do(said, actor=engine)
            await on.do(end, actor=engine)
            await on.comes(lambda: on.lines(ES) == {"r": "[es] [pt] Good morning."})
            line = on.live.state.segments.get(SegmentId("r"))
            assert line is not None
            assert line.respoken

    run(story())


def test_what_is_typed_in_a_language_that_nobody_speaks_is_translated_into_what_is_spoken() -> None:
    async def story() -> None:
        async with translated_hall() as on:
            on.connect()
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(PT)) == 1)
            who, english = InterventionId("q"), ChannelId("mt-en")
            asked = do.Ask(
                intervention=who, kind=InterventionKind.QUESTION, text="Por quê?", language="pt-BR", asker="p"
            )
            called = tuple(
                do.SetStatus(interventions=(who,), status=to)
                for to in (InterventionStatus.QUEUED, InterventionStatus.CALLED)
            )
            await on.do(asked, *called, actor=Actor(Role.MODERATOR, "m1"))
            assert english not in on.live.state.channels
            typed = do.TypeTurn(intervention=who, lines=(do.TypedLine(segment=SegmentId("i1.x"), text="Quem paga?"),))
            await on.do(typed, actor=Actor(Role.PARTICIPANT, who))
            await on.comes(lambda: english in on.live.state.channels)
            await on.reads(english)
            await on.comes(lambda: on.lines(english) == {"a": "Good morning.", "i1.x": "[en] Quem paga?"})
            assert on.lines(PT)["i1.x"] == "Quem paga?"

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


def test_what_is_offered_is_what_a_session_that_has_begun_lacks() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("en", "es", "fr")) as on:
            assert on.translating.offered(on.live.state) == ()
            assert on.translating.out_of_reach(on.live.state) == ("es", "fr"), "English is what is spoken"
            await on.says("a", "Good morning.")
            await on.do(do.CloseSession())
            on.connect()
            await on.comes(lambda: bool(on.translators.directions))
            assert on.translating.offered(on.live.state) == ("es", "pt")
            assert on.translating.out_of_reach(on.live.state) == ("fr",)
            french = do.AddChannel(channel=ChannelId("fr"), kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            await on.do(french)
            assert on.translating.out_of_reach(on.live.state) == (), "an interpreter is there"
            assert not on.translating.making(on.live, PT)
            assert await on.translating.want(on.live, "pt-BR") == PT
            assert on.translating.making(on.live, PT)
            await on.comes(lambda: not on.translating.making(on.live, PT))
            assert len(on.lines(PT)) == 1
            assert await on.translating.want(on.live, "pt-AO") == PT
            assert added(on) == {PT: False}
            assert on.translating.offered(on.live.state) == ("es",)
            assert await on.translating.want(on.live, "es") == ES
            assert added(on) == {PT: False, ES: True}, "it belongs to the record of every session"
            early = await on.hall.session(SessionId("early"), languages=("en",))
            assert on.translating.offered(early.state) == ()
            assert isinstance(await on.translating.want(early, "es"), Refusal)

    run(story())


def test_where_several_languages_are_spoken_each_of_record_may_be_out_of_reach() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("en", "es"), languages=("en", "ru")) as on:
            assert on.translating.out_of_reach(on.live.state) == ("en", "es")
            on.connect()
            await on.comes(lambda: bool(on.translators.directions))
            assert on.translating.out_of_reach(on.live.state) == ("en",)

    run(story())


def test_the_operator_is_told_which_languages_of_record_nothing_reaches() -> None:
    async def story() -> None:
        async with translated_hall(of_record=("en", "pt-BR", "ar", "zh-Hant")) as on:
            assert not on.translating.reach.missing, "nobody is connected: that is said instead"
            on.connect(EchoEnd(missing=("Install this.",)))
            await on.comes(lambda: bool(on.translators.directions))
            assert on.translating.reach.missing == (
                "Install this.",
                f"Languages of the record that nothing here translates: ar, zh-Hant. {HOW_TO_ADD}",
            )

    run(story())


def test_a_language_that_is_removed_while_it_is_read_stands_as_it_was_said_and_pages_and_the_operator_say_so() -> None:
    """Another model of another translator goes on with it where there is one."""
    french = [Direction(engine=name, version="1", source="en", target="fr", cost=cost) for name, cost in ROADS]

    async def story() -> None:
        async with translated_hall(of_record=("pt",)) as on:
            added_there, other = EchoEnd(french[:1]), EchoEnd(french[1:])
            on.connect()
            on.connect(added_there)
            on.connect(other)
            await on.comes(lambda: FR in added(on))
            await on.reads(FR)
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(FR)) == 1)
            assert (added_there.asked, other.asked) == (["Good morning."], [])
            added_there.cut()
            await on.comes(lambda: len(on.translators.directions) == 5)
            await on.says("b", "Welcome.")
            await on.comes(lambda: len(on.lines(FR)) == 2)
            assert other.asked == ["Welcome."]
            assert on.translating.out_of_reach(on.live.state) == ()
            other.cut()
            await on.comes(lambda: len(on.translators.directions) == 4)
            await on.says("c", "We begin.")
            stands = Partial(channel=FR, segment=SegmentId("c-mt-fr"), first=0, text="We begin.", language="en")
            await on.comes(lambda: stands in on.signals)
            assert on.translating.out_of_reach(on.live.state) == ("fr",)
            assert on.translating.reach.missing == (
                f"Languages of meetings under way that nothing here translates: fr. {HOW_TO_ADD}",
            )
            await on.comes(lambda: on.lines(PT).get("c") == "[pt] We begin.")
            on.connect(EchoEnd(french[:1]))
            await on.comes(lambda: on.lines(FR).get("c") == "[fr] We begin.")
            assert not on.translating.reach.missing
            await on.do(do.CloseSession())
            assert on.translating.out_of_reach(on.live.state) == ()

    run(story())


def test_a_node_that_lacks_an_added_language_goes_on_as_it_is_said_until_it_is_added_there_too() -> None:
    """The store is that of one machine: who takes a house over has other models."""
    french = msgspec.structs.replace(FRENCH, source="en", engine="firefox")

    async def story() -> None:
        first = MemoryHall()
        async with translated_hall(first, of_record=("fr",)) as on:
            on.connect(EchoEnd((french,)))
            await on.comes(lambda: FR in added(on))
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(on.lines(FR)) == 1)
        async with translated_hall(MemoryHall(log=first.log), of_record=("fr",)) as on:
            on.connect()
            await on.says("b", "Welcome.")
            stands = Partial(channel=FR, segment=SegmentId("b-mt-fr"), first=0, text="Welcome.", language="en")
            await on.comes(lambda: stands in on.signals)
            assert on.lines(FR) == {"a": "[fr] Good morning."}
            assert on.translating.out_of_reach(on.live.state) == ("fr",)
            here = on.connect(EchoEnd((french,)))
            await on.comes(lambda: on.lines(FR) == {"a": "[fr] Good morning.", "b": "[fr] Welcome."})
            assert here.asked == ["Welcome."]

    run(story())


def test_a_page_counts_as_reading_for_a_while() -> None:
    async def story() -> None:
        async with translated_hall(of_record=()) as on:
            on.connect()
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(added(on)) == 2)
            on.translating.visited(on.live, FLOOR)
            on.translating.visited(on.live, ChannelId("none"))
            await on.hall.clock.sleep(5_000)
            assert on.lines(PT) == {}
            on.translating.visited(on.live, PT)
            await on.comes(lambda: len(on.lines(PT)) == 1)
            assert on.lines(ES) == {}
            await on.hall.clock.sleep(70_000)
            await on.says("b", "Nobody reads this.")
            await on.hall.clock.sleep(5_000)
            assert len(on.lines(PT)) == 1

    run(story())


def test_what_a_hub_is_given_is_read_there() -> None:
    async def story() -> None:
        async with translated_hall(of_record=()) as on:
            read: list[ChannelId] = []
            on.translating.hear_elsewhere(lambda session: read if session == on.live.id else ())
            on.connect()
            await on.says("a", "Good morning.")
            await on.comes(lambda: len(added(on)) == 2)
            await on.hall.clock.sleep(5_000)
            assert on.lines(PT) == {}
            read.append(PT)
            assert await on.comes(lambda: len(on.lines(PT)) == 1) < 2
            assert on.lines(ES) == {}
            read.clear()
            await on.hall.clock.sleep(70_000)
            await on.says("b", "Nobody reads this.")
            await on.hall.clock.sleep(5_000)
            assert len(on.lines(PT)) == 1

    run(story())


@pytest.mark.parametrize(("access", "young_people"), [(ev.Access.STAFF, False), (ev.Access.PUBLIC, True)])
def test_what_only_staff_may_read_or_young_people_say_goes_to_no_service(access: ev.Access, young_people: bool) -> None:
    """Neither lines, nor what grows, nor what desks and lists ask; and not over a service to another language."""
    cheap, only = SERVICE, msgspec.structs.replace(SERVICE, target="ar")

    async def story() -> None:
        async with translated_hall(of_record=("pt", "ar"), access=access, young_people=young_people) as on:
            away, here = EchoEnd((cheap, only)), EchoEnd()
            on.connect(away)
            on.connect(here)
            await on.comes(lambda: PT in added(on))
            assert on.translating.texts.route("en", "pt") != on.translating.texts.route("en", "pt", here=True)
            await on.says("a", "Good morning.")
            await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good morning."})
            await on.do(do.AttachEngine(channel=FLOOR, model="m"))
            words, start = tuple(le.Word(f" w{n}", n, n + 1) for n in range(9)), do.SegmentStart(t0=0, language="en")
            grows = do.CommitWords(
                channel=FLOOR, generation=1, segment=SegmentId("e"), first=0, words=words, start=start
            )
            await on.do(grows, actor=ENGINE)
            messages = TranslationMessages(on.translating.texts, lambda *_: Terms())
            made = await messages.translated(on.live, "Between us.", "en", "pt")
            assert isinstance(made, Made)
            assert isinstance(await messages.translated(on.live, "Between us.", "en", "ar"), Refusal)
            await on.hall.clock.sleep(5_000)
            assert (away.asked, away.prepared) == ([], [])
            assert on.translating.services(on.live) == ()
            assert "ar" not in on.translating.languages(on.live.state)
            lists = TranslationParts(
                on.hall.sessions, on.translating, on.translators, on.translating.texts, no_terms, None
            )
            assert lists.readable(on.live.id, ("en",)) == ("en", "es", "pt")
            assert on.translating.out_of_reach(on.live.state) == ("ar",)
            if access is ev.Access.STAFF:  # What was secret is public now.
                await on.do(do.ArrangeSession(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE))
                await on.comes(lambda: ChannelId("mt-ar") in added(on))
                await on.comes(lambda: away.asked == ["Good morning."])
                assert on.translating.services(on.live) == ("some-model@api.example.org",)
                await on.do(do.CloseSession())
                assert on.translating.services(on.live) == ()

    run(story())


def test_so_many_texts_of_closed_sessions_are_made_at_a_time() -> None:
    async def story() -> None:
        async with translated_hall(of_record=()) as on:
            echo = on.connect()
            echo.silent = True
            answers = []
            for number in range(MOST_OLD + 1):
                live = await on.hall.session(SessionId(f"old{number}"), languages=("en",))
                line = do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="Hello.", language="en")
                for name, actor, command in (
                    ("open", SYSTEM, do.OpenSession()),
                    ("line", CAPTIONER, line),
                    ("close", SYSTEM, do.CloseSession()),
                ):
                    assert isinstance(await live.writer.send(actor, CommandId(name), command), Receipt)
                answers.append(await on.translating.want(live, "pt"))
                await on.hall.clock.sleep(10)
            assert answers[:-1] == [PT] * MOST_OLD
            assert isinstance(answers[-1], Refusal)
            assert answers[-1].code is RefusalCode.BUSY
            assert on.live.state.status == "open", "what is on is not refused anything"

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


def test_translations_follow_a_language_that_is_put_right_in_a_running_session() -> None:
    async def story() -> None:
        async with translated_hall(languages=("es",)) as on:
            on.connect()
            english = ChannelId("mt-en")
            await on.comes(lambda: len(added(on)) == 2)
            assert added(on) == {english: True, PT: True}, "Spanish is what everybody thought"
            put_right = do.SetLanguages(languages=("es", "en")), do.ForceLanguage(channel=FLOOR, language="en")
            await on.do(*put_right, actor=CAPTIONER)
            await on.says("a", "Good morning.")
            await on.comes(lambda: on.lines(PT) == {"a": "[pt] Good morning."} and ES in added(on))
            await on.comes(lambda: on.lines(ES) == {"a": "[es] [pt] Good morning."})

    run(story())
