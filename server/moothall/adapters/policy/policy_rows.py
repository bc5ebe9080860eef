"""View data of policy questions and open calls. It names only meetings that everybody may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from babel.dates import format_date

from moothall.adapters.admin.view import when
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.questions.asking_texts import SUPPORT
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, iso_time
from moothall.core.outcomes.register import AskedQuestion, Register
from moothall.core.questions.submissions import Submission, SubmissionFate, shown_support
from moothall.core.sessions.state import State, Status
from moothall.services.outcomes.answers import ReportAnswer
from moothall.services.sessions.catalogue import Entry

FATES = {
    SubmissionFate.PROPOSED: "Proposed",
    SubmissionFate.JOINED: "Joined with no. {n}",
    SubmissionFate.SELECTED: "Selected as a policy question",
    SubmissionFate.NOT_TAKEN: "Not taken, because: {reason}",
}
"""What became of a proposal: message keys."""
Row = dict[str, object]


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call in a list."""

    address: str
    title: str
    language: str
    direction: str
    over: bool
    until: str
    """When it ends, in words by the conference's zone; empty where somebody closes it."""
    moment: str
    """The same in ISO 8601."""


@dataclass(eq=False, repr=False)
class PolicyRows:
    """Makes the view data. `known`: the entry of a session, public or not, without reading any log."""

    known: Callable[[SessionId], Entry | None]
    zone: Callable[[], Zone]

    def call(self, state: State, ui: Catalogue, query: str) -> CallRow:
        """A call."""
        call, zone = state.outcomes.call, self.zone()
        return CallRow(
            address=f"/calls/{quote(state.id)}{query}",
            title=state.title,
            language=call.language,
            direction=direction(call.language),
            over=state.status is Status.CLOSED,
            until=when(call.until, None, ui, zone),
            moment="" if call.until is None else iso_time(zone.at(call.until)),
        )

    def question(self, each: AskedQuestion, register: Register, ui: Catalogue, query: str) -> Row:
        """A policy question, with the years of its public sessions."""
        sessions = self.sessions(register.sessions_of(each.id), ui, query)
        years = sorted({str(year) for row in sessions if (year := row["year"])})
        return {
            "id": each.id,
            "address": f"/policy/{quote(each.id)}{query}",
            "text": each.text,
            "language": each.language,
            "direction": direction(each.language),
            "closed": each.closed,
            "sessions": sessions,
            "years": ui.listed(years),
        }

    def sessions(self, names: Sequence[SessionId], ui: Catalogue, query: str) -> list[Row]:
        """The sessions of these names that public lists show."""
        zone = self.zone()
        found = [entry for name in names if (entry := self.known(name)) is not None and entry.listed]
        return [
            {
                "id": entry.session,
                "address": f"/s/{quote(entry.session)}{query}",
                "title": entry.title.strip() or ui.text("Meeting without a title"),
                "language": entry.languages[0] if entry.title.strip() and entry.languages else "",
                "date": "" if entry.opened is None else format_date(zone.at(entry.opened), "long", locale=ui.locale),
                "year": 0 if entry.opened is None else zone.at(entry.opened).year,
            }
            for entry in names_first(found)
        ]

    def answers(self, answers: Sequence[ReportAnswer], ui: Catalogue, query: str) -> list[Row]:
        """Messages of reports of public sessions, each with its session."""
        return [
            {
                "session": session,
                "kind": ui.named(f"outcomes/kind.{each.message.kind}"),
                "text": each.message.text,
                "address": f"/s/{quote(each.session)}/outcome{query}#Message-{quote(each.message.id)}",
                "language": each.language,
                "direction": direction(each.language),
                "holders": ui.listed(f"\u2068{holder}\u2069" for holder in each.message.holders),
            }
            for each in answers
            for session in self.sessions([each.session], ui, query)
        ]

    def submissions(
        self,
        state: State,
        found: Sequence[Submission],
        register: Register,
        ui: Catalogue,
        query: str,
        *,
        mine: frozenset[InterventionId] = frozenset(),
        own: frozenset[InterventionId] = frozenset(),
    ) -> list[Row]:
        """The proposals of a call, each with what became of it. `mine`: what the visitor supports; `own`: what they
        proposed.
        """
        return [self._submission(state, each, register, ui, query, mine=mine, own=own) for each in found]

    def _submission(
        self,
        state: State,
        each: Submission,
        register: Register,
        ui: Catalogue,
        query: str,
        *,
        mine: frozenset[InterventionId],
        own: frozenset[InterventionId],
    ) -> Row:
        proposal, open_ = each.intervention, state.status is not Status.CLOSED
        support = shown_support(proposal, young_people=state.young_people)
        reason = f"\u2068{proposal.reason}\u2069"
        asked = None if each.selected is None else register.questions.get(each.selected.question)
        return {
            "id": proposal.id,
            "number": proposal.number,
            "text": each.text,
            "language": proposal.language,
            "direction": direction(proposal.language),
            "name": proposal.name if proposal.published else "",
            "fate": each.fate.value,
            "became": ui.text(FATES[each.fate], n=each.into, reason=reason),
            "into": f"#No-{each.into}" if each.into else "",
            "question": None if asked is None else self.question(asked, register, ui, query),
            "support": ui.counted(SUPPORT, support) if support else "",
            "mine": proposal.id in mine,
            "own": proposal.id in own,
            "may_support": open_
            and proposal.published
            and each.fate in (SubmissionFate.PROPOSED, SubmissionFate.SELECTED)
            and proposal.id not in own,
            "action": f"/calls/{quote(state.id)}/proposals/{proposal.number}/support{query}",
        }


def names_first(entries: Sequence[Entry]) -> list[Entry]:
    """Sessions by the time at which they began; those that haven't last."""
    return sorted(entries, key=lambda entry: (entry.opened is None, entry.opened or 0, entry.session))


def as_json(row: Mapping[str, object], *fields: str) -> dict[str, object]:
    """The fields of a row that programs get."""
    return {field: row[field] for field in fields}
