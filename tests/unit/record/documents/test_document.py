from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.record.documents.document import (
    ParagraphPair,
    Style,
    StyledDocument,
    StyledParagraph,
    begins_right_to_left,
    document_of,
)
from moothall.record.parallel import OtherText
from moothall.record.wording import Options, Wording
from support.record.golden import AHMED, ARABIC, CHAIR, golden_records
from support.sessions.record_maker import FLOOR, WORDING, Questions, Telling, meeting, questioned

ARABIC_WORDING = msgspec.structs.replace(WORDING, language="ar", direction="rtl", name="Arabic")


def written(told: Telling, wording: Wording = WORDING, **options: bool) -> StyledDocument:
    return document_of(told.record(), wording, Options(**options))


def paragraphs(document: StyledDocument, *styles: Style) -> list[StyledParagraph]:
    each = [block for block in document.blocks if isinstance(block, StyledParagraph)]
    return [paragraph for paragraph in each if not styles or paragraph.style in styles]


def long_meeting() -> Telling:
    told = Telling()
    told.line("Good morning.", 1_000, 2_000, name="Ann")
    told.line("And on it goes.", 301_000, 302_000, name="Ann")
    told.tell(ev.GapNoted(channel=FLOOR, t0=900_000, t1=910_000, reason=ev.GapReason.OVERLOAD))
    Questions(told).ask("Why?")
    return told


def test_headings_are_times_speakers_and_questions() -> None:
    headings = [(each.level, each.text) for each in paragraphs(written(long_meeting()), Style.HEADING)]
    assert headings == [
        (1, "0:00"), (2, "Ann"), (1, "5:00"), (2, "Ann"), (1, "15:00"), (1, "Questions and comments"),
        (2, "Question no. 1"),
    ]  # fmt: skip
    bare = paragraphs(written(long_meeting(), times=False), Style.HEADING)
    assert [(each.level, each.text) for each in bare][:1] == [(1, "Ann")]
    nobody = paragraphs(written(long_meeting(), times=False, speakers=False), Style.HEADING)
    assert [each.text for each in nobody] == ["Questions and comments", "Question no. 1"]


def test_the_contents_lead_to_sections_and_questions() -> None:
    document = written(long_meeting())
    contents = paragraphs(document, Style.CONTENTS)
    assert [(each.time, each.text, each.link) for each in contents] == [
        ("0:00", "Good morning.", "at0"), ("5:00", "And on it goes.", "at300"), ("15:00", "", "at900"),
        ("", "Questions and comments", "questions"),
    ]  # fmt: skip
    anchors = {each.anchor for each in paragraphs(document)}
    assert {each.link for each in contents} <= anchors
    assert not paragraphs(written(long_meeting(), times=False), Style.CONTENTS)


def test_lines_have_times_languages_and_directions() -> None:
    document = written(meeting(), sources=True)
    lines = paragraphs(document, Style.LINE)
    assert [(each.time, each.language, each.right_to_left) for each in lines[:3]] == [
        ("0:01", "en", False), ("0:09", "en", False), ("0:17", "ar", True)
    ]  # fmt: skip
    sources = paragraphs(document, Style.SOURCE)
    assert len(sources) == len(lines)
    assert "Written by a machine · Mended by a person" in {each.text for each in sources}
    assert [each.text for each in paragraphs(document, Style.MISSING)][1] == "Not recorded from 1:10 to 2:10"
    assert not paragraphs(written(meeting()), Style.SOURCE)
    assert not [each for each in paragraphs(written(meeting(), times=False)) if each.time]


def test_a_text_of_no_language_goes_as_its_first_letter() -> None:
    told = Telling()
    told.line("שלום", 0, 900, language="und")
    told.line("123 hello", 1_000, 1_900, language="")
    assert [each.right_to_left for each in paragraphs(written(told), Style.LINE)] == [True, False]
    assert not begins_right_to_left("12, 3")


def test_what_was_asked_stands_below_and_leads_to_its_answer() -> None:
    wording = msgspec.structs.replace(
        WORDING, quality="Good", asked=msgspec.structs.replace(WORDING.asked, figures=("Received: 6.",))
    )
    told = questioned()
    document = written(told, wording)
    facts = [each.text for each in paragraphs(document, Style.FACTS)]
    assert "Good" in facts
    assert "Received: 6." in facts
    answered = next(each for each in paragraphs(document) if each.text == "Answered at 1:05")
    line = next(each for each in paragraphs(document, Style.LINE) if each.anchor == answered.link)
    assert line.text == "Because <we> can."
    words = [(each.text, each.right_to_left) for each in paragraphs(document, Style.WORDS)]
    assert words[:5] == [("Why?", False), ("Why & how?", False), ("من؟", True), ("نحن.", True), ("معكم.", True)]
    bare = [each.text for each in paragraphs(written(told, wording, times=False, speakers=False))]
    assert "See the answer in the text" in bare
    assert not [text for text in bare if "Ana" in text]


def test_in_the_bilingual_form_texts_stand_in_pairs() -> None:
    records = golden_records()
    named = msgspec.structs.replace(WORDING, name="As spoken", quality="Good")
    beside = OtherText(record=records[ARABIC], wording=ARABIC_WORDING)
    document = document_of(records[FLOOR], named, Options(sources=True), beside)
    assert document.columns == ("As spoken", "Arabic")
    assert len(document.states) == 2, "the texts stand at positions of their own"
    pairs = [block for block in document.blocks if isinstance(block, ParagraphPair)]
    first = pairs[0]
    assert first.time == "0:01"
    assert [[each.style for each in side] for side in first.sides] == [[Style.LINE, Style.SOURCE]] * 2
    assert [side[0].right_to_left for side in first.sides] == [False, True]
    assert [side[0].time for side in first.sides] == ["", ""]
    gap = next(pair for pair in pairs if pair.first and pair.first[0].style is Style.MISSING)
    assert gap.time == ""
    assert not gap.second
    missing = [each.text for each in paragraphs(document, Style.MISSING)]
    assert len(missing) == 2, "what both texts lack stands across"


@pytest.mark.parametrize("wording", [WORDING, ARABIC_WORDING])
def test_the_document_has_the_language_of_the_words_around(wording: Wording) -> None:
    document = written(meeting(), wording)
    assert (document.language, document.right_to_left) == (wording.language, wording.direction == "rtl")
    assert document.states == (wording.named(meeting().record()),)
    assert {each.right_to_left for each in paragraphs(document, Style.HEADING)} == {document.right_to_left}


def test_names_of_another_direction_keep_what_stands_at_their_ends() -> None:
    record = golden_records()[ARABIC]
    headings = [each.text for each in paragraphs(document_of(record, ARABIC_WORDING, Options()), Style.HEADING)]
    assert f"\u2068{CHAIR}\u2069" in headings
    assert AHMED in headings
    assert "Question no. 1 · \u2068Ana <x> & \u202ey\u202c\u2069" in headings
