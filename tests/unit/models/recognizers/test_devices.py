"""Where CTranslate2 computes; no graphics card is needed to say so."""

from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.recognizers.devices import COMPUTE_TYPES, choose_device


class OneMachine(msgspec.Struct, frozen=True):
    """With so many cards, which know so much."""

    cards: int
    types: frozenset[str] = frozenset({"float16", "int8", "int8_float16", "float32"})

    def get_cuda_device_count(self) -> int:
        return self.cards

    def get_supported_compute_types(self, device: str) -> set[str]:
        return set(self.types) if device == "cuda" else {"int8", "float32", "int8_float32"}


@pytest.mark.parametrize(
    ("cards", "asked", "chosen"),
    [
        (0, ("cpu", "auto"), ("cpu", "int8")),
        (0, ("auto", "auto"), ("cpu", "int8")),
        (0, ("cpu", "float32"), ("cpu", "float32")),
        (1, ("cpu", "auto"), ("cpu", "int8")),
        (1, ("auto", "auto"), ("cuda", "float16")),
        (2, ("cuda", "int8_float16"), ("cuda", "int8_float16")),
    ],
)
def test_what_is_asked_for_is_chosen(cards: int, asked: tuple[str, str], chosen: tuple[str, str]) -> None:
    assert choose_device(*asked, OneMachine(cards)) == chosen


def test_an_old_card_computes_with_what_it_knows() -> None:
    old = OneMachine(1, frozenset({"float32", "int8_float32"}))
    assert choose_device("cuda", "auto", old) == ("cuda", "float32")


def test_without_a_card_it_says_so() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^No graphics card can be used here: .* set the engine's device to cpu"
    ):
        choose_device("cuda", "auto", OneMachine(0))


def test_numbers_that_the_device_does_not_know() -> None:
    said = r"can't compute with float16 on cpu; it knows float32, int8, int8_float32\. Set the engine's compute type"
    with pytest.raises(ConfigurationError, match=said):
        choose_device("auto", "float16", OneMachine(0))


def test_the_library_itself_is_such_a_machine() -> None:
    import ctranslate2

    device, compute_type = choose_device("auto", "auto", ctranslate2)
    assert device in ("cpu", "cuda")
    assert compute_type in COMPUTE_TYPES
