"""The chain's bytes are fixed: people who verify records with their own programs need them to stay."""

from __future__ import annotations

import hashlib

import pytest

from moothall.core.chain import GENESIS, checkpoint_bytes, decode_header
from moothall.core.events import types as ev
from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.ids import Epoch, SessionId
from support.sessions.recorder import Recorder


def test_a_header_is_json_in_the_order_of_its_fields() -> None:
    record = Recorder().record(ev.SessionPaused(t=5))
    assert record.header_bytes == (
        b'{"session":"plenary","epoch":"k3j9x2","offset":1,"lane":"session","prev":0,"type":"session.paused",'
        b'"at":1764000000040,"role":"system","actor":"server","cause":"command-1","n":0}'
    )
    assert decode_header(record.header_bytes) == record.header


def test_the_digests_can_be_worked_out_by_hand() -> None:
    recorder = Recorder()
    first, second = recorder.record(ev.SessionPaused(t=5)), recorder.record(ev.SessionPaused(t=6))
    assert second.salt is not None
    assert second.body is not None
    assert bytes(32) == GENESIS
    assert second.body_digest == hashlib.sha256(second.salt + second.body).digest()
    start = hashlib.sha256(GENESIS + first.header_bytes + first.body_digest).digest()
    assert second.digest == hashlib.sha256(start + second.header_bytes + second.body_digest).digest()


def test_a_checkpoints_bytes() -> None:
    heads = {"session": LaneHead(9, "ab"), "ch:floor": LaneHead(8, "cd")}
    assert checkpoint_bytes(SessionId("plenary"), Epoch("k3"), heads) == (
        b'moothall-checkpoint-1\n["plenary","k3",[["ch:floor",8,"cd"],["session",9,"ab"]]]'
    )


@pytest.mark.parametrize("header_bytes", [b"", b"{}", b"[]", b"\xff", b'{"session":1}'])
def test_what_is_no_header_is_refused(header_bytes: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_header(header_bytes)
