from __future__ import annotations

import msgspec

from moothall.settings.loading import sections
from moothall.settings.reloading import RELOADED, changed, in_force
from moothall.settings.sections import Engine, Logging, Server, Settings


def test_what_counts_at_once_is_a_setting() -> None:
    known = {(name, key) for name, section in sections().items() for key in section.__struct_fields__}
    assert known >= RELOADED
    assert ("server", "port") not in RELOADED


def test_what_differs_counts_at_once_or_takes_a_restart() -> None:
    now = Settings()
    assert changed(now, now) == changed(Settings(), Settings())
    new = Settings(
        server=Server(port=9000, max_readers=5), engine=Engine(tokens="tokens", count=2), logging=Logging(level="debug")
    )
    found = changed(now, new)
    assert found.at_once == ("max_readers of [server]", "tokens of [engine]", "level of [logging]")
    assert found.by_restart == ("port of [server]", "count of [engine]")
    after = in_force(now, new)
    assert (after.server.max_readers, after.server.port) == (5, 8080)
    assert changed(after, new) == msgspec.structs.replace(found, at_once=())
