"""A quotation is found exactly, loosely, elsewhere, with somebody else, or not at all; denials and numbers are kept."""

from __future__ import annotations

import pytest

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.reports.quotable import QuotableLine
from moothall.core.reports.quoting import (
    MOST_LINES,
    MOST_PARTS,
    NOT_FOUND,
    QuotableRecord,
    QuotationCheck,
    QuotationClaim,
)


def line(number: int, text: str, speaker: str | None = "ana", language: str = "en", **more: object) -> QuotableLine:
    values = {"channel": ChannelId("floor"), **more}
    named = None if speaker is None else SpeakerId(speaker)
    return QuotableLine(segment=SegmentId(f"s{number}"), text=text, language=language, speaker=named, **values)  # type: ignore[arg-type]  # by name


RECORD = QuotableRecord(
    (
        line(1, " There are about sixty people here, and another two hundred and forty online. ", checked=True),
        line(2, "We do not fully agree with this text."),
        line(3, "The members of the Forum agree, but Kenya's delegation can't."),
        line(4, "We welcome the report. We agree", "ben"),
        line(5, "to the third proposal [applause]", "ben", revision=2),
        line(6, "A growth of twenty-five percent, well... “so be it”.", "chi"),
        line(7, "We agree", "chi"),
        line(8, "not to decide, and nobody objects", "chi"),
        line(9, "Thank you", None),
        line(10, "Nous n'acceptons pas ce texte", "dee", "fr"),
        line(11, "我们不同意案文的这一部分。", "eva", "zh"),
        line(12, "We agree with the floor", None, channel=ChannelId("en"), kind=ChannelKind.TRANSLATION),
        line(13, "No. 7 is agreed", "ben"),
    )
)


def check(
    text: str,
    first: int,
    last: int = 0,
    *,
    speaker: str | None = None,
    start: int | None = None,
    end: int | None = None,
) -> QuotationCheck:
    segments = SegmentId(f"s{first}"), SegmentId(f"s{last or first}")
    named = None if speaker is None else SpeakerId(speaker)
    return RECORD.check(
        QuotationClaim(text=text, first=segments[0], last=segments[1], speaker=named, start=start, end=end)
    )


@pytest.mark.parametrize(
    ("text", "at", "verdict"),
    [
        ("about sixty people here, and", 1, "exact"),
        ("There are about sixty people here, and another two hundred and forty online.", 1, "exact"),
        ("About 60 people here", 1, "loose"),
        ("another 240 online!", 1, "loose"),
        ("about sixty  people here and", 1, "loose"),
        ("another 24 online", 1, "not-found"),
        ("and forty online", 1, "not-found"),
        ("another two hundred", 1, "not-found"),
        ("another two hundred forty online", 1, "not-found"),
        ("about people sixty here", 1, "not-found"),
        ("about sixty good people", 1, "not-found"),
        ("We do fully agree", 2, "not-found"),
        ("fully agree with this text", 2, "negation-left-out"),
        ("We do not fully agree", 2, "exact"),
        ("delegation can", 3, "not-found"),
        ("Kenya", 3, "exact"),
        ("the Forum agree", 3, "exact"),
        ("25%", 6, "loose"),
        ("25 percent", 6, "loose"),
        ("five percent", 6, "not-found"),
        ("well... “so be it”.", 6, "exact"),
        ('WELL — "so be it"', 6, "loose"),
        ("We agree", 7, "negation-left-out"),
        ("n'acceptons pas ce texte", 10, "exact"),
        ("acceptons pas ce texte", 10, "negation-left-out"),
        ("Nous n’acceptons PAS", 10, "loose"),  # as it is written
        ("同意案文", 11, "negation-left-out"),
        ("我们 不同意", 11, "loose"),
        ("No. 7 is agreed", 13, "exact"),
        ("7 is agreed", 13, "exact"),
        ("", 1, "not-found"),
        (" … ", 1, "not-found"),
    ],
)
def test_words_are_found_or_not(text: str, at: int, verdict: str) -> None:
    found = check(text, at)
    assert found.verdict == verdict
    assert found.passes is (verdict in {"exact", "loose"})


def test_the_records_own_words_are_shown() -> None:
    found = check("ABOUT 60 PEOPLE", 1)
    [place] = found.places
    assert (place.first, place.start, place.last, place.end, place.text) == ("s1", 10, "s1", 28, "about sixty people")
    assert (found.channel, found.speakers, found.unchecked, found.revisions) == ("floor", ("ana",), (), (0,))


def test_a_quotation_runs_over_lines() -> None:
    found = check("we agree to the 3rd proposal", 4, 5, speaker="ben")
    [place] = found.places
    assert found.verdict == "loose"
    assert (place.first, place.last, place.text) == ("s4", "s5", "We agree to the third proposal")
    assert (found.unchecked, found.revisions) == (("s4", "s5"), (0, 2))
    assert check("We agree to the third proposal", 4, 5).verdict == "exact"
    over = check("report. We agree to the third proposal [applause] A growth", 4, 6)
    assert (over.verdict, over.speakers) == ("exact", ("ben", "chi"))
    assert over.places[0].text == "report. We agree to the third proposal [applause] A growth"


def test_it_is_found_elsewhere() -> None:
    for first, last in ((1, 1), (99, 99), (99, 1), (5, 4)):
        found = check("we agree to the third proposal", first, last)
        assert (found.verdict, found.places[0].first) == ("elsewhere", "s4")
    assert check("fully agree", 1).verdict == "negation-left-out"


def test_bounds_are_kept() -> None:
    assert check("sixty people", 1, start=16, end=28).verdict == "exact"
    assert check("sixty people", 1, start=17).verdict == "elsewhere"
    assert check("sixty people", 1, end=27).verdict == "elsewhere"
    assert check("sixty people", 1, start=500, end=0).verdict == "elsewhere"


def test_somebody_else_said_it() -> None:
    assert check("about sixty people", 1, speaker="ana").verdict == "exact"
    assert check("about sixty people", 1, speaker="ben").verdict == "other-speaker"
    assert check("about sixty people", 2, speaker="ben").verdict == "other-speaker"
    assert check("Thank you", 9, speaker="ben").speakers == (None,)
    assert check("Thank you", 9, speaker="ben").verdict == "other-speaker"
    assert check("Thank you", 9).verdict == "exact"


def test_a_machines_translation_is_nobodys_words() -> None:
    found = check("We agree with the floor", 12)
    assert (found.verdict, found.channel) == ("translation", "en")
    assert check("agree with the floor", 1).verdict == "translation"


@pytest.mark.parametrize(
    ("text", "at", "verdict", "inserted", "left_out"),
    [
        ("There are … people here", 1, "exact", (), ()),
        ("there are [...] people (…) online", 1, "loose", (), ()),
        ("...There are about sixty . . .", 1, "loose", (), ()),
        ("people … There", 1, "not-found", (), ()),
        ("We … agree", 2, "negation-left-out", (), ("not",)),
        ("We do not … text", 2, "exact", (), ()),
        ("[They] agree", 3, "exact", ("They",), ()),
        ("The members [of IGF] agree", 3, "exact", ("of IGF",), ()),
        ("The members [do not] agree", 3, "negation-left-out", ("do not",), ("do not",)),
        ("[T]he members of the Forum", 3, "exact", (), ()),
        ("[W]e do not", 2, "exact", (), ()),
        ("[A]gree, but", 3, "loose", (), ()),
        ("[t]he Forum agree", 3, "exact", (), ()),
        ("the Forum agree[d]", 3, "not-found", (), ()),
        ("There are [many] … online", 1, "exact", ("many",), ()),
        ("There … [many] online", 1, "exact", ("many",), ()),
        ("about [ ] people", 1, "exact", (), ()),
        ("第…案文", 11, "not-found", (), ()),
        ("我们[会员]案文", 11, "negation-left-out", ("会员",), ("不",)),
        ("proposal [applause]", 5, "exact", (), ()),
        ("We welcome … to the third proposal", 4, "not-found", (), ()),
        ("[…] – […]", 1, "not-found", (), ()),
        ("There … – … online", 1, "exact", (), ()),
    ],
)
def test_ellipses_and_brackets(
    text: str, at: int, verdict: str, inserted: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    found = check(text, at)
    if verdict == "not-found" and found.verdict == "elsewhere":
        found = NOT_FOUND
    assert (found.verdict, found.inserted, found.left_out) == (verdict, inserted, left_out)


def test_brackets_stand_for_a_few_words_and_ellipses_for_some_lines() -> None:
    many = QuotableRecord([line(at, f"word{'s' * (at == 9)} " * 20) for at in range(MOST_LINES + 2)])
    claim = QuotationClaim(text="word [x] words", first=SegmentId("s0"), last=SegmentId("s9"))
    assert many.check(claim).verdict == "exact"
    far = [line(1, "first " + "word " * 30 + "last"), line(2, "none")]
    found = QuotableRecord(far).check(
        QuotationClaim(text="first [x] last", first=SegmentId("s1"), last=SegmentId("s1"))
    )
    assert found == NOT_FOUND
    long = [line(0, "first"), *(line(at, "word") for at in range(1, MOST_LINES)), line(MOST_LINES, "last")]
    claim = QuotationClaim(text="first … last", first=SegmentId("s0"), last=SegmentId(f"s{MOST_LINES}"))
    assert QuotableRecord(long).check(claim) == NOT_FOUND
    assert QuotableRecord(long[1:]).check(claim) == NOT_FOUND
    pairs = QuotableRecord([line(at, "one two") for at in range(MOST_PARTS + 1)])
    first, last = SegmentId("s0"), SegmentId(f"s{MOST_PARTS}")
    assert pairs.check(QuotationClaim(text=" … ".join(["one"] * MOST_PARTS), first=first, last=last)).passes
    too_many = QuotationClaim(text=" … ".join(["one"] * (MOST_PARTS + 1)), first=first, last=last)
    assert pairs.check(too_many) == NOT_FOUND


def test_what_is_left_out_of_another_sentence_denies_nothing() -> None:
    record = QuotableRecord([line(1, "We agree. Nobody spoke. No one did. We decide now.")])

    def verdict(text: str) -> str:
        return record.check(QuotationClaim(text=text, first=SegmentId("s1"), last=SegmentId("s1"))).verdict

    assert verdict("We agree … decide now") == "exact"
    assert verdict("We agree … spoke") == "negation-left-out"
    assert verdict("agree … did") == "negation-left-out"


def test_a_record_without_lines_has_nothing() -> None:
    assert QuotableRecord(()).check(QuotationClaim(text="x", first=SegmentId("a"), last=SegmentId("a"))) == NOT_FOUND
