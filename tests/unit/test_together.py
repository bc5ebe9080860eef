"""docs/reference/together.md: each pair has a row, and each row names an existing test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.named_tests import assert_named_tests

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "together.md"
WITH = (
    "a break", "not recorded", "translation", "interpreters", "hubs", "a restart", "the close",
    "a take-over by another node",
)  # fmt: skip
PARTS = (
    "A captioner who types", "Who is on air", "A respeaker", "Text of captioning software and tools",
    "Text that goes out: Zoom, pulls, subtitles", "Sound from a stream", "A language that is added",
    "What is due", "A speaker's link to their own words",
)  # fmt: skip
OTHERS = {
    "Text that goes out: Zoom, pulls, subtitles": (*WITH, "removal", "typed lines"),
    "A language that is added": (
        "corrections", "not recorded", "removal", "interpreters", "hubs", "a restart",
        "a take-over by another node", "another server with the same store", "its own removal",
    ),
    "What is due": (
        "removal", "being put off", "hubs", "a restart", "the close", "a take-over by another node",
        "a restored backup",
    ),
    "A speaker's link to their own words": (
        "corrections", "young people", "removal", "a restart", "the close", "a take-over by another node",
    ),
}  # fmt: skip
"""Parts that meet something else."""


def sections() -> dict[str, str]:
    _, *parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: rest for name, _, rest in (part.partition("\n") for part in parts)}


def test_each_part_is_there() -> None:
    assert tuple(sections()) == PARTS


@pytest.mark.parametrize("part", PARTS)
def test_each_pair_says_what_happens_and_names_a_test_that_is_there(part: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", sections()[part], re.MULTILINE)
    assert tuple(row[0] for row in rows) == ("together with", *OTHERS.get(part, WITH))
    for _, happens, test in rows[1:]:
        assert happens.strip()
        assert assert_named_tests(test) >= 1
