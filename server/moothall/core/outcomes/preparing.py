"""The list of policy questions of a session, as the register has prepared it. It joins two logs, and so it is a rule of
neither.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.ids import SessionId
from moothall.core.outcomes.register import Preparation, Register
from moothall.core.outcomes.register_rules import MOST_OF_SESSION


def session_list(
    register: Register, session: SessionId, present: Sequence[PolicyQuestion]
) -> tuple[PolicyQuestion, ...]:
    """The list that a session is to have: the register's questions under their ids, then its own ones of `present`.

    Overflow: own questions beyond `MOST_OF_SESSION` are left out.
    """
    prepared = register.prepared.get(session, Preparation(questions=()))
    asked = [register.questions[name] for name in prepared.questions if name in register.questions]
    own = [each for each in present if each.id not in register.questions]
    return (*(PolicyQuestion(id=each.id, text=each.text) for each in asked), *own)[:MOST_OF_SESSION]
