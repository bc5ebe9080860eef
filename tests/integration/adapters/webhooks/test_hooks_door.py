"""News on their way to a receiver: entered at /admin, sent by a real server, signed, over a restart."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import msgspec

from moothall.core.kernel.actors import Role
from moothall.services.webhooks.webhooks import LINES, WAITING
from moothall.settings.sections import WebhookSection
from support.desks.admin import admin_house, make
from support.files.found import found
from support.halls.receiver import receiver
from support.halls.removal import HIDDEN, SESSION, asked, at_a_desk, held

PAGE = "/admin/webhooks"
HERE = WebhookSection(allowed_networks=("127.0.0.0/8",))


async def test_news_reach_a_receiver_and_go_on_after_a_restart(tmp_path: Path) -> None:
    async with receiver() as program:
        async with admin_house(tmp_path, webhooks=HERE) as house:
            secretary = await house.secretary()
            await secretary.get("/admin")
            assert f'href="{PAGE}"' in secretary.text
            await secretary.get(PAGE)
            assert await secretary.send(PAGE, label="site", address="http://10.0.0.1/hook") == 400
            assert "leads outside" in secretary.text
            await secretary.get(PAGE)
            assert await secretary.send(PAGE, label="site", address=program.address, place="removed") == 404
            await secretary.get(PAGE)
            assert "News are sent nowhere yet." in secretary.text
            hidden = list(secretary.hidden(PAGE).items())
            form = [*hidden, ("label", "Our <site>"), ("address", program.address), ("event", "session.closed")]
            assert await secretary.post(PAGE, form) == 200
            found = re.search(r"whsec_[A-Za-z0-9+/]{43}=", unescape(secretary.text))
            assert found is not None
            secret = found[0]
            assert "Our &lt;site&gt;" in secretary.text
            await secretary.get(PAGE)
            assert secret not in unescape(secretary.text)
            (name,) = re.findall(r'action="/admin/webhooks/([0-9a-f]{10})"', secretary.text)[:1]
            assert await secretary.send(f"{PAGE}/{name}", act="test") == 200
            assert (await program.next(secret))["type"] == "test"
            await make(secretary, title="Water")
            for act in ("open", "close"):
                await secretary.get("/admin/meetings/water")
                assert await secretary.send("/admin/meetings/water", act=act) == 200
            closed = await program.next(secret)
            assert (closed["type"], closed["data"]["session"]) == ("session.closed", "water")
            await secretary.get(PAGE)
            assert "session.closed" in secretary.text
            assert "Water" not in secretary.text
        async with admin_house(tmp_path, webhooks=HERE) as house:
            secretary = await house.secretary()
            await secretary.get(PAGE)
            assert await secretary.send(f"{PAGE}/{name}", act="secret") == 200
            found = re.search(r"whsec_[A-Za-z0-9+/]{43}=", unescape(secretary.text))
            assert found is not None
            assert found[0] != secret
            await secretary.get(PAGE)
            assert await secretary.post(f"{PAGE}/{name}", {**secretary.hidden(f"{PAGE}/{name}"), "act": "x"}) == 400
            await secretary.get("/admin/meetings/water")
            assert await secretary.send("/admin/meetings/water", act="reopen") == 200
            await secretary.get("/admin/meetings/water")
            assert await secretary.send("/admin/meetings/water", act="close") == 200
            headers, body = await program.messages.get()
            assert msgspec.json.decode(body)["type"] == "session.closed"
            assert len(headers["webhook-signature"].split(" ")) == 2
            assert program.messages.empty()  # Nothing was told twice.
            await secretary.get(PAGE)
            gone = {**secretary.hidden(f"{PAGE}/{name}"), "act": "remove"}
            assert await secretary.post(f"{PAGE}/{name}", gone) == 200
            assert "News are sent nowhere yet." in secretary.text
            await secretary.get(PAGE)
            assert await secretary.post(f"{PAGE}/{name}", {**secretary.hidden(PAGE), "act": "test"}) == 404


async def test_removed_words_are_in_no_feed_no_message_and_no_log_of_deliveries(tmp_path: Path) -> None:
    async with receiver() as program, admin_house(tmp_path, webhooks=HERE) as house:
        secretary, book = await house.secretary(), house.running.backend.book
        secrets = []
        for label, address in (("away", "http://127.0.0.1:9/hook"), ("site", program.address)):
            await secretary.get(PAGE)
            form = [*secretary.hidden(PAGE).items(), ("label", label), ("address", address)]
            form += [("event", each) for each in ("session.begun", "record.withdrawn")]
            assert await secretary.post(PAGE, form) == 200
            secrets += re.findall(r"whsec_[A-Za-z0-9+/]{43}=", unescape(secretary.text))
        await held(house.running)
        bodies = [await program.next(secrets[-1])]
        async with at_a_desk(house.running, Role.SECRETARIAT) as client:
            assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
        bodies.append(await program.next(secrets[-1]))
        assert [each["type"] for each in bodies] == ["session.begun", "record.withdrawn"]
        assert HIDDEN not in str(bodies)
        waiting = await book.read(WAITING)
        assert sum(b"record.withdrawn" in each for each in waiting.values()) >= 1  # nobody takes it there
        await secretary.get(PAGE)
        ids = re.findall(r'action="/admin/webhooks/([0-9a-f]{10})"', secretary.text)
        assert await secretary.send(f"{PAGE}/{ids[-1]}", act="test") == 200
        await program.next(secrets[-1])  # What became of the one before it is stored.
        lines = await book.read(LINES)
        assert any(b"record.withdrawn" in each for each in lines.values())
        assert not any(HIDDEN.encode() in each for each in (*waiting.values(), *lines.values()))
        await secretary.get(PAGE)
        assert "record.withdrawn" in secretary.text
        assert HIDDEN not in secretary.text
        for feed in ("/news.atom", "/news.json"):
            for path in (feed, f"{feed}?session={SESSION}", f"{feed}?language=en"):
                assert await secretary.get(path) == 200
                assert "withdrawn" in secretary.text
                assert HIDDEN not in secretary.text
        assert found(tmp_path, HIDDEN) == []
