from __future__ import annotations

from pathlib import Path

import pytest

from moothall.cli.refine import Of, read_proposals, write_proposals
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.proposals.refining import Proposal

OF = Of(session=SessionId("s"), model="better")
PROPOSAL = Proposal(
    segment=SegmentId("a"),
    channel=ChannelId("floor"),
    base_revision=0,
    t0=0,
    old="trues",
    new="truths",
    stays=0.0,
    machine=True,
)


def test_what_is_written_can_be_read_and_lines_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "s.proposals.jsonl"
    path.write_bytes(write_proposals(OF, [PROPOSAL, PROPOSAL]))
    assert read_proposals(path) == (OF, (PROPOSAL, PROPOSAL))
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], b"", lines[1]]))
    assert read_proposals(path) == (OF, (PROPOSAL,))


def test_what_is_wrong_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p"
    for data, sentence in (
        (b"", "empty"),
        (b"{}\n", "Line 1 of"),
        (write_proposals(OF, [PROPOSAL]) + b"x", "Line 3 of"),
    ):
        path.write_bytes(data)
        with pytest.raises(ConfigurationError, match=sentence):
            read_proposals(path)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_proposals(tmp_path / "none")
