from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.services.questions.asking import LONGEST_AGE_MS, AskRequest, RejectedQuestion
from moothall.services.questions.author_view import OwnAct, QuestionStage
from moothall.services.questions.translations import QuestionTranslations, Rendered, WantedTranslation
from moothall.wire.hubs.acts import AskAct, ReportAct, StandAct, SupportAct
from moothall_hub.outbox.outbox import MOST_OWN_ACTS, ActState, HubOutbox
from moothall_hub.room.local_questions import Local, Mode, count, own_of
from moothall_hub.room.questions import PASS_ON_MS, RoomQuestions, RoomWords
from support.files.found import found
from support.hubs.desk import NODE, Room, S, jumping, room


def wish(text: str = "Why?", **more: object) -> AskRequest:
    made = AskRequest(kind=InterventionKind.QUESTION, text=text, language="en", form=f"f-{text}")
    return msgspec.structs.replace(made, **more)


async def ask(made: Room, text: str, visitor: str = "", **more: object) -> InterventionId:
    taken = await made.local.ask(S, wish(text, **more), visitor or f"v-{text}")
    assert not isinstance(taken, RejectedQuestion), taken
    return taken


async def again(made: Room) -> RoomQuestions:
    """As after a restart."""
    local = RoomQuestions(made.parts)
    await local.load()
    return local


@jumping
async def test_what_is_asked_is_on_the_disk_and_survives_a_restart() -> None:
    async with room() as made:
        what = await ask(made, "Why?", age=60_000)
        local = await again(made)
        assert local.of(S) == made.local.of(S)
        (each,) = local.of(S).by_id.values()
        assert (each.id, each.stands, each.number) == (what, Local.HERE, 1)
        assert made.clock.wall() - each.at == 60_000
        assert made.outbox.acts == {}
        assert local.token(S, what) == made.local.token(S, what)
        assert local.of_token(S, made.local.token(S, what)) == each


@jumping
async def test_the_same_form_is_one_question_and_nothing_is_older_than_a_day() -> None:
    async with room() as made:
        first = await ask(made, "Why?", age=LONGEST_AGE_MS * 3)
        assert await ask(made, "Why?") == first
        assert len(made.local.of(S).by_id) == 1
        assert made.clock.wall() - made.local.of(S).by_id[first].at == LONGEST_AGE_MS


@jumping
async def test_many_who_ask_at_once_have_numbers_of_their_own() -> None:
    async with room() as made:
        await asyncio.gather(*(ask(made, f"q{n}") for n in range(20)))
        assert sorted(each.number for each in made.local.of(S).by_id.values()) == list(range(1, 21))


@jumping
async def test_nothing_is_taken_that_cant_be_kept_or_comes_when_all_is_over() -> None:
    async with room() as made:
        made.book.full = True
        assert await made.local.ask(S, wish(), "v") is RejectedQuestion.UNAVAILABLE
        assert made.local.of(S).by_id == {}
        made.book.full = False
        assert await made.local.ask(S, wish(""), "v") is RejectedQuestion.TEXT
        kept = await ask(made, "Why?")
        await made.meeting.do(do.CloseSession(), actor=SYSTEM)
        await made.clock.sleep(1_000)
        assert await made.local.ask(S, wish("When?"), "v") is RejectedQuestion.OVER
        assert await ask(made, "Why?") == kept, "sent once more it is the one that was taken"


@jumping
async def test_the_coordinator_asks_for_people_by_name() -> None:
    async with room() as made:
        for name in ("Ana", "ana", "Bea"):
            await ask(made, f"Why, {name}?", "one", name=name, hub="kisumu")
        ana, also, bea = (each.asker for each in made.local.of(S).by_id.values())
        assert ana == also != bea


@jumping
async def test_what_is_passed_on_goes_once_with_the_time_at_which_it_was_asked() -> None:
    async with room() as made:
        what = await ask(made, "Why?", age=5_000, name="Ana")
        at = made.local.of(S).by_id[what].at
        await made.local.forward(S, [what])
        await made.local.forward(S, [what])
        (put,) = made.outbox.of(AskAct)
        assert (put.id, put.at, put.session) == (f"ask:{what}", at, S)
        assert isinstance(put.act, AskAct)
        assert (put.act.text, put.act.name, put.act.kind, put.act.language) == (
            "Why?",
            "Ana",
            InterventionKind.QUESTION,
            "en",
        )
        assert (await made.local.seen(S, made.local.of(S).by_id[what])).room.where is QuestionStage.WAITING  # type: ignore[union-attr]


@jumping
async def test_open_to_all_it_goes_at_once_and_the_mode_stays() -> None:
    async with room() as made:
        before = await ask(made, "Before?")
        await made.local.set_mode(S, Mode.OPEN)
        what = await ask(made, "Why?")
        assert list(made.outbox.acts) == [f"ask:{what}"]
        assert made.local.of(S).by_id[before].stands is Local.HERE
        assert (await again(made)).of(S).mode is Mode.OPEN


@jumping
async def test_what_the_outbox_cant_take_is_kept_and_goes_later_also_after_a_restart() -> None:
    async with room() as made:
        await made.local.set_mode(S, Mode.OPEN)
        made.outbox.full = True
        what = await ask(made, "Why?")
        assert made.outbox.acts == {}
        with pytest.raises(StorageUnavailable):
            await made.local.pass_on()
        local = await again(made)
        made.outbox.full = False
        await local.pass_on()
        assert list(made.outbox.acts) == [f"ask:{what}"]


@jumping
async def test_what_is_taken_back_stays_here_or_is_taken_back_there_too() -> None:
    async with room() as made:
        one, other = await ask(made, "Why?"), await ask(made, "When?")
        await made.local.forward(S, [other])
        for what in (one, other):
            for _ in range(2):
                assert await made.local.bring(S, made.local.token(S, what), OwnAct.BACK) is None
        assert [put.act for put in made.outbox.acts.values()][1:] == [
            StandAct(intervention=other, status=InterventionStatus.WITHDRAWN)
        ]
        sent = list(made.outbox.acts)
        assert sent[0] == f"ask:{other}"
        local = await again(made)
        await local.pass_on()
        assert list(made.outbox.acts) == sent


@jumping
async def test_who_would_ask_it_too_is_counted_once_and_told_once_the_meeting_shows_it() -> None:
    async with room() as made:
        what = await ask(made, "Why?", "author")
        for token in ("v1", "v2", "v2", "author"):
            assert await made.local.support_one(S, what, token)
        assert await made.local.support_one(S, what, "")
        assert count(made.local.of(S), what) == 2
        await made.local.forward(S, [what])
        await made.local.pass_on()
        assert made.outbox.of(SupportAct) == []
        await made.meeting.take()
        await made.local.pass_on()
        assert made.outbox.of(SupportAct) == [], "it is being checked, and nobody can read it"
        await made.meeting.stand(what, InterventionStatus.QUEUED)
        await made.local.pass_on()
        await made.local.pass_on()
        assert [(put.id, put.act) for put in made.outbox.of(SupportAct)] == [
            (f"support:{NODE}:{what}:1:2", SupportAct(intervention=what, count=2))
        ]
        local = await again(made)
        await local.pass_on()
        assert await local.support_one(S, what, "v3")
        await local.pass_on()
        assert [put.act for put in made.outbox.of(SupportAct)][1:] == [SupportAct(intervention=what, count=3)]


@jumping
async def test_the_meetings_own_can_be_asked_too_until_they_are_answered_and_nothing_else() -> None:
    async with room() as made:
        asked = do.Ask(
            intervention=InterventionId("q1"), kind=InterventionKind.QUESTION, text="?", language="en", asker="x"
        )
        await made.meeting.do(asked)
        assert not await made.local.support_one(S, InterventionId("q1"), "v1")
        await made.meeting.stand(InterventionId("q1"), InterventionStatus.QUEUED)
        assert await made.local.support_one(S, InterventionId("q1"), "v1")
        assert not await made.local.support_one(S, InterventionId("q2"), "v1")
        assert not await made.local.support_one(SessionId("nowhere"), InterventionId("q1"), "v1")
        await made.local.pass_on()
        assert [put.act for put in made.outbox.of(SupportAct)] == [
            SupportAct(intervention=InterventionId("q1"), count=1)
        ]
        await made.meeting.stand(InterventionId("q1"), InterventionStatus.CALLED)
        assert await made.local.support_one(S, InterventionId("q1"), "v2")
        await made.local.pass_on()
        assert made.outbox.of(SupportAct)[-1].act == SupportAct(intervention=InterventionId("q1"), count=2)
        await made.meeting.stand(InterventionId("q1"), InterventionStatus.ANSWERED)
        assert not await made.local.support_one(S, InterventionId("q1"), "v3")


@jumping
async def test_nobody_asks_too_what_their_own_was_joined_with() -> None:
    async with room() as made:
        other = InterventionId("q1")
        await made.meeting.do(
            do.Ask(intervention=other, kind=InterventionKind.QUESTION, text="?", language="en", asker="x")
        )
        mine = await ask(made, "Why?", "v1")
        await made.local.forward(S, [mine])
        await made.local.pass_on()
        await made.meeting.take()
        await made.meeting.stand(other, InterventionStatus.QUEUED)
        await made.meeting.do(do.SetStatus(interventions=(mine,), status=InterventionStatus.JOINED, into=other))
        for token in ("v1", "v2"):
            assert await made.local.support_one(S, other, token)
        assert count(made.local.of(S), other) == 1

        one, same = await ask(made, "When?", "v1"), await ask(made, "When then?", "v2")
        await made.local.join(S, [one, same])
        assert own_of(made.local.of(S), made.local._visitor(S, "v2"), None) == {one, same}


@jumping
async def test_what_was_joined_brings_its_people_along() -> None:
    async with room() as made:
        one, other = await ask(made, "Why?"), await ask(made, "Why so?")
        await made.local.support_one(S, one, "v1")
        await made.local.support_one(S, other, "v2")
        await made.local.join(S, [one, other])
        assert made.local.of(S).by_id[other].into == one
        assert count(made.local.of(S), one) == 3
        assert await made.local.support_one(S, other, "v3"), "nothing happens to it any more"
        assert count((await again(made)).of(S), one) == 3


@jumping
async def test_the_wall_is_cleared_on_disk_without_any_link() -> None:
    async with room() as made:
        made.outbox.full = True
        one, other = await ask(made, "Why?"), await ask(made, "When?")
        await made.local.put_on_wall(S, [one, other], on_wall=True)
        await made.local.keep_here(S, [other])
        await made.local.clear_wall(S)
        local = (await again(made)).of(S)
        assert local.cleared == made.local.of(S).cleared is not None
        assert not any(each.on_wall for each in local.by_id.values())


@jumping
async def test_words_that_the_meeting_removed_are_removed_here() -> None:
    async with room() as made:
        what = await ask(made, "Why <them>?", form="f1", name="Ana")
        await made.local.erase_removed(S)
        await made.local.forward(S, [what])
        await made.local.put_on_wall(S, [what], on_wall=True)
        await made.meeting.take()
        await made.meeting.stand(what, InterventionStatus.QUEUED)
        await made.local.erase_removed(S)
        assert made.local.of(S).by_id[what].text
        await made.meeting.remove(what)
        for _ in range(2):
            await made.local.erase_removed(S)
            (each,) = (await again(made)).of(S).by_id.values()
            assert (each.text, each.name, each.on_wall, each.id) == ("", "", False, what)
        assert b"them" not in b"".join((await made.book.read("room-question")).values())
        await made.local.erase_removed(SessionId("nowhere"))


@jumping
async def test_a_token_of_elsewhere_opens_nothing() -> None:
    async with room() as made:
        what = await ask(made, "Why?")
        token = made.local.token(S, what)
        assert made.local.of_token(S, token) is not None
        for wrong in ("", ".", what, f"x.{what}", token[:-1], "é." + what):
            assert made.local.of_token(S, wrong) is None
        assert made.local.of_token(SessionId("t"), token) is None


@jumping
async def test_it_goes_on_passing_on_while_it_runs_and_tells_of_changes() -> None:
    async with room() as made:
        told: list[SessionId] = []
        made.local.when_changed(told.append)
        made.outbox.full = True
        await made.local.set_mode(S, Mode.OPEN)
        what = await ask(made, "Why?")
        running = made.hall.group.create_task(made.local.run())  # type: ignore[union-attr]
        await made.clock.sleep(PASS_ON_MS)
        assert made.outbox.acts == {}
        made.outbox.full = False
        await made.clock.sleep(PASS_ON_MS + 1)
        assert made.outbox.standing[next(iter(made.outbox.acts))].state is ActState.WAITING
        assert list(made.outbox.acts) == [f"ask:{what}"]
        running.cancel()
        assert set(told) == {S}


@jumping
async def test_what_the_meeting_refuses_stays_refused() -> None:
    async with room() as made:
        what = await ask(made, "Why?")
        await made.local.forward(S, [what])
        act = next(iter(made.outbox.acts))
        made.outbox.answer(act, RefusalCode.CONFLICT, "The meeting is over and takes no more questions.")
        found = (await made.local.seen(S, made.local.of(S).by_id[what])).room
        assert found is not None
        assert (found.where, found.message) == (
            QuestionStage.REFUSED,
            "The meeting is over and takes no more questions.",
        )


@jumping
async def test_presses_of_an_author_that_wait_are_bounded_and_their_states_are_read_at_once() -> None:
    async with room() as made:
        what, other = await ask(made, "Why?"), await ask(made, "When?")
        await made.local.forward(S, [what, other])
        token = made.local.token(S, what)
        for press in range(MOST_OWN_ACTS):
            assert await made.local.bring(S, token, OwnAct.AGAIN if press % 2 else OwnAct.BACK) is None
        acts, read = list(made.outbox.acts), made.outbox.reads
        refused = await made.local.bring(S, token, OwnAct.BACK)
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.BUSY
        assert list(made.outbox.acts) == acts
        assert made.outbox.reads == read + 1
        assert len(made.local.of(S).by_id[what].acts) == MOST_OWN_ACTS
        await made.local.seen(S, made.local.of(S).by_id[what])
        assert made.outbox.reads == read + 3, "the question's own act, and those of its author"
        assert await made.local.bring(S, made.local.token(S, other), OwnAct.BACK) is None, "of each question by itself"
        made.outbox.answer(made.local.of(S).by_id[what].acts[0].id)
        assert await made.local.bring(S, token, OwnAct.BACK) is None


@jumping
async def test_while_a_report_of_a_question_waits_no_other_is_put() -> None:
    async with room() as made:
        what, other = InterventionId("q1"), InterventionId("q2")
        for n in range(3):
            assert await made.local.report(S, what, CommandId(f"report:{n}")) is None
        assert await made.local.report(S, other, CommandId("report:3")) is None
        local = await again(made)
        for n in (4, 5):
            assert await local.report(S, what, CommandId(f"report:{n}")) is None
        assert [put.id for put in made.outbox.of(ReportAct)] == ["report:0", "report:3"]
        made.outbox.answer(CommandId("report:0"))
        assert await local.report(S, what, CommandId("report:6")) is None, "the desks may have cleared it since"
        assert [put.id for put in made.outbox.of(ReportAct)][2:] == ["report:6"]


WISH = AskRequest(
    kind=InterventionKind.QUESTION, text="Who likes rhubarb?", language="en", form="f1", name="Quetzalcoatl"
)
OTHER = SessionId("other")


async def test_a_question_that_was_removed_goes_though_its_answer_is_on_its_way_still(tmp_path: Path) -> None:
    async with room() as made:
        book = await SqliteBook.open(tmp_path / "book.sqlite")
        outbox = await HubOutbox.open(tmp_path / "outbox.sqlite")
        local = RoomQuestions(msgspec.structs.replace(made.parts, book=book, outbox=outbox))
        await local.load()
        await local.set_mode(S, Mode.OPEN)
        name = await local.ask(S, WISH, "v1")
        assert isinstance(name, str)
        what = InterventionId(name)
        # It reaches the meeting, whose answer doesn't come. A hub below asked the same way.
        (act,) = [act for act in await outbox.unsent(10) if isinstance(act.act, AskAct)]
        await made.outbox.put(S, act.id, "", act.act, act.at)
        await made.meeting.take()
        await made.meeting.stand(what, InterventionStatus.QUEUED)
        translations = QuestionTranslations(_translate, lambda _: True, clock=made.clock)
        words = RoomWords(local, made.hands, translations, outbox, made.meetings)
        await words.erase_removed(S)
        await words.erase_removed(OTHER)
        assert found(tmp_path, "rhubarb")
        await made.meeting.remove(what)
        await words.erase_removed(S)
        for text in ("rhubarb", "Quetzalcoatl"):
            assert found(tmp_path, text) == []
        status = await outbox.state(act.id)
        assert status is not None
        assert status.state is ActState.DONE
        await outbox.close()
        await book.close()


async def _translate(wanted: WantedTranslation) -> Rendered:
    return Rendered(text=f"[{wanted.target}] {wanted.text}", route="echo")


async def test_all_of_a_session_that_is_no_more_goes(tmp_path: Path) -> None:
    async with room() as made:
        book = await SqliteBook.open(tmp_path / "book.sqlite")
        outbox = await HubOutbox.open(tmp_path / "outbox.sqlite")

        def opened() -> RoomQuestions:
            return RoomQuestions(msgspec.structs.replace(made.parts, book=book, outbox=outbox))

        local = opened()
        await local.load()
        changed: list[SessionId] = []
        local.when_changed(changed.append)
        for session in (S, OTHER):
            name = await local.ask(session, WISH, "v1")
            assert isinstance(name, str)
            assert await local.support_one(session, InterventionId(name), "v2")
        asked = WantedTranslation(session=S, intervention=InterventionId(name), text="Why?", source="en", target="es")
        translations = QuestionTranslations(_translate, lambda _: True, clock=made.clock)
        running = asyncio.ensure_future(translations.run())
        await translations.made(asked)
        assert translations.known(asked) is not None
        await RoomWords(local, made.hands, translations, outbox, made.meetings).forget(S)
        assert translations.known(asked) is None
        running.cancel()
        assert changed[-1] == S
        again = opened()
        await again.load()
        for each in (local, again):
            assert (len(each.of(S).by_id), len(each.of(OTHER).by_id)) == (0, 1)
        await outbox.close()
        await book.close()
