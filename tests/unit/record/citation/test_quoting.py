from __future__ import annotations

import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.record.citation.comparing import ComparedPart, WordChange, compare
from moothall.record.citation.history import LineCheck
from moothall.record.citation.quoting import (
    MAX_LINES,
    Quotation,
    QuotationFate,
    QuotedSpan,
    SpanEnd,
    clipped,
    quote,
    span_of,
)
from support.sessions.history_maker import at, history, offset, seal
from support.sessions.outcomes import asked, lines
from support.sessions.record_maker import CAPTIONER, ENGINE, FLOOR, Telling, timed
from support.sessions.splitting import split


def span(
    first: SegmentId, last: SegmentId | None = None, start: int | None = None, end: int | None = None
) -> QuotedSpan:
    return QuotedSpan(SpanEnd(first, start), SpanEnd(last or first, end))


def quoted(told: Telling, of: QuotedSpan, where: int, *, without: tuple[SegmentId, ...] = ()) -> Quotation:
    found = quote(history(told, without=without), of, where)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("floor-1", SpanEnd(SegmentId("floor-1"))),
        ("floor-1:0", SpanEnd(SegmentId("floor-1"), 0)),
        ("floor-1:17", SpanEnd(SegmentId("floor-1"), 17)),
        ("", None),
        ("floor-1:", None),
        ("floor-1:x", None),
        ("floor-1:1234567", None),
        ("../x", None),
        ("a:1:2", None),
    ],
)
def test_an_end_of_a_span_is_written_and_read(text: str, end: SpanEnd | None) -> None:
    assert SpanEnd.parse(text) == end
    assert end is None or str(end) == text


def test_a_quotation_says_in_which_languages_its_words_are_rough() -> None:
    told = Telling()
    russian = told.line("Это сказано.", 1_000, 2_000, language="ru", rough=True)
    english = told.line("This is said.", 3_000, 4_000)
    as_heard = offset(told)
    assert quoted(told, span(russian, english), as_heard).rough == ("ru",)
    assert quoted(told, span(english), as_heard).rough == ()
    told.correct(russian, "Так сказано.", words=2)
    assert quoted(told, span(russian), offset(told)).rough == ()
    assert quoted(told, span(russian), as_heard).rough == ("ru",), "the words that the machine had heard"
    undone = le.SegmentCorrected(
        channel=FLOOR, segment=russian, base_revision=1, base_words=2, text="Это сказано.", tail="", unmended=True
    )
    told.tell(undone, by=CAPTIONER)
    again = quoted(told, span(russian), offset(told))
    assert (again.rough, again.check) == (("ru",), None), "nobody vouches for them"


def test_a_line_that_was_copied_into_its_language_is_quoted_as_rough_as_it_was_heard() -> None:
    def made(revision: int, *, rough: bool, route: str = "") -> le.MadeFrom:
        return le.MadeFrom(sources=(le.SourceSegment(SegmentId("s"), revision),), route=route, rough=rough)

    def mended(text: str) -> le.SegmentCorrected:
        return le.SegmentCorrected(
            channel=FLOOR,
            segment=copy,
            base_revision=0,
            base_words=0,
            text=text,
            tail="",
            machine=True,
            made_from=made(1, rough=False),
        )

    for text in ("Это сказано.", "Так сказано."):  # A person mended the line that was heard; or found it right.
        told, copy, gist = Telling(), SegmentId("copy"), SegmentId("gist")
        for name, from_ in ((copy, made(0, rough=True)), (gist, made(0, rough=True, route="echo 1 en>ru"))):
            opened = le.SegmentOpened(
                channel=FLOOR, segment=name, t0=1_000, language="ru", origin=le.Origin.MACHINE, made_from=from_
            )
            told.tell(
                opened,
                le.SegmentEnded(
                    channel=FLOOR, segment=name, t1=2_000, reason=le.EndReason.SENTENCE, text="Это сказано."
                ),
            )
        as_heard = offset(told)
        assert quoted(told, span(copy), as_heard).rough == ("ru",)
        assert quoted(told, span(gist), as_heard).rough == (), "a translation, of which its own mark says it"
        told.tell(mended(text))
        assert quoted(told, span(copy), offset(told)).rough == ()
        assert quoted(told, span(copy), as_heard).rough == ("ru",)


def test_lines_are_quoted_as_they_read() -> None:
    told = Telling()
    one = told.line("One is said.", 1_000, 2_000, name="Ana")
    two = told.line("Two as well.", 3_000, 4_000, name="Ana")
    three = told.line("Three.", 5_000, 6_000, name="Bob")
    found = quoted(told, span(one, three, 4, 5), offset(told))
    assert (found.text, found.now, found.fate) == ("is said. Two as well. Three",) * 2 + (QuotationFate.SAME,)
    assert found.names == ("Ana", "Bob")
    assert [line.line.segment for line in found.lines] == [one, two, three]
    assert (found.version, found.check, found.removed) == (None, None, False)


def test_mended_words_are_quoted_both_ways() -> None:
    told = Telling()
    line = told.line("We where ready to go.", 1_000, 2_000)
    heard = offset(told)
    told.correct(line, "We were ready to go there.", words=5)
    found = quoted(told, span(line, start=3, end=14), heard)
    assert (found.text, found.now, found.fate) == ("where ready", "were ready", QuotationFate.CHANGED)
    assert found.lines[0].parts == (
        ComparedPart(WordChange.REMOVED, "where"),
        ComparedPart(WordChange.ADDED, "were"),
        ComparedPart(WordChange.SAME, " ready"),
    )
    assert quoted(told, span(line, start=9, end=14), heard).fate is QuotationFate.SAME
    now = quoted(told, span(line), offset(told))
    assert (now.fate, now.check) == (QuotationFate.SAME, LineCheck(Role.CAPTIONER, at(told)))


def test_words_that_came_later_or_left_are_shown_too() -> None:
    told = Telling()
    one, two = told.line("One.", 1_000, 2_000), told.line("Too.", 3_000, 4_000)
    three = told.line("Three.", 5_000, 6_000)
    said = offset(told)
    told.tell(le.ChannelRewound(channel=FLOOR, segments=(two,), t=3_000), by=ENGINE)
    told.line("Two.", 3_000, 4_000)
    found = quoted(told, span(one, three), said)
    assert (found.text, found.now, found.fate) == ("One. Too. Three.", "One. Two. Three.", QuotationFate.CHANGED)
    later = quoted(told, span(one, three), offset(told))
    assert (later.text, later.now, later.fate) == ("One. Two. Three.",) * 2 + (QuotationFate.SAME,)


def test_a_quotation_is_checked_when_all_its_lines_are() -> None:
    told = Telling()
    one, two = told.line("One.", 1_000, 2_000), told.line("Two.", 3_000, 4_000)
    told.correct(one, "One!", words=1)
    assert quoted(told, span(one, two), offset(told)).check is None
    told.tell(ev.SessionClosed(t=9_000))
    seal(told, ev.SealVersion.CHECKED, 1)
    found = quoted(told, span(one, two), offset(told))
    assert found.check == LineCheck(Role.RAPPORTEUR, at(told))
    assert found.version is not None
    assert found.version.n == 1


def test_removed_words_are_said_to_be_removed() -> None:
    told = Telling()
    one, two = told.line("One.", 1_000, 2_000), told.line("Two.", 3_000, 4_000)
    three = told.line("Three.", 5_000, 6_000)
    where = offset(told)
    told.tell(ev.SessionClosed(t=9_000))
    found = quoted(told, span(two), where, without=(two,))
    assert (found.text, found.now, found.fate, found.lines, found.names) == ("", "", QuotationFate.REMOVED, (), ())
    assert found.check is None
    within = quoted(told, span(one, three), where, without=(two,))
    assert (within.text, within.fate) == ("One. Three.", QuotationFate.REMOVED)
    for ends, stays in ((span(one, two), "One."), (span(two, three), "Three.")):
        half = quoted(told, ends, where, without=(two,))
        assert (half.text, half.fate) == (stays, QuotationFate.REMOVED)
    beside = quoted(told, span(one), where, without=(two,))
    assert (beside.text, beside.fate) == ("One.", QuotationFate.SAME)


def test_what_was_quoted_after_a_removal_has_lost_nothing_by_it() -> None:
    told = Telling()
    one, two = told.line("One.", 1_000, 2_000), told.line("Two.", 3_000, 4_000)
    three = told.line("Three.", 5_000, 6_000)
    before = offset(told)
    told.tell(ev.BodyRemoved(offsets=(history(told).begun[two],), reason="request", by="s"))
    after = offset(told)
    assert quoted(told, span(one, three), before, without=(two,)).fate is QuotationFate.REMOVED
    assert quoted(told, span(one, three), after, without=(two,)).fate is QuotationFate.SAME
    made = history(told, without=(two,))
    assert quote(made, span(two), after) is None
    assert quote(made, span(SegmentId("nothing")), after) is None


def test_what_was_never_there_is_not_quoted() -> None:
    told = Telling()
    one, two = told.line("One.", 1_000, 2_000), told.line("Two.", 3_000, 4_000)
    where = offset(told)
    nothing = SegmentId("nothing")
    made = history(told)
    for wrong in (span(nothing), span(one, nothing), span(two, one), span(one, start=9), span(one, start=3, end=2)):
        assert quote(made, wrong, where) is None
    assert quote(made, span(one), 1) is None
    assert quote(history(told, without=(two,)), span(two), 2) is None


def test_a_quotation_has_a_bound() -> None:
    told = Telling()
    lines = [told.line(f"Line {n}.", n * 1_000, n * 1_000 + 900) for n in range(MAX_LINES + 1)]
    made = history(told)
    assert quote(made, span(lines[0], lines[-1]), offset(told)) is None
    assert quote(made, span(lines[1], lines[-1]), offset(told)) is not None


def test_a_clip_takes_what_replaces_its_words_or_stands_between_them() -> None:
    def clip(before: str, after: str, start: int, end: int) -> str:
        signs = {WordChange.SAME: "", WordChange.REMOVED: "-", WordChange.ADDED: "+"}
        return "|".join(signs[each.change] + each.text for each in clipped(compare(before, after), start, end))

    assert clip("a b c", "a x b c", 2, 5) == "b c"
    assert clip("a b c", "a b x c", 2, 5) == "b| |+x |c" or clip("a b c", "a b x c", 2, 5) == "b |+x |c"
    assert clip("a b c d e", "a c d f e", 2, 3) == "-b"
    assert clip("a b c", "y b c", 0, 1) == "-a|+y"


def test_the_span_that_a_report_cites() -> None:
    span = QuotedSpan(SpanEnd(SegmentId("s1"), 4), SpanEnd(SegmentId("s2"), 20))
    assert span_of(lines()) == span
    assert span_of(asked()) is None, "a question from the queue"


def parted(told: Telling, whole: SegmentId, into: str, kept: str, rest: str) -> SegmentId:
    words = timed(f"{kept} {rest}", 1_000)
    n = len(kept.split())
    told.tell(*split(whole, into, words[:n], words[n:]), by=ENGINE)
    return SegmentId(into)


def test_a_citation_of_a_line_that_was_split_since_finds_its_words_in_both_parts() -> None:
    told = Telling()
    line = told.spoken("Who asks? I do.", 1_000, name="Ana")
    after = told.spoken("Go on.", 9_000, name="Cy")
    heard = offset(told)
    part = parted(told, line, "part", "Who asks?", "I do.")
    told.tell(ev.SpeakerIntroduced(speaker=SpeakerId("ben"), name="Ben"))
    told.tell(ev.SpeakerAssigned(segments=(part,), speaker=SpeakerId("ben")))
    for of, text, names in (
        (span(line), "Who asks? I do.", ("Ana, Ben",)),
        (span(line, start=0, end=3), "Who", ("Ana",)),
        (span(line, start=10, end=11), "I", ("Ben",)),
        (span(line, after, 10), "I do. Go on.", ("Ben", "Cy")),
    ):
        found = quoted(told, of, heard)
        assert (found.text, found.now, found.fate, found.names) == (text, text, QuotationFate.SAME, names)
    now = quoted(told, span(line, part), offset(told))
    assert ([each.text for each in now.lines], now.names) == (["Who asks?", "I do."], ("Ana", "Ben"))


def test_a_part_that_was_mended_since_is_told_as_changed_with_its_space() -> None:
    told = Telling()
    line = told.spoken("Who asks? I due.", 1_000)
    heard = offset(told)
    part = parted(told, line, "part", "Who asks?", "I due.")
    told.correct(part, "I do.", words=2)
    found = quoted(told, span(line), heard)
    assert (found.now, found.fate) == ("Who asks? I do.", QuotationFate.CHANGED)
    told.tell(le.ChannelRewound(channel=FLOOR, t=9_000, segments=(part,)))
    assert quoted(told, span(line), heard).now == "Who asks?"


def test_who_checked_a_line_checked_what_a_split_left_of_it() -> None:
    told = Telling()
    line = told.line("Who asks? I due.", 1_000, 2_000, words=timed("Who asks? I due.", 1_000))
    told.correct(line, "", words=0)
    told.tell(
        le.SegmentCorrected(
            channel=FLOOR, segment=line, base_revision=1, base_words=0, text="", tail="Who asks? I due."
        ),
        by=CAPTIONER,
    )
    checked = at(told)
    words = timed("Who asks? I due.", 1_000)
    told.tell(*split(line, "part", words[:2], words[2:], revision=2), by=ENGINE)
    text = history(told).text_at(line, offset(told))
    assert text is not None
    assert (text.by_person, text.role) == (True, Role.CAPTIONER)
    assert text.at > checked


def test_of_a_split_line_whose_text_was_removed_nothing_is_told() -> None:
    told = Telling()
    words = timed("Who asks? I do.", 1_000)
    told.tell(*split("gone", "part", words[:2], words[2:]), by=ENGINE)
    assert "gone" not in history(told).texts
