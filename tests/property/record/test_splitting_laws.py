"""Laws of lines that are split: whatever is said, corrected and split, in whatever order."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import Lines, again, selected
from moothall.core.rules.decide import decide
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, evolve
from moothall.core.views.captions import CaptionsView
from moothall.core.views.quality import QualityView
from moothall.record.citation.history import HistoryFold
from moothall.record.citation.quoting import QuotedSpan, SpanEnd, quote
from moothall.record.model import RecordFold
from support.sessions.deciding import CAPTIONER, ENGINE, FLOOR, commit, end, segment, word
from support.sessions.recorder import EPOCH, SESSION, Recorder


class Step(msgspec.Struct, frozen=True):
    """Something that happens to a text."""

    what: str
    which: int
    """Which line, counted from the newest."""
    at: int
    """Which word."""
    text: str


steps = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["say", "say", "end", "split", "split", "split", "hear", "mend"]),
        which=st.integers(0, 3),
        at=st.integers(1, 4),
        text=st.sampled_from(["Good", " day", " to you all", "你好", "Better words here.", ""]),
    ),
    min_size=4,
    max_size=30,
)


class Told:
    """A session that is told step by step, with all views of it."""

    def __init__(self) -> None:
        self.state, self.recorder, self.t, self.n = State(id=SESSION), Recorder(), 0, 0
        self.view = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR))
        self.quality = QualityView()
        self.record, self.history = RecordFold(SESSION, EPOCH, FLOOR), HistoryFold(SESSION, EPOCH, FLOOR)
        begin: list[do.AnyCommand] = [
            do.CreateSession(title="Access", languages=("en",)),
            do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
            do.AttachEngine(channel=FLOOR, model="m"),
        ]
        for command in begin:
            assert self.does(command, SYSTEM)

    def does(self, command: do.AnyCommand, actor: Actor) -> bool:
        decision = decide(self.state, command, actor, self.wall)
        if isinstance(decision, Refusal):
            return False
        for event in decision:
            record = self.recorder.record(event, actor)
            header = record.header
            self.state = evolve(self.state, event, self.wall)
            self.view = self.view.apply(header.offset, header.role, event)
            self.quality = self.quality.apply(header.at, header.role, event)
            self.record.take([record])
            if header.lane in self.history.feed.lanes:
                self.history.take([record])
        return True

    @property
    def wall(self) -> int:
        return 1_000_000 + self.t

    @property
    def lines(self) -> list[Segment]:
        """In the order of the text."""
        found = (self.state.segments.get(line.segment) for line in self.view.lines)
        return [line for line in found if line is not None]

    def step(self, step: Step) -> tuple[do.AnyCommand, Actor]:
        self.n += 1
        floor = self.state.channels.get(FLOOR)
        still_open = None if floor is None else floor.open_segment
        if step.what == "say":
            said = []
            for _ in range(step.at):
                said.append(word(step.text or " ok", self.t, self.t + 90))
                self.t += 100
            line = None if still_open is None else self.state.segments.get(still_open)
            if line is None:
                return commit(f"l{self.n}", 0, *said, start=said[0].t0), ENGINE
            return commit(line.id, len(line.words), *said), ENGINE
        if step.what == "end":
            return end(still_open or "none", self.t), ENGINE
        lines = self.lines or [Segment(id=segment("none"), channel=FLOOR, language="en", t0=0)]
        line = lines[-1 - step.which % len(lines)]
        if step.what == "mend":
            words = min(len(line.words), max(step.at, line.base))
            return do.CorrectSegment(
                channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=words, text=step.text
            ), CAPTIONER
        by = ENGINE if step.what == "hear" else CAPTIONER
        return do.SplitSegment(
            channel=FLOOR,
            segment=line.id,
            revision=line.revision,
            word=step.at,
            into=segment(f"p{self.n}"),
            generation=1 if by is ENGINE else None,
        ), by


@given(steps, st.data())
def test_the_words_are_the_same_before_and_after_a_split_and_each_citation_finds_its_words(
    story: list[Step], data: st.DataObject
) -> None:
    told = Told()
    cited: list[tuple[QuotedSpan, int, str]] = []
    for step in story:
        command, actor = told.step(step)
        before, view, quality = told.lines, told.view, told.quality
        words = [each for line in told.record.record().lines for each in line.words]
        done = told.does(command, actor)
        if not done or not isinstance(command, do.SplitSegment):
            if done and told.view.lines:
                at = data.draw(st.integers(0, len(told.view.lines) - 1))
                to = data.draw(st.integers(at, min(at + 2, len(told.view.lines) - 1)))
                ends = (SpanEnd(told.view.lines[at].segment), SpanEnd(told.view.lines[to].segment))
                if data.draw(st.booleans()):
                    ends = (msgspec.structs.replace(ends[0], character=data.draw(st.integers(0, 3))), ends[1])
                span, offset = QuotedSpan(*ends), told.view.offset
                found = quote(told.history.history(), span, offset)
                if found is not None and found.text:
                    cited.append((span, offset, found.text))
            continue
        after = told.lines
        assert [each for line in after for each in line.words] == [each for line in before for each in line.words]
        assert "".join(line.whole for line in after) == "".join(line.whole for line in before)
        assert "".join(line.text for line in told.view.lines) == "".join(line.text for line in view.lines)
        assert [(line.segment, line.text, line.words, line.revision) for line in told.view.lines] == [
            (line.id, line.whole, len(line.words), line.revision) for line in after
        ]
        assert [each for line in told.record.record().lines for each in line.words] == words
        was, now = (each.texts[FLOOR].figures for each in (quality, told.quality))
        assert (now.words, now.delays, now.languages) == (was.words, was.delays, was.languages)
        assert now.lines == was.lines + 1
        assert (now.by_machine, now.by_person >= was.by_person) == (was.by_machine, True)
        # What is cited reads as before in every part, and what was quoted is still told as it was.
        for span, offset, text in cited:
            found = quote(told.history.history(), span, offset)
            assert found is not None
            assert found.text == text
    assert told.state.channels[FLOOR].committed_through == max(
        [0, *(each.t1 for line in told.lines for each in line.words)]
    )


@given(steps)
def test_a_citation_reads_now_as_it_did_before_a_split(story: list[Step]) -> None:
    told = Told()
    for step in story:
        command, actor = told.step(step)
        whole, offset = told.view.lines, told.view.offset
        before = told.history.history()
        if not told.does(command, actor) or not isinstance(command, do.SplitSegment):
            continue
        for line in whole:
            span = QuotedSpan(SpanEnd(line.segment), SpanEnd(line.segment))
            was, now = quote(before, span, offset), quote(told.history.history(), span, offset)
            assert (now is None) == (was is None)
            if was is not None and now is not None:
                assert (now.text, now.now, now.fate, now.names) == (was.text, was.now, was.fate, was.names)


@given(steps, st.integers(0, 5))
def test_when_a_part_is_removed_nothing_of_it_stays_in_what_is_said_again(story: list[Step], which: int) -> None:
    told = Told()
    for step in story:
        told.does(*told.step(step))
    if not told.lines:
        return
    gone = told.lines[which % len(told.lines)]
    cuts = selected(told.state, Lines((gone.id,)))
    there = {cut.line.id for cut in cuts}
    wholes = {gone.id}
    line: Segment | None = gone
    while line is not None and line.part_of:
        wholes.add(line.part_of)
        line = told.state.segments.get(line.part_of)
    assert there == wholes
    for cut in cuts:
        assert cut.line.id == gone.id or cut.stays == ((0, len(cut.line.words)),)
        for run in cut.stays:
            state = told.state
            for event in again(cut.line, run, segment("kept")):
                state = evolve(state, event)
            kept = state.segments.get(segment("kept"))
            assert kept is not None
            assert (kept.words, kept.whole) == (cut.line.words, cut.line.whole)
