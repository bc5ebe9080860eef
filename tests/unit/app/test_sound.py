from __future__ import annotations

import pytest

from moothall.app.sound import sound_address
from moothall.core.events.types import SoundKept
from moothall.core.kernel.ids import SessionId
from moothall.core.views.captions import Session


@pytest.mark.parametrize(
    ("sound", "young_people", "address"),
    [
        (SoundKept.PUBLISHED, False, "/s/plenary/sound"),
        (SoundKept.PUBLISHED, True, None),
        (SoundKept.UNTIL_CHECKED, False, None),
        (SoundKept.NONE, False, None),
    ],
)
def test_only_published_sound_has_an_address_and_never_that_of_young_people(
    sound: SoundKept, young_people: bool, address: str | None
) -> None:
    assert sound_address(Session(id=SessionId("plenary"), sound=sound, young_people=young_people)) == address
