"""What every command is.

It is a module of its own because the commands of sessions and those of outcomes stand on it.
"""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """A request to a log's writer, which causes events or is refused. A field without a description is that of the
    resulting event.
    """
