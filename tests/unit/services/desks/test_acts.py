from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.moves import commands_of
from moothall.core.removal.selection import Lines
from moothall.core.rules.acts import DeskAct, undo_id
from moothall.services.desks.acts import ACTS, ActNews, DeskActs, DeskPresence, shown
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication, republished
from moothall.testing.log_memory import FailingLog
from support.memory.writer import FLOOR, TECHNICIAN, Stage, opened, said, stage
from support.sessions.questions import asked

ANA = SpeakerId("ana")
A = SegmentId("a")


class Followed:
    """A session with a line, and its acts as they are followed."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.acts = DeskActs(on.writer.session, on.log)
        self.news: list[ActNews] = []
        on.writer.listen(self._hear)

    def _hear(self, publication: Publication) -> None:
        self.news.append(self.acts.hear(self.on.writer, publication))

    async def did(self, name: str, *commands: do.AnyCommand) -> None:
        await self.on.done(name, *commands, actor=TECHNICIAN)

    async def read(self) -> DeskActs:
        """The acts as somebody reads them who comes now."""
        acts = DeskActs(self.on.writer.session, self.on.log)
        await acts.load(self.on.writer)
        return acts

    def told(self) -> list[tuple[str, bool]]:
        return [(act.id, act.undone) for news in self.news for act in news.acts]


@asynccontextmanager
async def followed(log: FailingLog | None = None) -> AsyncIterator[Followed]:
    async with stage(log or FailingLog()) as on:
        await opened(on)
        await said(on, "a", 0, "Good", " day.")
        yield Followed(on)


ACTS_OF_A_SESSION: dict[str, list[do.AnyCommand]] = {
    "ana": [do.IntroduceSpeaker(speaker=ANA, name="Ana"), do.SetSpeaker(channel=FLOOR, speaker=ANA, since=A)],
    "mend": [do.CorrectSegment(channel=FLOOR, segment=A, base_revision=0, base_words=2, text="Hello.")],
    "note": [do.LeaveNote(text="x")],
    "german": [do.ForceLanguage(channel=FLOOR, language="en"), do.RewindChannel(channel=FLOOR, t=0)],
    "type": [do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Typed.", language="en")],
    "pause": [do.PauseSession()],
    "off": [do.BeginNotRecorded()],
    "bye": [do.CloseSession()],
}


async def test_what_is_followed_is_what_is_read_afterwards() -> None:
    async with followed() as it:
        assert await it.acts.load(it.on.writer) == ActNews()
        for name, commands in ACTS_OF_A_SESSION.items():
            await it.on.clock.advance(1_000)
            await it.did(name, *commands)
        await it.did(undo_id(CommandId("bye")), do.ReopenSession(), do.BeginNotRecorded(), do.PauseSession())
        assert it.acts.followed
        read = await it.read()
        assert list(read.all()) == list(it.acts.all())
        assert [act.id for act in read.all()] == list(ACTS_OF_A_SESSION)
        bye = read.get(CommandId("bye"))
        assert bye is not None
        assert bye.undone
        assert bye.undo == (do.ReopenSession(), do.BeginNotRecorded(), do.PauseSession())
        assert it.told() == [*((name, False) for name in ACTS_OF_A_SESSION), ("bye", True)]
        assert await it.acts.load(it.on.writer) == ActNews()


async def test_nothing_is_known_before_it_was_read() -> None:
    async with followed() as it:
        await it.did("pause", do.PauseSession())
        assert it.told() == []
        assert it.acts.all() == ()
        assert not it.acts.followed
        news = await it.acts.load(it.on.writer)
        assert [act.id for act in news.acts] == ["pause"]


async def test_what_happens_while_the_log_is_read_is_read_too() -> None:
    async with followed() as it:
        first = it.on.log.read

        async def slowly(*arguments: object) -> object:
            page = await first(*arguments)  # type: ignore[arg-type]
            if not page and it.on.writer.receipt(CommandId("late")) is None:
                await it.did("late", do.PauseSession())
            return page

        it.on.log.read = slowly  # type: ignore[method-assign,assignment]
        await it.acts.load(it.on.writer)
        assert [act.id for act in it.acts.all()] == ["late"]


async def test_after_a_gap_it_is_read_again() -> None:
    async with followed() as it:
        await it.acts.load(it.on.writer)
        await it.did("one", do.PauseSession())
        await it.did("two", do.ResumeSession())
        records = await it.on.records()
        fresh = await it.read()
        assert fresh.hear(it.on.writer, republished(it.on.writer.session, records)) == ActNews()
        assert fresh.followed
        skipped = DeskActs(it.on.writer.session, FailingLog())
        await skipped.load(it.on.writer)
        assert skipped.hear(it.on.writer, republished(it.on.writer.session, records[2:])) == ActNews()
        assert not skipped.followed


async def test_once_words_were_removed_no_act_has_them() -> None:
    async with followed() as it:
        await it.acts.load(it.on.writer)
        await it.on.done("later", do.MapClock(t=90_000))
        for name in ("ana", "mend", "note", "pause"):
            await it.did(name, *ACTS_OF_A_SESSION[name])
        answer = await it.on.writer.remove(TECHNICIAN, CommandId("gone"), Lines((A,)))
        assert isinstance(answer, Receipt)
        assert it.news[-1].forgotten == ("ana", "mend")
        assert [act.id for act in it.acts.all()] == ["note", "pause"]
        assert [act.id for act in (await it.read()).all()] == ["note", "pause"]
        assert it.acts.followed


async def test_a_removal_that_another_publication_follows_at_once_has_the_log_read_again() -> None:
    async with followed() as it:
        await it.acts.load(it.on.writer)
        await it.did("note", do.LeaveNote(text="x"))
        earlier = len(it.on.published)
        acts = await it.read()
        assert isinstance(await it.on.writer.remove(TECHNICIAN, CommandId("gone"), Lines((A,))), Receipt)
        await it.did("two", do.PauseSession())
        for publication in it.on.published[earlier:]:
            acts.hear(it.on.writer, publication)
        assert not acts.followed
        assert [act.id for act in (await acts.load(it.on.writer)).acts] == ["two"]
        assert acts.followed


async def test_the_newest_are_kept() -> None:
    async with followed() as it:
        await it.acts.load(it.on.writer)
        for n in range(ACTS + 2):
            await it.did(f"n{n}", do.LeaveNote(text="x"))
        assert [act.id for act in it.acts.all()][:1] == ["n2"]
        assert [name for news in it.news for name in news.forgotten] == ["n0", "n1"]
        assert list((await it.read()).all()) == list(it.acts.all())


async def test_a_move_is_undone_when_both_logs_say_so() -> None:
    async with followed() as it, stage(it.on.log, SessionId("o"), it.on.clock) as other:
        await opened(other)
        await it.on.done("later", do.MapClock(t=90_000))
        _, away, _ = commands_of(CommandId("m"))
        await it.did(away, do.MoveSegmentsAway(channel=FLOOR, segments=(A,), session=SessionId("o")))
        back, gone, _ = commands_of(undo_id(CommandId("m")))
        await it.did(back, do.BringSegmentsBack(channel=FLOOR, segments=(A,), session=SessionId("o")))
        (act,) = (await it.read()).all()
        assert (act.id, act.undone) == ("m", False)
        await other.done(gone, do.PauseSession(), actor=TECHNICIAN)
        (act,) = (await it.read()).all()
        assert act.undone


async def test_what_the_log_does_not_tell_can_be_marked() -> None:
    async with followed() as it:
        await it.acts.load(it.on.writer)
        await it.did("pause", do.PauseSession())
        (act,) = it.acts.mark(CommandId("pause"), undone=True).acts
        assert act.undone
        assert it.acts.mark(CommandId("pause"), undone=True) == ActNews()


def test_an_act_is_told_of_in_plain_values() -> None:
    act = DeskAct(
        id=CommandId("x"),
        at=5,
        by=Actor(Role.TECHNICIAN, "l1"),
        last=7,
        commands=(do.LeaveNote(text="x"),),
        undo=(),
    )
    assert shown(act, DeskPresence(desk="1", role=Role.TECHNICIAN, label="Ann's laptop"), asked()) == {
        "id": "x",
        "numbers": {},
        "at": 5,
        "by": {"desk": "1", "role": "technician", "label": "Ann's laptop", "name": ""},
        "commands": ({"do": "note", "text": "x", "note": "", "to": None},),
        "undo": (),
        "undone": False,
    }


def test_questions_that_an_act_brings_somewhere_are_told_with_their_numbers() -> None:
    brought = do.SetStatus(interventions=(InterventionId("b"), InterventionId("gone")), status=InterventionStatus.LATER)
    act = DeskAct(id=CommandId("x"), at=5, by=Actor(Role.CHAIR, "l1"), last=7, commands=(brought,), undo=())
    assert shown(act, DeskPresence(desk="1", role=Role.CHAIR, label=""), asked())["numbers"] == {"b": 2}
