from __future__ import annotations

import pytest

from moothall.cli.playing import FLOOR, Mapped, mapping_of
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId


def test_channels_are_counted_as_on_a_mixing_desk_and_named_by_their_texts() -> None:
    floor, french, chinese = mapping_of("1=floor, 2=FR,12=zh-hant")
    assert (floor, french, chinese) == (
        Mapped(0, FLOOR),
        Mapped(1, ChannelId("fr")),
        Mapped(11, ChannelId("zh-hant")),
    )
    assert (floor.kind, french.kind) == (ChannelKind.FLOOR, ChannelKind.INTERPRETATION)
    assert (floor.languages(("en", "de")), french.languages(("en", "de"))) == (("en", "de"), ("fr",))


@pytest.mark.parametrize(
    "text", ["", "1", "0=floor", "1=", "x=fr", "1=floor,", "65=fr", "1=../fr", "1=floor,1=fr", "1=fr,2=fr", "1=a"]
)
def test_what_maps_nothing_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError):
        mapping_of(text)
