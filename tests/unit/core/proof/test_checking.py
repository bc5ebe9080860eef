"""One altered byte, wherever it is, is found and named; and what the person doesn't have is said."""

from __future__ import annotations

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.proof.checking import Cosigned, ProofVerdict, Trusted, check
from moothall.core.proof.notes import SignedNote
from moothall.core.proof.policy import read_policy
from moothall.core.proof.tlog_proofs import InclusionProof
from support.proof.keys import log_key
from support.proof.logged import FILE, cosigned, event, export, line, policy_of, proved, trusting

WITNESSES = ("w1.example", "w2.example")


def test_all_of_it_proves_a_line() -> None:
    proof = cosigned(proved(event(line())), *WITNESSES)
    found = check(bytes(proof), trusting(policy_of(*WITNESSES), proof.note))
    assert (found.verdict, found.faults, found.lacks, found.notes) == (ProofVerdict.PROVED, (), (), ())
    assert found.key == "meeting.example/log"
    assert found.cosigned == tuple(Cosigned(name, 1_764_000_250) for name in WITNESSES)
    assert found.thing == event(line())
    assert found.head == proof.head


def test_one_altered_byte_anywhere_is_found_and_named() -> None:
    proof = cosigned(proved(event(line())), *WITNESSES)
    data, trusted = bytes(proof), trusting(policy_of(*WITNESSES), proof.note)
    for at in range(len(data)):
        for other in {data[at] ^ 1, data[at] ^ 0x20, 0x0A, 0xFF} - {data[at]}:
            found = check(data[:at] + bytes([other]) + data[at + 1 :], trusted)
            assert found.verdict is ProofVerdict.BROKEN, (at, other)
            assert found.faults[0].endswith("."), found.faults


def test_one_byte_less_or_more_anywhere_is_found() -> None:
    proof = cosigned(proved(event(line())), *WITNESSES)
    data, trusted = bytes(proof), trusting(policy_of(*WITNESSES), proof.note)
    for at in range(len(data)):
        assert check(data[:at] + data[at + 1 :], trusted).verdict is ProofVerdict.BROKEN, at
        assert check(data[:at] + data[at : at + 1] + data[at:], trusted).verdict is ProofVerdict.BROKEN, at


def test_one_altered_byte_of_a_file_is_found_and_named() -> None:
    data, trusted = bytes(proved(export())), trusting()
    assert check(data, trusted, file=FILE).verdict is ProofVerdict.PROVED
    for at in range(len(FILE)):
        found = check(data, trusted, file=FILE[:at] + bytes([FILE[at] ^ 1]) + FILE[at + 1 :])
        assert found.faults == ("The file was altered: it isn't the one that was logged.",)


def test_a_file_that_is_not_there_is_said() -> None:
    found = check(bytes(proved(export())), trusting())
    assert found.verdict is ProofVerdict.UNPROVED
    assert found.lacks == ("The file isn't here, so it wasn't compared with what was logged.",)


def test_without_a_key_nothing_is_proved_and_that_is_said() -> None:
    found = check(bytes(proved(event(line()))), Trusted(verify=ed25519))
    assert found.verdict is ProofVerdict.UNPROVED
    assert found.lacks == ("No key was given: whether the server signed it wasn't checked. Use --key.",)
    assert [note.rpartition("Use ")[2] for note in found.notes] == ["--policy.", "--heads."]


def test_another_servers_key_proves_nothing() -> None:
    other = Trusted(verify=ed25519, publics=(log_key("other").key.public,))
    found = check(bytes(proved(event(line()))), other)
    assert found.faults == ("No key that was given has signed the checkpoint of meeting.example/log.",)


def test_a_policy_of_another_tree_is_said_to_be_one() -> None:
    policy = read_policy(f"log {log_key('other.example/log').key}\nquorum none\n".encode())
    found = check(bytes(proved(event(line()))), Trusted(verify=ed25519, policy=policy))
    assert found.verdict is ProofVerdict.UNPROVED
    assert found.lacks == (
        "No key that was given is one of meeting.example/log: whether the server signed it wasn't checked. Use --key.",
    )


def test_other_words_with_the_same_proof_are_found() -> None:
    proof, other = proved(event(line())), proved(event(line("The floor is mine.")))
    found = check(bytes(InclusionProof(other.extra, proof.index, proof.path, proof.note)), trusting())
    assert "What it says of session plenary isn't at place 5 of the tree" in found.faults[0]


def test_too_few_witnesses_are_named() -> None:
    proof = cosigned(proved(event(line())), WITNESSES[0])
    found = check(bytes(proof), trusting(policy_of(*WITNESSES)))
    assert found.faults == ("Too few have cosigned the checkpoint: by the policy it lacks 1 of w2.example.",)


def test_two_histories_are_shown_with_both_checkpoints() -> None:
    proof = proved(event(line()))
    elsewhere = log_key().checkpoint(9, bytes(32))
    found = check(bytes(proof), trusting(None, proof.note, elsewhere))
    assert found.split == (elsewhere, proof.note)
    assert found.faults == ("Elsewhere another history was shown: two roots of meeting.example/log at size 9.",)


@pytest.mark.parametrize("seen", [log_key().checkpoint(8, bytes(32)), log_key("other/log").checkpoint(9, bytes(32))])
def test_checkpoints_of_other_sizes_and_trees_show_nothing(seen: SignedNote) -> None:
    assert check(bytes(proved(event(line()))), trusting(None, seen)).split is None


def test_what_cannot_be_read_is_broken() -> None:
    found = check(b"x", trusting())
    assert (found.verdict, found.thing) == (ProofVerdict.BROKEN, None)
