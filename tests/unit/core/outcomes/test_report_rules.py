from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import outcomes as oe
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import (
    Citation,
    Confirmer,
    MessageKind,
    PublishedMessage,
    PublishedSection,
    ReportStage,
)
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CitationId, InterventionId, MessageId, ObjectionId, SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes import report_rules as rules
from moothall.core.rules.authority import may_send
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import WALL, carry_out, refused
from support.sessions.outcomes import ASSIGNED, HALL, M1, M2, asked, lines, log, report, write

SUBMIT = oc.SubmitReport()
AGREED = PublishedMessage(id=M1, kind=MessageKind.AGREED, text="The fund pays.", citations=(lines(),))
GIVEN = PublishedMessage(id=M2, kind=MessageKind.COMMITMENT, text="We shall pay.", own=True)
PUBLISH = oc.PublishReport(
    title="Report",
    language="en",
    sections=(PublishedSection(id="issues", heading="Issues", text="Access."),),
    messages=(AGREED, GIVEN),
)


def section(text: str = "Access.", base: int = 0, name: str = "issues") -> oc.WriteSection:
    return oc.WriteSection(section=name, text=text, base_revision=base)


def check(citation: str = "c1", seen: int = 50, *doubts: str, message: MessageId = M1) -> oc.CheckCitation:
    return oc.CheckCitation(message=message, citation=CitationId(citation), seen=seen, doubts=doubts)


def test_what_a_service_drafted_says_so_until_its_words_are_changed() -> None:
    state = report(write(drafted_by=" m  (host) "))
    assert state.outcomes.report.messages[M1].drafted_by == "m (host)"
    for text, base, left in (("The fund  pays. ", 1, "m (host)"), ("The fund pays!", 2, ""), ("The fund pays.", 3, "")):
        state = carry_out(state, write(text=text, base_revision=base, drafted_by="" if base == 1 else "m (host)"))
        assert state.outcomes.report.messages[M1].drafted_by == left


def published(*more: do.AnyCommand) -> State:
    return report(write(), SUBMIT, PUBLISH, *more)


def objection(name: str = "o1", by: str = "Civil society", **changed: object) -> oc.ObjectToMessage:
    fields: dict[str, object] = {
        "objection": ObjectionId(name),
        "message": M1,
        "n": 1,
        "name": by,
        "text": " It does not. ",
        "language": "en",
    }
    return oc.ObjectToMessage(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of the command, by name


def confirm(message: MessageId, by: Confirmer, name: str = "", n: int = 1) -> oc.ConfirmMessage:
    return oc.ConfirmMessage(message=message, n=n, by=by, name=name)


def wrong(state: State, command: do.AnyCommand) -> RefusalCode:
    return refused(state, command).code


def test_a_report_is_assigned_and_assigned_anew() -> None:
    state = report()
    known = state.outcomes.report
    assert (known.session, known.template, known.links, known.stage) == (
        HALL,
        "session",
        ("l1",),
        ReportStage.NOT_BEGUN,
    )
    assert wrong(state, ASSIGNED) is RefusalCode.CONFLICT
    assert carry_out(state, oc.AssignReport(session=HALL, template="sheet")).outcomes.report.due is None
    assert wrong(state, oc.AssignReport(session=SessionId("other"), template="sheet")) is RefusalCode.CONFLICT
    for session, template in ((SessionId("A B"), "sheet"), (HALL, "a b")):
        assert wrong(state, oc.AssignReport(session=session, template=template)) is RefusalCode.INVALID
    assert wrong(log(ev.LogKind.REPORT), SUBMIT) is RefusalCode.CONFLICT


def test_a_section_is_written_by_two_people_and_nothing_is_lost() -> None:
    state = report(section(), section("Access for all.", 1))
    known = state.outcomes.report
    assert (known.sections["issues"].text, known.sections["issues"].revision) == ("Access for all.", 2)
    assert known.stage is ReportStage.DRAFT
    assert wrong(state, section("Mine.", 1)) is RefusalCode.STALE
    assert wrong(state, section("x" * 50_001, 2)) is RefusalCode.INVALID
    assert wrong(state, section(name="A B")) is RefusalCode.INVALID


def test_messages_are_written_dropped_and_ordered() -> None:
    state = report(write(), write(M2), write(M1, 1, holders=(" Civil  society", "Civil society", "")))
    known = state.outcomes.report
    assert (list(known.messages), known.messages[M1].holders) == ([M1, M2], ("Civil society",))
    turned = carry_out(state, oc.OrderMessages(messages=(M2, M1)))
    assert list(turned.outcomes.report.messages) == [M2, M1]
    assert wrong(state, oc.OrderMessages(messages=(M2,))) is RefusalCode.STALE
    left = carry_out(state, oc.DropMessage(message=M1))
    assert list(left.outcomes.report.messages) == [M2]
    assert wrong(left, oc.DropMessage(message=M1)) is RefusalCode.UNKNOWN
    late = evolve(left, oe.MessagesOrdered(messages=(M1,)), WALL)
    assert list(late.outcomes.report.messages) == [M2], "those that aren't named stay"
    assert wrong(state, write(M1, 1)) is RefusalCode.STALE


@pytest.mark.parametrize(
    "command",
    [
        write(MessageId("A B")),
        write(text="x" * 5_001),
        write(holders=tuple(f"g{n}" for n in range(21))),
        write(holders=("x" * 201,)),
        write(citations=(lines(), lines())),
        write(citations=tuple(asked(f"c{n}") for n in range(41))),
        *(
            write(citations=(each,))
            for each in (
                lines("A B"),
                lines(session=SessionId("A B")),
                lines(offset=0),
                lines(first=None),
                lines(channel=ChannelId("A B")),
                lines(start=-1),
                lines(last=lines().first, start=9, end=9),
                lines(end=0),
                asked(first=lines().first),
                asked(start=1),
                asked(intervention=InterventionId("A B")),
            )
        ),
    ],
)
def test_a_message_that_is_none(command: oc.WriteMessage) -> None:
    assert wrong(report(), command) is RefusalCode.INVALID


@pytest.mark.parametrize(
    "citation", [lines(start=None, end=None), lines(last=lines().first, start=9, end=10), lines(end=1)]
)
def test_places_that_can_be_cited(citation: Citation) -> None:
    assert report(write(citations=(citation,))).outcomes.report.messages[M1].citations == (citation,)


def test_a_report_is_full() -> None:
    state = report(section(), write(), SUBMIT, PUBLISH, objection())
    known = state.outcomes.report
    full = msgspec.structs.replace(
        known,
        sections={f"s{n}": known.sections["issues"] for n in range(rules.MOST_SECTIONS)},
        messages={MessageId(f"n{n}"): known.messages[M1] for n in range(rules.MOST_MESSAGES)},
        objections=known.objections * rules.MOST_OBJECTIONS,
    )
    state = msgspec.structs.replace(state, outcomes=msgspec.structs.replace(state.outcomes, report=full))
    for command in (section(name="other"), write(M2), objection("o2")):
        assert wrong(state, command) is RefusalCode.CONFLICT


def test_a_citation_counts_as_opened_until_it_names_another_place() -> None:
    state = report(write(), check("c1", 50, "not"), check("c1", 50, "seven"))
    message = state.outcomes.report.messages[M1]
    found = message.check_of(lines())
    assert found is not None
    assert (found.seen, sorted(found.doubts)) == (50, ["not", "seven"])
    assert message.check_of(asked()) is None
    later = carry_out(state, check("c1", 60, "not")).outcomes.report.messages[M1].check_of(lines())
    assert later is not None
    assert later.doubts == {"not"}, "the words may read otherwise now"
    moved = carry_out(state, write(M1, 1, citations=(lines(start=5),)))
    assert moved.outcomes.report.messages[M1].check_of(lines(start=5)) is None
    for command in (check("c9"), check(message=M2)):
        assert wrong(state, command) is RefusalCode.UNKNOWN
    for command in (check("c1", 0), check("c1", 5, "x" * 201), check("c1", 5, *map(str, range(201)))):
        assert wrong(state, command) is RefusalCode.INVALID


def test_a_check_of_a_message_that_was_dropped_since_changes_nothing() -> None:
    state = report()
    event = oe.CitationChecked(message=M1, citation=CitationId("c1"), seen=5)
    assert evolve(state, event, WALL) == state
    state = report(write(citations=()))
    assert evolve(state, event, WALL) == state


def test_stages() -> None:
    state = report(write(), SUBMIT)
    assert state.outcomes.report.stage is ReportStage.SUBMITTED
    for command in (section(), write(M1, 1), oc.DropMessage(message=M1), oc.OrderMessages(messages=(M1,)), SUBMIT):
        assert wrong(state, command) is RefusalCode.CONFLICT
    back = carry_out(state, oc.MoveReport(stage=ReportStage.RETURNED, note="Who pays?"))
    assert (back.outcomes.report.stage, back.outcomes.report.note) == (ReportStage.RETURNED, "Who pays?")
    again = carry_out(back, write(M1, 1), SUBMIT)
    assert (again.outcomes.report.stage, again.outcomes.report.note) == (ReportStage.SUBMITTED, "")
    assert wrong(state, oc.MoveReport(stage=ReportStage.PUBLISHED)) is RefusalCode.CONFLICT
    assert wrong(back, oc.MoveReport(stage=ReportStage.DRAFT)) is RefusalCode.CONFLICT
    assert wrong(state, oc.MoveReport(stage=ReportStage.DRAFT, note="x" * 5_001)) is RefusalCode.INVALID
    assert wrong(report(), SUBMIT) is RefusalCode.CONFLICT


def test_versions() -> None:
    state = published()
    first = state.outcomes.report.newest
    assert first is not None
    assert (first.n, first.session, first.template, first.at) == (1, HALL, "session", WALL)
    assert state.outcomes.report.stage is ReportStage.PUBLISHED
    assert wrong(state, PUBLISH) is RefusalCode.CONFLICT
    second = carry_out(state, write(M1, 1), SUBMIT, PUBLISH).outcomes.report
    assert [each.n for each in second.versions] == [1, 2]
    for title, language in ((" ", "en"), ("Report", "!")):
        unfit = oc.PublishReport(title=title, language=language, sections=(), messages=())
        assert wrong(report(write(), SUBMIT), unfit) is RefusalCode.INVALID
    assert report().outcomes.report.newest is None


def test_nobody_but_the_server_publishes() -> None:
    assert {role for role in Role if may_send(role, PUBLISH)} == {Role.SYSTEM}
    assert {role for role in Role if may_send(role, write())} == {Role.RAPPORTEUR, Role.SECRETARIAT, Role.SYSTEM}
    assert not may_send(Role.RAPPORTEUR, oc.MoveReport(stage=ReportStage.DRAFT))


def test_what_was_agreed_is_confirmed_by_the_chair_and_a_commitment_by_its_giver() -> None:
    state = published(confirm(M1, Confirmer.CHAIR), confirm(M2, Confirmer.GIVER, " Ana "))
    known = state.outcomes.report
    given = known.confirmed(GIVEN, Confirmer.GIVER)
    assert known.confirmed(AGREED, Confirmer.CHAIR) is not None
    assert known.confirmed(AGREED, Confirmer.GIVER) is None
    assert given is not None
    assert (given.name, given.at, given.n) == ("Ana", WALL, 1)
    assert known.confirmed(PublishedMessage(id=M2, kind=GIVEN.kind, text="Others shall."), Confirmer.GIVER) is None
    for command in (
        confirm(M1, Confirmer.CHAIR),
        confirm(M1, Confirmer.GIVER, "Ana"),
        confirm(M2, Confirmer.CHAIR),
    ):
        assert wrong(state, command) is RefusalCode.CONFLICT
    assert wrong(published(), confirm(M2, Confirmer.GIVER)) is RefusalCode.INVALID
    assert wrong(state, confirm(MessageId("m9"), Confirmer.CHAIR)) is RefusalCode.UNKNOWN
    assert wrong(state, confirm(M1, Confirmer.CHAIR, n=2)) is RefusalCode.STALE
    assert wrong(report(), confirm(M1, Confirmer.CHAIR)) is RefusalCode.STALE


def test_an_objection_stands_beside_a_message_for_good() -> None:
    state = published(objection())
    (known,) = state.outcomes.report.objections
    assert (known.id, known.name, known.text, known.at) == ("o1", "Civil society", "It does not.", WALL)
    second = carry_out(state, write(M1, 1), SUBMIT, PUBLISH)
    assert second.outcomes.report.objections == (known,)
    assert wrong(state, objection()) is RefusalCode.CONFLICT
    assert wrong(state, objection("o2", n=2)) is RefusalCode.STALE
    assert wrong(report(), objection()) is RefusalCode.STALE
    assert wrong(state, objection("o2", message=MessageId("m9"))) is RefusalCode.UNKNOWN
    for command in (
        objection("A B"),
        objection("o2", " "),
        objection("o2", "x" * 201),
        objection("o2", text="x" * 2_001),
        objection("o2", language="!"),
    ):
        assert wrong(state, command) is RefusalCode.INVALID
