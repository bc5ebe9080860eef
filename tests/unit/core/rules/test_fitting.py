from __future__ import annotations

from typing import get_args

import pytest

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import DocumentForm
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import PolicyQuestionId, SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.rules.fitting import fits
from moothall.core.sessions.state import State
from support.sessions.deciding import FLOOR, created, refused
from support.sessions.outcomes import ASSIGNED, log

CALL = oc.StateCall(text="Which?", language="en")
QUESTION = oc.StateQuestion(question=PolicyQuestionId("q1"), text="Why?", language="en")
DOCUMENT = oc.StateDocument(form=DocumentForm.DAY, since="2026-12-01", until="2026-12-01")
OWN: dict[ev.LogKind, do.AnyCommand] = {
    ev.LogKind.CALL: CALL,
    ev.LogKind.REGISTER: QUESTION,
    ev.LogKind.REPORT: ASSIGNED,
    ev.LogKind.DOCUMENT: DOCUMENT,
}


@pytest.mark.parametrize("kind", sorted(OWN))
def test_a_log_takes_the_commands_of_its_kind_alone(kind: ev.LogKind) -> None:
    state = log(kind, OWN[kind])
    for other, command in OWN.items():
        if other is not kind:
            assert refused(state, command).code is RefusalCode.CONFLICT
    attach = do.AttachEngine(channel=FLOOR, model="m")
    assert refused(state, attach).message == f"This can't be done with a {kind}."


@pytest.mark.parametrize("command", OWN.values(), ids=[str(kind) for kind in OWN])
def test_a_session_takes_no_command_about_outcomes(command: do.AnyCommand) -> None:
    assert refused(created(), command).message == "This can't be done with a session."


def test_a_log_has_to_be_made_first() -> None:
    assert refused(State(id=SessionId("s")), QUESTION).code is RefusalCode.UNKNOWN


def test_a_session_takes_all_that_it_ever_took() -> None:
    outcomes = set(get_args(oc.OutcomeCommand))
    for kind in get_args(do.AnyCommand):
        if kind not in outcomes:
            assert fits(ev.LogKind.SESSION, kind)


@pytest.mark.parametrize(
    ("kind", "asked"), [(ev.LogKind.CALL, True), (ev.LogKind.DOCUMENT, True), (ev.LogKind.REGISTER, False)]
)
def test_where_everybody_may_propose_or_comment(kind: ev.LogKind, asked: bool) -> None:
    assert fits(kind, do.Ask) is asked
