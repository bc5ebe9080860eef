"""Proofs of a real server: asked for at its addresses, checked without it, and not there for whom the session isn't."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.proof.proof_door import EACH
from moothall.adapters.store.signing import ed25519, public_keys
from moothall.app.hall import RunningServer, hall
from moothall.cli.proof.proof_files import verify_file
from moothall.core import commands as do
from moothall.core.events.outcome_parts import PublishedSection
from moothall.core.events.types import Access, SealVersion, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, PolicyQuestionId, Position, SegmentId
from moothall.core.outcomes import commands as oc
from moothall.core.proof.checking import ProofVerdict, Trusted, check
from moothall.core.proof.entries import read_bundle
from moothall.core.proof.hashes import HASH_BYTES, leaf_hash
from moothall.core.proof.notes import read_head, read_note
from moothall.core.proof.policy import read_policy
from moothall.core.proof.tlog_proofs import LoggedEvent, LoggedExport
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.halls.removal import FLOOR, HIDDEN, SESSION, asked, at_a_desk, held
from support.proof.ahead import AheadClock

LANGUAGES = ("ar", "en", "es", "fr", "pt", "ru", "zh")
TYPIST = Actor(Role.CAPTIONER, "typist")


class Hall:
    """A server with a session of two lines, and a visitor without links."""

    def __init__(self, running: RunningServer, clock: AheadClock, http: aiohttp.ClientSession) -> None:
        self.running, self.clock, self.http = running, clock, http

    async def get(self, path: str, language: str = "en") -> tuple[int, bytes]:
        headers = {"Accept-Language": language, "Accept": "text/plain"}
        async with self.http.get(f"{self.running.address}{path}", headers=headers) as answer:
            return answer.status, await answer.read()

    async def got(self, path: str) -> bytes:
        status, body = await self.get(path)
        assert status == 200, body
        return body

    async def later(self) -> None:
        await self.clock.grow(self.running)

    async def act(self, by: Actor, name: str, command: do.AnyCommand) -> None:
        live = await self.running.backend.sessions.open(SESSION)
        assert isinstance(await live.writer.send(by, CommandId(name), command), Receipt)

    async def trusted(self) -> Trusted:
        """What somebody has who saved the keys."""
        async with self.http.get(f"{self.running.address}/.well-known/moothall.json") as answer:
            return Trusted(verify=ed25519, publics=public_keys(await answer.json()))


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Hall]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    clock = AheadClock()
    async with hall(settings, clock=clock) as running, aiohttp.ClientSession() as http:
        await held(running)
        yield Hall(running, clock, http)


async def test_a_line_has_a_proof_that_is_checked_without_the_server(made: Hall) -> None:
    status, sentence = await made.get(f"/s/{SESSION}/line.tlog-proof?line=a")
    assert (status, sentence) == (404, b"The proof is ready within two minutes. Please come back then.\n")
    await made.later()
    proof = await made.got(f"/s/{SESSION}/line.tlog-proof?line=a")
    assert len(proof) <= 2_048
    found = check(proof, await made.trusted())
    assert (found.verdict, found.faults) == (ProofVerdict.PROVED, ())
    assert isinstance(found.thing, LoggedEvent)
    assert b'"text":"Good day."' in found.thing.body
    assert (found.thing.context.title, found.thing.context.version) == ("Hearing", "")


async def test_a_corrected_line_is_proved_as_it_is_now(made: Hall) -> None:
    fix = do.CorrectSegment(channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=2, text="Good night.")
    await made.act(TYPIST, "fix", fix)
    await made.later()
    found = check(await made.got(f"/s/{SESSION}/line.tlog-proof?line=a"), await made.trusted())
    assert isinstance(found.thing, LoggedEvent)
    assert b'"text":"Good night."' in found.thing.body
    assert found.verdict is ProofVerdict.PROVED
    page = (await made.got(f"/s/{SESSION}/proof?line=a")).decode()
    assert "a person has mended them" in page
    assert "Good night." in page


async def test_any_public_event_has_a_proof_and_no_other(made: Hall) -> None:
    await made.later()
    found = check(await made.got(f"/s/{SESSION}/line.tlog-proof?offset=1"), await made.trusted())
    assert isinstance(found.thing, LoggedEvent)
    assert found.thing.about.type == "session.created"
    for query in ("line=nobody", "line=", "offset=99999", "offset=x", "", "line=../a"):
        status, _ = await made.get(f"/s/{SESSION}/line.tlog-proof?{query}")
        assert status == 404, query


async def test_the_page_says_what_a_proof_shows_and_what_not(made: Hall) -> None:
    await made.act(SYSTEM, "close", do.CloseSession())
    await made.act(Actor(Role.SECRETARIAT, "s"), "seal", do.SealRecord(version=SealVersion.CHECKED))
    await made.later()
    page = (await made.got(f"/s/{SESSION}/proof?line=a")).decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'")
    assert re.search(r"Unaltered since .+, version “Checked”; changes after .+ can't be seen offline\.", text)
    assert "This doesn't say that the words were heard right: heard by a machine, unchecked." in text
    assert "Nobody else has confirmed it yet." in text
    assert "/line.tlog-proof?line=a" in page
    _, arabic = await made.get(f"/s/{SESSION}/proof?line=a", "ar")
    assert "سمعتها آلة" in arabic.decode()


async def test_a_file_has_a_proof_once_it_is_closed(made: Hall) -> None:
    path = f"/s/{SESSION}/record.vtt"
    assert (await made.get(f"{path}.tlog-proof"))[0] == 409
    await made.act(SYSTEM, "close", do.CloseSession())
    await made.later()
    async with made.http.get(f"{made.running.address}{path}.tlog-proof") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (404, "60")
    await made.later()
    file, proof = await made.got(path), await made.got(f"{path}.tlog-proof")
    found = check(proof, await made.trusted(), file=file)
    assert (found.verdict, found.faults) == (ProofVerdict.PROVED, ())
    assert isinstance(found.thing, LoggedExport)
    assert (found.thing.file.form, found.thing.file.session) == ("vtt", SESSION)
    assert check(proof, await made.trusted(), file=file + b" ").verdict is ProofVerdict.BROKEN
    assert (await made.get(f"/s/{SESSION}/record.exe.tlog-proof"))[0] == 404


async def test_the_list_of_a_bundles_files_has_a_proof_which_finds_an_altered_file(made: Hall, tmp_path: Path) -> None:
    await made.act(SYSTEM, "close", do.CloseSession())
    body = await made.got(f"/s/{SESSION}/bundle.zip")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(tmp_path)
        listed = archive.read(f"{SESSION}/manifest.json")
    unpacked = tmp_path / SESSION
    _, _, path = json.loads(listed)["proof"].partition(made.running.address)
    digest = hashlib.sha256(listed).hexdigest()
    assert (await made.get(path + digest))[0] == 404
    await made.later()
    proof = await made.got(path + digest)
    assert len(proof) <= 2_048
    assert check(proof, await made.trusted(), file=listed).verdict is ProofVerdict.PROVED
    for wrong in ("", digest[:-1], hashlib.sha256(b"").hexdigest(), "x" * 64):
        assert (await made.get(path + wrong))[0] == 404
    assert (await made.get(path.replace(SESSION, "nosuch") + digest))[0] == 404
    (unpacked / "manifest.json.tlog-proof").write_bytes(proof)
    (tmp_path / "keys").write_text(f"{made.running.proof.tree.key}\n")

    def verified() -> tuple[int, str]:
        out = io.StringIO()
        keys = [str(tmp_path / "keys")]
        code = verify_file(unpacked / "manifest.json", out, keys=keys, seen=(), policy=None, read_keys=lambda _: {})
        return code, out.getvalue()

    code, said = verified()
    assert code == 0, said
    assert re.search(r"All \d+ files that it lists are what was logged\.", said)
    assert f"The list of a bundle's files, of session {SESSION} as at event" in said
    altered, absent = (unpacked / "data" / SESSION / f"floor.{form}" for form in ("pdf", "akn"))
    altered.write_bytes(altered.read_bytes()[:-1])
    absent.unlink()
    code, said = verified()
    assert code == 1
    assert f"data/{SESSION}/floor.pdf was altered: it isn't the file that was logged." in said
    assert f"such as data/{SESSION}/floor.akn" in said


async def test_after_a_removal_no_proof_is_given_out_and_the_old_one_stays_true(made: Hall) -> None:
    await made.later()
    proof = await made.got(f"/s/{SESSION}/line.tlog-proof?line=b")
    async with at_a_desk(made.running, Role.SECRETARIAT) as client:
        assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
    await made.later()
    assert (await made.get(f"/s/{SESSION}/line.tlog-proof?line=b"))[0] in (404, 410)
    status, _ = await made.get(f"/s/{SESSION}/line.tlog-proof?offset={check_offset(proof)}")
    assert status == 410
    found = check(proof, await made.trusted())
    assert found.verdict is ProofVerdict.PROVED
    shown = made.running.proof.tree.shown
    assert shown is not None
    entries = read_bundle(await made.got(f"/log/tile/entries/000.p/{shown.head.size}"))
    assert not any(HIDDEN.encode() in entry for entry in entries)
    tile = await made.got(f"/log/tile/0/000.p/{shown.head.size}")
    assert b"".join(map(leaf_hash, entries)) == tile
    assert len(tile) == HASH_BYTES * shown.head.size


def check_offset(proof: bytes) -> int:
    thing = check(proof, Trusted(verify=ed25519)).thing
    assert isinstance(thing, LoggedEvent)
    return thing.about.offset


async def test_who_may_not_read_a_session_gets_neither_proofs_nor_entries(made: Hall) -> None:
    await made.later()
    shown = made.running.proof.tree.shown
    assert shown is not None
    width = shown.head.size
    await made.act(SYSTEM, "arrange", do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
    for path in ("line.tlog-proof?line=a", "proof?line=a", "record.vtt.tlog-proof", "line.tlog-proof?offset=1"):
        assert (await made.get(f"/s/{SESSION}/{path}"))[0] == 404, path
    assert (await made.get(f"/log/tile/entries/000.p/{width}"))[0] == 404
    assert set(read_bundle(await made.got(f"/log/open-entries/000.p/{width}"))) == {b""}
    assert len(await made.got(f"/log/tile/0/000.p/{width}")) == width * HASH_BYTES


async def test_a_session_that_no_list_names_has_proofs_and_gives_its_entries_to_nobody(made: Hall) -> None:
    await made.later()
    shown = made.running.proof.tree.shown
    assert shown is not None
    width = shown.head.size
    assert (await made.get(f"/log/tile/entries/000.p/{width}"))[0] == 200
    await made.act(SYSTEM, "arrange", do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, listed=False))
    assert (await made.get(f"/s/{SESSION}/line.tlog-proof?line=a"))[0] == 200
    assert (await made.get(f"/log/tile/entries/000.p/{width}"))[0] == 404
    assert set(read_bundle(await made.got(f"/log/open-entries/000.p/{width}"))) == {b""}


async def test_what_is_published_of_outcomes_enters_and_a_report_is_open_as_its_session_is(made: Hall) -> None:
    catalogue, backend = SessionCatalogue(made.running.backend.log), made.running.backend
    logs = OutcomeLogs(backend.sessions, entries=catalogue.all)
    sections = (PublishedSection(id="issues", heading="Issues", text="One."),)
    draft = oc.WriteSection(section="issues", text="One.", base_revision=0)
    publish = oc.PublishReport(title="Report", language="en", sections=sections, messages=())
    assign = oc.AssignReport(session=SESSION, template="short")
    stated = oc.StateQuestion(question=PolicyQuestionId("q"), text="Who pays?", language="en")
    written: list[do.AnyCommand] = [assign, draft, oc.SubmitReport(), publish]
    report = await logs.report(SESSION, "Report", Access.PUBLIC)
    for live, commands in ((await logs.register(), [stated]), (report, written)):
        assert isinstance(live, LiveSession)
        assert isinstance(await live.writer.send(SYSTEM, CommandId("outcome"), commands), Receipt)
    await made.later()
    shown = made.running.proof.tree.shown
    assert shown is not None
    path = f"000.p/{shown.head.size}"
    entries = b"".join(read_bundle(await made.got(f"/log/tile/entries/{path}")))
    assert b'"policy-question.stated"' in entries
    assert b'"report.published"' in entries
    assert b'"report.section-written"' not in entries
    await made.act(SYSTEM, "arrange", do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
    entries = b"".join(read_bundle(await made.got(f"/log/open-entries/{path}")))
    assert b'"policy-question.stated"' in entries
    assert b'"report.published"' not in entries


async def test_a_stranger_cannot_fill_the_tree_with_a_file_in_all_its_variants(made: Hall) -> None:
    await made.act(SYSTEM, "close", do.CloseSession())
    await made.later()
    tree = made.running.proof.tree
    assert tree.shown is not None
    before = tree.shown.head.size
    options = [(form, ui, times) for form in ("html", "docx", "txt") for ui in LANGUAGES for times in (0, 1)]
    asked_for = [f"{form}.tlog-proof?ui={ui}&times={times}" for form, ui, times in options]
    statuses = [(await made.get(f"/s/{SESSION}/record.{each}"))[0] for each in asked_for]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    await made.later()
    assert tree.shown.head.size == before + EACH.burst
    assert (await made.get(f"/s/{SESSION}/record.{asked_for[0]}"))[0] == 200
    assert (await made.get(f"/s/{SESSION}/record.{asked_for[-1]}"))[0] == 429


async def test_a_file_as_at_an_earlier_place_says_so_in_its_proof(made: Hall) -> None:
    await made.act(SYSTEM, "close", do.CloseSession())
    await made.later()
    path = f"/s/{SESSION}/record.txt"
    line = check(await made.got(f"/s/{SESSION}/line.tlog-proof?line=a"), await made.trusted()).thing
    assert isinstance(line, LoggedEvent)
    at = Position(line.about.epoch, line.about.offset)
    await made.get(f"{path}.tlog-proof?at={at}")
    await made.later()
    file, proof = await made.got(f"{path}?at={at}"), await made.got(f"{path}.tlog-proof?at={at}")
    found = check(proof, await made.trusted(), file=file)
    assert found.verdict is ProofVerdict.PROVED
    assert isinstance(found.thing, LoggedExport)
    assert (found.thing.file.epoch, found.thing.file.offset) == (at.epoch, at.offset)


async def test_the_tree_is_files_that_any_cache_may_keep(made: Hall) -> None:
    assert (await made.get("/log/checkpoint"))[0] == 404
    await made.later()
    note = read_note(await made.got("/log/checkpoint"))
    head = read_head(note.text)
    assert head.origin == f"moothall.invalid/{made.running.backend.signer.key_id}/log"
    async with made.http.get(f"{made.running.address}/log/tile/0/000.p/{head.size}") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    async with made.http.get(f"{made.running.address}/log/checkpoint") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=5"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    for path in (f"tile/0/000.p/{head.size + 1}", "tile/0/0", "tile/0/000", "tile/9/000", "tile/x", "7/checkpoint"):
        assert (await made.get(f"/log/{path}"))[0] == 404, path
    policy = read_policy(await made.got("/log/policy"))
    assert [str(key) for key in policy.logs] == [str(made.running.proof.tree.key)]
    assert policy.cosigned([])
    assert await made.got("/log/successions") == await made.got("/log/conflicts") == b""
