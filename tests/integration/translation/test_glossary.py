"""Names and terms in the whole server: from a file, the title, the speakers and a desk, and after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.app.hall import RunningServer, hall
from moothall.core.commands import (
    AddChannel,
    ChooseTerm,
    CreateSession,
    IntroduceSpeaker,
    OpenSession,
)
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import Conference, EngineSection, Server, Settings, Translation

S, FLOOR = SessionId("s"), ChannelId("floor")


def settings(tmp_path: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        conference=Conference(glossaries=str(tmp_path / "glossaries")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )


async def told(running: RunningServer) -> tuple[tuple[str, ...], int]:
    live = await running.backend.sessions.open(S)
    preferred = running.glossaries.preferred(live.state, FLOOR)
    return preferred.terms, preferred.near


async def test_what_is_chosen_outlives_the_server(tmp_path: Path) -> None:
    (tmp_path / "glossaries").mkdir()
    (tmp_path / "glossaries" / "a.toml").write_text(
        'terms = ["Kisumu"]\n[[part]]\nrooms = ["Hall"]\nterms = ["Lilongwe"]\n', encoding="utf-8"
    )
    async with hall(settings(tmp_path)) as running:
        await running.backend.programme.keep(
            rooms=[Room(id=RoomId("hall"), title="RunningServer")],
            planned=[Planned(session=S, room=RoomId("hall"), title="Trust in the DNS")],
        )
        live = await running.backend.sessions.open(S)
        made = (
            CreateSession(title="Trust in the DNS", languages=("en",)),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            OpenSession(),
            IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana Souza (LACNIC)"),
        )
        assert isinstance(await live.writer.send(SYSTEM, CommandId("made"), made), Receipt)
        chosen = (ChooseTerm(term="Moothall", wanted=True), ChooseTerm(term="kisumu", wanted=False))
        captioner = Actor(Role.CAPTIONER, "c1")
        assert isinstance(await live.writer.send(captioner, CommandId("chosen"), chosen), Receipt)
        before = await told(running)
        assert before == (("Moothall", "DNS", "Ana Souza", "LACNIC", "Lilongwe"), 2)
    async with hall(settings(tmp_path)) as running:
        assert await told(running) == before


async def test_a_broken_file_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "glossaries").mkdir()
    (tmp_path / "glossaries" / "a.toml").write_text("terms = [", encoding="utf-8")
    with pytest.raises((ConfigurationError, ExceptionGroup)) as failed:
        async with hall(settings(tmp_path)):
            pass
    assert "a.toml is not TOML" in repr(failed.value) or failed.group_contains(ConfigurationError, match="not TOML")
