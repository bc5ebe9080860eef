from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.adapters.store.signing import Ed25519Signer
from moothall.testing.book import MemoryBook
from moothall.testing.seeded import SeededRandomness
from moothall_hub.pairing.centre_keys import CentreKeys
from moothall_hub.pairing.pairing import Pairing, Pairings

ONE, TWO = (Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2))
DOCUMENT = msgspec.json.encode(TWO.public_document())


async def paired(address: str, **keys: object) -> tuple[CentreKeys, Pairings]:
    pairings = await Pairings.load(MemoryBook(), SeededRandomness(1))
    made = keys or ONE.public_document()
    await pairings.keep(Pairing(address=address, hub="kisumu", title="Kisumu", key="k", keys=dict(made)))
    return CentreKeys(pairings), pairings


def signed(keys: CentreKeys, by: Ed25519Signer) -> bool:
    return keys.signed(by.key_id, b"heads", by.sign(b"heads"))


async def test_what_is_signed_by_a_key_of_the_pairing_is() -> None:
    keys, _ = await paired("https://a.example")
    assert signed(keys, ONE)
    assert signed(keys, ONE)
    assert not signed(keys, TWO)
    assert not keys.signed(ONE.key_id, b"other", ONE.sign(b"heads"))


async def test_other_keys_are_believed_over_https_alone() -> None:
    for address, believed in (("https://a.example", True), ("http://10.0.0.7:8080", False)):
        keys, pairings = await paired(address)
        await keys.told(DOCUMENT)
        assert (signed(keys, TWO), signed(keys, ONE)) == (believed, not believed)
        assert pairings.now is not None
        assert pairings.now.generation == 1


@pytest.mark.parametrize("document", [b"", b"\xff", b"[]", b'{"keys": []}', b'{"keys": [{"id": 1}]}'])
async def test_what_is_no_key_changes_nothing(document: bytes) -> None:
    keys, _ = await paired("https://a.example")
    await keys.told(document)
    assert signed(keys, ONE)


async def test_without_a_pairing_or_with_a_broken_one_nothing_is_signed() -> None:
    pairings = await Pairings.load(MemoryBook(), SeededRandomness(1))
    keys = CentreKeys(pairings)
    await keys.told(DOCUMENT)
    assert not signed(keys, ONE)
    broken, _ = await paired("https://a.example", keys="none")
    assert not signed(broken, ONE)
