from __future__ import annotations

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.hashes import EMPTY_ROOT, root_of
from moothall.core.proof.notes import SignedNote, TreeHead
from moothall.core.proof.witnessing import (
    MOST_REQUEST_BYTES,
    Cosignable,
    NotCosigned,
    WitnessRequest,
    WitnessStatus,
    judge,
    read_request,
    standing,
)
from support.proof.histories import FALSE, TRUE
from support.proof.keys import log_key

LOGS = (log_key().key,)


def test_the_first_checkpoint_and_what_continues_it_is_cosigned() -> None:
    first = judge(TRUE.request(0, 3), None, LOGS, ed25519)
    assert first == Cosignable(TreeHead("meeting.example/log", 3, root_of(3, TRUE.perfect)), TRUE.note(3))
    assert isinstance(judge(TRUE.request(3, 8), TRUE.note(3), LOGS, ed25519), Cosignable)
    assert isinstance(judge(TRUE.request(3, 3), TRUE.note(3), LOGS, ed25519), Cosignable)


def test_a_history_that_was_rewritten_with_the_true_key_is_found() -> None:
    found = judge(FALSE.request(3, 8), TRUE.note(3), LOGS, ed25519)
    assert isinstance(found, NotCosigned)
    assert (found.status, found.certain) == (WitnessStatus.INCONSISTENT, False)
    assert found.conflict == (TRUE.note(3), FALSE.note(8))
    same = judge(FALSE.request(3, 3), TRUE.note(3), LOGS, ed25519)
    assert isinstance(same, NotCosigned)
    assert (same.status, same.certain) == (WitnessStatus.INCONSISTENT, True)
    assert same.conflict == (TRUE.note(3), FALSE.note(3))


def test_a_split_view_is_evidence_even_where_another_size_is_continued() -> None:
    found = judge(FALSE.request(0, 3), TRUE.note(3), LOGS, ed25519)
    assert isinstance(found, NotCosigned)
    assert (found.status, found.size, found.certain) == (WitnessStatus.OTHER_SIZE, 3, True)
    assert found.conflict == (TRUE.note(3), FALSE.note(3))


def test_another_old_size_is_answered_with_the_known_one() -> None:
    found = judge(TRUE.request(2, 8), TRUE.note(3), LOGS, ed25519)
    assert isinstance(found, NotCosigned)
    assert (found.status, found.size, found.conflict) == (WitnessStatus.OTHER_SIZE, 3, None)
    fresh = judge(TRUE.request(2, 8), None, LOGS, ed25519)
    assert isinstance(fresh, NotCosigned)
    assert (fresh.status, fresh.size) == (WitnessStatus.OTHER_SIZE, 0)


def test_a_proof_for_the_first_checkpoint_is_too_much() -> None:
    request = WitnessRequest(0, (bytes(32),), TRUE.note(3))
    found = judge(request, None, LOGS, ed25519)
    assert isinstance(found, NotCosigned)
    assert (found.status, found.conflict) == (WitnessStatus.INCONSISTENT, None)


def test_unknown_logs_and_wrong_signatures_are_refused() -> None:
    def status(note: SignedNote, old: int = 0) -> WitnessStatus:
        found = judge(WitnessRequest(old, (), note), None, LOGS, ed25519)
        assert isinstance(found, NotCosigned)
        assert found.sentence.endswith(".")
        return found.status

    assert status(log_key("other/log").checkpoint(3, bytes(32))) is WitnessStatus.UNKNOWN
    assert (
        status(SignedNote(TRUE.note(3).text, (log_key("other/log").sign(TRUE.note(3).text),)))
        is WitnessStatus.NOT_SIGNED
    )
    assert status(SignedNote(TRUE.note(3).text, FALSE.note(3).signatures)) is WitnessStatus.NOT_SIGNED
    assert status(TRUE.note(3), old=4) is WitnessStatus.UNREADABLE
    assert status(SignedNote("a\n", ())) is WitnessStatus.UNREADABLE


def test_an_empty_tree_may_be_cosigned() -> None:
    note = log_key().checkpoint(0, EMPTY_ROOT)
    assert isinstance(judge(WitnessRequest(0, (), note), None, LOGS, ed25519), Cosignable)
    assert isinstance(judge(TRUE.request(0, 3), note, LOGS, ed25519), Cosignable)


def test_a_request_is_the_text_of_the_specification() -> None:
    request = TRUE.request(3, 8)
    lines = bytes(request).decode().split("\n")
    assert lines[0] == "old 3"
    assert lines[1 + len(request.path)] == ""
    assert read_request(bytes(request)) == request
    assert read_request(bytes(TRUE.request(0, 3))) == TRUE.request(0, 3)


@pytest.mark.parametrize(
    "data",
    [b"", b"old 3\n", b"new 3\n\na\n\n", b"old 03\n\na\n\n", b"old 3\nx\n\na\n\n", b"o" * (MOST_REQUEST_BYTES + 1)],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(ProofBroken):
        read_request(data)


def test_a_log_that_a_witness_has_outrun_stands_still() -> None:
    own, seen = TreeHead("a", 5, bytes(32)), TreeHead("a", 8, b"\1" * 32)
    assert standing(own, None, seen).sentence == "A witness has cosigned size 8, and here the tree has 5 leaves."
    assert standing(seen, bytes(32), own) == standing(own, bytes(32), own)
    assert not standing(seen, bytes(32), own).behind
    assert standing(seen, b"\2" * 32, own).sentence == ("At size 5 a witness has cosigned another root than is here.")
