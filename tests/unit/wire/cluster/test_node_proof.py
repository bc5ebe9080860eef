from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.wire.cluster.node_proof import (
    FOR,
    HOST,
    KEY_BYTES,
    NODE,
    NONCE_BYTES,
    PROOF,
    PROTO,
    WINDOW_MS,
    Carried,
    Doubt,
    Proofs,
    carried,
    key_text,
    proved,
    read_key,
    time_heard,
    time_told,
)

KEY, OTHER = bytes(range(KEY_BYTES)), bytes(KEY_BYTES)
NOW = 1_764_000_000_000
ASKED = Carried(
    node="b", method="POST", target="/s/x/ask?ui=fr", address="192.0.2.7", scheme="https", host="b.example:8443"
)
FIELDS = ("node", "method", "target", "address", "scheme", "host")
texts = st.text(max_size=20)
requests = st.builds(Carried, **dict.fromkeys(FIELDS, texts))
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)


def proof(what: Carried = ASKED, *, key: bytes = KEY, wall: int = NOW, nonce: bytes = bytes(NONCE_BYTES)) -> str:
    return proved(key, what, wall=wall, nonce=nonce)[PROOF]


def doubt(proof: str, what: Carried = ASKED, *, wall: int = NOW, key: bytes = KEY) -> Doubt | None:
    return Proofs(key).doubt(proof, what, wall=wall, monotonic=0)


@given(what=requests, nonce=nonces, late=st.integers(-WINDOW_MS, WINDOW_MS))
def test_what_a_node_proves_is_believed_within_the_window(what: Carried, nonce: bytes, late: int) -> None:
    assert doubt(proof(what, nonce=nonce), what, wall=NOW + late) is None


@given(what=requests, other=requests, nonce=nonces)
def test_a_proof_is_good_for_no_other_request(what: Carried, other: Carried, nonce: bytes) -> None:
    assert doubt(proof(what, nonce=nonce), other) is (None if what == other else Doubt.FORGED)


@given(what=requests, field=st.sampled_from(FIELDS), value=texts)
def test_a_proof_is_good_with_no_field_changed(what: Carried, field: str, value: str) -> None:
    altered = msgspec.structs.replace(what, **{field: value})
    assert doubt(proof(what), altered) is (None if what == altered else Doubt.FORGED)


@given(what=requests)
def test_no_letter_moves_from_one_field_to_the_next(what: Carried) -> None:
    moved = msgspec.structs.replace(what, method=what.method + what.target[:1], target=what.target[1:])
    assert doubt(proof(what), moved) is (None if what == moved else Doubt.FORGED)


@given(key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_another_key_proves_nothing(key: bytes) -> None:
    assert doubt(proof(key=key)) is (None if key == KEY else Doubt.FORGED)


@given(late=st.one_of(st.integers(WINDOW_MS + 1, NOW), st.integers(-NOW, -WINDOW_MS - 1)))
def test_one_that_is_old_or_of_the_future_is_refused(late: int) -> None:
    assert doubt(proof(), wall=NOW + late) is Doubt.CLOCK


@given(at=st.integers(0, len(proof()) - 1), letter=st.sampled_from("AZaz09-_.=\n é"))
def test_no_letter_of_a_proof_can_be_changed(at: int, letter: str) -> None:
    altered = proof()[:at] + letter + proof()[at + 1 :]
    assert doubt(altered) in ((None,) if altered == proof() else (Doubt.UNREADABLE, Doubt.FORGED))


@pytest.mark.parametrize("text", ["", "1.2.3", proof() + "\n", " " + proof(), f"0{proof()}", proof().replace(".", ":")])
def test_what_is_no_proof_is_none(text: str) -> None:
    assert doubt(text) is Doubt.UNREADABLE


@given(what=requests, first=st.integers(-WINDOW_MS, WINDOW_MS), passed=st.integers(0, 3 * WINDOW_MS))
def test_a_proof_is_good_once_for_as_long_as_it_could_be_good(what: Carried, first: int, passed: int) -> None:
    proofs, sent = Proofs(KEY), proof(what, wall=NOW + first)
    assert proofs.doubt(sent, what, wall=NOW, monotonic=5) is None
    again = proofs.doubt(sent, what, wall=NOW + passed, monotonic=5 + passed)
    assert again is (Doubt.REPEATED if passed - first <= WINDOW_MS else Doubt.CLOCK)


@given(time=st.integers(1, 10**14), at=st.integers(0, 57))
def test_the_time_that_a_keeper_tells_is_heard_from_nobody_else_and_behind_no_other_proof(time: int, at: int) -> None:
    told = time_told(KEY, proof(), wall=time)
    assert time_heard(KEY, proof(), told) == time
    assert time_heard(OTHER, proof(), told) is None
    assert time_heard(KEY, proof(nonce=b"x" * NONCE_BYTES), told) is None
    altered = told[:at] + ("1" if told[at : at + 1] == "0" else "0") + told[at + 1 :]
    assert time_heard(KEY, proof(), altered) is None
    assert time_heard(KEY, proof(), "") is None


def test_a_wall_clock_that_jumps_to_and_fro_lets_none_in_twice() -> None:
    proofs, sent = Proofs(KEY), proof()
    assert proofs.doubt(sent, ASKED, wall=NOW, monotonic=0) is None
    hour = NOW + 3_600_000
    assert proofs.doubt(proof(wall=hour, nonce=b"x" * NONCE_BYTES), ASKED, wall=hour, monotonic=10) is None
    assert proofs.doubt(sent, ASKED, wall=NOW, monotonic=20) is Doubt.REPEATED


def test_one_too_many_is_refused_until_others_are_forgotten() -> None:
    proofs = Proofs(KEY, most=2)
    sent = [proof(nonce=bytes([n]) * NONCE_BYTES) for n in range(3)]
    assert [proofs.doubt(each, ASKED, wall=NOW, monotonic=n) for n, each in enumerate(sent)] == [None, None, Doubt.FULL]
    assert proofs.doubt(sent[0], ASKED, wall=NOW, monotonic=3) is Doubt.REPEATED
    assert proofs.doubt(sent[2], ASKED, wall=NOW, monotonic=2 * WINDOW_MS + 1) is None


def test_a_forged_one_takes_no_room() -> None:
    proofs = Proofs(KEY, most=1)
    for n in range(5):
        forged = proof(key=OTHER, nonce=bytes([n]) * NONCE_BYTES)
        assert proofs.doubt(forged, ASKED, wall=NOW, monotonic=0) is Doubt.FORGED
    assert proofs.doubt(proof(), ASKED, wall=NOW, monotonic=0) is None


@given(what=requests.filter(lambda what: what.node != ""))
def test_headers_say_what_was_carried(what: Carried) -> None:
    headers = proved(KEY, what, wall=NOW, nonce=bytes(NONCE_BYTES))
    assert carried(headers, what.method, what.target) == what
    for name in (NODE, FOR, PROTO, HOST):
        assert carried({each: headers[each] for each in headers if each != name}, what.method, what.target) is None


def test_the_origin_is_that_of_the_nodes_pages() -> None:
    assert ASKED.origin == "https://b.example:8443"
    assert not msgspec.structs.replace(ASKED, host="").origin


@given(key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_a_key_is_read_as_it_was_written(key: bytes) -> None:
    assert read_key(key_text(key)) == key


@pytest.mark.parametrize("text", ["", "é", "AAAA", "A" * 42 + "*", key_text(KEY)[:-2], key_text(KEY + b"x")])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        read_key(text)
