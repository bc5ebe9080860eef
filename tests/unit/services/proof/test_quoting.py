from __future__ import annotations

import hashlib
from collections.abc import Sequence

from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.proof.entries import MANIFEST_FORM, ExportEntry, entry_of
from moothall.core.proof.tlog_proofs import Context, InclusionProof, LoggedExport, thing_of
from moothall.services.proof.quoting import NoProof, Quoting
from moothall.services.proof.tree import MOST_EXPORTS
from support.proof.grown import Grown, grown
from support.proof.logged import SALT
from support.sessions.recorder import EPOCH, SESSION

LINE = SegmentId("floor-1-0")


def quoting(made: Grown, *offsets: int) -> Quoting:
    def offsets_of(session: SessionId, segment: SegmentId) -> Sequence[int]:
        return offsets if segment == LINE else ()

    async def context_of(session: SessionId, line: SegmentId | None) -> Context:
        return Context(version="final", title="Plenary", origin="" if line is None else f"origin of {line}")

    return Quoting(made.tree, made.log, clock=made.clock, offsets_of=offsets_of, context_of=context_of)


def export(n: int = 0) -> ExportEntry:
    return ExportEntry(
        session=SESSION, epoch=Epoch("k3j9x2"), offset=1, channel=ChannelId("floor"), form="vtt", digest=f"{n:064x}"
    )


async def test_a_line_is_proved_by_its_newest_text() -> None:
    async with grown("Old.", "New.") as made:
        proof = await quoting(made, 1, 2).line(SESSION, LINE)
        assert isinstance(proof, InclusionProof)
        record = (await made.log.read(SESSION, 1, 1))[0]
        assert proof.leads_to(entry_of(record))
        thing = thing_of(proof)
        assert thing.context == Context(
            at=made.clock.wall(),
            signed_at=made.clock.wall(),
            version="final",
            title="Plenary",
            origin="origin of floor-1-1",
        )


async def test_a_line_without_text_has_no_proof() -> None:
    async with grown("One.") as made:
        assert await quoting(made).line(SESSION, LINE) is NoProof.NOWHERE
        assert await quoting(made, 7).line(SESSION, LINE) is NoProof.NOWHERE
        assert await quoting(made, 1).line(SESSION, SegmentId("other")) is NoProof.NOWHERE


async def test_an_event_of_the_staff_has_none() -> None:
    async with grown() as made:
        await made.say("One.", staff=True)
        await made.later()
        assert await quoting(made).event(SESSION, 1) is NoProof.NOWHERE
        assert isinstance(await quoting(made).event(SESSION, 2), InclusionProof)
        assert await quoting(made).event(SESSION, 3) is NoProof.NOWHERE
        assert await quoting(made).event(SESSION, 0) is NoProof.NOWHERE


async def test_what_was_just_said_is_proved_later() -> None:
    async with grown("One.") as made:
        await made.say("Two.")
        assert await quoting(made, 2).line(SESSION, LINE) is NoProof.LATER


async def test_removed_words_have_no_proof_any_more() -> None:
    async with grown("One.") as made:
        await made.log.remove(SESSION, made.terms[SESSION], 1, [1], [])
        assert await quoting(made, 1).line(SESSION, LINE) is NoProof.REMOVED


async def test_a_file_is_proved_once_it_was_logged() -> None:
    async with grown("One.") as made:
        ask = quoting(made)
        assert await ask.export(export(), SALT) is NoProof.LATER
        assert await ask.export(export(), SALT) is NoProof.LATER
        await made.later()
        proof = await ask.export(export(), SALT)
        assert isinstance(proof, InclusionProof)
        thing = thing_of(proof)
        assert isinstance(thing, LoggedExport)
        assert thing == LoggedExport(file=export(), salt=SALT, context=thing.context)
        assert proof.leads_to(export().entry)


async def test_the_list_of_a_bundles_files_is_proved_and_none_that_was_not_logged() -> None:
    async with grown("One.") as made:
        ask = quoting(made)
        sha256 = hashlib.sha256(b"list").digest()
        for digest in (sha256, hashlib.sha256(b"another").digest()):
            assert await ask.manifest(SESSION, digest) is NoProof.NOWHERE
        for _ in range(2):
            ask.log_manifest(SESSION, EPOCH, 1, sha256)
        assert await ask.manifest(SESSION, sha256) is NoProof.LATER
        await made.later()
        proof = await ask.manifest(SESSION, sha256)
        assert isinstance(proof, InclusionProof)
        thing = thing_of(proof)
        assert isinstance(thing, LoggedExport)
        assert (thing.file.form, thing.file.session, thing.is_of(b"list"), thing.is_of(b"other")) == (
            MANIFEST_FORM,
            SESSION,
            True,
            False,
        )
        assert proof.leads_to(thing.entry)
        assert await ask.manifest(SessionId("other"), sha256) is NoProof.NOWHERE


async def test_before_the_tree_is_loaded_no_list_is_logged() -> None:
    async with grown() as made:
        made.tree.state = None
        quoting(made).log_manifest(SESSION, EPOCH, 1, bytes(32))


async def test_more_files_than_may_wait_are_refused() -> None:
    async with grown("One.") as made:
        ask = quoting(made)
        for n in range(MOST_EXPORTS):
            assert await ask.export(export(n), SALT) is NoProof.LATER
        assert await ask.export(export(MOST_EXPORTS), SALT) is NoProof.BUSY


async def test_a_rehearsal_has_no_proofs_and_no_file_of_it_is_logged() -> None:
    async with grown("One.") as made:
        made.rehearsals.add(SESSION)
        ask = quoting(made, 1)
        assert await ask.line(SESSION, LINE) is NoProof.REHEARSAL
        assert await ask.event(SESSION, 1) is NoProof.REHEARSAL
        assert await ask.export(export(), SALT) is NoProof.REHEARSAL
        assert not made.tree.export_waits(export().digest)


async def test_a_file_that_may_not_be_logged_is_not_but_one_that_is_has_its_proof() -> None:
    async with grown("One.") as made:
        ask = quoting(made)
        assert await ask.export(export(), SALT, lambda: False) is NoProof.OFTEN
        assert not made.tree.export_waits(export().digest)
        assert await ask.export(export(), SALT, lambda: True) is NoProof.LATER
        assert await ask.export(export(), SALT, lambda: False) is NoProof.LATER
        await made.later()
        assert isinstance(await ask.export(export(), SALT, lambda: False), InclusionProof)


async def test_while_the_tree_stands_still_no_proof_is_promised() -> None:
    async with grown("One.") as made:
        await made.tree.seen_by_witness(None, 9)
        await made.say("Two.")
        await made.later()
        assert await quoting(made, 2).line(SESSION, LINE) is NoProof.STILL
        assert await quoting(made).export(export(), SALT) is NoProof.STILL
        assert isinstance(await quoting(made, 1).line(SESSION, LINE), InclusionProof)


async def test_words_that_were_removed_before_they_entered_have_no_proof_and_their_place() -> None:
    async with grown() as made:
        [record] = await made.say("One.")
        await made.log.remove(SESSION, made.terms[SESSION], 1, [1], [])
        await made.later()
        assert await quoting(made, 1).line(SESSION, LINE) is NoProof.REMOVED
        assert await made.is_in(record)
