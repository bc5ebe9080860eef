from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.captioning.stream import QUIET_MS
from moothall.core.events.lines import AirSource, Origin
from moothall.core.events.question_parts import InterventionKind
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, SegmentId, SessionId
from moothall.core.removal.selection import ErasedSelection, Interventions, Lines, SpokenSpan
from moothall.services.captioning.caption_streams import (
    AGAIN_MS,
    CUT,
    MOST_BYTES,
    MOST_LINES,
    POSTS,
    RETRY_MS,
    AcceptedPost,
    Form,
    Post,
)
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import UNUSED_MS
from moothall.services.sessions.staff import Staff
from moothall.testing.log_memory import FailingLog, MemoryLog
from moothall.testing.loop import run
from support.captioning.streams import CAPTIONER, DESK, house
from support.memory.hall import FLOOR, SESSION


def test_what_comes_is_a_draft_then_a_line_and_deletes_in_a_later_post_amend_it() -> None:
    async def story() -> None:
        async with house() as on:
            assert await on.put("We open the mee", 1) == AcceptedPost()
            assert (on.draft, on.lines) == ("We open the mee", [])
            await on.put("tnig. And", 2)
            assert (on.draft, on.lines) == ("And", ["We open the meetnig."])
            await on.put("\x08" * 8 + "ing. And so", 3)
            assert (on.draft, on.lines) == ("And so", ["We open the meeting."])
            assert (await on.stream()).seq == 3

    run(story())


def test_a_draft_becomes_a_line_when_nothing_comes_and_when_the_session_is_closed() -> None:
    async def story() -> None:
        async with house() as on:
            assert on.hall.group is not None
            ticking = on.hall.group.create_task(on.streams.run())
            await on.put("We open")
            await on.hall.clock.sleep(QUIET_MS + 1_000)
            assert (on.draft, on.lines) == ("", ["We open"])
            await on.put(" the meeting")
            assert on.streams.awaits(SESSION)
            answer = await on.hall.closing.send(on.live.writer, SYSTEM, CommandId("close"), [do.CloseSession()])
            assert isinstance(answer, Receipt)
            assert on.lines == ["We open", "the meeting"]
            refused = await on.put("late")
            assert isinstance(refused, Refusal)
            assert refused.message == "The session is closed and takes no lines now."
            ticking.cancel()

    run(story())


def test_in_another_life_of_the_server_or_at_another_node_a_stream_goes_on_behind_what_is_there() -> None:
    async def story() -> None:
        log = MemoryLog()
        async with house(log=log) as on:
            await on.put("One.\nTwo", 1)
            before = await on.stream()
        async with house(begun=False, log=log) as on:
            await on.hall.clock.sleep(2_000)
            assert (await on.stream()).seq == 0
            assert (await on.stream()).name != before.name
            assert await on.put("\x08\x08\x08\x08\x08Three.\n", 2) == AcceptedPost()
            assert on.lines == ["One.", "Three."], "what was no line is gone, and deletes reach no line of before"

    run(story())


def test_in_another_life_of_the_server_a_bridge_s_deletes_reach_the_line_that_it_had_sent() -> None:
    async def story() -> None:
        for behind, stands in (
            ("We begin. One.\nTwp ", ["One.", "Two is it."]),
            ("One.\nTwp", ["One.", "To is it."]),
            ("One.\nTwp and more", ["One.", "Twp", "o is it."]),
            ("", ["One.", "Twp", "o is it."]),
        ):
            log = MemoryLog()
            async with house(log=log) as on:
                await on.put("One.\nTwp ", 1)
                await on.streams.finish_all()
                assert on.lines == ["One.", "Twp"]
            async with house(begun=False, log=log) as on:
                await on.hall.clock.sleep(2_000)
                assert await on.put("\x08\x08o is it.\n", 1, behind=behind) == AcceptedPost()
                await on.put("More.\n", 2)
                assert on.lines == [*stands, "More."], behind

    run(story())


def test_a_caption_that_another_life_of_the_server_took_is_taken_once() -> None:
    async def story() -> None:
        log = MemoryLog()
        captions = {"form": Form.CAPTIONS}
        async with house(log=log) as on:
            await on.put("We begin. Thank you all.\n", 7, **captions)
            assert on.lines == (stands := ["We begin.", "Thank you all."])
        async with house(begun=False, log=log) as on:
            await on.hall.clock.sleep(1_000)
            assert await on.put("We begin. Thank you all.\n", 7, **captions) == AcceptedPost(), "its answer was lost"
            assert on.lines == stands
            await on.put("We begin. Thank you all. Who is next?\n", 8, **captions)
            await on.streams.finish(SESSION, 0)
            assert on.lines == [*stands, "Who is next?"], "what it repeats of the one before stands"
        for many, (seq, later) in enumerate(((1, 0), (9, AGAIN_MS)), start=2):
            async with house(begun=False, log=log) as on:
                await on.hall.clock.sleep(2_000 + later)
                await on.put("Who is next?\n", seq, **captions)
                await on.streams.finish(SESSION, 0)
                assert on.lines.count("Who is next?") == many, "it begins anew, or somebody says it again"

    run(story())


def test_a_caption_that_ends_inside_a_character_stands_without_it_and_blocks_no_later_one() -> None:
    async def story() -> None:
        async with house() as on:
            cut = await on.stream()
            captions = [b"Um caf\xc3", b"Um caf\xc3\xa9 bom.\n", "Próximo.\n".encode()]
            answers = [
                await on.streams.put(cut, Post(body=body, seq=seq, form=Form.CAPTIONS))
                for seq, body in enumerate(captions, 1)
            ]
            assert answers == [AcceptedPost(sentence=CUT), AcceptedPost(), AcceptedPost()]
            assert on.lines == ["Um café bom.", "Próximo."]
        async with house() as on:
            stream = await on.stream()
            assert await on.streams.put(stream, Post(body=b"Um caf\xc3", seq=1)) == AcceptedPost()
            assert await on.streams.put(stream, Post(body=b" bom.\n", seq=2)) == AcceptedPost()
            assert on.lines == ["Um caf bom."]

    run(story())


def test_a_caption_is_not_taken_for_what_somebody_else_wrote_or_for_the_end_of_a_line() -> None:
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId("other"), text="All in favour? Yes.", language="en")

    async def story() -> None:
        log = MemoryLog()
        async with house(log=log) as on:
            await on.do(line, by=DESK)
            tool = await on.stream(Staff(link="tool", role=Role.TOOL, scope="hall", label="Steno"))
            other = await on.streams.put(tool, Post(body=b"They say yes\n", seq=6, form=Form.CAPTIONS))
            assert other == AcceptedPost()
            await on.hall.clock.sleep(1)
            await on.put("Yes.\n", 7, form=Form.CAPTIONS)
            await on.hall.clock.sleep(1)
            await on.put("\n".join(f"Line {n}" for n in range(12)) + "\nThey say yes\n", 8, form=Form.CAPTIONS)
            assert on.lines.count("Yes.") == 1
        async with house(begun=False, log=log) as on:
            await on.hall.clock.sleep(1_000)
            assert await on.put("Line 10\nLine 11\nThey say yes\n", 8, form=Form.CAPTIONS) == AcceptedPost()
            assert on.lines.count("Line 11") == 1
        async with house(begun=False, log=log) as on:
            await on.hall.clock.sleep(2_000)
            assert await on.put("yes\n", 9, form=Form.CAPTIONS) == AcceptedPost()
            assert on.lines[-1] == "yes"

    run(story())


def test_a_caption_that_another_life_of_the_server_offered_is_offered_once() -> None:
    async def story() -> None:
        log = MemoryLog()
        async with house(log=log) as on:
            await on.do(do.PutOnAir(channel=FLOOR, source=AirSource.PERSON), by=DESK)
            await on.put("We begin.\n", 7, form=Form.CAPTIONS)
        async with house(begun=False, log=log) as on:
            for seq, text, many in ((7, "We begin.\n", 1), (8, "Thank you.\n", 2)):
                assert await on.put(text, seq, form=Form.CAPTIONS) == AcceptedPost()
                assert len(on.live.state.channels[FLOOR].air.offered) == many
            assert on.lines == []

    run(story())


def test_an_interpreters_text_has_a_stream_of_its_own_beside_the_floors() -> None:
    async def story() -> None:
        french, interpreter = "fr", msgspec.structs.replace(CAPTIONER, link="l2", role=Role.INTERPRETER)
        async with house() as on:
            await on.do(do.AddChannel(channel=ChannelId(french), kind=ChannelKind.INTERPRETATION, languages=(french,)))
            await on.put("We open.\nAnd n")
            other = await on.stream(interpreter, french)
            assert await on.streams.put(other, Post(body=b"\x08\x08Nous ouvrons.\n")) == AcceptedPost()
            await on.put("ow we vote.\n")
            found = {line.whole: line.channel for _, line in on.live.state.segments.items()}
            assert found == {"We open.": FLOOR, "And now we vote.": FLOOR, "Nous ouvrons.": french}
            floor = await on.streams.put(await on.stream(interpreter), Post(body=b"x\n"))
            assert isinstance(floor, Refusal)

    run(story())


def test_a_post_that_comes_again_is_taken_once_with_what_came_since() -> None:
    async def story() -> None:
        async with house() as on:
            await on.put("One\n", 1)
            assert await on.put("One\n", 1) == AcceptedPost()
            await on.put("Two\n", 2)
            assert await on.put("One\n", 1) == AcceptedPost()
            assert await on.put("Two\nThree\n", 2) == AcceptedPost()
            assert on.lines == ["One", "Two", "Three"]
            refused = await on.put("Four\n", 2)
            assert isinstance(refused, Refusal)
            assert refused.message == "Another post of this number was taken; the last one was 2. Go on from there."
            await on.put("A program that begins anew\n", 1)
            assert on.lines[-1] == "A program that begins anew"

    run(story())


def test_a_program_that_is_started_again_begins_at_1_with_whatever_it_said_first_before() -> None:
    async def story() -> None:
        for later, told in ((0, ["Two!", "Yes."]), (RETRY_MS + 1, ["Good morning.", "Two!", "Yes."])):
            async with house() as on:
                posts = ["Good morning.", "Yes.", *(f"Line {n}." for n in range(3, 21))]
                for seq, text in enumerate(posts, 1):
                    await on.hall.clock.sleep(1)
                    assert await on.put(f"{text}\n", seq) == AcceptedPost()
                await on.hall.clock.sleep(later)
                for seq, text in enumerate(("Good morning.", "Two!", "Yes."), 1):
                    await on.hall.clock.sleep(1)
                    assert await on.put(f"{text}\n", seq) == AcceptedPost()
                assert on.lines == [*posts, *told], "the first stands once where it may have been sent again"
                assert (await on.stream()).seq == 3
                assert await on.put("Yes.\n", 3) == AcceptedPost()
                refused = await on.put("No.\n", 2)
                assert isinstance(refused, Refusal)
                assert on.lines == [*posts, *told]

    run(story())


def test_no_number_of_before_is_known_once_a_program_has_begun_anew() -> None:
    async def story() -> None:
        async with house() as on:
            for seq, text in ((1, "We begin."), (2, "Yes."), (1, "Hello all."), (2, "Yes."), (3, "Thanks.")):
                await on.hall.clock.sleep(1)
                assert await on.put(f"{text}\n", seq) == AcceptedPost()
            assert on.lines == ["We begin.", "Yes.", "Hello all.", "Yes.", "Thanks."]

    run(story())


def test_a_first_post_that_comes_late_once_more_stands_once_and_the_next_go_on() -> None:
    async def story() -> None:
        async with house() as on:
            for seq, text in ((1, "One"), (2, "Two"), (1, "One"), (2, "Two"), (1, "One"), (3, "Three"), (1, "One")):
                await on.hall.clock.sleep(1)
                assert await on.put(f"{text}\n", seq) == AcceptedPost()
            assert on.lines == ["One", "Two", "Three"]
            refused = await on.put("Four\n", 3)
            assert isinstance(refused, Refusal)

    run(story())


def test_captions_are_put_behind_one_another_without_what_they_repeat() -> None:
    async def story() -> None:
        async with house() as on:
            for seq, post in enumerate(["We open", "We open the meeting", "We open the meeting of all.\n", "So"], 1):
                await on.put(post, seq, form=Form.CAPTIONS)
            assert (on.lines, on.draft) == (["We open the meeting of all."], "So")

    run(story())


def test_in_a_break_and_unrecorded_nothing_is_kept_and_nothing_before_is_reached() -> None:
    async def story() -> None:
        async with house() as on:
            for begins, ends in (
                (do.PauseSession(), do.ResumeSession()),
                (do.BeginNotRecorded(), do.EndNotRecorded()),
            ):
                await on.put("Before.\nnot yet a line")
                await on.hall.clock.sleep(1_000)
                await on.do(begins)
                assert on.draft == ""
                taken = await on.put("secret")
                assert isinstance(taken, AcceptedPost)
                assert not taken.kept
                assert taken.sentence == "Nothing of this is kept: there is a break, or it is not recorded."
                await on.hall.clock.sleep(1_000)
                await on.do(ends)
                await on.put("\x08\x08\x08After.\n")
            assert on.lines == ["Before.", "After."] * 2

    run(story())


def test_a_program_that_repeats_its_last_lines_brings_nothing_back_that_was_unrecorded_or_removed() -> None:
    async def story() -> None:
        async with house() as on:
            windows: tuple[tuple[tuple[do.AnyCommand, ...], str], ...] = (
                ((), "We open."),
                ((), "We open.\nThe plan"),
                ((do.BeginNotRecorded(),), "We open.\nThe plan\nA secret"),
                ((do.EndNotRecorded(),), "The plan\nA secret name.\nNow we"),
            )
            for seq, (first, window) in enumerate(windows, 1):
                await on.hall.clock.sleep(1)
                await on.do(*first)
                await on.put(window, seq, form=Form.CAPTIONS)
            await on.hall.clock.sleep(1)
            await on.put("A secret name.\nNow we go on.\n", 5, form=Form.CAPTIONS)
            await on.streams.finish(SESSION, 0)
            assert not any("secret" in line or "plan" in line for line in on.lines)
            assert " ".join(on.lines).endswith("Now we go on.")
            (name,) = (name for name, line in on.live.state.segments.items() if line.whole.endswith("go on."))
            removed = await on.live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId("r"), Lines((name,)))
            assert isinstance(removed, Receipt)
            await on.hall.clock.sleep(1)
            await on.put("Now we go on.\nThen vote.\n", 6, form=Form.CAPTIONS)
            await on.streams.finish(SESSION, 0)
            assert on.lines == ["We open.", "name.", "Then vote."]

    run(story())


def test_lines_that_others_have_changed_or_removed_stay_as_they_are() -> None:
    async def story() -> None:
        async with house() as on:
            await on.put("One\nTwo\n")
            first, second = (name for name, _ in sorted(on.live.state.segments.items()))
            await on.do(
                do.CorrectSegment(channel=FLOOR, segment=second, base_revision=0, base_words=0, text="Two!"), by=DESK
            )
            assert await on.put("\x08" * 5 + "!\nThree\n") == AcceptedPost()
            assert on.lines == ["One!", "Two!", "Three"]
            await on.put("Four")
            removed = await on.live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId("r"), Lines((first,)))
            assert isinstance(removed, Receipt)
            assert on.draft == ""
            await on.put("\x08" * 99 + "Five\n")
            assert on.lines == ["Two!", "Three", "Five"]

    run(story())


def test_what_was_taken_stays_when_staff_remove_a_line_of_somebody_else_or_a_question() -> None:
    secretariat = Actor(Role.SECRETARIAT, "s")
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId("other"), text="My number.", language="en")
    asked = InterventionId("q1")

    async def story() -> None:
        async with house() as on:
            await on.do(line, by=DESK)
            question = do.Ask(intervention=asked, kind=InterventionKind.REQUEST, text="Why?", language="en", asker="x")
            await on.do(question, by=Actor(Role.PARTICIPANT, "p"))
            await on.put("We begin.\nThe comittee will", 1)
            removals: tuple[ErasedSelection, ...] = Lines((line.segment,)), Interventions((asked,))
            for n, selection in enumerate(removals):
                removed = await on.live.writer.remove(secretariat, CommandId(f"r{n}"), selection)
                assert isinstance(removed, Receipt)
                assert on.draft == "The comittee will"
            await on.put("\x08" * 10 + "mittee will vote.\n\x08\x08!\n", 2)
            assert on.lines == ["We begin.", "The committee will vote!"]
            await on.put("A secret of", 3)
            removed = await on.live.writer.remove(secretariat, CommandId("span"), SpokenSpan(10**6, 10**7))
            assert isinstance(removed, Receipt)
            assert on.draft == "", "the span had no line, so it may be just this"
            await on.put("Five\n", 4)
            assert on.lines == ["We begin.", "The committee will vote!", "Five"]

    run(story())


def test_a_line_that_is_removed_before_its_post_was_answered_takes_the_draft_behind_it_along() -> None:
    async def story() -> None:
        async with house() as on:
            assert on.hall.group is not None
            lines = Lines(((await on.stream()).segment(1),))
            putting = on.hall.group.create_task(on.put("A secret.\nThe dra", 1))
            await asyncio.sleep(0)
            removed = await on.live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId("r"), lines)
            assert isinstance(removed, Receipt)
            assert await putting == AcceptedPost()
            await on.put("\x08" * 9 + "Four\n", 2)
            assert on.lines == ["Four"]

    run(story())


@pytest.mark.parametrize(
    ("post", "code", "sentence"),
    [
        (Post(body=b"x" * (MOST_BYTES + 1)), RefusalCode.INVALID, f"A post can have at most {MOST_BYTES} bytes."),
        (Post(body=b"\xff"), RefusalCode.INVALID, "The text is not in the charset that was named."),
        (Post(body=b"a", language="sw"), RefusalCode.INVALID, "This text is in en, ja; 'lang' names another language."),
    ],
)
def test_what_can_t_be_taken_is_refused_and_nothing_of_it_is(post: Post, code: RefusalCode, sentence: str) -> None:
    async def story() -> None:
        async with house(languages=("en", "ja")) as on:
            refused = await on.streams.put(await on.stream(), post)
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.message[: len(sentence)]) == (code, sentence)
            assert (on.lines, on.draft) == ([], "")

    run(story())


def test_the_language_is_the_sender_s_where_the_text_has_several() -> None:
    async def story() -> None:
        async with house(languages=("en", "ja")) as on:
            await on.put("Good morning\n", language="en-US")
            await on.put("おはよう\n", language="jp-JP")
            await on.put("又\n")
            said = sorted((line.t0, name, line.language) for name, line in on.live.state.segments.items())
            assert [language for _, _, language in said] == ["en", "ja", "ja"]

    run(story())


def test_a_flood_is_told_to_wait_and_goes_on() -> None:
    async def story() -> None:
        async with house() as on:
            answers = [await on.put("a ") for _ in range(POSTS.burst + 1)]
            assert answers[-2] == AcceptedPost()
            assert isinstance(answers[-1], Refusal)
            assert answers[-1].code is RefusalCode.BUSY
            await on.hall.clock.sleep(1_000)
            assert await on.put("b") == AcceptedPost()

    run(story())


def test_while_nothing_can_be_stored_nothing_is_taken_and_the_same_post_is_taken_later() -> None:
    async def story() -> None:
        async with house() as on:
            assert isinstance(on.hall.log, FailingLog)
            on.hall.log.full = True
            refused = await on.put("One\n", 1)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNAVAILABLE
            on.hall.log.full = False
            assert await on.put("One\n", 1) == AcceptedPost()
            assert on.lines == ["One"]

    run(story())


def test_a_post_of_many_lines_is_taken_whole_and_once_also_where_the_disk_fails_in_the_middle() -> None:
    lines = [f"Line {n}." for n in range(2 * MOST_LINES + 1)]
    body = "\n".join(lines) + "\n"

    async def story() -> None:
        async with house() as on:
            disk = on.hall.log
            assert isinstance(disk, FailingLog)

            def fill(*_: object) -> None:
                disk.full = len(on.lines) == MOST_LINES

            on.hall.sessions.observe(fill)
            refused = await on.put(body, 1)
            assert isinstance(refused, Refusal)
            assert len(on.lines) == MOST_LINES
            disk.full = False
            assert await on.put(body, 1) == AcceptedPost()
            assert sorted(on.lines) == sorted(lines)

    run(story())


def test_who_may_write_nothing_is_told_so_and_a_link_that_is_gone_leaves_no_draft() -> None:
    async def story() -> None:
        async with house() as on:
            reader = Staff(link="r", role=Role.RAPPORTEUR, scope="hall", label="")
            refused = await on.streams.put(await on.stream(reader), Post(body=b"a"))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.FORBIDDEN
            await on.put("We open")
            on.streams.gone("l1")
            assert on.draft == ""
            assert (await on.stream()).text.buffer == ""
            for session, channel in ((SessionId("x"), ""), (SESSION, "x"), (SessionId("?"), "")):
                assert isinstance(await on.streams.open(CAPTIONER, session, channel), Refusal)

    run(story())


def test_what_is_cut_off_while_a_post_waits_is_not_shown_again_and_no_later_line_takes_the_name_of_another() -> None:
    async def story() -> None:
        async with house() as on:
            await on.put("One\nTwo", 1)
            (name,) = (name for name, line in on.live.state.segments.items() if line.whole == "One")
            secretariat = Actor(Role.SECRETARIAT, "s")
            assert on.hall.group is not None
            removing = on.hall.group.create_task(on.live.writer.remove(secretariat, CommandId("r"), Lines((name,))))
            putting = on.hall.group.create_task(on.put("\nThree\nThe dra", 2))
            assert isinstance(await removing, Receipt)
            assert await putting == AcceptedPost()
            assert (on.draft, on.lines) == ("", ["Two", "Three"])
            assert not on.streams.awaits(SESSION)
            await on.hall.clock.sleep(10)
            assert await on.put("Four\n", 3) == AcceptedPost()
            assert on.lines == ["Two", "Three", "Four"]

    run(story())


def test_a_link_that_is_revoked_while_a_post_waits_leaves_no_draft_and_its_stream_takes_nothing_more() -> None:
    async def story() -> None:
        async with house() as on:
            stream = await on.stream()
            assert on.hall.group is not None
            putting = on.hall.group.create_task(on.put("One\nThe dra"))
            await asyncio.sleep(0)
            on.streams.gone("l1")
            assert await putting == AcceptedPost()
            assert (on.draft, on.lines) == ("", ["One"])
            refused = await on.streams.put(stream, Post(body=b"ft"))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.BUSY
            await on.hall.clock.sleep(10)
            assert await on.put("Two\n") == AcceptedPost()  # The key is asked for again; here it is good.
            assert on.lines == ["One", "Two"]

    run(story())


def test_whoever_is_not_on_air_offers_lines_and_shows_no_draft() -> None:
    async def story() -> None:
        async with house() as on:
            tool = Staff(link="tool", role=Role.TOOL, scope="hall", label="Steno")
            await on.do(do.PutOnAir(channel=FLOOR, source=AirSource.PERSON), by=DESK)
            stream = await on.stream(tool)
            for body in (b"One\nTw", b"\x08\x08\x08\x08ne!\nThr"):
                assert await on.streams.put(stream, Post(body=body)) == AcceptedPost()
            offered = [line.text for _, line in on.live.state.offered.items()]
            assert (offered, on.lines, on.draft) == (["One"], [], "")
            await on.do(do.PutOnAir(channel=FLOOR, source=AirSource.TOOL), by=stream.actor)
            await on.streams.put(stream, Post(body=b"ee\nFour"))
            assert (on.lines, on.draft) == (["Three"], "Four")
            (line,) = (line for _, line in on.live.state.segments.items())
            assert (line.origin, line.tool) == (Origin.PERSON, "Steno")

    run(story())


def test_a_session_that_is_erased_takes_its_streams_and_their_drafts_with_it() -> None:
    async def story() -> None:
        async with house() as on:
            stream = await on.stream()
            await on.put("We reh")
            assert on.streams.awaits(SESSION)
            await on.hall.sessions.forget(SESSION)
            assert not on.streams.awaits(SESSION)
            refused = await on.streams.put(stream, Post(body=b"earse"))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.BUSY
            assert isinstance(await on.streams.open(CAPTIONER, SESSION), Refusal)

    run(story())


def test_a_stream_keeps_no_session_loaded() -> None:
    async def story() -> None:
        async with house() as on:
            stream = await on.stream()
            await on.put("One\n")
            await on.do(do.CloseSession())
            await on.hall.clock.sleep(2 * UNUSED_MS)
            assert on.hall.sessions.loaded(SESSION) is None
            assert not any(isinstance(held, LiveSession) for held in vars(stream).values())
            refused = await on.streams.put(stream, Post(body=b"Two\n"))
            assert isinstance(refused, Refusal)
            assert (await on.stream()) is stream  # It goes on once the session is loaded for it.

    run(story())
