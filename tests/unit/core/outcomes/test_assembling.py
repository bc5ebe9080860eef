from __future__ import annotations

import msgspec

from moothall.core.events.outcome_parts import (
    DocumentForm,
    MessageKind,
    ParagraphStyle,
    PublishedMessage,
    PublishedSection,
)
from moothall.core.kernel.ids import MessageId, ObjectionId, PolicyQuestionId, RecipientId, SessionId
from moothall.core.outcomes.assembling import Answered, AssemblyWords, ReportedSession, answered, assembled
from moothall.core.outcomes.document import DocumentVersion, OutcomeDocument
from moothall.core.outcomes.document_rules import MAX_PARAGRAPH
from moothall.core.outcomes.register import AskedQuestion, Preparation, QuestionWording, Recipient, Register
from moothall.core.outcomes.report import Objection, Report, ReportVersion

Q1, Q2, Q3, GONE = map(PolicyQuestionId, ("q1", "q2", "q3", "gone"))
CSTD = RecipientId("cstd")
WORDS = AssemblyWords(
    language="en",
    bodies="Dealt with by: {names}",
    answered={each: f"<{each}>" for each in Answered},
    sessions="From: {names}",
    unreported="No report: {names}",
    headings={each: f"[{each}]" for each in MessageKind},
    nothing="No report.",
    held="{day}, version {n}",
)


def question(name: PolicyQuestionId, *recipients: RecipientId) -> AskedQuestion:
    wording = QuestionWording(text=f"What of {name}?", language="es", at=0)
    return AskedQuestion(id=name, wordings=(wording,), recipients=recipients)


def said(name: str, kind: MessageKind, question: PolicyQuestionId | None = Q1) -> PublishedMessage:
    return PublishedMessage(id=MessageId(name), kind=kind, text=name, question=question, own=True)


def session(
    name: str,
    *messages: PublishedMessage,
    begins: int = 0,
    day: str = "2026-12-01",
    sections: tuple[PublishedSection, ...] = (),
    published: bool = True,
) -> ReportedSession:
    version = ReportVersion(
        n=1,
        at=0,
        session=SessionId(name),
        title="Report",
        language="fr",
        template="session",
        sections=sections,
        messages=messages,
    )
    return ReportedSession(
        session=SessionId(name),
        title=name.title(),
        day=day,
        begins=begins,
        log=SessionId(f"report.{name}"),
        report=Report(versions=(version,) if published else ()),
    )


REGISTER = Register(
    questions={name: question(name, *names) for name, names in ((Q1, (CSTD, RecipientId("old"))), (Q2, ()), (Q3, ()))},
    prepared={
        SessionId("hall"): Preparation(questions=(Q1, Q2)),
        SessionId("quiet"): Preparation(questions=(Q1,)),
        SessionId("elsewhere"): Preparation(questions=(Q3,)),
    },
    recipients={CSTD: Recipient(id=CSTD, name="CSTD", issues=(), questions=(), site="", symbol="")},
)
ASKED = OutcomeDocument(since="2026-12-01", until="2026-12-02")
VIEWS = session("room", said("late", MessageKind.VIEW), said("early", MessageKind.VIEW), begins=1)
HALL = session("hall", said("first", MessageKind.VIEW), said("yes", MessageKind.AGREED), said("x", MessageKind.OPTION))
QUIET = session("quiet", begins=2, published=False)


def rows(document: OutcomeDocument, *sessions: ReportedSession, register: Register = REGISTER) -> list[tuple[int, str]]:
    """What stands in the next version, with its numbers."""
    spoken = {"late": 2, "early": 1}
    made = assembled(document, register, sessions, WORDS, lambda _, message: spoken.get(message.id, 0))
    return [(each.n, each.text or (each.message.message if each.message else "")) for each in made]


def form(of: DocumentForm) -> OutcomeDocument:
    return msgspec.structs.replace(ASKED, form=of)


def test_a_question_is_answered_over_all_sessions() -> None:
    assert rows(ASKED, VIEWS, QUIET, HALL) == [
        (1, "What of q1?"),
        (2, "Dealt with by: CSTD"),
        (3, "<views>"),
        (4, "From: Hall; Room"),
        (5, "No report: Quiet"),
        (6, "[agreed]"),
        (7, "yes"),
        (8, "[view]"),
        (9, "first"),
        (10, "early"),
        (11, "late"),
        (12, "[option]"),
        (13, "x"),
        (14, "What of q2?"),
        (15, "<not-discussed>"),
    ]


def test_languages_stand_with_the_paragraphs() -> None:
    made = assembled(ASKED, REGISTER, [HALL], WORDS, lambda *_: 0)
    assert [(each.language, each.level) for each in made[:3]] == [("es", 1), ("", 0), ("", 0)]


def test_numbers_stay_in_the_next_version() -> None:
    first = assembled(ASKED, REGISTER, [HALL], WORDS, lambda *_: 0)
    version = DocumentVersion(n=1, at=0, language="en", paragraphs=first)
    before = dict(zip((each.key or each.message for each in first), (each.n for each in first), strict=True))
    made = assembled(msgspec.structs.replace(ASKED, versions=(version,)), REGISTER, [HALL, VIEWS], WORDS, lambda *_: 0)
    assert all(each.n == before.get(each.key or each.message, each.n) for each in made)
    assert {each.n for each in made} >= set(before.values())
    assert len({each.n for each in made}) == len(made)


def test_only_sessions_of_its_days_count() -> None:
    outside = session("hall", said("yes", MessageKind.AGREED), day="2026-12-03")
    assert rows(ASKED, outside) == []


def test_chosen_questions_stand_in_their_order() -> None:
    chosen = msgspec.structs.replace(ASKED, questions=(Q3, GONE, Q2))
    assert [text for _, text in rows(chosen, HALL)] == [
        "What of q3?",
        "<not-discussed>",
        "What of q2?",
        "<not-discussed>",
    ]


def test_a_question_that_a_session_took_up_unasked_is_there() -> None:
    found = rows(ASKED, session("other", said("yes", MessageKind.AGREED, Q3), said("own", MessageKind.OPTION, None)))
    assert [text for _, text in found] == ["What of q3?", "<consensus>", "From: Other", "[agreed]", "yes"]


def test_a_view_or_an_objection_is_no_consensus() -> None:
    agreed = session("hall", said("yes", MessageKind.AGREED), said("also", MessageKind.OPTION))
    assert answered(Q1, [agreed]) is Answered.CONSENSUS
    objection = Objection(id=ObjectionId("o"), message=MessageId("yes"), n=1, name="A", text="", language="en", at=0)
    objected = msgspec.structs.replace(agreed, report=msgspec.structs.replace(agreed.report, objections=(objection,)))
    assert answered(Q1, [objected]) is Answered.VIEWS
    elsewhere = msgspec.structs.replace(objection, message=MessageId("also"))
    on_option = msgspec.structs.replace(agreed, report=msgspec.structs.replace(agreed.report, objections=(elsewhere,)))
    assert answered(Q1, [on_option]) is Answered.CONSENSUS
    assert answered(Q1, [agreed, VIEWS]) is Answered.VIEWS
    assert answered(Q1, [session("hall", said("x", MessageKind.OPTION))]) is Answered.VIEWS
    assert answered(Q2, [agreed]) is Answered.NOT_DISCUSSED


SECTIONS = (
    PublishedSection(id="issues", heading="Issues", text="One.\n\n\n\nTwo."),
    PublishedSection(id="plain", heading="", text="Three."),
    PublishedSection(id="empty", heading="Empty", text=" \n\n "),
)


def test_the_chairs_report_has_all_sessions_in_order() -> None:
    later = session("later", said("m", MessageKind.AGREED, None), begins=9, day="2026-12-02", sections=SECTIONS)
    assert rows(form(DocumentForm.CHAIR), later, QUIET, session("hall", said("x", MessageKind.OPTION))) == [
        (1, "2026-12-01"),
        (2, "Hall"),
        (3, "x"),
        (4, "Quiet"),
        (5, "No report."),
        (6, "2026-12-02"),
        (7, "Later"),
        (8, "Issues"),
        (9, "One."),
        (10, "Two."),
        (11, "Three."),
        (12, "m"),
    ]


def test_the_messages_of_a_day_have_no_sections() -> None:
    day = session("hall", said("x", MessageKind.OPTION), sections=SECTIONS)
    assert rows(form(DocumentForm.DAY), day, QUIET) == [(1, "2026-12-01"), (2, "Hall"), (3, "x")]


def test_the_reports_of_all_sessions_are_a_chapter_each() -> None:
    later = session("later", said("m", MessageKind.AGREED, None), begins=9, day="2026-12-02", sections=SECTIONS)
    made = form(DocumentForm.REPORTS)
    hall = session("hall", said("x", MessageKind.OPTION), said("b", MessageKind.VIEW), said("a", MessageKind.VIEW))
    assert rows(made, later, QUIET, hall) == [
        (1, "No report: Quiet"),
        (2, "Hall"),
        (3, "2026-12-01, version 1"),
        (4, "[view]"),
        (5, "b"),
        (6, "a"),
        (7, "[option]"),
        (8, "x"),
        (9, "Later"),
        (10, "2026-12-02, version 1"),
        (11, "Issues"),
        (12, "One."),
        (13, "Two."),
        (14, "Three."),
        (15, "[agreed]"),
        (16, "m"),
    ]
    found = assembled(made, REGISTER, [later], WORDS, lambda *_: 0)
    assert [(each.text, each.level) for each in found if each.level] == [("Later", 1), ("Issues", 2), ("[agreed]", 2)]


def test_the_reports_on_a_question_are_those_that_were_to_answer_it_or_do() -> None:
    on = msgspec.structs.replace(form(DocumentForm.REPORTS), questions=(Q2, Q3))
    unasked = session("other", said("yes", MessageKind.AGREED, Q3))
    beside = session("beside", said("no", MessageKind.AGREED, Q1))
    titles = [text for _, text in rows(on, HALL, unasked, beside, QUIET)]
    assert "Hall" in titles
    assert "Other" in titles
    assert "Beside" not in titles
    assert "No report: Quiet" not in titles


def test_long_texts_are_several_paragraphs() -> None:
    long = (PublishedSection(id="issues", heading="", text="a" * (MAX_PARAGRAPH + 1)),)
    made = assembled(form(DocumentForm.CHAIR), REGISTER, [session("hall", sections=long)], WORDS, lambda *_: 0)
    assert [len(each.text) for each in made if each.style is ParagraphStyle.TEXT] == [MAX_PARAGRAPH, 1]
