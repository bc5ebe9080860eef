"""Answers the staff's pages about a second pass's proposals: lists them, accepts them or leaves lines as they are."""

from __future__ import annotations

import asyncio

import msgspec

from moothall.core.commands import CorrectSegment
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, is_command_id
from moothall.core.proposals.proposing import Fate, differing
from moothall.core.proposals.refining import Proposal
from moothall.core.rules.authority import may_send
from moothall.core.sessions.state import State
from moothall.services.desks.desks import Desks
from moothall.services.desks.requests import DeskRequest, Extra
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.log.act_queue import unavailable
from moothall.services.proposals.proposing import Proposals

ROWS = 50
"""Most proposals in one answer: some 20 KB, and 20 ms to find the words that differ."""
MOST_AT_ONCE = 1_000
"""Most lines in one act that accepts proposals."""
ALL = "all"
"""The kind of an `accept` that names no lines: it takes all waiting proposals for lines that nobody has touched and of
which most words stay."""
_ANY = CorrectSegment(channel=ChannelId(""), segment=SegmentId(""), base_revision=0, base_words=0, text="")


class ProposalMessages:
    """The desk messages about proposals. Links that may not correct a line are refused."""

    def __init__(self, proposals: Proposals, desks: Desks) -> None:
        self._proposals = proposals
        self._desks = desks

    def all(self) -> dict[str, Extra]:
        """Handlers, by message name."""
        return {"proposals": self._rows, "accept": self._accept, "leave-lines": self._leave, "take-up": self._take_up}

    async def _rows(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Return proposals from number `first` on, or those for `segments`, in order of time."""
        if not may_send(desk.staff.role, _ANY):
            return _forbidden()
        kept = self._proposals.kept(desk.live.id)
        if kept is None:
            return {"run": "", "fates": "", "rows": []}
        numbered = list(enumerate(kept.proposals))
        if request.segments:
            wanted = set(request.segments)
            numbered = [each for each in numbered if each[1].segment in wanted]
        chosen = numbered[max(0, request.first) :][:ROWS]
        fates, state = self._proposals.fates(desk.live.writer), desk.live.state
        # Run in a thread, so that readers don't wait for the comparison of words.
        rows = await asyncio.to_thread(
            lambda: [proposal_row(number, each, fates[number], state) for number, each in chosen]
        )
        return {"run": kept.run, "model": kept.model, "at": kept.at, "fates": fates, "rows": rows}

    async def _accept(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Accept proposals for lines, as one act that can be undone."""
        refusal = _objection(desk, request)
        if refusal is not None:
            return refusal
        if (known := desk.live.writer.receipt(CommandId(request.id))) is None:
            lines = request.segments or self._proposals.untouched(desk.live.writer)[:MOST_AT_ONCE]
            commands = self._proposals.accepting(desk.live.writer, request.run, lines)
            if isinstance(commands, Refusal):
                return commands
            answer = await self._desks.act(desk, CommandId(request.id), commands)
            if isinstance(answer, Refusal):
                return answer
            known = answer.receipt
            self._desks.look(desk.live.id)
        return {"receipt": msgspec.to_builtins(known)}

    async def _leave(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Leave lines as they are, until `take-up`. The log holds nothing of it."""
        return await self._turn(desk, request, left=True)

    async def _take_up(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Let lines that were left be decided on once more."""
        return await self._turn(desk, request, left=False)

    async def _turn(self, desk: DeskConnection, request: DeskRequest, *, left: bool) -> dict[str, object] | Refusal:
        refusal = _objection(desk, request)
        if refusal is not None:
            return refusal
        try:
            answer = await self._proposals.leave(desk.live.writer, request.run, request.segments, left=left)
        except StorageUnavailable:
            return unavailable()
        self._desks.look(desk.live.id)
        return answer if isinstance(answer, Refusal) else {}


def _objection(desk: DeskConnection, request: DeskRequest) -> Refusal | None:
    if not may_send(desk.staff.role, _ANY):
        return _forbidden()
    if not is_command_id(request.id) or bool(request.segments) is (request.kind == ALL):
        return refuse(RefusalCode.INVALID, "This act needs an id and says which lines it concerns.")
    return None


def _forbidden() -> Refusal:
    return refuse(RefusalCode.FORBIDDEN, "Your link is not for correcting lines, nor for proposed corrections.")


def proposal_row(number: int, proposal: Proposal, fate: str, state: State) -> dict[str, object]:
    """A proposal as pages show it, of plain values for JSON."""
    line = state.segments.get(proposal.segment)
    old, new = differing(proposal.old, proposal.new)
    shown = line is not None and not line.gone
    return {
        "n": number,
        "segment": proposal.segment,
        "channel": proposal.channel,
        "t0": proposal.t0,
        "t1": max(proposal.t0, line.t1) if line is not None else proposal.t0,
        "language": line.language if line is not None else "",
        "name": state.speakers.get(line.speaker, "") if line is not None and line.speaker else "",
        "old": old,
        "new": new,
        "now": line.whole.strip() if line is not None and shown and fate == Fate.CHANGED else None,
    }
