from __future__ import annotations

import json
import zlib

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import PolicyQuestionId, SpeakerId
from moothall.core.programme.plan import Speaker
from moothall.core.rules.imports import MAX_PART, MAX_PARTS, MOST_LINES, MOST_MS, MOST_SPANS
from moothall.core.sessions.topics import topics_after
from moothall.record.imports.about import AboutMeeting
from moothall.record.imports.acts import ImportChoice, acts_of, is_last, key_of_name, last_act, meeting_of
from moothall.record.imports.past import PastLine, PastText
from support.record.imported import AGREED, imported
from unit.record.imports.test_own_json import ASKED, LEAST, LINE

ANN = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v ann  LEE>Hi.\n\n00:02.000 --> 00:03.000\n<v Bob>Yes.\n"
LISTED = (Speaker(id=SpeakerId("ann-lee"), name="Ann Lee"),)
PAST = PastText(form="vtt", lines=(PastLine(row=7, t0=0, t1=1, text="x"),))


def of_json(**changed: object) -> str:
    return json.dumps({**LEAST, **changed})


def test_names_that_no_programme_lists_are_dropped() -> None:
    back = imported(ANN, names="", listed=LISTED)
    assert [(line.speaker, line.name) for line in back.record.lines] == [("ann-lee", "Ann Lee"), (None, "")]
    assert "Bob" not in str([event for event in back.events if not isinstance(event, ev.OriginalKept)])


def test_by_a_statement_they_are_kept() -> None:
    back = imported(ANN, listed=LISTED)
    assert [line.name for line in back.record.lines] == ["Ann Lee", "Bob"]
    assert back.record.lines[1].speaker == "imported-2"
    begun = next(event for event in back.events if isinstance(event, ev.TextImported))
    assert begun.names == AGREED


def test_our_own_speakers_keep_their_ids_where_names_are_kept() -> None:
    line = {**LINE, "speaker": "p7", "name": "Ann Lee"}
    content = of_json(session={**LEAST["session"], "opened": 1_000}, lines=[line])
    assert [each.speaker for each in imported(content, listed=LISTED).record.lines] == ["p7"]
    assert [each.speaker for each in imported(content, listed=LISTED, names="").record.lines] == ["ann-lee"]


def test_of_young_people_no_name_is_kept_nor_the_file() -> None:
    back = imported(ANN, listed=LISTED, young_people=True)
    assert not any(line.name for line in back.record.lines)
    assert not any(isinstance(event, ev.OriginalKept | ev.SpeakerIntroduced) for event in back.events)


def test_a_name_is_known_in_any_case_and_form() -> None:
    assert key_of_name("  Ａｎｎ   LEE ") == key_of_name("ann lee")  # noqa: RUF001  # wide letters


def test_the_original_is_kept_in_parts() -> None:
    data = b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\nNOTE\n" + bytes(str(list(range(90_000))), "ascii")
    parts = [event for event in imported(data).events if isinstance(event, ev.OriginalKept)]
    assert len(parts) > 1
    assert zlib.decompress(b"".join(part.content for part in parts)) == data


def test_every_act_has_an_id_of_its_own_and_a_few_lines() -> None:
    cues = "".join(f"00:{n // 60:02}:{n % 60:02}.000 --> 01:00:00.000\nWell {n}.\n\n" for n in range(MOST_LINES + 1))
    back = imported(f"WEBVTT\n\n{cues}")
    ids = [act.id for act in back.acts]
    assert len(set(ids)) == len(ids)
    assert ids[-1] == last_act(back.meeting)
    sizes = [len(each.lines) for act in back.acts for each in act.commands if isinstance(each, do.ImportLines)]
    assert sizes == [MOST_LINES, 1]
    assert [act.id for act in imported(f"WEBVTT\n\n{cues}").acts] == ids


def test_a_line_that_ends_in_a_span_that_is_not_recorded_stays() -> None:
    missing = [{"absence": "not-recorded", "t0": 500, "t1": 1_000}]
    back = imported(of_json(session={**LEAST["session"], "opened": 1_000}, missing=missing))
    assert [line.text for line in back.record.lines] == ["Hello."]
    assert back.state.unkept == ((500, 1_000),)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"lines": [{**LINE, "t0": 600}], "missing": [{"absence": "break", "t0": 500, "t1": 1_000}]},
            "not to be recorded",
        ),
        ({"lines": [{**LINE, "t1": MOST_MS + 1}]}, "not within 100 hours"),
        ({"lines": [{**LINE, "text": "x" * 20_001}]}, "characters"),
        ({"missing": [{"absence": "gap", "t0": 0, "t1": 1}] * (MOST_SPANS + 1)}, "spans"),
        ({"missing": [{"absence": "gap", "t0": 0, "t1": MOST_MS + 1}]}, "longer than 100 hours"),
        ({"until": MOST_MS + 1}, "longer than 100 hours"),
        ({"interventions": [{**ASKED, "t": -1}]}, "Question 1"),
        ({"interventions": [{**ASKED, "text": "x" * 20_001}]}, "Question 1"),
    ],
)
def test_what_a_log_would_not_take_is_refused_before_anything_is_stored(
    changed: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        imported(of_json(session={**LEAST["session"], "opened": 1_000}, **changed))


def test_a_file_that_is_too_large_to_keep() -> None:
    meeting = meeting_of(PAST, AboutMeeting(start=1, language="en"), file="x", digest="0" * 64, young_people=False)
    with pytest.raises(ImportRefused, match="too large"):
        list(acts_of(PAST, meeting, ImportChoice(original=b"x" * (MAX_PART * MAX_PARTS + 1))))


def test_it_has_to_be_known_when_it_began_and_in_which_language() -> None:
    for about, sentence in (
        (AboutMeeting(language="en"), "when this meeting began"),
        (AboutMeeting(start=1), "in which language"),
    ):
        with pytest.raises(ImportRefused, match=sentence):
            meeting_of(PAST, about, file="x", digest="0" * 64, young_people=False)


def test_a_meeting_has_an_id_a_title_and_a_channel() -> None:
    def made(**given: object) -> tuple[str, str, str, tuple[str, ...]]:
        about = msgspec.convert({"start": 1_764_000_000_000, "language": "pt-BR", **given}, AboutMeeting)
        meeting = meeting_of(PAST, about, file="x", digest="0" * 64, young_people=False)
        return meeting.session, meeting.title, meeting.channel, meeting.languages

    assert made() == ("2025-11-24-meeting-of-2025-11-24", "Meeting of 2025-11-24", "floor", ("pt-BR",))
    assert made(title="Água", kind="interpretation") == ("2025-11-24-agua", "Água", "pt-br", ("pt-BR",))
    assert made(session="own")[0] == "own"


def test_a_further_text_has_only_its_own_gaps() -> None:
    spans = (do.ImportedSpan(t0=5, t1=6, gap=ev.GapReason.OVERLOAD), do.ImportedSpan(t0=7, t1=8))
    past = msgspec.structs.replace(PAST, spans=spans)
    meeting = meeting_of(past, AboutMeeting(start=1, language="fr"), file="x", digest="0" * 64, young_people=False)
    *_, gaps, sealed = acts_of(past, meeting, ImportChoice(), further=True)
    assert (is_last(gaps), is_last(sealed)) == (False, True)
    assert [type(each) for each in (*gaps.commands, *sealed.commands)] == [do.NoteGap, do.SealRecord]


def test_hubs_questions_and_chapters_come_with_the_meeting() -> None:
    asked = [
        {
            "id": "q",
            "number": 1,
            "kind": "question",
            "language": "en",
            "text": "Why?",
            "status": "answered",
            "name": "Bob",
        }
    ]
    session = {**LEAST["session"], "opened": 1_000}
    hubs = [{"hub": "north", "title": "North", "most": 3}]
    chapters = [{"kind": None, "number": 0, "title": f"Item {n}", "t": 1_000 * n} for n in range(1, MOST_LINES + 2)] + [
        {"kind": "question", "number": 1, "title": "Why?", "t": 2_500}
    ]
    content = of_json(session=session, hubs=hubs, interventions=asked, chapters=chapters)
    back = imported(content, names="")
    assert [each.title for each in back.record.chapters[:3]] == ["Item 1", "Item 2", "Why?"]
    assert len(back.record.chapters) == len(chapters), "they come in several acts"
    assert back.record.session.hubs["north"].most == 3
    assert [(each.text, each.name) for each in back.record.asked] == [("Why?", "")]
    assert [each.name for each in imported(content).record.asked] == ["Bob"]


def test_a_policy_question_of_another_server_is_its_number_and_wording_alone() -> None:
    session = {**LEAST["session"], "opened": 1_000}
    chapters = [{"kind": None, "number": 2, "title": "Who pays?", "t": 500}]
    back = imported(of_json(session=session, chapters=chapters))
    (topic,) = back.record.session.topics or ()
    assert (topic.question, topic.number, topic.title) == (None, 2, "Who pays?")
    ours = (ne.PolicyQuestion(id=PolicyQuestionId("who"), text="Who pays?"),)
    assert topics_after((topic,), ne.PolicyQuestionsListed(questions=ours)) == (topic,), "ours isn't taken for it"
