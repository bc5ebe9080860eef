"""What became of the proposals that were sent to a call for policy questions, for everybody to read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import InterventionId
from moothall.core.outcomes.call import OpenCall, Selected
from moothall.core.questions.interventions import Intervention, Questions

FEWEST_SHOWN = 10
"""In a call among young people, fewer supporters than this are not shown."""


class ProposalFate(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    JOINED = "joined"
    """It is joined with another proposal."""
    SELECTED = "selected"
    """It became a policy question."""
    NOT_TAKEN = "not-taken"


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal in a call."""

    proposal: Intervention
    fate: ProposalFate
    into: int = 0
    """The number of the proposal with which it is joined; 0 for none."""
    selected: Selected | None = None
    """The policy question that it became, and for which sessions."""

    @property
    def text(self) -> str:
        """Its text; empty where it was never published."""
        return self.proposal.text if self.proposal.published else ""


def submissions(questions: Questions, call: OpenCall) -> list[Submission]:
    """The proposals of a call that everybody may read, the most supported first.

    A proposal that was not taken before it was published is among them without its text, so that its number and the
    reason are public. One whose words were removed, or that its author took back, is not.
    """
    found = [_submission(questions, call, each) for _, each in questions.interventions.items() if _shown(each)]
    return sorted(found, key=lambda each: (-each.proposal.support, each.proposal.number))


def texts_of(questions: Questions) -> Mapping[InterventionId, str]:
    """The texts of all published proposals that may still be supported, by number."""
    published = [each for _, each in questions.interventions.items() if _shown(each) and each.published]
    taken = (InterventionStatus.JOINED, InterventionStatus.DECLINED)
    proposed = [each for each in published if each.status not in taken]
    return {each.id: each.text for each in sorted(proposed, key=lambda each: each.number)}


def shown_support(each: Intervention, *, young_people: bool) -> int:
    """How many support a proposal; 0 too where that may not be shown."""
    return 0 if young_people and each.support < FEWEST_SHOWN else each.support


def _shown(each: Intervention) -> bool:
    if each.removed or each.status is InterventionStatus.WITHDRAWN:
        return False
    return each.published or each.status is InterventionStatus.DECLINED


def _submission(questions: Questions, call: OpenCall, each: Intervention) -> Submission:
    if (selected := call.selected.get(each.id)) is not None:
        return Submission(proposal=each, fate=ProposalFate.SELECTED, selected=selected)
    if each.status is InterventionStatus.DECLINED:
        return Submission(proposal=each, fate=ProposalFate.NOT_TAKEN)
    other = questions.get(each.into) if each.status is InterventionStatus.JOINED and each.into is not None else None
    if other is not None:
        return Submission(proposal=each, fate=ProposalFate.JOINED, into=other.number)
    return Submission(proposal=each, fate=ProposalFate.PROPOSED)
