"""Finds what a meeting is to answer, for its own page and for its desk, and whether its report was published. It reads
no log unless other meetings feed it or it has a report, since a whole hall asks for that page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.prepared_meeting import OtherMeeting, PreparedMeeting, PreparedQuestion, SentText
from moothall.adapters.policy.policy_rows import PolicyRows, Row
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.outcomes.register import Preparation
from moothall.services.outcomes.answers import Feeder
from moothall.services.outcomes.policy import PolicyQuestions

MOST_TEXTS = 30
"""Messages, and open questions, of one meeting on the page of another: a whole hall asks for that. Overflow: the
other's own pages have the rest.
"""


@dataclass(eq=False, repr=False)
class PreparedMeetings:
    """Makes the part. `listed`: the policy questions of a session's own log; `feeders`: the sessions that feed it;
    `published`: whether there is a published version of its report.
    """

    policy: PolicyQuestions
    rows: PolicyRows
    listed: Callable[[SessionId], Sequence[PolicyQuestion]]
    feeders: Callable[[SessionId], Awaitable[Sequence[Feeder]]]
    published: Callable[[SessionId], Awaitable[bool]]

    async def of(self, session: SessionId, ui: Catalogue) -> PreparedMeeting | None:
        """What a session is to answer; None for nothing. Raises StorageUnavailable."""
        register = self.policy.known()
        prepared = register.prepared.get(session, Preparation(questions=()))
        questions = []
        for each in self.listed(session):
            known = register.questions.get(each.id)
            address = "" if known is None else str(self.rows.question(known, register, ui, ui.query)["address"])
            questions.append(PreparedQuestion(each.text, "" if known is None else known.language, address))
        feeders = [
            _other(row, _sent(each, ui), _texts(each, ui))
            for each in await self.feeders(session)
            for row in self.rows.sessions([each.session], ui, ui.query)
        ]
        main = self.rows.sessions([] if prepared.feeds is None else [prepared.feeds], ui, ui.query)
        found = PreparedMeeting(
            tuple(questions),
            prepared.objectives,
            tuple(feeders),
            _other(main[0]) if main else None,
            f"/s/{quote(session)}/outcome{ui.query}" if await self.published(session) else "",
        )
        return found if found.asks or found.report else None


def _other(row: Row, sent: str = "", texts: tuple[SentText, ...] = ()) -> OtherMeeting:
    return OtherMeeting(str(row["address"]), str(row["title"]), str(row["language"]), sent, texts)


def _texts(each: Feeder, ui: Catalogue) -> tuple[SentText, ...]:
    messages = [
        SentText(ui.named(f"outcomes/kind.{one.message.kind}"), one.message.text, one.language, direction(one.language))
        for one in each.answers[:MOST_TEXTS]
    ]
    questions = [
        SentText(ui.text("Open question no. {n}", n=one.number), one.text, one.language, direction(one.language))
        for one in each.open[:MOST_TEXTS]
        if one.text
    ]
    return (*messages, *questions)


def _sent(each: Feeder, ui: Catalogue) -> str:
    found = [ui.counted("{n} message", len(each.answers))] if each.answers else []
    found += [ui.counted("{n} open question", len(each.open))] if each.open else []
    return ui.listed(found)
