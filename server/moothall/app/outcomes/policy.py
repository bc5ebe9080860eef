"""Policy questions and open calls: their services, the doors of their pages, and what other pages show of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from aiohttp import web

from moothall.adapters.pages.request_context import SessionRequest
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.policy.policy_desk_door import PolicyDeskDoor
from moothall.adapters.policy.policy_door import PolicyDoor
from moothall.adapters.policy.policy_rows import PolicyRows
from moothall.adapters.policy.prepared import PreparedMeetings
from moothall.adapters.questions.author_page import More
from moothall.adapters.reports.suggesting import MeaningVectors
from moothall.adapters.search.meaning_files import MeaningFiles
from moothall.app.backend import Backend
from moothall.app.parts import Entrance
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.state import ON
from moothall.services.outcomes.answers import Answers
from moothall.services.outcomes.calls import OpenCalls
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.outcomes.similar_submissions import SimilarSubmissions
from moothall.services.questions.author_view import Own
from moothall.services.sessions.catalogue import SessionCatalogue


class PolicyParts(NamedTuple):
    """The services of policy questions."""

    policy: PolicyQuestions
    calls: OpenCalls
    answers: Answers
    rows: PolicyRows
    prepared: PreparedMeetings

    def there_are(self) -> bool:
        """Whether there is a policy question, or an open call."""
        return bool(self.policy.known().questions) or self.calls.there_are_open


def open_policy(stack: AsyncExitStack, backend: Backend, catalogue: SessionCatalogue) -> PolicyParts:
    """Hand on what is prepared, and close calls at their deadlines, until the stack unwinds."""
    logs = OutcomeLogs(backend.sessions, entries=catalogue.all)
    policy = PolicyQuestions(logs, clock=backend.clock)
    calls, answers = (
        OpenCalls(logs, policy, clock=backend.clock),
        Answers(logs, policy, lambda log: catalogue.known(log) is not None),
    )
    backend.sessions.observe(policy.observe)
    backend.sessions.observe(calls.observe)
    backend.keep(stack, policy.run, calls.run)
    rows = PolicyRows(catalogue.known, backend.programme.zone)

    def listed(session: SessionId) -> Sequence[PolicyQuestion]:
        return backend.loaded(session, lambda live: live.state.notes_and_tags.questions, ())

    prepared = PreparedMeetings(policy, rows, listed, answers.feeders, answers.published)
    return PolicyParts(policy, calls, answers, rows, prepared)


def policy_doors(
    parts: PolicyParts, backend: Backend, entrance: Entrance, context: VisitorContext
) -> Sequence[web.RouteDef]:
    """The routes of the public pages and of the secretariat's."""
    door = PolicyDoor(
        context,
        policy=parts.policy,
        calls=parts.calls,
        rows=parts.rows,
        asking=backend.asking,
        supports=backend.ballots,
        answers_of=parts.answers.of_question,
        meaning=_meaning(backend),
    )
    desk = PolicyDeskDoor(
        pages=entrance.forms,
        policy=parts.policy,
        calls=parts.calls,
        rows=parts.rows,
        meetings=entrance.catalogue.meetings,
    )
    return [*door.routes(), *desk.routes()]


def _meaning(backend: Backend) -> SimilarSubmissions | None:
    """What compares proposals by meaning; None without the extra."""
    if not isinstance(backend.similar, MeaningFiles):
        return None
    return SimilarSubmissions(
        MeaningVectors(backend.similar.child),
        quiet=lambda: not any(live.state.status in ON for live in backend.sessions.all_loaded),
        clock=backend.clock,
    )


def became(parts: PolicyParts, backend: Backend) -> More:
    """What an author's page needs of the policy question that a proposal became."""

    def more(wanted: SessionRequest, own: Own) -> Mapping[str, object]:
        selected = backend.loaded(wanted.session, lambda live: live.state.outcomes.call.selected, {})
        chosen = selected.get(own.intervention.id)
        asked = None if chosen is None else parts.policy.known().questions.get(chosen.question)
        return {} if asked is None else {"policy_question": asked}

    return more
