"""The scopes of a token: which acts of the staff a program may do with it.

It is a module of its own because services, doors and the command line name them.
"""

from __future__ import annotations

from enum import StrEnum


class TokenScope(StrEnum):
    """A group of acts. A token has at least one."""

    SESSIONS = "sessions"
    """Make, change, open, close and reopen sessions, and see how all of them stand."""
    PROGRAMME = "programme"
    """Import a conference file."""
    LINKS = "links"
    """Make role links for sessions and rooms, whose holders can do all that their role may."""
    RECORD = "record"
    """Seal records, and take those home that not everybody may read."""
    STREAMS = "streams"
    """Try streams of sound, and say from which one a session's text is made."""
