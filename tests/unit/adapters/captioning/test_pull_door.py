from __future__ import annotations

import msgspec
import pytest

from moothall.adapters.captioning.pull_door import as_before, channel_in
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.views.captions import ReaderChannel, Session
from moothall.wire.captioning.pull import Pulled


@pytest.mark.parametrize(
    ("language", "channel"),
    [("", "floor"), ("en", "floor"), ("fr", "int-fr"), ("fr-CA", "int-fr"), ("es", "mt-es"), ("sw", None)],
)
def test_a_language_is_what_is_spoken_else_an_interpreters_text_else_a_translation(
    language: str, channel: str | None
) -> None:
    kinds = {
        "floor": (ChannelKind.FLOOR, "en"),
        "mt-fr": (ChannelKind.TRANSLATION, "fr"),
        "int-fr": (ChannelKind.INTERPRETATION, "fr"),
        "mt-es": (ChannelKind.TRANSLATION, "es"),
    }
    channels = {
        ChannelId(name): ReaderChannel(kind=kind, languages=(spoken,)) for name, (kind, spoken) in kinds.items()
    }
    session = Session(id=SessionId("s"), access=Access.PUBLIC, channels=channels)
    assert channel_in(session, language) == channel


def test_the_older_form_has_its_characters_escaped() -> None:
    given = as_before(Pulled("We agree: 5 % ", 10_000, "en"))
    assert msgspec.json.decode(msgspec.json.encode(given)) == {
        "lastPosition": 10_000,
        "i": [{"format": "basic", "d": "We%20agree%3A%205%20%25%20"}],
    }
    assert as_before(Pulled("", 7, "en")).i == ()
