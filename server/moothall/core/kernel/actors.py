"""Who acts: a role and a pseudonym. An actor has no name in it, since event headers are kept for ever."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """The function of an actor. `moothall.core.rules.authority` decides by the role alone what an actor may do."""

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
    """An outside program that sends lines."""
    PARTICIPANT = "participant"
    READER = "reader"


class Actor(msgspec.Struct, frozen=True):
    """Who sent a command: `role` decides what is allowed, `id` is a pseudonym."""

    role: Role
    id: str
    hub: str = ""
    """The hub for which the actor acts; not stored in event headers."""
    tool: str = ""
    """The public name of an outside tool; not stored in event headers."""

    @property
    def logged_as(self) -> Role:
        """The role for event headers. An outside tool is logged as an engine: release 0.2.0 can't read a role that it
        doesn't know, and a tool's lines carry the tool's name.
        """
        return Role.ENGINE if self.role is Role.TOOL else self.role


SYSTEM = Actor(Role.SYSTEM, "server")

OPERATOR = "operator"
"""The pseudonym of the operator at the shell, in the log of what the operator does."""
