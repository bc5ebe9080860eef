from __future__ import annotations

import hashlib

import msgspec
import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import ProofBroken
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.proof.entries import (
    EXPORT_MARK,
    ExportEntry,
    bundle,
    entry_of,
    event_entry,
    file_digest,
    read_bundle,
    read_event_entry,
    read_export_entry,
)
from support.sessions.recorder import Recorder

EXPORT = ExportEntry(
    session=SessionId("plenary"), epoch=Epoch("k3"), offset=9, channel=ChannelId("floor"), form="vtt", digest="ab" * 32
)


def record() -> LogRecord:
    return Recorder().record(ev.SessionPaused(t=5))


def test_an_event_is_its_header_and_the_digest_of_its_body() -> None:
    event = record()
    entry = entry_of(event)
    assert entry == event.header_bytes + event.body_digest == event_entry(event.header_bytes, event.body_digest)
    assert read_event_entry(entry) == (event.header, event.body_digest)
    assert read_export_entry(entry) is None


def test_a_removal_changes_no_entry() -> None:
    event = record()
    assert entry_of(msgspec.structs.replace(event, body=None, salt=None)) == entry_of(event)


def test_a_file_says_what_it_is() -> None:
    assert EXPORT.entry == (b'moothall-export-1\n["plenary","k3",9,"floor","vtt","' + b"ab" * 32 + b'",""]')
    assert read_export_entry(EXPORT.entry) == EXPORT


@pytest.mark.parametrize("entry", [b"", bytes(40), b"{}" + bytes(32)])
def test_what_is_no_event_is_refused(entry: bytes) -> None:
    with pytest.raises(ProofBroken, match="no event"):
        read_event_entry(entry)


def test_a_file_cannot_be_found_by_trying_out_what_it_may_have_said() -> None:
    sha256 = hashlib.sha256(b"Ann said so.").digest()
    assert file_digest(bytes(16), sha256) == hashlib.sha256(bytes(16) + sha256).hexdigest()
    assert file_digest(bytes(16), sha256) != file_digest(b"another salt....", sha256)


def test_what_is_no_file_is_refused() -> None:
    with pytest.raises(ProofBroken, match="no file"):
        read_export_entry(EXPORT_MARK + b"[]")


def test_a_bundle_has_each_entry_behind_its_length() -> None:
    entries = [b"", b"a", b"b" * 300]
    data = bundle(entries)
    assert data == b"\0\0\0\1a\1\x2c" + b"b" * 300
    assert read_bundle(data) == entries
    with pytest.raises(ProofBroken, match="within entry 2"):
        read_bundle(data[:-1])
