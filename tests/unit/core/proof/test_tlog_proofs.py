from __future__ import annotations

import zlib

import msgspec
import pytest

from moothall.core.kernel.errors import ProofBroken
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.proof.entries import ExportEntry, entry_of
from moothall.core.proof.notes import encode64
from moothall.core.proof.tlog_proofs import (
    MAGIC,
    MOST_PROOF_BYTES,
    InclusionProof,
    LoggedEvent,
    LoggedExport,
    read_proof,
    thing_of,
)
from support.proof.logged import CONTEXT, SALT, event, line, proved


def test_a_proof_is_the_text_of_the_specification() -> None:
    proof = proved(event(line()))
    lines = bytes(proof).decode().split("\n")
    assert lines[0] == MAGIC == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    assert [len(each) for each in lines[3:7]] == [44] * 4
    assert lines[7:10] == ["", "meeting.example/log", "9"]
    assert read_proof(bytes(proof)) == proof
    assert proof.leads_to(entry_of(line()))
    assert not proof.leads_to(b"other")


def test_it_says_what_was_logged() -> None:
    record = line("Żółć, 主席先生")
    thing = thing_of(proved(event(record)))
    assert thing == event(record)
    assert isinstance(thing, LoggedEvent)
    assert thing.entry == entry_of(record)
    assert thing.about == record.header
    assert thing.context == CONTEXT


def test_words_that_were_removed_have_no_proof() -> None:
    assert LoggedEvent.of(msgspec.structs.replace(line(), body=None, salt=None), CONTEXT) is None
    assert LoggedEvent.of(msgspec.structs.replace(line(), salt=None), CONTEXT) is None


def test_a_file_is_logged_by_its_digest() -> None:
    file = ExportEntry(
        session=SessionId("plenary"), epoch=Epoch("k"), offset=1, channel=ChannelId("f"), form="vtt", digest="00"
    )
    thing = LoggedExport(file=file, salt=SALT, context=CONTEXT)
    assert thing_of(proved(thing)) == thing
    assert thing.entry == file.entry
    with pytest.raises(ProofBroken, match="salt in the line 'extra' has 2 bytes"):
        thing_of(proved(LoggedExport(file=file, salt=b"ab", context=CONTEXT)))


def test_proofs_of_others_without_extra_are_read() -> None:
    proof = proved(event(line()))
    bare = read_proof(bytes(InclusionProof(None, proof.index, proof.path, proof.note)))
    assert bare.leads_to(entry_of(line()))
    with pytest.raises(ProofBroken, match="no line 'extra'"):
        thing_of(bare)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("c2sp", "c2sq", "Line 1 is not"),
        ("extra ", "extra A", "'extra' of the proof isn't Base64"),
        ("extra ", "other ", "no line 'index'"),
        ("index 5", "index 05", "index of the proof is no number"),
        ("index ", "place ", "no line 'index'"),
        ("\n\n", "\n", "Hash 5 of the proof isn't Base64"),
    ],
)
def test_the_part_that_cannot_be_read_is_named(old: str, new: str, sentence: str) -> None:
    data = bytes(proved(event(line()))).decode().replace(old, new, 1)
    with pytest.raises(ProofBroken, match=sentence):
        read_proof(data.encode())


def test_what_is_no_proof_is_refused() -> None:
    for data in (b"", b"x" * (MOST_PROOF_BYTES + 1), f"{MAGIC}\n\n".encode(), f"{MAGIC}\nextra AA==\n\n".encode()):
        with pytest.raises(ProofBroken):
            read_proof(data)


def test_hashes_of_another_length_and_too_many_are_refused() -> None:
    proof = proved(event(line()))
    short = bytes(proof).decode().replace(encode64(proof.path[1]), encode64(bytes(31)), 1)
    with pytest.raises(ProofBroken, match="Hash 2 of the proof has 31 bytes"):
        read_proof(short.encode())
    long = InclusionProof(proof.extra, 5, (bytes(32),) * 64, proof.note)
    with pytest.raises(ProofBroken, match="63 hashes at most"):
        read_proof(bytes(long))


def test_an_extra_line_of_another_program_is_not_ours() -> None:
    proof = proved(event(line()))
    assert proof.extra is not None
    for packed in (b"", b"age-v1", zlib.compress(b"{}"), zlib.compress(msgspec.msgpack.encode({"type": "later"}))):
        made = InclusionProof(packed, 5, proof.path, proof.note)
        with pytest.raises(ProofBroken, match="altered, or isn't of Moothall"):
            thing_of(made)
        summed = InclusionProof(_with_sum(packed), 5, proof.path, proof.note)
        with pytest.raises(ProofBroken, match="release that is known here"):
            thing_of(summed)


def test_a_salt_has_its_length() -> None:
    short = msgspec.structs.replace(event(line()), salt=b"x")
    with pytest.raises(ProofBroken, match=r"salt .* has 1 bytes"):
        thing_of(proved(short))


def _with_sum(packed: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(packed).digest()[:4] + packed
