"""The tree's witnesses: whom it asks, what it does with their answers, and the policy that it offers."""

from __future__ import annotations

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.proof.notes import MOST_SIGNATURES, SignedNote, read_head, read_note
from moothall.core.proof.policy import read_policy
from moothall.core.proof.tlog_proofs import InclusionProof
from moothall.core.proof.witnessing import Cosignable, NotCosigned, judge, read_request
from moothall.services.proof.tree_store import mark_restored
from moothall.services.proof.witnesses import MOST_WITNESSES, TreeWitness, Witnesses
from support.proof.grown import Grown, grown
from support.proof.keys import log_key, witness_key

KISUMU = witness_key("meeting.example/hub/kisumu")
UNIVERSITY = witness_key("witness.university.example")


class Witness:
    """A witness in memory, which judges by the rules."""

    def __init__(self) -> None:
        self.known: SignedNote | None = None

    async def asked(self, of: Witnesses, name: str = "kisumu") -> int:
        """Answer what it is asked, again as long as it is asked again. Return the last status; 0 for nothing."""
        status = 0
        while (request := await of.request(name)) is not None:
            found = judge(read_request(request), self.known, (log_key().key,), ed25519)
            if isinstance(found, Cosignable):
                self.known, status = found.note, 200
                lines = KISUMU.sign(found.note.text, 7).line
                again = await of.answered(name, request, 200, lines, size=found.head.size, known=b"")
            else:
                assert isinstance(found, NotCosigned)
                status = found.status
                known = b"" if self.known is None else bytes(self.known)
                again = await of.answered(name, request, status, "", size=found.size, known=known)
            if not again:
                break
        return status


async def witnesses(made: Grown, *configured: TreeWitness, outside: tuple[str, ...] = ()) -> Witnesses:
    found = Witnesses(made.tree, configured, outside)
    await found.load()
    await found.hub("kisumu", str(KISUMU.key))
    return found


async def test_a_hub_cosigns_each_checkpoint_once() -> None:
    async with grown("One.") as made:
        of, hub = await witnesses(made), Witness()
        assert await hub.asked(of) == 200
        assert await hub.asked(of) == 0
        assert made.tree.shown is not None
        assert made.tree.shown.note.signed_by(KISUMU.key, ed25519) == 7
        await made.say("Two.")
        await made.later()
        assert await hub.asked(of) == 200
        assert hub.known is not None
        assert read_head(hub.known.text).size == 2


async def test_before_the_first_checkpoint_nobody_is_asked() -> None:
    async with grown() as made:
        assert await (await witnesses(made)).request("kisumu") is None


async def test_a_restarted_server_learns_what_the_hub_knows() -> None:
    async with grown("One.") as made:
        hub = Witness()
        await hub.asked(await witnesses(made))
        await made.say("Two.")
        await made.later()
        await made.restart()
        assert await hub.asked(await witnesses(made)) == 200


async def test_a_history_that_was_rewritten_with_the_true_key_is_found_by_the_hub() -> None:
    async with grown("One.", "Two.") as made:
        hub = Witness()
        await hub.asked(await witnesses(made))
        seen = hub.known
    async with grown("One, otherwise.", "Two.", "Three.") as forged:
        of = await witnesses(forged)
        assert await hub.asked(of) == 409
        assert hub.known == seen
        assert forged.tree.standing.sentence == "At size 2 a witness has cosigned another root than is here."
        [(there, here)] = forged.tree.conflicts
        assert read_note(there) == seen
        assert read_head(read_note(here).text).size == 3
        signed = len(forged.signer.signed)
        await forged.say("Four.")
        await forged.later()
        assert len(forged.signer.signed) == signed
        assert await of.request("kisumu") is None


async def test_a_rewritten_history_that_pretends_to_continue_is_not_cosigned() -> None:
    """The forger knows what size the hub has, and hides its own standing."""
    async with grown("One.", "Two.") as made:
        hub = Witness()
        await hub.asked(await witnesses(made))
    async with grown("One, otherwise.", "Two.", "Three.") as forged:
        request = await forged.tree.request_for(2)
        assert request is not None
        found = judge(request, hub.known, (log_key().key,), ed25519)
        assert isinstance(found, NotCosigned)
        assert found.conflict == (hub.known, request.note)


async def test_a_backup_that_is_older_than_the_hub_stands_still() -> None:
    async with grown("One.", "Two.") as made:
        hub = Witness()
        await hub.asked(await witnesses(made))
    async with grown("One.") as restored:
        of = await witnesses(restored)
        assert await hub.asked(of) == 409
        assert restored.tree.standing.sentence == "A witness has cosigned size 2, and here the tree has 1 leaves."


async def test_an_answer_that_cannot_be_used_changes_nothing() -> None:
    async with grown("One.") as made:
        of = await witnesses(made)
        request = await of.request("kisumu")
        assert request is not None
        for lines in ("", "x\n", UNIVERSITY.sign("a\n", 7).line, KISUMU.sign("a\n", 7).line):
            assert not await of.answered("kisumu", request, 200, lines, size=0, known=b"")
        assert not await of.answered("nobody", request, 200, KISUMU.sign("a\n", 7).line, size=0, known=b"")
        assert not await of.answered("kisumu", request, 409, "", size=0, known=b"x")
        assert not await of.answered("kisumu", request, 403, "", size=0, known=b"")
        assert made.tree.shown is not None
        assert len(made.tree.shown.note.signatures) == 1


async def test_hubs_of_one_operator_are_no_quorum() -> None:
    async with grown("One.") as made:
        of = await witnesses(made)
        await of.hub("none", str(witness_key("meeting.example/hub/none").key))
        policy = read_policy(of.policy("https://meeting.example/log").encode())
        assert policy.logs == (log_key().key,)
        assert set(policy.witnesses) == {"w-kisumu", "w-none"}
        assert policy.groups["own-hubs"].least == 1
        assert policy.quorum == "none"


async def test_others_are_the_quorum_that_is_offered() -> None:
    async with grown("One.") as made:
        other = TreeWitness(name="university", key=str(UNIVERSITY.key), own=False, url="https://w.example")
        of = await witnesses(made, other, outside=("dar",))
        await of.hub("dar", str(witness_key("other.example/hub/dar").key))
        policy = read_policy(of.policy("https://meeting.example/log").encode())
        assert not policy.cosigned(["w-kisumu"])
        assert policy.cosigned(["w-university"])
        assert policy.cosigned(["w-dar"])
        assert policy.urls == {"w-university": "https://w.example"}


@pytest.mark.parametrize("key", ["", "x", str(log_key().key)])
async def test_what_is_no_key_of_a_witness_is_not_asked(key: str) -> None:
    async with grown("One.") as made:
        assert not await Witnesses(made.tree).hub("kisumu", key)


async def test_a_hub_that_was_taken_out_is_in_no_policy() -> None:
    async with grown("One.") as made:
        of = await witnesses(made)
        of.gone("kisumu")
        of.gone("nobody")
        assert of.all == ()
        assert "kisumu" not in of.policy("https://meeting.example/log")
        await of.request("another")
        again = Witnesses(made.tree)
        await again.load()
        assert again.all == ()


async def test_hubs_stay_known_and_are_bounded() -> None:
    async with grown("One.") as made:
        of = await witnesses(made)
        assert (await witnesses(made)).all == of.all
        for n in range(MOST_WITNESSES):
            await of.hub(f"hub-{n}", str(witness_key(f"meeting.example/hub/{n}").key))
        assert len(of.all) == MOST_WITNESSES
        assert await of.hub("kisumu", str(UNIVERSITY.key))
        assert of.all[-1].name == "kisumu"


async def test_a_checkpoint_that_all_have_cosigned_can_be_read() -> None:
    async with grown("One.") as made:
        of = Witnesses(made.tree)
        keys = {f"hub-{n}": witness_key(f"meeting.example/hub/{n}") for n in range(MOST_WITNESSES + 1)}
        for name, key in keys.items():
            if await of.hub(name, str(key.key)):
                request = await of.request(name)
                assert request is not None
                lines = key.sign(read_request(request).note.text, 7).line
                await of.answered(name, request, 200, lines, size=1, known=b"")
                assert await of.request(name) is None
        tree = await made.restart()
        assert tree.shown is not None
        assert len(tree.shown.note.signatures) == 1 + MOST_WITNESSES == MOST_SIGNATURES


async def test_a_restored_server_asks_before_it_signs() -> None:
    async with grown("One.") as made:
        hub = Witness()
        await hub.asked(await witnesses(made))
        await mark_restored(made.book)
        await made.restart()
        await made.say("Two.")
        await made.later()
        assert made.signer.signed == []
        of = await witnesses(made)
        assert await hub.asked(of) == 200
        assert not made.tree.standing.behind
        await made.later()
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 2


async def test_a_server_that_was_restored_from_an_older_backup_stands_still() -> None:
    async with grown("One.", "Two.") as made:
        hub = Witness()
        await hub.asked(await witnesses(made))
    async with grown("One.") as restored:
        of = await witnesses(restored)
        await mark_restored(restored.book)
        await restored.restart()
        of = await witnesses(restored)
        assert await hub.asked(of) == 409
        assert restored.tree.standing.behind
        assert not restored.tree.standing.asks
        assert await of.request("kisumu") is None


async def test_those_of_this_operator_are_not_named_as_others() -> None:
    async with grown("One.") as made:
        for outside, names in (((), []), (("kisumu",), ["kisumu"])):
            of = await witnesses(made, outside=outside)
            await Witness().asked(of)
            assert made.tree.shown is not None
            proof = InclusionProof(None, 0, (), made.tree.shown.note)
            assert of.names(proof) == names
