"""Pairing by six words: 48 random bits that can be read out over a telephone and typed from a sheet.

The words are our own choice: short, common, without accents, and each identified by its first four letters.
"""

from __future__ import annotations

import re

_TEXT = """
acorn actor agree album amber anchor animal anthem apple april arrow aspen atlas autumn badge bakery bamboo banana
barley basket beach bench berry bicycle blossom bottle branch bread bridge bronze bucket butter cabin cactus camel
candle canoe carpet castle cedar ceiling cello chair cherry cinema circle citrus cliff clock cloud coconut coffee
comet copper coral cotton cradle crystal curtain daisy dancer dawn deer delta desert dinner doctor dolphin door
dragon drum eagle earth echo elbow elephant engine evening fabric falcon family farmer feather fern fiddle finger
flag flower flute forest fossil fountain fruit galaxy garden garlic glass globe goose grape guitar hammer harvest
hazel helmet heron honey horse humble iceberg indigo island ivory jacket jasmine jersey jewel journey juice july
jungle kayak kettle kitchen kiwi knee ladder lagoon lantern leaf lemon letter library lilac lizard llama lobster
lotus lucky lunch magnet mango maple marble meadow melon mirror monday morning mosaic mountain museum music napkin
nature needle nickel night north november nutmeg oasis ocean october olive onion opera orange orbit orchid otter
paddle palm panda paper parrot pasta peach pebble pencil pepper piano pigeon pillow planet plum pocket pony poppy
potato pumpkin purple puzzle quarter queen rabbit radio railway rainbow raven ribbon river robin rocket rose rubber
saddle salad sandal saturn school seven shadow shell silver sleep smile snow spoon spring square stone sugar summer
sunday swan table teapot tennis ticket tiger timber tomato tower train tulip turtle twelve umbrella valley vanilla
velvet village violin visit walnut water wheel willow window winter wolf wood yellow zebra zero
"""
WORDS = tuple(_TEXT.split())
"""The 256 words, one for each value of a byte."""
COUNT = 6
"""Words of a pairing. Guessing at 30 wrong tries a minute for each first word takes 35,000 years on average."""
TELLING = 4
"""Number of leading letters that identify a word."""
LONGEST = 200
"""Characters of what somebody typed that are read; the rest is ignored."""

_NUMBERS = {word[:TELLING]: number for number, word in enumerate(WORDS)}


def words_of(secret: bytes) -> tuple[str, ...]:
    """The six words that stand for a secret of six bytes; raises ValueError for any other length."""
    if len(secret) != COUNT:
        raise ValueError(f"Six words are made of {COUNT} bytes, not of {len(secret)}.")
    return tuple(WORDS[byte] for byte in secret)


def secret_of(text: str) -> bytes | None:
    """The secret of six bytes for the words that somebody typed; None when they are not six words of the list.

    Case and separators don't matter, and the first four letters of each word are enough.
    """
    typed = re.findall(r"[a-z]+", text[:LONGEST].lower())
    numbers = [_NUMBERS.get(word[:TELLING]) for word in typed]
    found = [number for number, word in zip(numbers, typed, strict=True) if number is not None and _fits(number, word)]
    return bytes(found) if len(found) == len(typed) == COUNT else None


def _fits(number: int, word: str) -> bool:
    """Whether the typed word is the listed word of that number or its beginning."""
    return WORDS[number].startswith(word)
