"""Against the examples of the specifications, and against what nobody may pass for a note."""

from __future__ import annotations

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.hashes import EMPTY_ROOT
from moothall.core.proof.notes import (
    MOST_NOTE_BYTES,
    MOST_SIGNATURES,
    NoteSignature,
    SignatureKind,
    SignedNote,
    TreeHead,
    VerifierKey,
    cosigned_message,
    decode64,
    encode64,
    read_head,
    read_note,
    read_signatures,
)
from support.proof.keys import log_key, witness_key

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
"""The example of c2sp.org/signed-note."""


def test_the_example_of_the_specification_verifies() -> None:
    key, note = VerifierKey.parse(VKEY), read_note(NOTE.encode())
    assert note.text == "This is an example message.\n"
    assert note.signed_by(key, ed25519) == 0
    assert str(key) == VKEY
    assert bytes(note) == NOTE.encode()


def test_one_altered_byte_of_the_text_is_found() -> None:
    key = VerifierKey.parse(VKEY)
    for at in range(NOTE.index("\n")):
        altered = NOTE[:at] + chr(ord(NOTE[at]) ^ 1) + NOTE[at + 1 :]
        with pytest.raises(ProofBroken, match="isn't one of what stands above it"):
            read_note(altered.encode()).signed_by(key, ed25519)


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    note = read_note(NOTE.encode())
    assert note.signed_by(log_key().key, ed25519) is None
    other = note.with_signatures([log_key().sign(note.text)])
    assert other.signed_by(VerifierKey.parse(VKEY), ed25519) == 0
    assert len(other.signatures) == 2
    assert other.with_signatures([log_key().sign(note.text)]) == other


def test_a_cosignature_carries_its_time() -> None:
    witness, text = witness_key("w.example"), TreeHead("a", 0, EMPTY_ROOT).text
    note = SignedNote(text, (witness.sign(text, 1_679_315_147), witness.sign(text, 5)))
    assert note.signed_by(witness.key, ed25519) == 1_679_315_147
    assert cosigned_message(7, "a\n") == b"cosignature/v1\ntime 7\na\n"


def test_a_cosignature_of_another_time_is_found() -> None:
    witness, text = witness_key("w.example"), "a\n0\nb\n"
    good = witness.sign(text, 5)
    for data in (good.data[:7] + b"\x06" + good.data[8:], good.data[:-1], b"\xff" + good.data[1:]):
        with pytest.raises(ProofBroken):
            SignedNote(text, (NoteSignature(good.name, good.id, data),)).signed_by(witness.key, ed25519)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+Aekye",
        "example.com/foo+530d903a+" + encode64(b"\x06" + bytes(32)),
        "example.com/foo+530d903a+" + encode64(b"\x01" + bytes(31)),
    ],
)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(ProofBroken):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"x" * (MOST_NOTE_BYTES + 1), "bytes at most"),
        (b"a\xff\n\n\n", "isn't UTF-8 at byte 1"),
        (b"a\n\tb\n\n", "control character in line 2"),
        (b"a\n", "this is none"),
        (b"a\n\n", "this is none"),
        (b"a\n\n- k AAAAAAA=\n", "no signature"),
        ("a\n\n\u2014 k AAAAAA==\n".encode(), "no signature"),
        ("a\n\n\u2014 k+ AAAAAAA=\n".encode(), "no signature"),
        ("a\n\n\u2014 k A\n".encode(), "isn't Base64"),
        ("a\n\n\u2014 k AAAAAAB=\n".encode(), "isn't Base64 as it is written"),
    ],
)
def test_what_is_no_note_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(ProofBroken, match=sentence):
        read_note(data)


def test_a_note_has_at_least_sixteen_signatures() -> None:
    lines = [log_key(f"k{n}").sign("a\n").line for n in range(MOST_SIGNATURES + 1)]
    assert len(read_signatures("".join(lines[:16]))) == 16
    with pytest.raises(ProofBroken, match="at most"):
        read_signatures("".join(lines))


def test_a_checkpoint_says_its_tree() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    head = read_head(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert head.text == text
    extended = read_head(f"{text}more\n")
    assert extended.extensions == ("more",)
    assert extended.text == f"{text}more\n"


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "\n1\n" + encode64(bytes(32)) + "\n",
        "a\n01\n" + encode64(bytes(32)) + "\n",
        "a\n-1\n" + encode64(bytes(32)) + "\n",
        "a\n" + "9" * 19 + "\n" + encode64(bytes(32)) + "\n",
        "a\n1\n" + encode64(bytes(31)) + "\n",
        "a\n0\n" + encode64(bytes(32)) + "\n",
        "a\n1\n" + encode64(bytes(32)) + "\n\nb\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ProofBroken):
        read_head(text)


def test_base64_has_one_way_to_be_written() -> None:
    assert decode64(encode64(b"abc"), "it") == b"abc"
    for text in ("YWJ=", "YWI", "YW I=", "YWI=\n"):
        with pytest.raises(ProofBroken, match="It isn't Base64"):
            decode64(text, "it")


def test_kinds_have_the_bytes_of_the_specification() -> None:
    assert (SignatureKind.NOTE, SignatureKind.COSIGNATURE) == (1, 4)
