"""The file of what a second pass proposes: for a person to read, thin out and mend, and for `--accept` to carry out.

JSON Lines: the first says of which session and by which model, each further one is a proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.proposals.refining import Proposal


class Of(msgspec.Struct, frozen=True, kw_only=True):
    """The first line."""

    refine: int = 1
    """The version of the form."""
    session: SessionId
    model: str


def write_proposals(of: Of, proposals: Sequence[Proposal]) -> bytes:
    """The file."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in (of, *proposals))


def read_proposals(path: Path) -> tuple[Of, tuple[Proposal, ...]]:
    """What a file says; empty lines are passed over. Raises ConfigurationError with the line that is wrong."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}."
        raise ConfigurationError(msg) from error
    of: Of | None = None
    proposals: list[Proposal] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if of is None:
                of = read_json(line, Of)
            else:
                proposals.append(read_json(line, Proposal))
        except Unreadable as error:
            msg = f"Line {number} of {path} is no proposal: {error}. Put it right, or take the line out."
            raise ConfigurationError(msg) from error
    if of is None:
        msg = f"{path} is empty: it doesn't even say of which session it is."
        raise ConfigurationError(msg)
    return of, tuple(proposals)
