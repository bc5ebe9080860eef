"""Which commands fit a log: a meeting, a call, the register, a report or a document."""

from __future__ import annotations

from typing import get_args

from moothall.core import commands as do
from moothall.core.events.types import LogKind
from moothall.core.kernel.command import Command
from moothall.core.outcomes.commands import (
    CallCommand,
    DocumentCommand,
    EnterTranslation,
    OutcomeCommand,
    RegisterCommand,
    ReportCommand,
)

_Commands = frozenset[type[Command]]


def _of(union: object) -> _Commands:
    return frozenset(get_args(union))


_EVERY: _Commands = frozenset({do.DescribeSession, do.ArrangeSession})
_LIFE: _Commands = frozenset(
    {do.AddChannel, do.OpenSession, do.CloseSession, do.ReopenSession, do.CancelSession, do.ReinstateSession}
)
_ASKED = _of(do.QuestionCommand)

_FITTING: dict[LogKind, _Commands] = {
    LogKind.CALL: _EVERY | _LIFE | _ASKED | _of(CallCommand),
    LogKind.REGISTER: _EVERY | _of(RegisterCommand),
    LogKind.REPORT: _EVERY | _of(ReportCommand) | {EnterTranslation},
    LogKind.DOCUMENT: _EVERY | _LIFE | _ASKED | _of(DocumentCommand) | {EnterTranslation},
}
_OUTCOMES = _of(OutcomeCommand)


def fits(kind: LogKind, command: type[Command]) -> bool:
    """Whether a log of this kind takes commands of this type, whoever sends them."""
    if kind is LogKind.SESSION:
        return command not in _OUTCOMES
    return command in _FITTING[kind]
