from __future__ import annotations

from xml.etree.ElementTree import Element

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.ids import ChannelId, InterventionId
from moothall.record.akn import write_akn
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHAIR, CHINESE, FRENCH, NAMES, PARTS, TITLE, golden_records
from support.record.trees import AKN, OURS, language_of, said, tree
from support.sessions.record_maker import FLOOR, WORDING, Questions, Telling, chaptered, meeting, questioned, unanswered

FIGURED = msgspec.structs.replace(WORDING, asked=msgspec.structs.replace(WORDING.asked, figures=("Nine came",)))


def written(told: Telling, **options: bool) -> Element:
    return tree(write_akn(told.record(), WORDING, Options(**options)))


def golden(channel: ChannelId = FLOOR, **options: bool) -> Element:
    return tree(write_akn(golden_records()[channel], FIGURED, Options(**options)))


def lines(root: Element) -> list[Element]:
    return [each for each in root.iter(f"{AKN}p") if (each.get("wId") or "").startswith("line-")]


def test_a_turn_is_a_speech_with_its_lines() -> None:
    told = Telling("Plenary")
    told.spoken("Is 3 < 5?", 1_000, name="Ms. Añez & <co>")
    told.line("شكرا.", 3_000, 4_000, name="Ms. Añez & <co>", language="ar", origin=le.Origin.PERSON)
    told.tell(ev.GapNoted(channel=FLOOR, t0=5_000, t1=9_000, reason=ev.GapReason.OVERLOAD))
    told.line("Yes.", 9_000, None)
    text = write_akn(told.record(), WORDING, Options(sources=True))
    start = text.index("<debateBody")
    assert text[start:] == (
        '<debateBody xml:lang="en">\n<debateSection eId="dbsect_1" name="meeting">\n'
        '<heading eId="dbsect_1__heading">Plenary</heading>\n'
        '<speech eId="dbsect_1__speech_1" by="#speaker-1" startTime="2025-11-24T16:00:01.000Z"'
        ' endTime="2025-11-24T16:00:04.000Z">\n'
        '<from eId="dbsect_1__speech_1__from_1">Ms. Añez &amp; &lt;co&gt;</from>\n'
        '<p eId="dbsect_1__speech_1__p_1" wId="line-floor-1-4" m:origin="machine" m:begin="1000" m:end="2500">'
        'Is 3 &lt; 5? <remark status="editorial">[Written by a machine]</remark></p>\n'
        '<p eId="dbsect_1__speech_1__p_2" wId="line-floor-1-8" m:origin="person" xml:lang="ar" m:begin="3000"'
        ' m:end="4000">شكرا. <remark status="editorial">[Written by a person]</remark></p>\n</speech>\n'
        '<scene eId="dbsect_1__scene_1" status="editorial" m:absence="gap" m:reason="overload" m:begin="5000"'
        ' m:end="9000">No text from 0:05 to 0:09: overload</scene>\n'
        "</debateSection>\n</debateBody>\n</debate>\n</akomaNtoso>\n"
    )


def outline(element: Element) -> list[object]:
    """The sections within a section: each by its name, number and heading, with how many turns it has of its own."""
    return [
        (
            each.get("name"),
            each.findtext(f"{AKN}num"),
            each.findtext(f"{AKN}heading"),
            len(each.findall(f"{AKN}speech")),
        )
        if not each.findall(f"{AKN}debateSection")
        else [each.findtext(f"{AKN}heading"), len(each.findall(f"{AKN}speech")), *outline(each)]
        for each in element.findall(f"{AKN}debateSection")
    ]


def test_chapters_are_sections_with_headings() -> None:
    root = written(chaptered())
    (body,) = root.iter(f"{AKN}debateBody")
    assert outline(body) == [
        [
            "Plenary",
            2,  # at the beginning, and after the end, when nothing was taken up
            ("topic", None, "Item 1", 1),
            [
                "Who is left out?",
                1,
                ("question", "Question no. 1", "Who <pays>?", 1),
                ("request", None, "Request no. 2", 1),
            ],
            ("topic", None, "Item 2", 1),
        ]
    ]
    policy = next(each for each in body.iter(f"{AKN}debateSection") if each.get("name") == "policy-question")
    assert (policy.findtext(f"{AKN}num"), policy.get(f"{OURS}begin")) == ("Policy question 2", "4000")
    assert policy.findtext(f"{AKN}speech/{AKN}from") == "Ann", "who goes on speaking is named again"
    own = [each.get("eId") for each in body.iter() if each.get("eId")]
    assert len(set(own)) == len(own)
    assert "dbsect_1__dbsect_2__dbsect_1__speech_1" in own
    timeless = written(chaptered(), times=False).iter(f"{AKN}debateSection")
    assert not any(f"{OURS}begin" in each.attrib for each in timeless)
    assert [each.text for each in lines(root)] == [f"At {t0}." for t0 in range(1_000, 9_000, 1_000)]


def test_what_was_removed_or_taken_back_leaves_no_words_in_headings() -> None:
    told = chaptered()
    stays = qe.InterventionPublished(
        intervention=InterventionId("q1"),
        number=1,
        kind=InterventionKind.QUESTION,
        text="",
        language="en",
        name="",
        origin="remote",
        t=500,
        removed=True,
    )
    told.tell(stays, ev.TopicTaken(t=7_000))
    Questions(told).stand(InterventionId("q2"), InterventionStatus.WITHDRAWN, 6_500)
    (body,) = written(told).iter(f"{AKN}debateBody")
    assert outline(body) == [
        [
            "Plenary",
            2,
            ("topic", None, "Item 1", 1),
            [
                "Who is left out?",
                1,
                ("question", None, "Question no. 1", 1),
                ("request", None, "Request no. 2", 1),
            ],
        ]
    ]


def test_what_has_no_speaker_is_by_somebody_unnamed() -> None:
    root = written(meeting(), speakers=False)
    assert {each.get("by") for each in root.iter(f"{AKN}speech")} == {"#unnamed"}
    assert not list(root.iter(f"{AKN}from"))
    assert [each.get("eId") for each in root.iter(f"{AKN}TLCPerson")] == ["unnamed"]
    named = written(meeting())
    assert [each.text for each in named.iter(f"{AKN}from")][-1] == "Speaker not named"


def test_without_times_it_has_none() -> None:
    told = questioned()
    text = write_akn(told.record(), WORDING, Options(times=False))
    assert "Time=" not in text
    assert "m:begin" not in text
    assert "See the answer in the text" in text
    unopened = Telling(opened=False)
    unopened.line("Hm.", 0, 900)
    text = write_akn(unopened.record(), WORDING, Options())
    assert "Time=" not in text
    assert '<FRBRdate date="0001-01-01" name="sitting"/>' in text


def test_every_reference_leads_somewhere() -> None:
    for channel in PARTS:
        root = golden(channel)
        names = [each.get("eId") for each in root.iter() if each.get("eId") is not None]
        assert len(set(names)) == len(names)
        there = {f"#{name}" for name in names}
        assert {each.get("by") for each in root.iter() if each.get("by") is not None} <= there
        assert {each.get("href") for each in root.iter(f"{AKN}ref")} <= there
        own = [each.get("wId") for each in root.iter() if each.get("wId") is not None]
        assert len(set(own)) == len(own)


def test_people_are_known_by_what_they_are_called_here() -> None:
    root = golden()
    shown = {each.get("eId"): each.get("showAs") for each in root.iter(f"{AKN}TLCPerson")}
    assert set(shown.values()) >= set(NAMES)
    first = next(root.iter(f"{AKN}speech"))
    assert shown[(first.get("by") or "")[1:]] == CHAIR == first.findtext(f"{AKN}from")
    assert root.findtext(f".//{AKN}docTitle") == TITLE


@pytest.mark.parametrize("channel", PARTS)
def test_each_line_has_its_text_and_language(channel: ChannelId) -> None:
    root, record = golden(channel), golden_records()[channel]
    assert [(each.get("wId"), said(each).rstrip("\ufffd "), language_of(root, each)) for each in lines(root)] == [
        (f"line-{line.segment}", line.text.rstrip("\ufffe\uffff "), line.language) for line in record.lines
    ]
    remarked = golden(channel, sources=True)
    assert [each.findtext(f"{AKN}remark") for each in lines(remarked)] == [
        f"[{WORDING.source(line)}]" for line in record.lines
    ]


def test_how_a_line_came_about_is_said_for_programs() -> None:
    found = lines(golden(CHINESE))
    assert [each.get("status") for each in found] == ["translated"] * 3
    assert found[1].get(f"{OURS}route") == "bergamot 0.2.0 es>en, argos 1.9 en>zh"
    mended = [each for each in lines(golden()) if each.get(f"{OURS}mended")]
    assert [said(each).strip() for each in mended] == [
        "El agua es un derecho humano.",
        "We were ready to sign the agreement.",
        "The committee on Internet governance meets at ten.",
    ]
    assert [each.get(f"{OURS}accepted") for each in mended] == [None, None, "true"]
    assert [each.get(f"{OURS}rough") for each in found] == [None, "true", None]
    sent = msgspec.structs.replace(golden_records()[FLOOR].lines[0], tool="StreamText & <x>", respoken=True, rough=True)
    record = msgspec.structs.replace(golden_records()[FLOOR], lines=(sent,), asked=())
    (line,) = lines(tree(write_akn(record, WORDING, Options())))
    assert (line.get(f"{OURS}tool"), line.get(f"{OURS}respoken")) == ("StreamText & <x>", "true")
    assert line.get(f"{OURS}rough") == "true"


def test_a_translation_names_its_languages_and_that_it_is_not_official() -> None:
    translations = [each.attrib for each in golden(ARABIC).iter(f"{AKN}FRBRtranslation")]
    work = "/akn/xx/debate/2025-11-24/plenary"
    assert translations == [
        {"href": f"{work}/eng", "fromLanguage": "eng", "by": "#moothall", "authoritative": "false"},
        {"href": f"{work}/spa", "fromLanguage": "spa", "by": "#moothall", "pivot": "eng", "authoritative": "false"},
    ]
    assert [each.get("language") for each in golden(ARABIC).iter(f"{AKN}FRBRlanguage")] == ["ara"]
    assert [each.get("language") for each in golden().iter(f"{AKN}FRBRlanguage")] == [
        "eng", "ara", "zho", "fra", "rus", "spa", "por",
    ]  # fmt: skip
    for channel in (FLOOR, FRENCH):
        assert not list(golden(channel).iter(f"{AKN}FRBRtranslation"))
        assert golden(channel).find(f".//{AKN}FRBRauthoritative").attrib == {"value": "false"}  # type: ignore[union-attr]
    unknown = Telling(languages=("tlh", "x<y>"))
    assert [each.get("language") for each in written(unknown).iter(f"{AKN}FRBRlanguage")] == ["tlh"]


def test_questions_have_their_answers_and_where_they_stand() -> None:
    root = golden()
    asked = list(root.iter(f"{AKN}question"))
    assert [each.findtext(f"{AKN}num") for each in asked][:2] == ["Question no. 1", "Comment no. 2"]
    first = asked[0]
    assert first.findtext(f"{AKN}from") == "Ana <x> & \u202ey\u202c"
    assert first.get("startTime") == "2025-11-24T16:00:05.000Z"
    assert [said(each) for each in first.iter(f"{AKN}p")] == [
        "Answered · Asked at 0:05", "Why <now>?", 'Why & "how"?', "",
    ]  # fmt: skip
    link = next(first.iter(f"{AKN}ref"))
    assert link.text == "Answered at 2:32"
    (line,) = (each for each in root.iter() if each.get("eId") == (link.get("href") or "")[1:])
    assert said(line) == "To the first question: because water can’t wait."  # noqa: RUF001  # as it is written
    answers = [[said(each) for each in answer.iter(f"{AKN}p")] for answer in root.iter(f"{AKN}answer")]
    assert answers == [["الدول الأعضاء.", "And <the> others & more."], ["各国。"]]
    arabic = next(each for each in asked[1].iter(f"{AKN}p") if said(each).startswith("من"))
    assert language_of(root, arabic) == "ar"
    assert root.findtext(f".//{AKN}narrative") == "Nine came"
    assert not list(golden(speakers=False).find(f".//{AKN}questions").iter(f"{AKN}from"))  # type: ignore[union-attr]
    assert not list(written(meeting()).iter(f"{AKN}questions"))
    assert "The meeting ended before its turn came" in write_akn(unanswered(closed=True).record(), WORDING, Options())
