"""A programme imported by a program, and the role links of its day."""

from __future__ import annotations

from pathlib import Path

from moothall.core.tokens.scopes import TokenScope
from support.files.programme_files import sample
from support.halls.programs import programs


async def test_a_programme_is_looked_at_and_then_imported(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        program = await house.program([TokenScope.PROGRAMME])
        data = sample("programme.csv")
        status, told = await program.ask("POST", "/api/programme?zone=UTC", data=data)
        assert (status, len(told["changes"]), told["done"]) == (200, 10, None)
        assert house.running.backend.programme.planned() == ()
        status, told = await program.ask("POST", "/api/programme?zone=UTC&apply=1&access=link", data=data)
        assert (status, told["done"], told["refused"]) == (200, 10, [])
        status, told = await program.ask("POST", "/api/programme?zone=UTC&apply=1", data=data)
        assert (status, told["done"], told["changes"]) == (200, 0, [])
        for query, body in (("", b"\x00\x01"), ("?zone=Mars", data), ("?access=all", data)):
            status, told = await program.ask("POST", f"/api/programme{query}", data=body)
            assert (status, list(told)) == (400, ["error"]), query


async def test_the_links_of_a_day_are_made_once(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        program = await house.program()
        for name, day in (("water", "01"), ("land", "01"), ("air", "02")):
            plan = {"title": name, "languages": ["en"], "access": "link", "starts": f"2027-03-{day}T10:00:00Z"}
            assert (await program.ask("PUT", f"/api/sessions/{name}", plan))[0] == 200
        order = {"roles": ["moderator", "reader"], "day": "2027-03-01", "label": "Ana", "one_browser": True}
        status, told = await program.ask("POST", "/api/links", order)
        assert status == 200
        assert [(each["role"], each["good_for"]) for each in told["made"]] == [
            ("moderator", "session:land"),
            ("reader", "session:land"),
            ("moderator", "session:water"),
            ("reader", "session:water"),
        ]
        links = house.running.backend.links
        (moderator, reader) = (each["address"] for each in told["made"][:2])
        assert links.of_token(moderator.rpartition("/enter/")[2]) is not None
        assert links.of_token(reader.rpartition("?key=")[2]) is not None
        assert [links.terms(each["link"]).one_browser for each in told["made"][:2]] == [True, False]
        status, told = await program.ask("POST", "/api/links", order)
        assert (status, told["made"], len(told["there"])) == (200, [], 4)
        status, told = await program.ask("POST", "/api/links", {**order, "again": True, "sessions": ["water"]})
        assert (status, len(told["made"]), told["there"]) == (200, 2, [])
        refused: tuple[dict[str, object], ...] = (
            {"roles": ["secretariat"]},
            {"roles": ["tool"]},
            {"roles": []},
            {"roles": ["moderator"], "sessions": ["nosuchone"]},
            {"roles": ["moderator"], "expires": "2001-01-01T00:00:00Z"},
        )
        for wrong in refused:
            status, told = await program.ask("POST", "/api/links", wrong)
            assert (status, list(told)) == (400, ["error"]), wrong
