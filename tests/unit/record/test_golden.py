"""The golden session in every format: what is gone is in none of them, and what stays is in all that have its kind."""

from __future__ import annotations

from itertools import pairwise

import pytest

from moothall.adapters.record.forms import TYPES, pdf_data, write_record
from moothall.core.kernel.ids import ChannelId
from moothall.core.proof.checking import ProofVerdict, check
from moothall.record.model import Absence
from moothall.record.wording import Options
from support.proof.logged import export, proved, trusting
from support.record.golden import AHMED, CHAIR, GONE, IMPORTED, LANGUAGES, LI, NAMES, PARTS, TURNED, golden_records
from support.record.trees import unpacked
from support.sessions.record_maker import FLOOR, WORDING


def test_it_has_everything_that_makes_a_record_hard() -> None:
    record = golden_records()[FLOOR]
    assert {line.language.partition("-")[0] for line in record.lines} == set(LANGUAGES)
    assert {line.name for line in record.lines} >= set(NAMES)
    assert [span.absence for span in record.missing] == [Absence.GAP, Absence.NOT_RECORDED, Absence.BREAK]
    assert {(line.mended, line.accepted) for line in record.lines} == {(False, False), (True, False), (True, True)}
    assert len(record.asked) == 8
    assert any(each.removed for each in record.asked)
    assert record.seal is not None
    assert record.seal.offset < record.position.offset
    after = zip(record.lines, record.lines[1:], strict=False)
    assert any(one.t1 is not None and other.t0 < one.t1 for one, other in after)


@pytest.mark.parametrize("channel", PARTS)
@pytest.mark.parametrize("form", TYPES)
def test_what_is_gone_is_in_no_file(channel: ChannelId, form: str) -> None:
    record, options = golden_records()[channel], Options(sources=True)
    if form == "pdf":  # letters are numbers of glyphs in it
        text = pdf_data(record, WORDING, options)
    else:
        text = unpacked(write_record(form, record, WORDING, options, str))
    assert text
    assert not [word for word in GONE if word.encode() in text]


def test_it_has_a_part_that_was_imported() -> None:
    record = golden_records()[IMPORTED]
    assert record.session.imported
    assert [line.language for line in record.lines] == ["pt", "ar", "pt", "zh", "pt"]
    assert [line.name for line in record.lines][:4] == [CHAIR, AHMED, TURNED[1:-1], LI]
    assert [one.t1 is not None and other.t0 < one.t1 for one, other in pairwise(record.lines)][:2] == [True, True]


@pytest.mark.parametrize("form", sorted(TYPES.keys() - {"pdf"}))
def test_one_altered_byte_of_an_export_or_of_its_proof_is_found_and_named(form: str) -> None:
    options = Options(sources=True)
    for part in (FLOOR, IMPORTED):
        file = write_record(form, golden_records()[part], WORDING, options, str)
        proof, trusted = bytes(proved(export(file))), trusting()
        assert check(proof, trusted, file=file).verdict is ProofVerdict.PROVED
        for at in {*range(0, len(file), len(file) // 50), len(file) - 1}:
            found = check(proof, trusted, file=_altered(file, at))
            assert found.faults == ("The file was altered: it isn't the one that was logged.",), at
    for at in range(len(proof)):
        found = check(_altered(proof, at), trusted, file=file)
        assert found.verdict is ProofVerdict.BROKEN, at
        assert all(fault.endswith(".") for fault in found.faults), found.faults


def _altered(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
