from __future__ import annotations

from pathlib import Path

import msgspec

from cluster_pieces import FaultPiece, Kind, keep, kept, share, sums

PIECE = FaultPiece(
    commit="0c043cb5a828",
    changed=False,
    date="2026-11-29T01:00:00+00:00",
    processor="x",
    load=1.0,
    seed=1,
    rounds=1,
    seconds=60.0,
    kinds={"keeper killed": Kind(pauses=(4.0, 5.0), after=(0.1, 0.2), taken_over=(3.5,))},
    acts=100,
    lines=90,
    questions=5,
    removals=2,
    connections=7,
    fresh=0,
    events=200,
    lost=0,
    doubled=0,
    reordered=0,
    other=0,
    said=(),
)


def test_pieces_are_kept_by_commit_and_come_back_by_date(tmp_path: Path) -> None:
    later = msgspec.structs.replace(PIECE, date="2026-11-30T01:00:00+00:00", lost=1)
    assert keep(later, tmp_path) == keep(PIECE, tmp_path) == tmp_path / "0c043cb5.jsonl"
    assert kept(tmp_path) == [PIECE, later]


def test_they_add_up_by_kind() -> None:
    other = msgspec.structs.replace(PIECE, kinds={"valkey flushed": Kind(pauses=(0.5,), after=(0.0,))}, lost=1)
    assert sums([PIECE, other]) == [
        (
            "3 faults in 2 pieces, 200 acts, 0 spoken words, 10 questions, 4 removals, 0 words not recorded; "
            "1 lost, 0 doubled, 0 reordered, 0 otherwise wrong"
        ),
        (
            "  keeper killed: 2, longest pause 4.00 / 5.00 / 5.00 s, after its end 0.10 / 0.20 / 0.20 s, "
            "1 take-overs 3.50 / 3.50 / 3.50 s"
        ),
        "  valkey flushed: 1, longest pause 0.50 / 0.50 / 0.50 s, after its end 0.00 / 0.00 / 0.00 s",
        (
            "  all: 3, longest pause 4.00 / 5.00 / 5.00 s, after its end 0.10 / 0.20 / 0.20 s, "
            "1 take-overs 3.50 / 3.50 / 3.50 s"
        ),
    ]


def test_a_line_of_an_earlier_form_of_the_proof_is_read(tmp_path: Path) -> None:
    later = ("one_copy", "nodes", "server", "parts", "words", "unrecorded")
    fields = {name: value for name, value in msgspec.to_builtins(PIECE).items() if name not in later}
    (tmp_path / "0c043cb5.jsonl").write_bytes(msgspec.json.encode(fields))
    assert kept(tmp_path) == [PIECE]


def test_a_share_is_a_time_that_was_measured() -> None:
    times = [float(n) for n in range(1, 101)]
    assert (share(times, 0.5), share(times, 0.99), share(times, 1.0)) == (50.0, 99.0, 100.0)
    assert share([3.0], 0.5) == 3.0
