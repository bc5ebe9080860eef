"""Finds the messages of published reports that quote a speaker of a session, for the speaker's private link."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from moothall.core.events.outcome_parts import Citation, PublishedMessage
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, SessionId, SpeakerId
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State
from moothall.services.outcomes.outcome_logs import listed_reports
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.sessions.catalogue import Entry

MOST_FOUND = 100
"""The most messages that are found. Overflow: the oldest are left out."""


class QuotingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that quotes the speaker."""

    session: SessionId
    """The session whose report it stands in."""
    title: str
    """The report's title."""
    language: str
    """BCP-47 tag of the report."""
    at: int
    """When this version was published, Unix ms."""
    message: PublishedMessage


@dataclass(eq=False, repr=False)
class MessagesQuoting:
    """Looks into the newest versions of the reports of sessions that public lists name. `entries` lists all logs of the
    house.
    """

    reports: PublishedReports
    entries: Callable[[], Awaitable[Sequence[Entry]]]

    async def find(self, state: State, speaker: SpeakerId) -> Sequence[QuotingMessage]:
        """The messages that cite a line of the speaker's, or a translation of one, the newest first; `state`: of the
        speaker's session. Reports whose logs can't be read are left out. Raises StorageUnavailable.
        """
        spoken = _spoken(state, speaker)
        found: list[QuotingMessage] = []
        for session, log in listed_reports(await self.entries()).items():
            version = None
            with suppress(RecordBroken):
                version = (await self.reports.read(log)).newest
            if version is None:
                continue
            found += [
                QuotingMessage(
                    session=session, title=version.title, language=version.language, at=version.at, message=each
                )
                for each in version.messages
                if any(_quotes(state, citation, spoken) for citation in each.citations)
            ]
        return sorted(found, key=lambda each: -each.at)[:MOST_FOUND]


def _spoken(state: State, speaker: SpeakerId) -> Mapping[ChannelId, Sequence[int]]:
    """When the speaker's lines and their translations begin, media ms, in order, in each text."""
    found: dict[ChannelId, list[int]] = {}
    own = (line for _, line in state.segments.items() if not line.gone and _is_of(state, line, speaker))
    for line in own:
        found.setdefault(line.channel, []).append(line.t0)
    return {channel: sorted(times) for channel, times in found.items()}


def _is_of(state: State, line: Segment, speaker: SpeakerId) -> bool:
    sources = () if line.made_from is None else line.made_from.sources
    said = [line, *filter(None, (state.segments.get(each.segment) for each in sources))]
    return any(each.speaker == speaker for each in said)


def _quotes(state: State, citation: Citation, spoken: Mapping[ChannelId, Sequence[int]]) -> bool:
    """Whether a citation's span has one of those lines. Of a line that was removed nobody knows whose it was."""
    if citation.session != state.id or citation.channel is None:
        return False
    ends = [state.segments.get(each) for each in (citation.first, citation.last) if each is not None]
    times = [line.t0 for line in ends if line is not None]
    own = spoken.get(citation.channel, ())
    if not times or not own:
        return False
    after = bisect_left(own, min(times))
    return after < len(own) and own[after] <= max(times)
