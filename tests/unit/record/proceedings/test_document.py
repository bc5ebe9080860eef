from __future__ import annotations

from itertools import pairwise

from moothall.record.documents.document import Style, StyledParagraph
from moothall.record.proceedings.document import proceedings_document, record_blocks
from moothall.record.proceedings.front import ProceedingsEntry
from support.record.golden import TITLE
from support.record.proceedings import FRONT, MONDAY, WORDS, two_records
from support.sessions.record_maker import WORDING

ENTRIES = (
    ProceedingsEntry(title=TITLE, day=MONDAY, time="17:03", address="https://h/s/1", name="meeting1"),
    ProceedingsEntry(title="Later", day="", time="", address="https://h/s/1", name="meeting2"),
)


def paragraphs() -> list[StyledParagraph]:
    front = proceedings_document(FRONT, WORDS, ENTRIES).blocks
    said = [
        block
        for record, entry in zip(two_records(), ENTRIES, strict=True)
        for block in record_blocks(record, WORDING, entry, day=entry.day)
    ]
    return [each for each in (*front, *said) if isinstance(each, StyledParagraph)]


def test_days_and_sessions_are_headings_above_those_of_the_records() -> None:
    headings = [each for each in paragraphs() if each.style is Style.HEADING]
    assert [(each.text, each.level, each.new_page) for each in headings[:2]] == [(MONDAY, 1, True), (TITLE, 2, False)]
    assert [each.level for each in headings[2:4]] == [3, 4]
    assert (headings[-1].text, headings[-1].level, headings[-1].new_page) == ("Later", 2, True)
    assert all(after.level <= before.level + 1 for before, after in pairwise(headings[:-1]))
    assert max(each.level for each in headings) == 5, "PDF has six levels, and the title is the first"


def test_every_link_leads_to_one_place_though_both_records_have_the_same_anchors() -> None:
    found = paragraphs()
    anchors = [each.anchor for each in found if each.anchor]
    assert len(set(anchors)) == len(anchors)
    assert {each.link for each in found if each.link} <= set(anchors)
    contents = [(each.text, each.time, each.link) for each in found if each.style is Style.CONTENTS][:3]
    assert contents == [(MONDAY, "", "meeting1day"), (TITLE, "17:03", "meeting1"), ("Later", "", "meeting2")]


def test_each_session_ends_with_the_name_of_its_state_and_its_address() -> None:
    for record, entry in zip(two_records(), ENTRIES, strict=True):
        *_, state, where = record_blocks(record, WORDING, entry, day="")
        assert isinstance(state, StyledParagraph)
        assert isinstance(where, StyledParagraph)
        assert (state.text, where.text) == (WORDING.named(record), "https://h/s/1")


def test_the_front_says_what_it_is_and_that_nothing_is_in_it() -> None:
    texts = [each.text for each in proceedings_document(FRONT, WORDS, ()).blocks if isinstance(each, StyledParagraph)]
    assert texts == [*FRONT.rows(WORDS), *FRONT.notices(WORDS), "Nothing"]
