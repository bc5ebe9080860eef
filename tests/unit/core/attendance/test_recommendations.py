from __future__ import annotations

import msgspec
import pytest

from moothall.core.attendance.ranges import UNKNOWN, PeopleRange, exactly
from moothall.core.attendance.recommendations import (
    MOST_BYTES,
    MOST_ENTRIES,
    NOT_MEASURED,
    Figure,
    PublishedByYear,
    figure_of,
    read_recommendations,
    rows,
)
from moothall.core.attendance.report import year_of
from moothall.core.kernel.errors import ConfigurationError
from support.sessions.attendance import attended

ENTRY = '[[recommendation]]\nid = "A.1-a"\nsection = "A.1"\nwords = "transcripts"\nfigure = "captioned-hours"\n'


def test_a_table_is_read_and_answered_year_by_year() -> None:
    table = read_recommendations(
        ENTRY + 'link = "/agenda"\n' + ENTRY.replace("A.1-a", "C.3").replace("captioned-hours", NOT_MEASURED), "t.toml"
    )
    assert [each.figure for each in table] == [Figure.CAPTIONED_HOURS, None]
    assert (table[0].link, table[1].link) == ("/agenda", "")
    year = year_of(2026, [attended(hours=3)])
    found = rows(table, (year,), PublishedByYear())
    assert found[0].years == {2026: exactly(3)}
    assert found[1].years == {}


def test_every_figure_is_answered() -> None:
    year = year_of(2026, [attended(asked=10, answered=5, taken=4, remotely=3)])
    published = PublishedByYear(reports={2026: 7}, messages={2026: 30, 2025: 1}, sent={2026: 4})
    found = {figure: figure_of(figure, year, published) for figure in Figure}
    assert found[Figure.REPORTS_PUBLISHED] == exactly(7)
    assert found[Figure.MESSAGES_PUBLISHED] == exactly(30)
    assert found[Figure.DOCUMENTS_SENT] == exactly(4)
    assert figure_of(Figure.REPORTS_PUBLISHED, year, PublishedByYear()) == exactly(0)
    assert found[Figure.ANSWERED_SHARE] == exactly(50)
    assert found[Figure.REMOTE_SHARE] == exactly(75)
    assert found[Figure.PEOPLE] == PeopleRange(40, 75)
    assert found[Figure.MEETINGS] == exactly(1)


def test_a_policy_question_that_two_meetings_take_up_is_one() -> None:
    taken_up = (("Who pays?", "When?"), ("Who pays?",))
    meetings = [msgspec.structs.replace(attended(f"s{n}"), topics=topics) for n, topics in enumerate(taken_up)]
    assert figure_of(Figure.POLICY_QUESTIONS, year_of(2026, meetings), PublishedByYear()) == exactly(2)


def test_a_share_of_nothing_is_unknown() -> None:
    assert figure_of(Figure.ANSWERED_SHARE, year_of(2026, []), PublishedByYear()) == UNKNOWN


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[recommendation", "The table of recommendations t.toml is not written in TOML"),
        ("title = 'x'\n" + ENTRY, "t.toml has to consist of entries"),
        ("recommendation = 'x'", "t.toml has to consist of entries"),
        ("recommendation = ['x']", "t.toml has to consist of entries"),
        (ENTRY + ENTRY, "t.toml, entry 2 ('A.1-a'), the field 'id' is the id of an earlier entry"),
        (ENTRY + "colour = 'red'\n", "entry 1 ('A.1-a'), the field 'colour' is not known; known are id,"),
        (ENTRY.replace('"A.1"', "1"), "entry 1 ('A.1-a'), the field 'section' has to be a text"),
        (ENTRY.replace('"transcripts"', '" "'), "entry 1 ('A.1-a'), the field 'words' is missing"),
        (ENTRY.replace("transcripts", "x" * 501), "the field 'words' may have 500 characters"),
        (ENTRY.replace('id = "A.1-a"\n', ""), "entry 1, the field 'id' is missing"),
        (ENTRY.replace("A.1-a", "A 1"), "the field 'id' may have letters, digits"),
        (ENTRY.replace("captioned-hours", "hours"), "the field 'figure' is 'hours', which is not known; known are"),
        (ENTRY + "link = '//evil.example'\n", "the field 'link' has to be a path"),
        (ENTRY + f"link = '/{'x' * 300}'\n", "the field 'link' may have 300 characters"),
        (ENTRY * (MOST_ENTRIES + 1), "t.toml may have 300 entries"),
        ("#" * (MOST_BYTES + 1), "t.toml may have 200000 bytes"),
    ],
)
def test_a_wrong_table_gives_a_sentence_that_names_file_entry_and_field(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_recommendations(text, "t.toml")
    assert sentence in str(refused.value)
