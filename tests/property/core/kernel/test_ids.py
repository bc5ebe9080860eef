from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.ids import Epoch, Position, is_command_id, is_name
from support.sessions.strategies import COMMAND_IDS, NAMES

EPOCHS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=32).map(Epoch)


@given(name=NAMES)
def test_a_name_is_safe_in_a_path_and_in_an_address(name: str) -> None:
    assert is_name(name)
    assert name not in (".", "..")
    assert not set(name) & set("/\\ \n%?#")


@given(text=st.text(max_size=70))
def test_other_texts_are_no_names(text: str) -> None:
    lawful = 1 <= len(text) <= 64 and set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-")
    assert is_name(text) == (lawful and text[0] not in "_.-")


@pytest.mark.parametrize("text", ["", "a\n", "a" * 65, ".", "..", ".a", "-a", "_a", "A", "é", "a/b", "a:b", "\u0661"])
def test_near_names_are_refused(text: str) -> None:
    assert not is_name(text)


@given(text=COMMAND_IDS)
def test_a_commands_id_has_letters_digits_and_a_few_signs(text: str) -> None:
    assert is_command_id(text)
    assert not is_command_id(text + "\n")
    assert not is_command_id(":" + text)
    assert not is_command_id(text + "a" * 128)


@given(epoch=EPOCHS, offset=st.integers(0, 10**16 - 1))
def test_a_position_comes_back_from_its_text(epoch: Epoch, offset: int) -> None:
    position = Position(epoch, offset)
    assert Position.parse(str(position)) == position


@given(text=st.text(max_size=30))
def test_a_text_that_is_read_is_the_position_s_own(text: str) -> None:
    try:
        position = Position.parse(text)
    except ValueError:
        return
    assert str(position) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "e:",
        ":1",
        "e:-1",
        "e:01",
        "e:1 ",
        "e:1\n",
        "e:1:2",
        "E:1",
        "e:\u0661",
        "e:" + "9" * 17,
        "e" * 33 + ":1",
    ],
)
def test_near_positions_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A position looks like"):
        Position.parse(text)


@given(epoch=EPOCHS, one=st.integers(0, 99), other=st.integers(0, 99))
def test_positions_of_one_epoch_are_ordered_by_offset(epoch: Epoch, one: int, other: int) -> None:
    assert (Position(epoch, one) < Position(epoch, other)) == (one < other)
