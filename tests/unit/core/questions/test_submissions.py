from __future__ import annotations

import pytest

from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId, SessionId
from moothall.core.outcomes.call import OpenCall, Selected
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.submissions import ProposalFate, shown_support, submissions, texts_of

P1, P2, P3, P4 = (InterventionId(f"p{n}") for n in range(1, 5))


def proposal(name: InterventionId, number: int, **fields: object) -> Intervention:
    values: dict[str, object] = {
        "id": name,
        "number": number,
        "kind": InterventionKind.QUESTION,
        "received": "Who pays?",
        "text": f"Who pays for {number}?",
        "language": "en",
        "name": "",
        "origin": "remote",
        "asker": "a",
        "t": 0,
        "published": True,
        "status": InterventionStatus.QUEUED,
    }
    return Intervention(**{**values, **fields})  # type: ignore[arg-type]  # the fields of an intervention, by name


def questions(*proposals: Intervention) -> Questions:
    asked = Questions()
    for each in proposals:
        asked = Questions(interventions=asked.interventions.set(each.id, each), last=each.number)
    return asked


def test_the_most_supported_come_first_each_with_what_became_of_it() -> None:
    chosen = Selected(PolicyQuestionId("q"), (SessionId("plenary"),))
    asked = questions(
        proposal(P1, 1),
        proposal(P2, 2, support=3),
        proposal(P3, 3, status=InterventionStatus.JOINED, into=P2),
        proposal(P4, 4, status=InterventionStatus.DECLINED, reason="Asked already"),
    )
    found = submissions(asked, OpenCall(selected={P2: chosen}))
    assert [(each.proposal.number, each.fate, each.into) for each in found] == [
        (2, ProposalFate.SELECTED, 0),
        (1, ProposalFate.PROPOSED, 0),
        (3, ProposalFate.JOINED, 2),
        (4, ProposalFate.NOT_TAKEN, 0),
    ]
    assert found[0].selected == chosen
    assert texts_of(asked) == {P1: "Who pays for 1?", P2: "Who pays for 2?"}


def test_what_nobody_published_has_no_text_and_is_named_only_where_it_was_not_taken() -> None:
    held = {"published": False, "text": "Rude"}
    asked = questions(
        proposal(P1, 1, status=InterventionStatus.CHECKED, **held),
        proposal(P2, 2, status=InterventionStatus.DECLINED, **held),
        proposal(P3, 3, removed=True),
        proposal(P4, 4, status=InterventionStatus.WITHDRAWN),
    )
    found = submissions(asked, OpenCall())
    assert [(each.proposal.number, each.text) for each in found] == [(2, "")]
    assert texts_of(asked) == {}


def test_one_that_was_joined_with_a_proposal_whose_arrival_was_removed_is_a_proposal() -> None:
    asked = questions(proposal(P1, 1, status=InterventionStatus.JOINED, into=P4), proposal(P2, 2))
    assert [each.fate for each in submissions(asked, OpenCall())] == [ProposalFate.PROPOSED, ProposalFate.PROPOSED]
    assert submissions(asked, OpenCall())[1].text == "Who pays for 2?"


@pytest.mark.parametrize(("support", "young", "shown"), [(9, True, 0), (10, True, 10), (9, False, 9)])
def test_few_supporters_are_not_shown_among_young_people(support: int, young: bool, shown: int) -> None:
    assert shown_support(proposal(P1, 1, support=support), young_people=young) == shown
