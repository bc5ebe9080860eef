from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import (
    MOST_SESSIONS,
    MOST_SPEAKERS,
    SessionDraft,
    called,
    drafts_of,
    languages_in,
    one_each,
    readable,
    timetable,
)
from moothall.core.programme.plan import Timetable
from support.files.programme_files import READING


def draft(title: str = "Opening", own: str = "", **fields: object) -> SessionDraft:
    return SessionDraft(where=f"“{title}”", id=own, title=title, **fields)  # type: ignore[arg-type]


def made(*drafts: SessionDraft, source: str = "") -> Timetable:
    return timetable(source=source, title="T", drafts=drafts, reading=READING, notes=("left out",))


def test_rooms_sessions_and_speakers_get_ids_that_last() -> None:
    there = made(
        draft("Opening", "A1", room="Main hall", speakers=(("7", " Ana  Sá "), ("", "Bo"), ("", " "), ("", "Bo"))),
        draft("Closing", room="Main  hall ", languages=("fr", "fr")),
        source="38C3 Congress",
    )
    assert [(room.id, room.title) for room in there.rooms] == [("main-hall", "Main hall")]
    opening, closing = there.sessions
    assert (opening.session, closing.session) == ("38c3-congress-a1", "38c3-congress-closing")
    assert [(speaker.id, speaker.name) for speaker in opening.speakers] == [("p-7", "Ana Sá"), ("bo", "Bo")]
    assert (opening.languages, closing.languages) == ((), ("fr",))
    assert {each.source for each in there.sessions} == {there.source} == {"38c3-congress"}
    assert there.notes == ("left out",)


def test_a_file_without_a_name_has_no_prefix() -> None:
    there = made(draft())
    assert (there.source, there.sessions[0].session, there.rooms) == ("programme", "opening", ())


def test_a_file_without_sessions_is_a_mistake() -> None:
    with pytest.raises(ProgrammeError, match="no sessions"):
        made()


def test_there_is_a_bound_on_sessions_and_speakers() -> None:
    with pytest.raises(ProgrammeError, match="more than 5000"):
        made(*[draft(own=str(n)) for n in range(MOST_SESSIONS + 1)])
    with pytest.raises(ProgrammeError, match="at most 200"):
        made(draft(speakers=(("", "A"),) * (MOST_SPEAKERS + 1)))


def test_ids_and_titles_stand_there_once() -> None:
    with pytest.raises(ProgrammeError, match="has the id 'a' already"):
        made(draft("One", "a"), draft("Two", "a"))
    with pytest.raises(ProgrammeError, match="has that title already"):
        made(draft("One"), draft("One"))


@pytest.mark.parametrize(
    ("title", "why"), [("", "there is no title"), (" ", "there is no title"), ("x" * 501, "…' has 501 characters")]
)
def test_a_title_has_a_length(title: str, why: str) -> None:
    with pytest.raises(ProgrammeError, match=why):
        made(draft(title))


@pytest.mark.parametrize(
    ("starts", "ends", "why"),
    [
        (None, 5, "has no start"),
        (5, 5, "is not after its start"),
        (5, 4, "is not after its start"),
        (0, 8 * 86_400_000, "is more than a week after"),
    ],
)
def test_a_session_ends_after_it_starts_and_soon(starts: int | None, ends: int, why: str) -> None:
    with pytest.raises(ProgrammeError, match=f"^“Opening”: the end {why}"):
        made(draft(starts=starts, ends=ends))
    columns = {"end": "Fin"}
    with pytest.raises(ProgrammeError, match=f"^“Opening”, column 'Fin': the end '09:00' {why}"):
        made(draft(starts=starts, ends=ends, ends_as="09:00", columns=columns))


def test_languages_are_tags_however_they_are_separated() -> None:
    assert languages_in("EN, fr;zh_Hant  en", "x") == ("en", "fr", "zh-Hant")
    assert languages_in("", "x") == ()
    with pytest.raises(ProgrammeError, match=r"^x: "):
        languages_in("english!", "x")


def test_languages_may_be_called_by_their_names() -> None:
    names = {"english": "en", "français": "fr", "simplified chinese": "zh"}
    assert languages_in("English / Français; Simplified Chinese, sw", "x", names) == ("en", "fr", "zh", "sw")
    with pytest.raises(ProgrammeError, match=r"^x: 'Elvish' names no language") as raised:
        languages_in("English, Elvish, Klingon", "x", names)
    assert [sentence.split()[1] for sentence in raised.value.sentences] == ["'Elvish'", "'Klingon'"]


def test_all_that_is_wrong_in_a_file_is_said_at_once() -> None:
    with pytest.raises(ProgrammeError) as raised:
        timetable(
            source="",
            title="T",
            drafts=[
                draft("One", "a"),
                draft("Two", "a", wrong=("“Two”: unreadable.",)),
                draft("", "b", speakers=(("", "A"),) * 201, ends=5),
                draft(""),
                draft(""),
            ],
            reading=READING,
            notes=(),
            wrong=["The whole of it."],
        )
    assert [" ".join(sentence.split()[:4]) for sentence in raised.value.sentences] == [
        "The whole of it.",
        "“Two”: unreadable.",
        "“Two”: another session has",
        "“”: there is no",
        "“”: the end has",
        "“”: it has 201",
        "“”: there is no",
        "“”: there is no",
    ]


def test_what_cant_be_read_is_told_and_the_rest_is_read() -> None:
    wrong: list[str] = []
    assert readable(wrong, lambda: languages_in("en", "x"), None) == ("en",)
    assert readable(wrong, lambda: languages_in("xx!, yy!", "x"), None) is None
    assert len(wrong) == 2


def test_a_session_without_lines_is_called_by_its_title_or_number() -> None:
    assert (called("Opening", 3), called(" ", 3)) == ("“Opening”", "Session 3 of the file")


def test_no_more_of_a_file_is_read_than_is_taken() -> None:
    seen: list[int] = []

    def read(event: int, number: int) -> SessionDraft:
        assert number == event + 1
        seen.append(event)
        return draft(str(event))

    with pytest.raises(ProgrammeError, match="more than 5000"):
        drafts_of(range(1_000_000), read)
    assert len(seen) == MOST_SESSIONS


def test_names_alone_are_speakers() -> None:
    assert one_each([" Ana ", "", "Bo"]) == (("", "Ana"), ("", "Bo"))


def test_signs_that_nobody_sees_are_not_kept() -> None:
    (planned,) = made(draft(title="A\u202etitle", room="Hall\u2066", speakers=(("", "Amina\u202d"),))).sessions
    assert (planned.title, planned.speakers[0].name, planned.room) == ("Atitle", "Amina", "hall")
