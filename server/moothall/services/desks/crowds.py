"""Answers desks' requests about many questions: for older ones, and to decline all from one address."""

from __future__ import annotations

import msgspec

from moothall.core.commands import SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, is_command_id
from moothall.core.rules import questions as question_rules
from moothall.services.desks.desks import Desks
from moothall.services.desks.questions import LEADERS
from moothall.services.desks.requests import DeskRequest, Extra
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.questions.asking_addresses import AskingAddresses


class CrowdMessages:
    """The desk messages about many questions from one address."""

    def __init__(self, addresses: AskingAddresses, desks: Desks) -> None:
        self._addresses = addresses
        self._desks = desks

    def all(self) -> dict[str, Extra]:
        """Handlers, by message name."""
        return {"older": self._older, "crowd": self._crowd}

    async def _older(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Return the questions before a number, the newest first."""
        if desk.staff.role not in LEADERS:
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for leading the discussion: it shows no questions.")
        return self._desks.older(desk, request.first)

    async def _crowd(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Decline, in one act, all questions that are being checked and came from one address."""
        if not is_command_id(request.id):
            return refuse(RefusalCode.INVALID, "This act needs an id.")
        act = CommandId(request.id)
        names = self._addresses.of(desk.live.id, desk.live.state.questions, request.kind)
        if not names and desk.live.writer.receipt(act) is None:
            return refuse(RefusalCode.STALE, "None of these questions is being checked any more.")
        most = question_rules.MOST_AT_ONCE
        parts = [names[first : first + most] for first in range(0, max(1, len(names)), most)]
        declined = [
            SetStatus(interventions=part, status=InterventionStatus.DECLINED, reason=request.text) for part in parts
        ]
        answer = await self._desks.act(desk, act, declined)
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer.receipt)}
