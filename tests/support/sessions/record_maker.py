"""Records for tests: a session told in events, folded as the server folds them, and an English wording."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId, PolicyQuestionId, SegmentId, SessionId, SpeakerId
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK
from moothall.record.model import Record, RecordFold
from moothall.record.wording import AskedWording, Wording
from support.sessions.recorder import EPOCH, MORNING, SESSION, Recorder

FLOOR = ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "scripted")
CAPTIONER = Actor(Role.CAPTIONER, "c1")

WORDING = Wording(
    language="en",
    direction="ltr",
    title="Meeting without a title",
    about=("24 November 2025", "As spoken"),
    notice="Written by a machine.",
    label="",
    quality="",
    so_far="The meeting goes on, up to {time}.",
    version="State: {version}",
    not_recorded="Not recorded from {start} to {end}",
    not_recorded_since="Not recorded since {start}",
    break_since="Break since {start}",
    unnamed="Speaker not named",
    mended="Mended by a person",
    accepted="Mended by the machine, accepted by a person",
    skip="Skip to the text",
    contents="Contents by time",
    policy_question="Policy question {n}",
    show_sources="Show the source of each line",
    origins={
        le.Origin.MACHINE: "Written by a machine",
        le.Origin.PERSON: "Written by a person",
        le.Origin.INTERPRETER: "Interpreter",
        le.Origin.SPEAKER: "Typed by the speaker",
        le.Origin.TRANSLATED: "Translated by a machine",
    },
    tool="Sent by {name}",
    respoken="Respoken",
    rough="Written roughly by a machine",
    translated=lambda made: f"Translated by {made.route}",
    gaps={reason: f"No text from {{start}} to {{end}}: {reason}" for reason in (*ev.GapReason, BREAK, BREAK_SET_BACK)},
    seals={version: f"{version}".title() for version in ev.SealVersion},
    asked=AskedWording(
        heading="Questions and comments",
        figures=(),
        kinds={kind: f"{kind} no. {{n}}".capitalize() for kind in InterventionKind},
        statuses={status: f"{status}".capitalize() for status in InterventionStatus},
        joined="Joined with no. {n}",
        asked_at="Asked at {time}",
        answered_at="Answered at {time}",
        answered="See the answer in the text",
        answer="The answer",
        removed="Removed for good.",
        left="The meeting ended before its turn came",
        ended="It had its turn when the meeting ended",
    ),
)


class Telling:
    """A session with a floor and a French interpretation, written event by event."""

    def __init__(
        self,
        title: str = "Plenary",
        languages: tuple[str, ...] = ("en", "ar"),
        *,
        opened: bool = True,
        session: SessionId = SESSION,
    ) -> None:
        self.recorder = Recorder(session)
        self.records: list[LogRecord] = []
        self._names: dict[str, str] = {}
        self.tell(
            ev.SessionCreated(title=title, languages=languages),
            ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=languages),
            ev.ChannelAdded(channel=ChannelId("fr"), kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)),
            *([ev.SessionOpened(wall=MORNING)] if opened else []),
        )

    def tell(self, *events: Event, by: Actor = SYSTEM) -> None:
        """Log events."""
        self.records += [self.recorder.record(event, by) for event in events]

    def line(
        self,
        text: str,
        t0: int,
        t1: int | None,
        *,
        name: str = "",
        language: str = "en",
        origin: le.Origin = le.Origin.MACHINE,
        words: Sequence[le.Word] = (),
        channel: ChannelId = FLOOR,
        rough: bool = False,
    ) -> SegmentId:
        """Log a line; it is still open when `t1` is None. A new `name` is introduced as a speaker first."""
        segment = SegmentId(f"{channel}-1-{len(self.records)}")
        speaker = self._speaker(name) if name else None
        opened = le.SegmentOpened(
            channel=channel,
            segment=segment,
            t0=t0,
            language=language,
            origin=origin,
            speaker=speaker,
            rough=rough or msgspec.UNSET,
        )
        self.tell(opened, by=ENGINE)
        if words:
            self.tell(le.WordsCommitted(channel=channel, segment=segment, first=0, words=tuple(words)), by=ENGINE)
        if t1 is not None:
            reason = le.EndReason.SENTENCE
            self.tell(le.SegmentEnded(channel=channel, segment=segment, t1=t1, reason=reason, text=text), by=ENGINE)
        return segment

    def spoken(self, text: str, t0: int, each: int = 300, pause: int = 100, *, name: str = "") -> SegmentId:
        """Log a line whose words are `each` ms long, with a pause of `pause` ms after each."""
        words = timed(text, t0, each, pause)
        return self.line(text, t0, words[-1].t1, name=name, words=words)

    def correct(self, segment: SegmentId, text: str, *, words: int, revision: int = 0, by: Actor = CAPTIONER) -> None:
        """Log a correction of all the words of a line."""
        corrected = le.SegmentCorrected(
            channel=FLOOR, segment=segment, base_revision=revision, base_words=words, text=text, tail=""
        )
        self.tell(corrected, by=by)

    def _speaker(self, name: str) -> SpeakerId:
        if name not in self._names:
            self._names[name] = f"p{len(self._names)}"
            self.tell(ev.SpeakerIntroduced(speaker=SpeakerId(self._names[name]), name=name))
        return SpeakerId(self._names[name])

    def fold(self, channel: ChannelId = FLOOR) -> RecordFold:
        """Fold all events so far that readers of a channel may see."""
        fold = RecordFold(SESSION, EPOCH, channel)
        fold.take([record for record in self.records if record.header.lane in fold.feed.lanes])
        return fold

    def record(self, channel: ChannelId = FLOOR) -> Record:
        return self.fold(channel).record()


def timed(text: str, t0: int, each: int = 300, pause: int = 100) -> tuple[le.Word, ...]:
    """Return the words of a text, one after the other."""
    return tuple(
        le.Word(f" {word}" if n else word, t0 + n * (each + pause), t0 + n * (each + pause) + each)
        for n, word in enumerate(text.split(" "))
    )


ANEZ = "Ms. Añez & co"
CHINESE = "会议现在开始，请各位代表就座；我们今天要讨论水资源管理的三个问题。"  # noqa: RUF001  # as it is written


def meeting(*, closed: bool = True) -> Telling:
    """Return a short session with everything that makes a record hard: names, languages, gaps,
    corrections, unrecorded spans.
    """
    told = Telling("Water & <land> --> 2026")
    welcome = "Good afternoon, everybody, and welcome to this open session on remote participation."
    told.spoken(welcome, 1_000, name=ANEZ)
    told.spoken("Is 3 < 5 & 7 > 2? Then --> go on, <b>please</b>; it is {\\an8} urgent.", 9_000, name=ANEZ)
    told.line("شكرا جزيلا لكم على هذه الكلمة، سيدتي الرئيسة.", 17_000, 21_000, name="أحمد", language="ar")
    wrong = told.spoken("We where ready.", 22_000, name="<v Chair>")
    told.correct(wrong, "We were ready.", words=3)
    told.line("1984\n\n42\r\n00:00:01,000 --> 00:00:02,000\u2028line", 30_000, 33_000, origin=le.Origin.PERSON)
    told.line("typed at once", 34_000, 34_000, origin=le.Origin.SPEAKER)
    told.line(CHINESE * 2, 40_000, 52_000, language="zh")
    told.tell(ev.GapNoted(channel=FLOOR, t0=60_000, t1=65_000, reason=ev.GapReason.SOURCE_LOST))
    told.tell(ev.NotRecordedBegan(t0=70_000), ev.NotRecordedEnded(t1=130_000))
    told.spoken("word " * 120 + "end.", 140_000, 200, 50, name="أحمد")
    told.line("x" * 10_000, 200_000, 212_000)
    if closed:
        told.tell(ev.SessionClosed(t=220_000), ev.RecordSealed(version=ev.SealVersion.CHECKED, n=1))
    return told


class Questions:
    """Questions of a session, written into its public lanes."""

    def __init__(self, told: Telling) -> None:
        self.told = told
        self._last = 0

    def ask(
        self,
        text: str,
        t: int = 1_000,
        *,
        name: str = "",
        language: str = "en",
        kind: InterventionKind = InterventionKind.QUESTION,
    ) -> InterventionId:
        """Log a question and its approval."""
        self._last += 1
        asked, number = InterventionId(f"q{self._last}"), self._last
        self.told.tell(
            qe.InterventionStatusChanged(intervention=asked, number=number, status=InterventionStatus.CHECKED, t=t),
            qe.InterventionPublished(
                intervention=asked,
                number=number,
                kind=kind,
                text=text,
                language=language,
                name=name,
                origin="remote",
                t=t,
            ),
        )
        self.stand(asked, InterventionStatus.QUEUED, t)
        return asked

    def hidden(self, t: int = 1_000) -> InterventionId:
        """Log a question that nobody has approved."""
        self._last += 1
        asked = InterventionId(f"q{self._last}")
        self.stand(asked, InterventionStatus.CHECKED, t)
        return asked

    def stand(
        self,
        asked: InterventionId,
        status: InterventionStatus,
        t: int = 2_000,
        *,
        reason: str = "",
        into: InterventionId | None = None,
        segment: SegmentId | None = None,
    ) -> None:
        number = int(asked.removeprefix("q"))
        stands = qe.InterventionStatusChanged(
            intervention=asked, number=number, status=status, t=t, reason=reason, into=into, segment=segment
        )
        self.told.tell(stands)

    def write(self, asked: InterventionId, text: str, language: str = "en") -> None:
        """Log an answer in writing."""
        number = int(asked.removeprefix("q"))
        self.told.tell(qe.InterventionWritten(intervention=asked, number=number, text=text, language=language))
        self.stand(asked, InterventionStatus.WRITTEN, 9_000)


def unanswered(*, closed: bool) -> Telling:
    """Return a session with a waiting question, one put off and one called, open or closed."""
    told = Telling()
    made = Questions(told)
    made.ask("Why?")
    made.stand(made.ask("When?"), InterventionStatus.LATER)
    made.stand(made.ask("Where?"), InterventionStatus.CALLED)
    if closed:
        told.tell(ev.SessionClosed(t=10_000))
    return told


def questioned() -> Telling:
    """Return a session with a question for each outcome."""
    told = Telling()
    line = told.line("Because <we> can.", 65_000, 67_000)
    made = Questions(told)
    answered = made.ask("Why?\n\nWhy & how?", 5_000, name="Ana <x>")
    made.stand(answered, InterventionStatus.CALLED, 61_000)
    made.stand(answered, InterventionStatus.ANSWERED, 70_000, segment=line)
    written = made.ask("من؟", 6_000, language="ar", kind=InterventionKind.COMMENT)
    made.write(written, "نحن.\nمعكم.", "ar")
    made.stand(made.ask("Secret, then taken back"), InterventionStatus.WITHDRAWN)
    made.stand(made.ask("Where?"), InterventionStatus.DECLINED, reason="Asked already")
    made.stand(made.ask("How?"), InterventionStatus.JOINED, into=answered)
    made.hidden()
    told.tell(qe.SupportCounted(counts={answered: 3}))
    return told


def chaptered() -> Telling:
    """Return a session in which topics were taken up and questions had their turn."""
    told = Telling("Plenary")
    for t0 in range(1_000, 9_000, 1_000):
        told.line(f"At {t0}.", t0, t0 + 900, name="Ann")
    asking = Questions(told)
    first, second = asking.ask("Who <pays>?", 500), asking.ask("", 600, kind=InterventionKind.REQUEST)
    told.tell(
        ev.TopicTaken(title="Item 1", t=2_000),
        ev.TopicTaken(question=PolicyQuestionId("q1"), number=2, title="Who is left out?", t=4_000),
        ev.TopicTaken(title="Item 9, of which nobody spoke", t=20_000),
    )
    asking.stand(first, InterventionStatus.CALLED, 5_000)
    asking.stand(second, InterventionStatus.CALLED, 6_000)
    told.tell(ev.TopicTaken(title="Item 2", t=7_000), ev.TopicTaken(t=8_000))
    return told


_MEANING = (
    "-->", "\n\n", "WEBVTT", "NOTE", "<v Bob>", "</v>", "<i>", "&amp;", "00:00:01.000 --> 00:00:02.000", "1", "مرحبا",
    "שלום", "水资源", "word", "end.", "[x]", "{\\an8}", "]]>", "</style>", '"', "'",
)  # fmt: skip
_CHARACTERS = "ab <>&-\n\r\t\0\x1b\x85\u2028\u2029\u200b\u200f\u202e\u3000\xa0é\u0301水。,.{}\\0123:"
HOSTILE = st.one_of(
    st.text(max_size=120),
    st.text(st.sampled_from(_CHARACTERS), max_size=200),
    st.lists(st.sampled_from(_MEANING), max_size=30).map(" ".join),
    st.sampled_from(["x" * 10_000, "水" * 3_000, "a\u0301" * 3_000, "word " * 2_000]),
)
"""Texts that imitate everything with a meaning in a file."""


def tagged_wrongly() -> Telling:
    """Return a session whose languages are not all named by well-formed tags, as older releases let one be made."""
    told = Telling(languages=("x<y>", "en", "en-a1-b2"))
    told.line("Who?", 1_000, 2_000, language="x<y>")
    told.line("Us.", 3_000, 4_000, language="en-a1-b2")
    told.line("Nós.", 5_000, 6_000, language="pt-BR")
    made = Questions(told)
    made.write(made.ask("Why?", language="x<y>"), "So.", "x<y>")
    return told


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw any record: hostile lines in any order of time, said by anybody, typed or with words, still open or not."""
    told = Telling(draw(HOSTILE)[:200] or "x", draw(st.sampled_from([("en",), ("ar", "en"), ("zh-Hans",)])))
    for _ in range(draw(st.integers(0, 5))):
        text = draw(HOSTILE)
        t0 = draw(st.integers(0, 350_000_000))  # less than 100 hours: pysubs2 cuts off further digits
        t1 = draw(st.none() | st.integers(t0, t0 + 20_000))
        words = timed(" ".join(text.split()), t0, 300, 100) if draw(st.booleans()) and text.split() else ()
        name = draw(st.sampled_from(["", "Ann", "أحمد"]) | HOSTILE.map(lambda each: each[:300]))
        language = draw(st.sampled_from(["en", "ar", "zh", "pt-BR", "und", "x<y>"]))
        origin = draw(st.sampled_from(le.Origin))
        told.line(text, t0, t1, name=name, language=language, origin=origin, words=words[:200])
    if draw(st.booleans()):
        told.tell(ev.GapNoted(channel=FLOOR, t0=5, t1=draw(st.integers(6, 50_000)), reason=ev.GapReason.OVERLOAD))
    if draw(st.booleans()):
        told.tell(ev.NotRecordedBegan(t0=draw(st.integers(0, 90_000))))
    if draw(st.booleans()):
        told.tell(ev.SessionClosed(t=50_000_000))
    return told.record()


@cache
def hostile_records() -> list[Record]:
    """Some that nobody has thought of, the same in every run."""
    found: list[Record] = []

    @given(records())
    @settings(max_examples=50, phases=[Phase.generate], derandomize=True, database=None)
    def collect(record: Record) -> None:
        found.append(record)

    collect()
    return found
