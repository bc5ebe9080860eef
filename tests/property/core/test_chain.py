from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.chain import (
    SALT_BYTES,
    Header,
    body_digest,
    checkpoint_bytes,
    decode_header,
    link,
    seal,
)
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.ids import Epoch, SessionId
from support.sessions.strategies import COMMAND_IDS, NAMES, WHOLE, of_struct

HEADERS: st.SearchStrategy[Header] = st.builds(
    Header,
    session=NAMES,
    epoch=NAMES,
    offset=WHOLE,
    lane=NAMES.map(lambda name: f"ch:{name}"),
    prev=WHOLE,
    type=NAMES,
    at=WHOLE,
    role=st.sampled_from(Role),
    actor=NAMES,
    cause=COMMAND_IDS,
    n=st.integers(0, 100),
)
SALTS = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)
DIGESTS = st.binary(min_size=32, max_size=32)
HEADS: st.SearchStrategy[dict[str, LaneHead]] = st.dictionaries(NAMES, of_struct(LaneHead), max_size=5)


@given(header=HEADERS, previous=DIGESTS, salt=SALTS, body=st.binary(max_size=200))
def test_a_sealed_event_holds_what_went_in_and_digests_that_follow_from_it(
    header: Header, previous: bytes, salt: bytes, body: bytes
) -> None:
    record = seal(previous, header, salt, body)
    assert (record.header, record.salt, record.body) == (header, salt, body)
    assert decode_header(record.header_bytes) == header
    assert record.body_digest == body_digest(salt, body)
    assert record.digest == link(previous, record.header_bytes, record.body_digest)
    assert header.by == Actor(header.role, header.actor)


@given(header=HEADERS, previous=DIGESTS, salt=SALTS, body=st.binary(max_size=50), data=st.data())
def test_any_other_input_gives_another_digest(
    header: Header, previous: bytes, salt: bytes, body: bytes, data: st.DataObject
) -> None:
    one = (previous, header, salt, body)
    other = data.draw(st.tuples(DIGESTS, HEADERS, SALTS, st.binary(max_size=50)))
    changed = data.draw(st.tuples(*(st.sampled_from(pair) for pair in zip(one, other, strict=True))))
    assert (seal(*changed).digest == seal(*one).digest) == (changed == one)


@given(heads=HEADS, data=st.data())
def test_a_checkpoints_bytes_depend_on_what_the_heads_are_not_on_their_order(
    heads: dict[str, LaneHead], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(heads.items()))))
    assert checkpoint_bytes(SessionId("a"), Epoch("e"), shuffled) == checkpoint_bytes(SessionId("a"), Epoch("e"), heads)


@given(one=st.tuples(NAMES, NAMES, HEADS), other=st.tuples(NAMES, NAMES, HEADS))
def test_different_checkpoints_are_never_the_same_bytes(
    one: tuple[SessionId, Epoch, dict[str, LaneHead]], other: tuple[SessionId, Epoch, dict[str, LaneHead]]
) -> None:
    assert (checkpoint_bytes(*one) == checkpoint_bytes(*other)) == (one == other)


@given(header=HEADERS, cut=st.integers(1, 400))
def test_a_header_that_was_cut_is_refused(header: Header, cut: int) -> None:
    header_bytes = msgspec.json.encode(header)
    try:
        decode_header(header_bytes[:-cut])
    except Unreadable:
        return
    raise AssertionError(header_bytes)
