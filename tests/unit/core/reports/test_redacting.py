from __future__ import annotations

import pytest

from moothall.core.events import outcomes as oe
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import (
    Citation,
    MessageKind,
    NumberedParagraph,
    ParagraphStyle,
    PublishedMessage,
    PublishedSection,
    ReportStage,
    TranslatedText,
)
from moothall.core.kernel.ids import ChannelId, CitationId, MessageId, ObjectionId, SegmentId, SessionId
from moothall.core.outcomes.outcomes import Outcomes, evolve_outcomes
from moothall.core.reports.redacting import RecordText, RemovedTexts, redacted, said_again

SAID = RecordText("My neighbour John Smith owes me twenty-five dollars.", "en")
STAYS = RecordText("We thank my neighbour for his patience.", "en")
M, C = MessageId("m"), CitationId("c")
CITED = Citation(
    id=C,
    session=SessionId("s"),
    offset=9,
    channel=ChannelId("floor"),
    first=SegmentId("a"),
    last=SegmentId("a"),
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("He said “John Smith owes me” twice.", "He said “#” twice."),
        ("“john smith … 25 dollars”", "“#”"),
        ("He thanked “my neighbour”, and “John”.", "He thanked “my neighbour”, and “#”."),
        ("Some neighbour John Smith owes me money.", "Some # money."),
        ("My neighbour John Smith owes me twenty-five dollars. All.", "#. All."),
        ("It is his “neighbour John Smith”, who owes.", "It is his “#”, who owes."),
        ("My neighbour “John Smith owes me” twenty-five dollars.", "# “#” #."),
        ("My neighbour “John” “Smith” owes me money.", "# “#” “#” # money."),
        ("John Smith was there.", "John Smith was there."),
        ("", ""),
    ],
)
def test_quotations_and_long_runs_of_removed_words_are_marked(text: str, left: str) -> None:
    assert RemovedTexts((SAID,), (STAYS,)).without(text, "#") == left


def test_passages_are_found_in_any_row_and_each_time() -> None:
    others = [RecordText(f"Number {n} spoke of the weather at length.", "en") for n in range(30)]
    removed = RemovedTexts((*others, SAID, RecordText("Mi vecino me debe dinero.", "es")), (STAYS,))
    text = "First.\n\nHe said “John Smith owes me”.\r\n“Mi vecino”, she said. “…” Neighbour John\nSmith owes me. Number"
    left = "First.\n\nHe said “#”.\r\n“#”, she said. “…” #. Number"
    assert [removed.without(text + end, "#") for end in ("", " one", "")] == [left, f"{left} one", left]


def test_a_short_text_is_looked_for_whole_and_words_that_stay_are_not() -> None:
    removed = RemovedTexts((RecordText("John Smith", "en"), RecordText("Yes.", "en"), RecordText(" ", "en")), (STAYS,))
    assert removed.without("Yes, John Smith’s neighbour agreed.", "#") == "#, #’s neighbour agreed."
    assert RemovedTexts((RecordText("my neighbour", "en"),), (STAYS,)).without("My neighbour", "#") == "My neighbour"
    assert RemovedTexts((RecordText("我的邻居欠我钱", "zh"),)).without("他说我的邻居欠我钱了", "#") == "他说#了"


def redact(text: str, language: str) -> str:
    return text.replace("x", f"[{language}]")


def test_events_of_reports_and_documents_lose_the_words() -> None:
    published = oe.ReportPublished(
        n=1,
        session=SessionId("s"),
        title="x",
        language="fr",
        template="t",
        sections=(PublishedSection(id="a", heading="x", text="x"),),
        messages=(PublishedMessage(id=M, kind=MessageKind.VIEW, text="x"),),
    )
    found = redacted(published, redact)
    assert isinstance(found, oe.ReportPublished)
    assert (found.title, found.sections[0], found.messages[0].text) == (
        "[fr]",
        PublishedSection(id="a", heading="x", text="[fr]"),
        "[fr]",
    )
    paragraphs = (
        NumberedParagraph(n=1, style=ParagraphStyle.TEXT, text="x"),
        NumberedParagraph(n=2, style=ParagraphStyle.TEXT, text="x", language="es"),
    )
    document = redacted(oe.DocumentPublished(n=1, language="fr", paragraphs=paragraphs), redact)
    assert isinstance(document, oe.DocumentPublished)
    assert [each.text for each in document.paragraphs] == ["[fr]", "[es]"]
    entered = redacted(
        oe.TranslationEntered(n=1, language="pt", name="A", texts=(TranslatedText("title", "x"),)), redact
    )
    assert isinstance(entered, oe.TranslationEntered)
    assert entered.texts[0].text == "[pt]"
    assert redacted(oe.SectionWritten(section="a", text="plain", revision=1), redact) is None
    assert redacted(ev.SessionClosed(t=1), redact) is None
    assert redacted(None, redact) is None


def test_what_is_said_again_is_as_it_was_but_for_the_words() -> None:
    written = oe.MessageWritten(message=M, kind=MessageKind.AGREED, text="x", citations=(CITED,), revision=2)
    objection = oe.MessageObjected(objection=ObjectionId("o"), message=M, n=1, name="A", text="x", language="en")
    version = oe.ReportPublished(
        n=1, session=SessionId("s"), title="x", language="en", template="t", sections=(), messages=()
    )
    events: list[oe.OutcomeFact] = [
        oe.ReportAssigned(session=SessionId("s"), template="t"),
        oe.SectionWritten(section="a", text="x", revision=1),
        oe.SectionWritten(section="b", text="y", revision=1),
        oe.MessageWritten(message=MessageId("first"), kind=MessageKind.VIEW, text="y", revision=1),
        oe.MessageWritten(message=M, kind=MessageKind.AGREED, text="x", citations=(CITED,), revision=1),
        oe.MessageWritten(message=MessageId("dropped"), kind=MessageKind.VIEW, text="x", revision=1),
        oe.MessageWritten(message=MessageId("bare"), kind=MessageKind.VIEW, text="x", citations=(CITED,), revision=1),
        oe.MessageWritten(message=MessageId("last"), kind=MessageKind.VIEW, text="y", revision=1),
        oe.MessageDropped(message=MessageId("dropped")),
        written,
        oe.CitationChecked(message=M, citation=C, seen=9, doubts=("40", "2")),
        oe.ReportMoved(stage=ReportStage.SUBMITTED),
        version,
        objection,
        oe.ReportPublished(
            n=2, session=SessionId("s"), title="y", language="en", template="t", sections=(), messages=()
        ),
        oe.TranslationEntered(n=1, language="pt", name="A", texts=(TranslatedText("title", "x"),)),
        oe.ReportMoved(stage=ReportStage.RETURNED, note="Mend it."),
    ]
    before = Outcomes()
    for at, event in enumerate(events):
        before = evolve_outcomes(before, event, at)
    found = [(without, at) for at, event in enumerate(events) if (without := redacted(event, redact)) is not None]
    left = [event for event in events if redacted(event, redact) is None]
    after = Outcomes()
    for event in left:
        after = evolve_outcomes(after, event, events.index(event))
    for again in said_again(found, before, redact):
        assert isinstance(again, oe.OutcomeFact)
        after = evolve_outcomes(after, again, 99)
    was, now = before.report, after.report
    assert [each.n for each in now.versions] == [1, 2]
    assert [(each.at, each.redacted) for each in now.versions] == [(events.index(version), True), (14, False)]
    assert [each.at for each in now.objections] == [events.index(objection)]
    assert (now.stage, now.note) == (was.stage, was.note) == (ReportStage.RETURNED, "Mend it.")
    assert list(now.messages) == list(was.messages)
    assert now.messages[M].checked == was.messages[M].checked
    assert (now.messages[M].text, now.messages[M].revision) == ("[]", 3), "whoever has revision 2 open is told"
    assert {name: each.text for name, each in now.sections.items()} == {"a": "[]", "b": "y"}
    assert after.translations[0].texts[0].text == "[pt]"
    # A second removal keeps when it was first published.
    first = said_again([(version, 50)], after, redact)[0]
    assert isinstance(first, oe.ReportPublished)
    assert first.first_at == 50
    dated = oe.DocumentPublished(n=1, language="en", paragraphs=(), first_at=7)
    assert said_again([(dated, 50)], Outcomes(), redact) == (dated,)
