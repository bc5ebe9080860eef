"""Who acts: a role and a pseudonym. Names never stand here, since headers are kept for ever."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody is there for; authority (`moothall.core.rules.authority`) decides by role alone."""

    SYSTEM = "system"
    ENGINE = "engine"
    TRANSLATOR = "translator"
    TECHNICIAN = "technician"
    CHAIR = "chair"
    MODERATOR = "moderator"
    CAPTIONER = "captioner"
    INTERPRETER = "interpreter"
    RAPPORTEUR = "rapporteur"
    HUB = "hub"
    SECRETARIAT = "secretariat"
    TOOL = "tool"
    """An outside tool that sends lines."""
    PARTICIPANT = "participant"
    READER = "reader"


class Actor(msgspec.Struct, frozen=True):
    """Who sent a command: `role` decides what is allowed, `id` is a pseudonym."""

    role: Role
    id: str
    hub: str = ""
    """The hub for which it acts; in no header."""
    tool: str = ""
    """The public name of an outside tool; in no header."""

    @property
    def logged_as(self) -> Role:
        """The role in headers. An outside tool stands there as an engine: 0.2.0 can't read a role that it doesn't know,
        and the lines of a tool say its name.
        """
        return Role.ENGINE if self.role is Role.TOOL else self.role


SYSTEM = Actor(Role.SYSTEM, "server")

OPERATOR = "operator"
"""The pseudonym of the operator at the shell, in the records of what they do."""
