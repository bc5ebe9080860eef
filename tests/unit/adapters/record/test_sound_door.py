from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.record.sound_door import SoundDoor
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId, SourceId
from moothall.core.sessions.parts import Channel, SessionSource
from moothall.core.sessions.state import State
from moothall.services.sessions.staff import Staff
from moothall.services.sound.recording import PartWriter, RecordingPart, Recordings, TimedPart
from moothall.services.sound.sharing import Sharing
from moothall.testing.clock import ManualClock

SESSION, FLOOR, MIC = SessionId("plenary"), ChannelId("floor"), SourceId("mic")
STAFF = {"Cookie": "staff=1"}
CAPTIONER = Staff(link="c", role=Role.CAPTIONER, scope="hall", label="")


class Shelf:
    """Two parts of ten seconds, with half a minute between them."""

    async def sessions(self) -> Sequence[SessionId]:
        return [SESSION]

    async def parts(self, session: SessionId) -> Sequence[RecordingPart]:
        firsts = (0, 640_000)
        return [RecordingPart(session=session, source=MIC, first=first, samples=160_000, written=0) for first in firsts]

    async def begin(self, session: SessionId, source: SourceId, first: int) -> PartWriter:
        raise NotImplementedError

    async def read(self, part: RecordingPart, first: int, count: int) -> bytes:
        return b"\x05\x00" * min(count, part.end - first)

    async def silence(self, part: RecordingPart, first: int, last: int) -> None:
        raise NotImplementedError

    async def forget(self, session: SessionId) -> None:
        raise NotImplementedError


class SoundMeeting:
    """One session, whose sound a test says something of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = State(
            id=SESSION,
            sound=SoundKept.PUBLISHED,
            not_recorded=((6_000, 8_000),),
            channels={FLOOR: Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))},
            sources={MIC: SessionSource(channel=FLOOR, t=1_000, rate=16_000)},
        )
        self.open = True
        self.acts = True
        self.who = CAPTIONER

    def loaded(self, session: SessionId) -> State | None:
        return self.state if session == SESSION else None

    async def state_of(self, session: SessionId) -> State | None:
        return self.loaded(session)

    async def standing(self, session: SessionId) -> Sharing | None:
        return None

    def path_of(self, session: SessionId, part: TimedPart) -> Path:
        return self.folder / f"{part.first}.opus"

    def may_read(self, session: SessionId) -> Refusal | None:
        return None if self.open else Refusal(code=RefusalCode.UNKNOWN, message="No.")

    def staff(self, request: web.Request) -> tuple[Staff, ...]:
        return (self.who,) if "staff" in request.cookies else ()

    def may_act(self, staff: Staff, session: SessionId) -> bool:
        return self.acts


@pytest.fixture
def house(tmp_path: Path) -> SoundMeeting:
    for first in (0, 640_000):
        (tmp_path / f"{first}.opus").write_bytes(f"Ogg Opus of {first}".encode())
    return SoundMeeting(tmp_path)


@pytest.fixture
async def client(house: SoundMeeting) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    recordings = Recordings(Shelf(), state_of=house.loaded, standing=house.standing, clock=ManualClock(), keep_days=30)
    door = SoundDoor(
        recordings,
        path_of=house.path_of,
        state_of=house.state_of,
        may_read=house.may_read,
        staff=house.staff,
        may_act=house.may_act,
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as made:
        yield made


Client = TestClient[web.Request, web.Application]


async def test_published_sound_is_listed_and_played_in_pieces(client: Client) -> None:
    answer = await client.get("/s/plenary/sound.json")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "private, no-store")
    said = await answer.json()
    assert [(part["t0"], part["t1"]) for part in said["parts"]] == [(1_000, 11_000), (41_000, 51_000)]
    assert said["behind"] == 35_000
    second = await client.get(said["parts"][1]["address"])
    assert (second.headers["Content-Type"], await second.read()) == (
        "audio/ogg; codecs=opus",
        b"Ogg Opus of 640000",
    )
    piece = await client.get("/s/plenary/sound", headers={"Range": "bytes=4-7"})
    assert (piece.status, await piece.read(), piece.headers["Content-Range"]) == (206, b"Opus", "bytes 4-7/13")
    for address in ("/s/plenary/sound?source=mic&first=5", "/s/plenary/sound?channel=pt", "/s/..x/sound.json"):
        assert (await client.get(address)).status == 404


async def test_the_sound_of_a_moment_is_in_the_part_that_has_it(client: Client, house: SoundMeeting) -> None:
    for query, where in (
        ("t=1500", "/s/plenary/sound?channel=floor&source=mic&first=0#t=0.5"),
        ("t=41000&channel=floor", "/s/plenary/sound?channel=floor&source=mic&first=640000#t=0.0"),
        ("t=50999&channel=mt-es", "/s/plenary/sound?channel=floor&source=mic&first=640000#t=10.0"),
    ):
        answer = await client.get(f"/s/plenary/sound/at?{query}", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, where)
    for query, status in (("t=11000", 404), ("t=x", 400), ("", 400)):
        assert (await client.get(f"/s/plenary/sound/at?{query}", allow_redirects=False)).status == status
    house.open = False
    assert (await client.get("/s/plenary/sound/at?t=1500", allow_redirects=False)).status == 404


async def test_what_is_not_published_is_heard_by_its_staff_alone(client: Client, house: SoundMeeting) -> None:
    for sound, young in ((SoundKept.UNTIL_CHECKED, False), (SoundKept.PUBLISHED, True)):
        house.state = msgspec.structs.replace(house.state, sound=sound, young_people=young)
        for address in ("/s/plenary/sound.json", "/s/plenary/sound"):
            assert (await client.get(address)).status == 404
            assert (await client.get(address, headers=STAFF)).status == 200
    house.who = Staff(link="h", role=Role.HUB, scope="hall", label="")
    assert (await client.get("/s/plenary/sound.json", headers=STAFF)).status == 404
    assert (await client.get("/s/plenary/clip?from=0&to=20", headers=STAFF)).status == 403
    house.who, house.acts = CAPTIONER, False
    assert (await client.get("/s/plenary/sound.json", headers=STAFF)).status == 404


async def test_a_session_that_may_not_be_read_may_not_be_heard(client: Client, house: SoundMeeting) -> None:
    house.open = False
    assert (await client.get("/s/plenary/sound")).status == 404
    assert (await client.get("/s/nowhere/sound", headers=STAFF)).status == 404


async def test_staff_hear_a_piece_as_a_file_of_its_own(client: Client, house: SoundMeeting) -> None:
    answer = await client.get("/s/plenary/clip?channel=floor&from=2000&to=5000", headers=STAFF)
    assert (answer.status, answer.content_type) == (200, "audio/wav")
    with wave.open(io.BytesIO(await answer.read())) as sound:
        assert (sound.getnframes(), sound.getframerate(), sound.getnchannels()) == (48_000, 16_000, 1)
    for query, status in (
        ("from=2000&to=9000", 409),
        ("from=0&to=70000", 400),
        ("from=-1&to=5", 400),
        ("to=5", 400),
        ("from=1000&to=2000&channel=pt", 404),
        ("from=20000&to=21000", 404),
    ):
        assert (await client.get(f"/s/plenary/clip?{query}", headers=STAFF)).status == status
    assert (await client.get("/s/plenary/clip?from=2000&to=5000")).status == 403
    kept = house.state
    for none in ({"sound": SoundKept.NONE}, {"young_people": True}):
        house.state = msgspec.structs.replace(kept, **none)
        assert (await client.get("/s/plenary/clip?from=2000&to=5000", headers=STAFF)).status == 409
    house.state = kept
    assert (await client.get("/s/nowhere/clip?from=2000&to=5000", headers=STAFF)).status == 403
    house.acts = False
    assert (await client.get("/s/plenary/clip?from=2000&to=5000", headers=STAFF)).status == 403
