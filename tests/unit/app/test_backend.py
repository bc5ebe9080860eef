from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.store import signing
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import SOUND_FOLDERS, quiet_house
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.role_links import HALL, session_scope
from moothall.settings.sections import Server, Settings

GONE, KEPT = SessionId("gone"), SessionId("kept")


def sounds(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("sound"))


async def test_a_signing_key_that_is_gone_is_not_replaced_without_a_word(tmp_path: Path) -> None:
    settings = Settings(server=Server(data=str(tmp_path)))
    async with quiet_house(settings, SystemClock()) as house:
        await house.sessions.open(KEPT)
    (tmp_path / signing.FILE_NAME).unlink()
    with pytest.raises(ConfigurationError, match=r"is missing.*backup.*moothall new-key --data"):
        async with quiet_house(settings, SystemClock()):
            pass
    assert not (tmp_path / signing.FILE_NAME).exists()


async def test_what_is_erased_of_a_rehearsal_is_its_sound_and_its_links_alone(tmp_path: Path) -> None:
    for name in SOUND_FOLDERS:
        for session in (GONE, KEPT):
            (tmp_path / name / session / "mic").mkdir(parents=True)
            (tmp_path / name / session / "mic" / "sound").write_bytes(b"x")
    async with quiet_house(Settings(server=Server(data=str(tmp_path))), SystemClock()) as house:
        for scope in (session_scope(GONE), session_scope(KEPT), HALL):
            await house.links.create(Role.TECHNICIAN, scope, "")
        await house.erase(GONE)
        await house.erase(SessionId("never-there"))
        assert [staff.scope for staff in house.links.list()] == ["session:kept", HALL]
    assert sounds(tmp_path) == ["recordings/kept/mic/sound", "spool/kept/mic/sound"]
