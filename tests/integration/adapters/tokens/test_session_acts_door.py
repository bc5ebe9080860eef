"""Sessions made, changed, opened, closed and sealed by a program."""

from __future__ import annotations

import shlex
from pathlib import Path

from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Room, RoomId
from support.files.programme_files import sample
from support.halls.programs import programs

HOW_TO = Path(__file__).parents[4] / "docs/how-to/programs.md"

PLAN = {
    "title": "Water  rights",
    "languages": ["en", "fr"],
    "room": "hall",
    "starts": "2027-03-01T10:00:00+03:00",
    "ends": "2027-03-01T11:00:00+03:00",
    "access": "link",
    "sound": "none",
}


async def test_a_session_is_made_once_changed_held_and_sealed(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        backend = house.running.backend
        await backend.programme.keep(rooms=[Room(id=RoomId("hall"), title="Main hall")])
        program = await house.program()
        status, made = await program.ask("PUT", "/api/sessions/water", PLAN)
        assert (status, made["title"], made["status"], made["room"]) == (200, "Water rights", "created", "hall")
        assert (made["starts"], made["access"]) == ("2027-03-01T07:00:00Z", "link")
        assert made["address"].endswith("/s/water")
        assert await program.ask("PUT", "/api/sessions/water", PLAN) == (200, made)
        status, said = await program.ask("PUT", "/api/sessions/water", {**PLAN, "title": "Land"})
        assert (status, said["error"].split(".")[0]) == (409, "Another session has this id")
        await backend.programme.drop(SessionId("water"))  # As if the server had ended before its plan was stored.
        assert await program.ask("PUT", "/api/sessions/water", PLAN) == (200, made)

        changed = {"title": "Water", "ends": None, "access": "public"}
        status, after = await program.ask("PATCH", "/api/sessions/water", changed)
        assert status == 200
        assert after == {**made, **changed}
        assert (await program.ask("PATCH", "/api/sessions/water", {}))[1] == after

        opened = (await program.ask("POST", "/api/sessions/water/open"))[1]
        assert (opened["status"], opened["opened"] is not None) == ("open", True)
        for act in ("open", "reopen"):
            assert (await program.ask("POST", f"/api/sessions/water/{act}"))[1] == opened
        assert (await program.ask("PUT", "/api/sessions/land", {**PLAN, "title": "Land"}))[0] == 200
        status, said = await program.ask("POST", "/api/sessions/land/open")
        assert (status, "anyway=1" in said["error"]) == (409, True)
        assert (await program.ask("POST", "/api/sessions/land/open?anyway=1"))[1]["status"] == "open"
        status, said = await program.ask("POST", "/api/sessions/water/seal", {"version": "checked"})
        assert status == 409
        closed = (await program.ask("POST", "/api/sessions/water/close"))[1]
        assert (closed["status"], closed["closed"] is not None) == ("closed", True)
        assert (await program.ask("POST", "/api/sessions/water/close"))[1] == closed
        assert (await program.ask("POST", "/api/sessions/water/open"))[0] == 409
        sealed = (await program.ask("POST", "/api/sessions/water/seal", {"version": "final"}))[1]
        assert [(seal["version"], seal["n"]) for seal in sealed["seals"]] == [("final", 1)]
        assert (await program.ask("POST", "/api/sessions/water/reopen?anyway=1"))[1]["status"] == "open"

        listed = (await program.ask("GET", "/api/sessions"))[1]["sessions"]
        assert [each["session"] for each in listed] == ["land", "water"]
        assert (await program.ask("GET", "/api/sessions/land"))[1] == listed[0]
        head = await backend.log.head(listed[1]["session"])
        assert head is not None
        token = backend.tokens.list()[0].id
        records = await backend.log.read(listed[1]["session"], 0, 100)
        assert {record.header.by.id for record in records if record.header.type == "session.closed"} == {token}


async def test_a_session_that_protects_less_than_was_sent_is_not_taken_for_the_same(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        program = await house.program()
        plan = {"title": "Water", "languages": ["en"]}
        assert (await program.ask("PUT", "/api/sessions/water", plan))[0] == 200
        less = {"voice_use": "none"}
        for more in ({"young_people": True}, {"sound": "none"}, {"sound": "none", "young_people": True}, less):
            assert (await program.ask("PUT", "/api/sessions/water", {**plan, **more}))[0] == 409, more
        young = {**plan, "young_people": True}
        made = await program.ask("PUT", "/api/sessions/youth", young)
        assert made[0] == 200
        assert await program.ask("PUT", "/api/sessions/youth", young) == made
        assert (await program.ask("PUT", "/api/sessions/youth", plan))[0] == 409
        assert (await program.ask("PATCH", "/api/sessions/water", less))[0] == 200
        assert (await program.ask("PUT", "/api/sessions/water", {**plan, **less}))[0] == 200


async def test_what_can_be_no_session_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        program = await house.program()
        wrong = {
            "title": "",
            "languages": ["English"],
            "room": "nowhere",
            "starts": "2027-03-01T10:00:00",
            "ends": "2027-02-01T10:00:00Z",
            "access": "all",
            "more": 1,
        }
        good = {key: value for key, value in PLAN.items() if key != "room"}
        for field, value in wrong.items():
            status, said = await program.ask("PUT", "/api/sessions/water", {**good, field: value})
            assert (status, said["error"][-1:] in ".`") == (400, True), (field, said)
        for data in (b"[", b"\xff", b"[" * 5_000):
            assert (await program.ask("PUT", "/api/sessions/water", data=data))[0] == 400
        assert (await program.ask("PUT", "/api/sessions/Water", good))[0] == 400
        for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/open"), ("POST", "/close"), ("POST", "/seal")):
            body = {"version": "final"} if path == "/seal" else {}
            assert (await program.ask(method, f"/api/sessions/water{path}", body))[0] == 404, path
        assert (await program.ask("GET", "/api/sessions"))[1] == {"sessions": []}


async def test_the_examples_of_the_how_to_run(tmp_path: Path) -> None:
    examples = [shlex.split(line) for line in HOW_TO.read_text("utf-8").splitlines() if line.startswith("curl ")]
    assert len(examples) == 11
    async with programs(tmp_path) as house:
        program = await house.program()
        for example in examples:
            options, address = dict(zip(example[1:-1:2], example[2:-1:2], strict=True)), example[-1]
            assert options.pop("-H") == "Authorization: Bearer $T"
            method = options.pop("-X", "POST" if options else "GET")
            given = options.pop("-d", "").encode() or (sample("programme.csv") if options else None)
            path = address.removeprefix("http://127.0.0.1:8080")
            headers = {"Authorization": f"Bearer {program.token}"}
            async with house.http.request(method, program.address + path, data=given, headers=headers) as answer:
                assert answer.status == 200, (example, await answer.text())
