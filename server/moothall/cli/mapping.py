"""Which channel of a recording or sound card is which text: `--map 1=floor,2=fr`."""

from __future__ import annotations

import re

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId

FLOOR = ChannelId("floor")
MOST_CHANNELS = 64
_PAIR = re.compile(r"([1-9][0-9]?)=([a-z]{2,8}(?:-[a-z0-9]{1,8})*)\Z")


class Mapped(msgspec.Struct, frozen=True):
    """A channel of the sound, and the text that it feeds."""

    number: int
    """Of the channel, from 0."""
    channel: ChannelId
    """`floor`, or an interpretation that is named by its language."""

    @property
    def kind(self) -> ChannelKind:
        """What kind of text it is."""
        return ChannelKind.FLOOR if self.channel == FLOOR else ChannelKind.INTERPRETATION

    def languages(self, floor: tuple[str, ...]) -> tuple[str, ...]:
        """What is spoken in it; `floor` is what is spoken in the room."""
        return floor if self.channel == FLOOR else (self.channel,)


def mapping_of(text: str) -> tuple[Mapped, ...]:
    """`1=floor,2=fr` → channels 0 and 1; raises ConfigurationError.

    Channels are counted from 1, as they are labelled on mixing desks.
    """
    found: list[Mapped] = []
    for part in text.split(","):
        pair = _PAIR.match(part.strip().lower())
        if pair is None or int(pair[1]) > MOST_CHANNELS:
            msg = (
                f"'{part}' maps no channel: write its number, '=' and floor or the interpretation's language, "
                "such as 1=floor,2=fr."
            )
            raise ConfigurationError(msg)
        found.append(Mapped(int(pair[1]) - 1, ChannelId(pair[2])))
    if len({each.number for each in found}) < len(found) or len({each.channel for each in found}) < len(found):
        msg = f"'{text}' names a channel or a text twice."
        raise ConfigurationError(msg)
    return tuple(found)
