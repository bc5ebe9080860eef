"""A link may carry more from a later release: unknown fields and kinds change nothing, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import is_command_id
from moothall.wire import engine, translation
from moothall.wire.hubs import messages as hub
from moothall.wire.hubs.acts import AnyAct
from moothall.wire.kinds import UnknownKind
from support.sessions.strategies import of_type

Decode = Callable[[bytes], Any]
NUMBERS = st.integers(-(2**63), 2**64 - 1)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
MORE = st.dictionaries(st.text(max_size=6).map(lambda name: f"later_{name}"), ANYTHING, max_size=3)


def kinds(*unions: Any) -> set[object]:
    return {kind.__struct_config__.tag for union in unions for kind in get_args(union)}


class Way(NamedTuple):
    """A direction of a link."""

    messages: Any
    encode: Callable[[Any], bytes]
    decode: Decode
    known: set[object]


ENGINE, HUB = kinds(engine.ToEngine, engine.ToServer), kinds(hub.FromHub, hub.ToHub)
WAYS = [
    Way(engine.ToEngine, engine.encode, engine.decode_to_engine, ENGINE),
    Way(engine.ToServer, engine.encode, engine.decode_to_server, ENGINE),
    Way(hub.FromHub, hub.encode, hub.decode_from_hub, HUB),
    Way(hub.ToHub, hub.encode, hub.decode_to_hub, HUB),
]
each_way = pytest.mark.parametrize("way", WAYS, ids=["to engine", "to server", "from hub", "to hub"])


@each_way
@given(data=st.data())
def test_fields_that_nobody_knows_change_nothing(way: Way, data: st.DataObject) -> None:
    message = data.draw(of_type(way.messages))
    told, more = msgspec.msgpack.decode(way.encode(message)), data.draw(MORE)
    frame = msgspec.msgpack.encode({**more, **told} if isinstance(told, dict) else [*told, *more.values()])
    assert way.decode(frame) == message


@each_way
@given(kind=st.text(max_size=12), more=MORE)
def test_a_kind_that_nobody_knows_is_passed_over(way: Way, kind: str, more: dict[str, Any]) -> None:
    if kind not in way.known:
        with pytest.raises(UnknownKind):
            way.decode(msgspec.msgpack.encode({"m": kind, **more}))


@pytest.mark.parametrize("decode", [hub.decode_from_hub, hub.decode_to_hub])
@given(kind=st.integers(3, 2**40), more=st.lists(ANYTHING, max_size=14))
def test_an_array_of_a_kind_that_nobody_knows_is_passed_over(decode: Decode, kind: int, more: list[Any]) -> None:
    with pytest.raises(UnknownKind):
        decode(msgspec.msgpack.encode([kind, *more]))


@pytest.mark.parametrize("decode", [translation.decode_to_translators, translation.decode_from_translators])
@given(kind=st.text(max_size=12), more=MORE)
def test_translators_pass_it_over_as_well(decode: Decode, kind: str, more: dict[str, Any]) -> None:
    if kind not in kinds(translation.ToTranslators, translation.FromTranslators):
        with pytest.raises(UnknownKind):
            decode(msgspec.msgpack.encode({"m": kind, **more}))


@given(kind=st.text(max_size=12), more=MORE, name=st.text(max_size=40) | st.just("clap:1"))
def test_an_act_that_nobody_knows_is_named_where_its_name_is_one(kind: str, more: dict[str, Any], name: str) -> None:
    told = {"m": "act", "id": name, "session": "s", "at": 1, "act": {"type": kind, **more}}
    if kind in kinds(AnyAct):
        return
    with pytest.raises(hub.UnknownAct if is_command_id(name) else ProtocolError) as refused:
        hub.decode_from_hub(msgspec.msgpack.encode(told))
    assert not isinstance(refused.value, hub.UnknownAct) or refused.value.id == name


@each_way
@given(frame=st.binary(max_size=60))
def test_whatever_comes_is_a_message_or_an_error_of_the_protocol(way: Way, frame: bytes) -> None:
    with suppress(ProtocolError):
        way.decode(frame)
