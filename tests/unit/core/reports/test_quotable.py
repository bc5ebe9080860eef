"""The words of a row are laid out as they are written and with figures, and are cut between words only."""

from __future__ import annotations

from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.reports.normal_words import normal_words
from moothall.core.reports.quotable import (
    Extent,
    LaidWord,
    QuotableLine,
    QuotableText,
    QuotationGap,
    QuotedPart,
    laid_out,
)


def text_of(*texts: str, language: str = "en") -> QuotableText:
    return QuotableText(
        [
            QuotableLine(segment=SegmentId(f"s{at}"), text=text, language=language, channel=ChannelId("floor"))
            for at, text in enumerate(texts)
        ]
    )


def part(*forms: str, gap: QuotationGap = QuotationGap.NONE) -> QuotedPart:
    return QuotedPart(gap, tuple(LaidWord(form, "") for form in forms))


def test_a_number_is_the_same_in_figures_and_in_one_spelling() -> None:
    words, figures = LaidWord("1:o", "premier"), LaidWord("1:o", "")
    assert words.same(figures)
    assert figures.same(words)
    assert words.same(words)
    assert not words.same(LaidWord("1:o", "première"))
    assert not words.same(LaidWord("1", ""))


def test_words_with_figures_say_for_which_words_they_stand() -> None:
    text = "In two hundred and forty rooms"
    found = list(laid_out(normal_words(text, "en"), text, "en"))
    assert found[1] == (LaidWord("240", "twohundredandforty"), Extent(1, 5))
    assert found[2] == (LaidWord("rooms", "rooms"), Extent(5, 6))


def test_parts_stand_as_close_together_as_can_be() -> None:
    written, figures = text_of("a b a c", "b twenty-five km 5km").layouts
    everything = Extent(0, 10)
    gap = part("c", gap=QuotationGap.ELLIPSIS)
    assert list(written.chains((part("a"), gap), everything)) == [(Extent(2, 3), Extent(3, 4))]
    assert list(written.chains((part("c"), part("a", gap=QuotationGap.ELLIPSIS)), everything)) == []
    assert list(written.chains((part("five"),), everything)) == []
    assert list(written.chains((part("5"),), everything)) == []
    assert list(figures.chains((part("25"),), everything)) == [(Extent(5, 7),)]
    assert list(figures.chains((part("25"),), Extent(0, 6))) == []


def test_an_extent_is_of_lines_that_are_there() -> None:
    text = text_of("a b", "c d")
    names = [SegmentId(f"s{at}") for at in range(3)]
    assert text.extent(names[0], None, names[1], None) == text.all == Extent(0, 4)
    assert text.extent(names[0], 1, names[1], 1) == Extent(1, 3)
    assert text.extent(names[1], None, names[0], None) is None
    assert text.extent(names[0], None, names[2], None) is None


def test_what_the_lines_read() -> None:
    text = text_of("One two.", "three", " four ")
    assert text.written(text.places(Extent(1, 4))) == "two. three four"
    assert text.written(text.places(Extent(0, 2), trail=1)) == "One two."
    assert text.written(text.places(Extent(0, 1), lead=1)) == ""
    assert text.written(text.places(Extent(3, 4), trail=1)) == ""
