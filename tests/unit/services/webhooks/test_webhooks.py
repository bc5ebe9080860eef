from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.types import Access, SealVersion, SoundKept
from moothall.core.kernel.errors import NoLink, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import BookEntry
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.sessions.state import Status
from moothall.core.webhooks.hooks import CHOSEN, FAILING_MS, GIVE_UP_MS, MOST_WAITING, HookEvent, HookOutcome
from moothall.core.webhooks.signing import signature
from moothall.services.log.publication import Publication
from moothall.services.sessions.catalogue import Entry, Sealing, SessionCatalogue, Withdrawal
from moothall.services.webhooks.webhooks import CORRECTED_MS, HOOKS, LINES, MOST_HOOKS, TOLD, WAITING, Webhooks
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from support.memory.programme import NOW, ProgrammeHouse, programme_house

S, T = SessionId("s"), SessionId("t")
ADDRESS = "https://site.example/hook"
OPEN = Entry(session=S, status=Status.OPEN, opened=NOW, access=Access.PUBLIC, channel=ChannelId("floor"))
CLOSED = msgspec.structs.replace(OPEN, status=Status.CLOSED, closed=NOW + 5)
replace = msgspec.structs.replace


class Receiver:
    """A client whose other side answers as the test says (`HookClient`)."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []

    def fits(self, address: str) -> bool:
        return address.startswith("https://")

    async def post(self, address: str, headers: dict[str, str], body: bytes) -> int:
        assert address == ADDRESS
        self.got.append((headers, msgspec.json.decode(body)))
        return self.status

    @property
    def types(self) -> list[str]:
        return [body["type"] for _, body in self.got]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


class FullBook(MemoryBook):
    """A book that refuses once it is `full`, or belongs to another server."""

    full = False
    taken_over = False

    async def write(self, entries: Sequence[BookEntry]) -> None:
        if self.taken_over:
            raise StaleWriter("Another server has taken the book over.")
        if self.full:
            raise StorageUnavailable("The disk is full.")
        await super().write(entries)


class House:
    """Webhooks, and what they stand on."""

    def __init__(self, house: ProgrammeHouse) -> None:
        self.house = house
        self.clock = house.clock
        self.book = FullBook()
        self.receiver = Receiver()
        self.public: list[Entry] = []
        self.hooks = self.made()

    def made(self) -> Webhooks:
        async def listed() -> Sequence[Entry]:
            return self.public

        return Webhooks(
            self.book,
            programme=self.house.programme,
            listed=listed,
            client=self.receiver,
            clock=self.clock,
            randomness=SeededRandomness(1),
            public="https://text.example",
        )

    async def restarted(self) -> None:
        """The next server, or the next keeper of a house."""
        self.hooks = self.made()
        await self.hooks.load()

    async def look(self, ms: int = 1_000) -> None:
        """Run for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ms / 1_000):
                await self.hooks.run()

    async def now(self, *entries: Entry) -> None:
        """Let these be the public sessions from now on, and look."""
        self.public = list(entries)
        self.hooks._new = True
        await self.look()


def story(act: Callable[[House], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        async def told() -> None:
            async with programme_house() as house:
                await act(House(house))

        loop.run(told())

    return test


@story
async def test_what_is_new_is_sent_once_signed_and_without_words(house: House) -> None:
    house.public = [CLOSED]
    hook, secret = await house.hooks.make(" The  site ", ADDRESS, CHOSEN, None)
    assert (hook.label, secret[:6]) == ("The site", "whsec_")
    await house.look()
    assert house.receiver.got == []  # What was there before is no news.
    seal = Sealing(offset=9, at=NOW + 7, version=SealVersion.CHECKED, n=1)
    await house.now(replace(CLOSED, title="Secret title", seals=(seal,)))
    ((headers, body),) = house.receiver.got
    assert body == {
        "type": "record.sealed",
        "timestamp": body["timestamp"],
        "data": {
            "news": "tag:text.example,2026:s/sealed/1",
            "session": "s",
            "address": "https://text.example/s/s",
            "version": "checked",
            "n": 1,
        },
    }
    at_s = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signature([secret], headers["webhook-id"], at_s, msgspec.json.encode(body))
    await house.now(*house.public)
    assert len(house.receiver.got) == 1
    (line,) = house.hooks.lines(hook.id)
    assert (line.status, line.outcome, line.attempt, line.session) == (200, HookOutcome.TAKEN, 1, S)
    for namespace in (TOLD, WAITING, LINES):
        assert b"Secret title" not in b"".join((await house.book.read(namespace)).values())


@story
async def test_a_begin_a_close_and_a_withdrawal_are_told_to_whoever_wants_them(house: House) -> None:
    await house.hooks.make("site", ADDRESS, [HookEvent.CLOSED], None)
    await house.now(OPEN)
    await house.now(CLOSED)
    assert house.receiver.types == ["session.closed"]
    gone = Withdrawal(offset=12, at=NOW + 9, reason="request", events=3)
    await house.now(replace(CLOSED, withdrawals=(gone,)))
    assert house.receiver.types[1:] == ["record.withdrawn"]
    data = house.receiver.got[-1][1]["data"]
    assert data["withdrawals"] == "https://text.example/withdrawals.json?session=s"
    await house.now()  # It is for the staff alone now.
    assert house.receiver.types[2:] == ["session.hidden"]
    await house.now()
    await house.now(replace(CLOSED, withdrawals=(gone,)))
    assert len(house.receiver.got) == 3


@story
async def test_changes_of_the_programme_are_told_by_room(house: House) -> None:
    await house.hooks.make("all", ADDRESS, CHOSEN, None)
    await house.hooks.make("elsewhere", ADDRESS, CHOSEN, RoomId("elsewhere"))
    planned = Planned(session=T, title="Water", room=RoomId("hall"))
    made = await house.house.programme.make(planned)
    assert isinstance(made, Planned)
    house.public = [Entry(session=T, status=Status.CREATED, access=Access.PUBLIC, channel=ChannelId("floor"))]
    await house.look()
    await house.house.programme.keep(planned=[replace(made, starts=NOW + 1_000)])
    await house.look()
    assert [(body["type"], body["data"].get("change")) for _, body in house.receiver.got] == [
        ("session.planned", None),
        ("session.changed", "time"),
    ]


@story
async def test_corrections_are_told_at_intervals_and_the_last_one_always(house: House) -> None:
    house.public = [CLOSED]
    await house.hooks.make("site", ADDRESS, CHOSEN, None)
    begin = house.clock.wall()
    for n in range(40):
        await house.now(replace(CLOSED, mended=begin + n))
    assert house.receiver.types == ["record.corrected"]
    await house.look(CORRECTED_MS + 2_000)
    assert house.receiver.types == ["record.corrected"] * 2
    assert [body["data"]["news"].rpartition("/")[2] for _, body in house.receiver.got] == [f"{begin}", f"{begin + 39}"]


@story
async def test_a_look_follows_whatever_may_be_news_of_a_real_session(house: House) -> None:
    """Sessions, their list and their publications are real here; nothing has the webhooks look by itself."""
    catalogue, programme = SessionCatalogue(house.house.log), house.house.programme
    house.hooks.listed = catalogue.listed
    house.house.sessions.observe(lambda _, publication: catalogue.take(publication))
    house.house.sessions.observe(house.hooks.observe)
    await house.hooks.make("site", ADDRESS, CHOSEN, None)
    await programme.make(Planned(session=T, title="Water", starts=NOW + 1_000))
    await house.look()
    shown = do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.UNTIL_CHECKED)
    seal, close = do.SealRecord(version=SealVersion.CHECKED), do.CloseSession()
    hidden = do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.UNTIL_CHECKED, listed=False)
    assert house.receiver.types == ["session.planned"]
    for command, told in (
        (do.OpenSession(), ["session.begun"]),
        (close, ["session.closed"]),
        (seal, ["record.sealed"]),
        (do.ReopenSession(), []),
        (close, ["session.closed"]),
        (hidden, ["session.hidden"]),
        (shown, []),
    ):
        house.receiver.got.clear()
        assert await programme.send(T, command) is None
        await house.look()
        assert house.receiver.types == told
    live, entry, removal = await programme.live(T), catalogue.known(T), ev.BodyRemoved(offsets=(1,), reason="x", by="x")
    assert live is not None
    assert entry is not None
    gone = replace(entry, withdrawals=(Withdrawal(offset=9, at=NOW, reason="request", events=1),))

    async def listed() -> Sequence[Entry]:
        return [gone]

    house.hooks.listed = listed
    (record,) = await house.house.log.read(T, 0, 1)
    house.hooks.observe(live, Publication(session=T, records=(record,), events=(removal,)))
    await house.look()
    assert house.receiver.types == ["record.withdrawn"]


@story
async def test_a_message_is_sent_again_with_the_same_id_until_it_is_taken(house: House) -> None:
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.receiver.status = 503
    await house.now(OPEN)
    assert len(house.receiver.got) == 1
    await house.restarted()
    await house.look(40_000)
    assert len(house.receiver.got) == 4
    house.receiver.status = 0
    await house.look(50_000)
    house.receiver.status = 204
    await house.look(200_000)
    assert len(set(house.receiver.ids)) == 1
    assert len({msgspec.json.encode(body) for _, body in house.receiver.got}) == 1
    assert {line.status for line in house.hooks.lines(hook.id)} == {503, 0, 204}
    assert house.hooks.waiting(hook.id) == []
    assert await house.book.read(WAITING) == {}


@story
async def test_a_message_that_nobody_takes_is_given_up_after_three_days(house: House) -> None:
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.receiver.status = 400
    await house.now(OPEN)
    began = house.clock.wall()
    failing: list[int] = []
    while waiting := house.hooks.waiting(hook.id):  # Three days of looks each second took 6 s.
        await house.clock.sleep(waiting[0].again - house.clock.wall())
        await house.look()
        if house.hooks.failing() == ["site"]:
            failing.append(house.clock.wall() - began)
    assert 0 <= failing[0] - FAILING_MS < 7 * 3_600_000
    assert house.hooks.failing() == ["site"]
    assert house.hooks.lines(hook.id)[-1].outcome is HookOutcome.GIVEN_UP
    assert 0 <= house.clock.wall() - began - GIVE_UP_MS < 7 * 3_600_000
    assert 15 < len(house.receiver.got) < 35


@story
async def test_a_receiver_that_wants_nothing_more_gets_nothing_until_its_secret_is_new(house: House) -> None:
    hook, old = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.receiver.status = 410
    await house.now(OPEN)
    await house.now(CLOSED)
    assert len(house.receiver.got) == 1
    assert house.hooks.all()[0].gone
    new = await house.hooks.replace_secret(hook.id)
    house.receiver.status = 200
    await house.restarted()
    await house.hooks.test(hook.id)
    await house.look()
    headers, body = house.receiver.got[-1]
    assert body["type"] == "test"
    at_s = int(headers["webhook-timestamp"])
    signed = signature([new, old], headers["webhook-id"], at_s, msgspec.json.encode(body))
    assert headers["webhook-signature"] == signed


@story
async def test_a_restart_tells_nothing_twice_and_forgets_nothing(house: House) -> None:
    await house.hooks.make("site", ADDRESS, CHOSEN, None)
    await house.now(OPEN)
    await house.restarted()
    await house.now(OPEN)
    assert house.receiver.types == ["session.begun"]
    house.public = [CLOSED]  # It was closed while no server ran.
    await house.restarted()
    await house.look()
    assert house.receiver.types == ["session.begun", "session.closed"]


@story
async def test_what_waits_without_its_webhook_is_left_alone(house: House) -> None:
    """After a restore without the keys, in which the webhooks are."""
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.receiver.status = 500
    await house.now(OPEN)
    await house.book.write([BookEntry(HOOKS, hook.id, None)])
    await house.restarted()
    await house.look(20_000)
    assert (house.hooks.waiting(hook.id), len(house.receiver.got)) == ([], 1)


@story
async def test_a_server_that_lost_the_house_sends_what_is_new_no_more(house: House) -> None:
    """The book refuses a former keeper's writes, and nothing is sent before it is stored."""
    await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.book.taken_over = True
    house.public = [OPEN]
    with pytest.raises(ExceptionGroup) as raised:
        await house.hooks.run()
    assert raised.group_contains(StaleWriter)
    assert house.receiver.got == []
    house.book.taken_over = False
    await house.restarted()
    await house.look()
    assert house.receiver.types == ["session.begun"]


@story
async def test_what_can_t_be_stored_is_told_once_it_can(house: House) -> None:
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.book.full = True
    await house.now(OPEN)
    assert house.receiver.got == []
    for act in (house.hooks.test(hook.id), house.hooks.replace_secret(hook.id), house.hooks.remove(hook.id)):
        with pytest.raises(StorageUnavailable):
            await act
    house.book.full = False
    await house.look(3_000)
    assert house.receiver.types == ["session.begun"]


@story
async def test_a_full_disk_has_a_message_that_was_taken_sent_again_ever_later(house: House) -> None:
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.public = [OPEN]
    await house.hooks.find()
    house.book.full = True
    await house.look(60_000)
    assert len(house.receiver.got) == 4  # At once, after 5 s, 15 s and 35 s.
    house.book.full = False
    await house.look(60_000)
    assert len(house.receiver.got) == 5
    assert len(set(house.receiver.ids)) == 1
    assert (house.hooks.waiting(hook.id), await house.book.read(WAITING)) == ([], {})
    assert [line.outcome for line in house.hooks.lines(hook.id)] == [HookOutcome.TAKEN]


@story
async def test_of_what_waits_too_long_the_oldest_is_dropped(house: House) -> None:
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.receiver.status = 500
    many = [replace(OPEN, session=SessionId(f"s{n}")) for n in range(MOST_WAITING + 2)]
    house.public = [*many]
    await house.hooks.find()
    assert len(house.hooks.waiting(hook.id)) == MOST_WAITING
    assert [line.outcome for line in house.hooks.lines(hook.id)] == [HookOutcome.DROPPED] * 2
    assert len(await house.book.read(WAITING)) == MOST_WAITING


@story
async def test_removal_leaves_nothing_of_a_webhook_and_erasing_nothing_of_a_session(house: House) -> None:
    hook, _ = await house.hooks.make("site", ADDRESS, CHOSEN, None)
    house.receiver.status = 500
    await house.now(OPEN, replace(OPEN, session=T))
    house.hooks.erased(T)
    await house.now(OPEN)
    assert {each.session for each in house.hooks.waiting(hook.id)} == {S}
    assert {line.session for line in house.hooks.lines(hook.id)} == {S}
    assert set(await house.book.read(TOLD)) == {"s"}
    await house.hooks.remove(hook.id)
    for namespace in (HOOKS, TOLD, WAITING, LINES):
        assert await house.book.read(namespace) == {}, namespace
    for act in (house.hooks.remove(hook.id), house.hooks.test(hook.id), house.hooks.replace_secret(hook.id)):
        with pytest.raises(NoLink):
            await act


@story
async def test_what_can_be_no_webhook_is_refused(house: House) -> None:
    with pytest.raises(NoLink, match="https"):
        await house.hooks.make("site", "http://site.example", CHOSEN, None)
    for _ in range(MOST_HOOKS):
        await house.hooks.make("site", ADDRESS, CHOSEN, None)
    with pytest.raises(NoLink, match="50 webhooks"):
        await house.hooks.make("site", ADDRESS, CHOSEN, None)
