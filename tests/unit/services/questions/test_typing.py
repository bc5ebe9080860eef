from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.rules.turn_times import turn_now
from moothall.core.rules.turns import MAX_TYPED
from moothall.core.signals import AnySignal, Unrecorded
from moothall.core.signals import Typing as TypingSignal
from moothall.services.log.publication import Publication
from moothall.services.questions.typing import (
    ALLOWANCE,
    MOST_UNKEPT,
    FinishedLine,
    InProgress,
    TurnTyping,
    TypingReceived,
    TypingUpdate,
    Untyped,
)
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MODERATOR = Actor(Role.MODERATOR, "m1")
A, B = InterventionId("a"), InterventionId("b")


class TypingMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.typing = TurnTyping(hall.sessions, hall.clock)
        self.signals: list[AnySignal] = []
        hall.sessions.observe(self._heard)
        self._n = 0

    def _heard(self, _: LiveSession, publication: Publication) -> None:
        self.signals += publication.signals

    async def stand(self, status: InterventionStatus, *names: InterventionId) -> None:
        await self.do(do.SetStatus(interventions=names, status=status))

    async def write(
        self, line: str = "l1", text: str = "", *done: FinishedLine, name: InterventionId = A, **more: object
    ) -> TypingReceived | Untyped:
        self._n += 1
        written = msgspec.structs.replace(TypingUpdate(page="p", n=self._n, line=line, text=text, done=done), **more)
        await self.hall.clock.sleep(1_000)
        return await self.typing.write(SESSION, name, written)

    @property
    def lines(self) -> list[str]:
        lines = sorted((line for _, line in self.live.state.segments.items()), key=lambda line: line.t0)
        return [line.whole for line in lines]

    @property
    def shown(self) -> str:
        """What readers see of the text in progress."""
        found = [signal.text for signal in self.signals if isinstance(signal, TypingSignal)]
        return found[-1] if found else ""

    @property
    def unrecorded(self) -> str:
        found = [signal.text for signal in self.signals if isinstance(signal, Unrecorded)]
        return found[-1] if found else ""


def in_a_house(act: Callable[[TypingMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house in which `a` has its turn and `b` waits, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = TypingMeeting(hall, await hall.session())
            await house.do(do.OpenSession(), by=SYSTEM)
            for name in (A, B):
                await house.do(
                    do.Ask(intervention=name, kind=InterventionKind.QUESTION, text="Why?", language="en", asker=name)
                )
            await house.stand(InterventionStatus.QUEUED, A, B)
            await house.stand(InterventionStatus.CALLED, A)
            await act(house)

    return lambda: run(within())


def done(line: str, text: str, **more: object) -> FinishedLine:
    return msgspec.structs.replace(FinishedLine(line=line, text=text), **more)


@in_a_house
async def test_the_text_in_progress_is_shown_and_the_first_words_say_that_its_author_types(
    house: TypingMeeting,
) -> None:
    assert await house.write(text="  ") == TypingReceived(kept=(), recorded=True)
    assert not house.live.state.questions.turns[-1].typed
    assert await house.write(text="I wond") == TypingReceived(kept=(), recorded=True)
    assert house.live.state.questions.turns[-1].typed
    assert house.live.state.speakers == {"i1": "No. 1"}
    signal = house.signals[-1]
    assert signal == TypingSignal(
        channel=FLOOR, segment=SegmentId("i1.l1"), text="I wond", language="en", speaker=SpeakerId("i1")
    )
    await house.write(text="I wonder")
    assert (house.shown, house.lines) == ("I wonder", [])
    assert house.typing.in_progress(SESSION, A) == InProgress(line="l1", text="I wonder")
    assert house.typing.in_progress(SESSION, B) is None
    assert house.typing.in_progress(SessionId("other"), A) is None


@in_a_house
async def test_a_line_is_kept_once_and_replaces_what_was_shown_of_it(house: TypingMeeting) -> None:
    await house.write(text="I wonder.")
    for _ in range(2):
        assert await house.write("l2", "And", done("l1", "I wonder. ")) == TypingReceived(kept=("l1",), recorded=True)
    assert house.lines == ["I wonder."]
    assert house.shown == "And"
    line = house.live.state.segments.get(SegmentId("i1.l1"))
    assert line is not None
    assert (line.origin, line.speaker) == (le.Origin.SPEAKER, "i1")
    assert await house.write("l4", "", done("l2", "And why."), done("l3", "And when.")) == TypingReceived(
        kept=("l2", "l3"), recorded=True
    )
    assert house.lines == ["I wonder.", "And why.", "And when."]


@in_a_house
async def test_in_a_break_nothing_is_taken_and_what_was_being_written_leaves_the_screens(house: TypingMeeting) -> None:
    await house.write(text="I wonder")
    await house.do(do.PauseSession(), by=SYSTEM)
    assert house.shown == ""
    assert await house.write("l2", "And", done("l1", "I wonder.")) is Untyped.BREAK
    assert (house.shown, house.lines) == ("", [])
    await house.do(do.ResumeSession(), by=SYSTEM)
    assert await house.write("l2", "And", done("l1", "I wonder.")) == TypingReceived(kept=("l1",), recorded=True)
    assert (house.shown, house.lines) == ("And", ["I wonder."])


@in_a_house
async def test_an_older_text_comes_too_late_but_its_lines_dont(house: TypingMeeting) -> None:
    await house.write(text="Newer", n=50)
    await house.write("l0", "Older", done("l9", "A line."), n=49)
    assert (house.shown, house.lines) == ("Newer", ["A line."])
    await house.write(text="Of another page", n=1, page="q")
    assert house.shown == "Of another page"


@in_a_house
async def test_nobody_types_out_of_turn(house: TypingMeeting) -> None:
    assert await house.write(text="Me", name=B) is Untyped.TURN
    assert await house.write(text="Me", name=InterventionId("none")) is Untyped.TURN
    assert await house.typing.write(SessionId("none"), A, TypingUpdate(page="p", n=1, line="l")) is Untyped.TURN
    await house.write(text="I am just")
    await house.stand(InterventionStatus.ANSWERED, A)
    assert house.shown == ""
    assert house.typing.in_progress(SESSION, A) is None
    assert await house.write("l2", "", done("l1", "I am just done.")) is Untyped.TURN
    await house.stand(InterventionStatus.CALLED, B)
    assert await house.write(text="Me now", name=B) == TypingReceived(kept=(), recorded=True)


@in_a_house
async def test_what_is_no_text_of_ours_is_refused(house: TypingMeeting) -> None:
    for line, text, lines in (
        ("L 1", "x", ()),
        ("l1", "x" * (MAX_TYPED + 1), ()),
        ("l1", "x", (done("l2", " "),)),
        ("l1", "x", (done("l2", "x" * (MAX_TYPED + 1)),)),
        ("l1", "x", (done("l2", "x"), done("l2", "y"))),
        ("l1", "x", tuple(done(f"l{n}", "x") for n in range(30))),
    ):
        assert await house.write(line, text, *lines) is Untyped.TEXT
    assert house.lines == []


@in_a_house
async def test_it_may_come_four_times_a_second(house: TypingMeeting) -> None:
    written = TypingUpdate(page="p", n=1, line="l1", text="x")
    answers = [
        await house.typing.write(SESSION, A, msgspec.structs.replace(written, n=n)) for n in range(ALLOWANCE.burst + 1)
    ]
    assert answers.count(Untyped.OFTEN) == 1
    await house.hall.clock.sleep(1_000)
    assert isinstance(await house.typing.write(SESSION, A, msgspec.structs.replace(written, n=99)), TypingReceived)


@in_a_house
async def test_while_nothing_is_recorded_it_is_shown_and_never_becomes_a_line(house: TypingMeeting) -> None:
    await house.write(text="Before")
    await house.do(do.BeginNotRecorded())
    assert house.shown == ""
    assert await house.write(text="Before and between us") == TypingReceived(kept=(), recorded=False)
    assert (house.shown, house.unrecorded) == ("", "Before and between us")
    for _ in range(2):
        heard = await house.write("l2", "More", done("l1", "Before and between us."))
        assert heard == TypingReceived(kept=("l1",), recorded=False)
    assert house.unrecorded == "Before and between us. More"
    await house.do(do.EndNotRecorded())
    assert house.unrecorded == ""
    assert house.typing.in_progress(SESSION, A) is None
    assert await house.write(
        "l3", "For all", done("l2", "More of it."), done("l9", "Also.", unkept=True)
    ) == TypingReceived(kept=("l2", "l9"), recorded=True)
    assert (house.lines, house.shown) == ([], "For all")
    await house.write("l4", "", done("l3", "For all."))
    assert house.lines == ["For all."]
    await house.do(do.BeginNotRecorded())
    await house.write("l5", "Again")
    assert house.unrecorded == "Again"


@in_a_house
async def test_first_words_that_arent_recorded_say_only_that_its_author_types(house: TypingMeeting) -> None:
    await house.do(do.BeginNotRecorded())
    await house.write(text="Between us")
    now = turn_now(house.live.state)
    assert now is not None
    assert now.typed
    assert house.shown == ""
    records = await house.hall.log.read(SESSION, 0, 100)
    assert not any(b"Between" in (record.body or b"") for record in records)


@in_a_house
async def test_too_many_lines_that_are_not_kept_end_the_keeping(house: TypingMeeting) -> None:
    await house.do(do.BeginNotRecorded())
    for n in range(MOST_UNKEPT):
        await house.write(f"x{n}", "")
        await house.write(f"y{n}", "", done(f"x{n}", "Off."))
    await house.do(do.EndNotRecorded())
    assert await house.write("z2", "", done("z1", "On.")) == TypingReceived(kept=("z1",), recorded=True)
    assert house.lines == []


@in_a_house
async def test_a_turn_that_is_put_back_and_called_again_is_another_one(house: TypingMeeting) -> None:
    await house.write(text="One")
    await house.stand(InterventionStatus.QUEUED, A)
    await house.stand(InterventionStatus.CALLED, A)
    assert house.typing.in_progress(SESSION, A) is None
    await house.write(text="Two")
    assert house.live.state.questions.turns[-1].typed
    await house.stand(InterventionStatus.CALLED, B)
    assert house.shown == ""


@in_a_house
async def test_what_cant_be_stored_is_to_be_sent_again(house: TypingMeeting) -> None:
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    assert await house.write(text="I wonder") is Untyped.UNAVAILABLE
    assert await house.write("l2", "", done("l1", "I wonder.")) is Untyped.UNAVAILABLE
    log.full = False
    assert await house.write("l2", "", done("l1", "I wonder.")) == TypingReceived(kept=("l1",), recorded=True)
    assert house.lines == ["I wonder."]


@in_a_house
async def test_a_line_on_its_way_when_it_is_said_that_nothing_is_recorded_is_shown_only(house: TypingMeeting) -> None:
    await house.write(text="I wonder")
    # Both wait for the same write: the span begins first.
    async with asyncio.TaskGroup() as both:
        both.create_task(house.do(do.BeginNotRecorded()))
        sent = both.create_task(
            house.typing.write(SESSION, A, TypingUpdate(page="p", n=99, line="l2", done=(done("l1", "I wonder."),)))
        )
    assert sent.result() == TypingReceived(kept=("l1",), recorded=False)
    assert house.lines == []
    assert house.unrecorded == "I wonder."


@in_a_house
async def test_a_turn_that_ends_while_a_line_is_on_its_way_takes_no_more(house: TypingMeeting) -> None:
    await house.write(text="I wonder")
    async with asyncio.TaskGroup() as both:
        both.create_task(house.stand(InterventionStatus.ANSWERED, A))
        sent = both.create_task(
            house.typing.write(SESSION, A, TypingUpdate(page="p", n=99, line="l2", text="x", done=(done("l1", "I."),)))
        )
    assert sent.result() is Untyped.TURN
    assert house.shown == ""
