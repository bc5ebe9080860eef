"""Laws of questions: whatever is done in whatever order, no intervention is lost, and none has two statuses.

A state machine, compared with a model (`support/sessions/questions_model.py`) that says of each command whether it must
be carried out, with what effect, and why whose turn is next.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from moothall.core import commands as do
from moothall.core.events.codec import decode_event, encode_event
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.kernel.lanes import is_public
from moothall.core.questions.interventions import Questions
from moothall.core.questions.order import ahead_of, queue, wait_ms
from moothall.core.questions.undoing import brought_by, moved_on, takes_turn_away
from moothall.core.rules.decide import decide
from moothall.core.rules.undo import UndoReading, read_act, still_fits
from moothall.core.sessions.state import evolve
from support.sessions.deciding import WALL, speaking
from support.sessions.questions import MODERATOR, SOMEBODY
from support.sessions.questions_model import LINE, QuestionsModel

MOST = 8
numbers = st.integers(0, MOST - 1)
few = st.lists(numbers, min_size=1, max_size=3)
origins = st.sampled_from(["room", "remote", "hub:x", "hub:y"])
askers = st.sampled_from(["x", "y", "z"])
ENDS = (
    None,
    InterventionStatus.ANSWERED,
    InterventionStatus.LATER,
    InterventionStatus.QUEUED,
    InterventionStatus.CHECKED,
    InterventionStatus.TO_WRITE,
)


class QuestionsMachine(RuleBasedStateMachine):
    """People ask, two at desks lead the discussion, and authors change their minds."""

    def __init__(self) -> None:
        super().__init__()
        self.model = QuestionsModel()
        self.state = self.public = speaking()
        self.wall = WALL
        self.acts: list[UndoReading] = []

    def named(self, number: int) -> InterventionId:
        """One that was asked, so that most of what is done can be done."""
        known = list(self.model.asked)
        return known[number % len(known)]

    def send(self, command: do.AnyCommand, by: Actor = MODERATOR) -> None:
        """Have it done, or refused where it is to be."""
        before = self.state
        self.wall += 1_000
        decision = decide(before, command, by, self.wall)
        assert isinstance(decision, Refusal) != self.model.takes(command, by), decision
        if isinstance(decision, Refusal):
            return
        self.model.done(command, by)
        for event in decision:
            event_again = decode_event(encode_event(event))
            self.state = evolve(self.state, event_again, self.wall)
            if is_public(event.lane()):
                self.public = evolve(self.public, event_again, self.wall)
        act = read_act(before, decision)
        self.acts.append(act)
        self._undone(before.questions, act.undoing, command)

    def _undone(self, before: Questions, undoing: tuple[do.AnyCommand, ...], command: do.AnyCommand) -> None:
        """What undoes an act leads back to how everything stood; every act of a desk can be undone."""
        final = isinstance(command, do.SetStatus) and command.status is InterventionStatus.WITHDRAWN
        assert undoing or final or isinstance(command, do.Ask | do.CountSupport)
        state = self.state
        for back in undoing:
            decision = decide(state, back, MODERATOR, self.wall)
            assert not isinstance(decision, Refusal), decision
            for event in decision:
                state = evolve(state, event, self.wall)
        if undoing:
            assert shown(state.questions) == shown(before)

    @initialize(asked=st.lists(st.tuples(origins, askers), min_size=2, max_size=5), queued=st.booleans())
    def begin(self, asked: list[tuple[str, str]], queued: bool) -> None:
        for number, (origin, asker) in enumerate(asked):
            self.ask(number, InterventionKind.QUESTION, "Why?", asker, origin)
        if queued:
            self.send(do.SetStatus(interventions=tuple(self.model.asked), status=InterventionStatus.QUEUED))

    @rule(
        number=numbers,
        kind=st.sampled_from(InterventionKind),
        text=st.sampled_from(["", "When?"]),
        asker=askers,
        origin=origins,
    )
    def ask(self, number: int, kind: InterventionKind, text: str, asker: str, origin: str) -> None:
        name = InterventionId(f"q{number}")
        asked = do.Ask(
            intervention=name, kind=kind, text=text, language="en", asker=asker, name=f"Ana {number}", origin=origin
        )
        self.send(asked, SOMEBODY)

    @rule(
        which=few,
        status=st.sampled_from(InterventionStatus),
        reason=st.sampled_from(["", "No time."]),
        into=numbers,
        segment=st.sampled_from([None, LINE]),
        by=st.sampled_from([MODERATOR, MODERATOR, SOMEBODY]),
    )
    def bring(
        self,
        *,
        which: list[int],
        status: InterventionStatus,
        reason: str,
        into: int,
        segment: SegmentId | None,
        by: Actor,
    ) -> None:
        names = tuple(dict.fromkeys(map(self.named, which)))
        joined = status is InterventionStatus.JOINED
        self.send(
            do.SetStatus(
                interventions=names,
                status=status,
                reason=reason,
                into=self.named(into) if joined else None,
                segment=None if joined else segment,
            ),
            by,
        )

    @rule(which=few)
    def approve(self, which: list[int]) -> None:
        names = dict.fromkeys(map(self.named, which))
        self.send(do.SetStatus(interventions=tuple(names), status=InterventionStatus.QUEUED))

    @rule(ends=st.sampled_from(ENDS), by=st.sampled_from([MODERATOR, SOMEBODY]))
    def take_the_next(self, ends: InterventionStatus | None, by: Actor) -> None:
        for each in queue(self.state.questions)[:1]:
            self.send(do.SetStatus(interventions=(each.intervention,), status=InterventionStatus.CALLED))
            if ends is not None:
                self.send(do.SetStatus(interventions=(each.intervention,), status=ends), by)

    @rule(number=numbers, text=st.sampled_from(["Why?", "Who?", ""]), name=st.sampled_from([None, "", "Ana"]))
    def reword(self, number: int, text: str, name: str | None) -> None:
        self.send(do.Reword(intervention=self.named(number), text=text, name=name))

    @rule(number=numbers, text=st.sampled_from(["Because.", "Perhaps."]))
    def answer(self, number: int, text: str) -> None:
        self.send(do.WriteAnswer(intervention=self.named(number), text=text, language="en"))

    @rule(which=st.lists(numbers, max_size=2))
    def arrange(self, which: list[int]) -> None:
        self.send(do.ArrangeQueue(first=tuple(dict.fromkeys(map(self.named, which)))))

    @rule(order=st.sampled_from(QueueOrder))
    def order(self, order: QueueOrder) -> None:
        self.send(do.OrderQueue(order=order))

    @rule(number=numbers, count=st.integers(0, 3))
    def support(self, number: int, count: int) -> None:
        self.send(do.CountSupport(counts={self.named(number): count}))

    @rule(back=st.integers(1, 5))
    def undo_an_earlier_act(self, back: int) -> None:
        act, before = self.acts[-min(back, len(self.acts))], self.state.questions
        brought = brought_by(act.commands)
        if moved_on(before, act.commands) or takes_turn_away(before, act.commands, act.undoing):
            return
        for command in still_fits(self.state, act.commands, act.undoing):
            if not self.model.takes(command, MODERATOR):
                break
            self.send(command)
        for name, each in before.interventions.items():
            if each.status is not brought.get(name):
                now = self.state.questions.get(name)
                assert now is not None
                assert now.status is each.status, "nothing that stands elsewhere by now is brought anywhere"

    @rule()
    def close_and_reopen(self) -> None:
        self.send(do.CloseSession())
        self.ask(MOST, InterventionKind.QUESTION, "Too late?", "x", "room")
        self.send(do.ReopenSession())

    @invariant()
    def none_is_lost(self) -> None:
        there = dict(self.state.questions.interventions.items())
        assert there.keys() == self.model.asked.keys()
        for name, asked in self.model.asked.items():
            each, ask = there[name], asked.ask
            assert (each.number, each.kind, each.received) == (asked.number, ask.kind, ask.text)
            assert (each.given, each.asker, each.origin) == (ask.name, ask.asker, ask.origin)
            assert (each.text, each.name, each.answer) == (asked.text, asked.name, asked.answer)
            assert each.support == asked.support

    @invariant()
    def each_stands_in_one_place(self) -> None:
        questions = self.state.questions
        for each in questions.with_status(*InterventionStatus):
            asked = self.model.asked[each.id]
            assert (each.status, each.own) == (asked.status, asked.own)
            assert (each.reason, each.into, each.segment) == (asked.reason, asked.into, asked.segment)
            lost = each.into is not None and self.model.asked[each.into].status is InterventionStatus.WITHDRAWN
            assert not lost, "what was joined with another goes on without it"
        called = [] if questions.called is None else [questions.called]
        assert called == self.model.status(InterventionStatus.CALLED)
        assert [turn.intervention for turn in questions.turns] == self.model.turns
        places = Counter(each.id for still_fits in InterventionStatus for each in questions.with_status(still_fits))
        assert places == Counter(list(self.model.asked))

    @invariant()
    def each_place_in_the_queue_is_as_it_is_explained(self) -> None:
        questions, now = self.state.questions, self.state.media_now(self.wall)
        assert questions.arranged == self.model.arranged
        self.model.explained(queue(questions), self.model.order, self.model.arranged)
        for order in QueueOrder:
            self.model.explained(queue(questions, order), order, ())
        for at, each in enumerate(queue(questions)):
            assert ahead_of(questions, each.intervention) == at
            assert questions.called is None or wait_ms(questions, each.intervention, now) is not None

    @invariant()
    def everybody_is_told_where_all_stand_and_reads_what_was_approved(self) -> None:
        public = self.public.questions.with_status(*InterventionStatus)
        assert [each.id for each in public] == list(self.model.asked)
        for each in public:
            asked = self.model.asked[each.id]
            assert (each.status, each.asker, each.received) == (asked.status, "", "")
            said = (asked.text, asked.name) if asked.published else ("", "")
            assert (each.text, each.name) == said


def shown(questions: Questions) -> object:
    """What is seen of it, at desks and by everybody."""
    each_stands = {
        name: (each.status, each.text, each.name, each.reason, each.into, each.segment, each.own, each.support)
        for name, each in questions.interventions.items()
    }
    answers = {each.id: each.answer for each in questions.with_status(InterventionStatus.WRITTEN)}
    turns = [turn.intervention for turn in questions.turns]
    return each_stands, answers, turns, questions.called, questions.order, questions.arranged, queue(questions)


QuestionsMachine.TestCase.settings = settings(stateful_step_count=20)
TestQuestions = QuestionsMachine.TestCase
