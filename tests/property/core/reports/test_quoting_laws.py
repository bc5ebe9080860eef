"""What is cut from a line is found; what is found reads as the quotation does, where it says it stands."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.reports.doubts import doubts
from moothall.core.reports.normal_words import MINUS, normal_words
from moothall.core.reports.numbers import numbered
from moothall.core.reports.quotable import QuotableLine
from moothall.core.reports.quotation_marks import quoted_spans
from moothall.core.reports.quoting import QuotableRecord, QuotationClaim, QuotationVerdict

LANGUAGES = st.sampled_from(("en", "fr", "es", "pt", "ru", "ar", "zh", "und"))
PIECES = (
    *("we ", "agree ", "do not ", "don't ", "25", "%", "twenty ", "five ", "hundred ", "and ", "million ", "point "),
    *("l\u2019", "n'", "pas ", "vingt ", "et ", "un ", "quatre-", "y ", "mil ", "e ", "два ", "сто ", "не ", "й "),
    *("و", "خمسة ", "عشرون ", "أُ", "ـ", "٣", "三", "十", "百", "分", "之", "万", "点", "不", "同意", "IGF"),
    *(
        "\u2026",
        "...",
        "[",
        "]",
        "(",
        ")",
        "“",
        "”",
        '"',
        "«",
        "»",
        "‘",
        "’",
        "-",
        "−",
        ".",
        ",",
        "!",
        "?",
        "\n",
        "\u00a0",
    ),
    *("\u200b", "\u00ad", "\u0301", "1,000", "2.5 ", "ＩＧＦ", "ß", "İ", "½", "ﷺ", "s", "'s "),
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


def line(number: int, text: str, language: str) -> QuotableLine:
    return QuotableLine(
        segment=SegmentId(f"s{number}"),
        text=text,
        language=language,
        channel=ChannelId("floor"),
        speaker=SpeakerId(f"p{number % 2}"),
    )


@given(st.lists(TEXTS, min_size=1, max_size=3), LANGUAGES, st.data())
def test_what_is_cut_between_words_is_found(texts: list[str], language: str, data: st.DataObject) -> None:
    lines = [line(number, text, language) for number, text in enumerate(texts)]
    at = data.draw(st.integers(0, len(texts) - 1))
    text = texts[at].strip()
    words = numbered(normal_words(text, language), text, language)
    if not words:
        return
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start, end = words[first].start, words[last].end
    glued = (start > 0 and not text[start - 1].isspace()) or (end < len(text) and not text[end].isspace())
    claim = QuotationClaim(text=text[start:end], first=SegmentId(f"s{at}"), last=SegmentId(f"s{at}"))
    found = QuotableRecord(lines).check(claim)
    if glued and not found.passes:
        return  # It may be a part of a word, such as 5 of 5km.
    assert found.passes or found.verdict is QuotationVerdict.NEGATION_LEFT_OUT
    assert found.verdict is not QuotationVerdict.LOOSE


@given(st.lists(TEXTS, min_size=1, max_size=4), LANGUAGES)
def test_a_whole_line_is_found_exactly_unless_a_denial_stands_beside_it(texts: list[str], language: str) -> None:
    lines = [line(number, text, language) for number, text in enumerate(texts)]
    record = QuotableRecord(lines)
    for each in lines:
        if normal_words(each.text.strip(), language):
            found = record.check(
                QuotationClaim(text=each.text, first=each.segment, last=each.segment, speaker=each.speaker)
            )
            denied = bool(found.left_out)
            assert found.verdict is (QuotationVerdict.NEGATION_LEFT_OUT if denied else QuotationVerdict.EXACT)


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS, LANGUAGES)
def test_a_place_that_is_found_reads_as_the_quotation(texts: list[str], quoted: str, language: str) -> None:
    lines = [line(number, text, language) for number, text in enumerate(texts)]
    found = QuotableRecord(lines).check(QuotationClaim(text=quoted, first=SegmentId("s0"), last=SegmentId("s3")))
    for place in found.places:
        first, last = int(place.first[1:]), int(place.last[1:])
        read = [each.text.strip() for each in lines[first : last + 1]]
        read[-1] = read[-1][: place.end]
        read[0] = read[0][place.start :]
        assert " ".join(read) == place.text
    if found.passes and len(found.places) == 1 and not found.inserted and "[" not in quoted:
        [place] = found.places
        one, other = (
            [word.form for word in numbered(normal_words(text, language), text, language)]
            for text in (place.text, quoted)
        )
        plain = [[word.form for word in normal_words(text, language)] for text in (place.text, quoted)]
        assert one == other or plain[0] == plain[1]


@given(TEXTS, LANGUAGES)
def test_words_say_where_they_stand(text: str, language: str) -> None:
    words = normal_words(text, language)
    for one, other in itertools.pairwise(words):
        assert one.end <= other.start
    for word in words:
        alone = [each.form for each in normal_words(text[word.start : word.end], language)]
        assert word.form == MINUS or alone == [word.form]
    figures = numbered(words, text, language)
    for one, other in itertools.pairwise(figures):
        assert one.end <= other.start
    assert all(0 <= each.start < each.end <= len(text) for each in doubts(text, language))


@given(TEXTS)
def test_quoted_passages_lie_within_the_text_in_order(text: str) -> None:
    found = quoted_spans(text)
    assert all(each.start < each.end <= len(text) for each in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
