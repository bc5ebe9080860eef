from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from soak_pieces import Piece, Struck, Sum, Told, added, commit_now, keep, kept, sums

ONE, OTHER = "0123456789abcdef0123456789abcdef01234567", "fedcba9876543210fedcba9876543210fedcba98"


def piece(commit: str = ONE, hours: float = 1.0, date: str = "2026-11-28T20:00:00+00:00", faults: int = 0) -> Piece:
    return Piece(
        commit=commit,
        changed=False,
        date=date,
        processor="a processor",
        load=0.5,
        hours=hours,
        kill_every_s=600.0,
        readers=200,
        struck=Struck(servers_killed=3, hubs_killed=1, servers_restarted=1, lines_cut=12),
        told=Told(lines=100, questions=10, reconnections=50),
        lost=faults,
        doubled=0,
        courses=(),
        faults=("Something is wrong.",) * faults,
        fault_count=faults,
    )


def test_pieces_add_up() -> None:
    assert added([]) == Sum()
    total = added([piece(hours=0.5), piece(hours=2.0, faults=1)])
    assert total == Sum(
        pieces=2,
        hours=2.5,
        longest=2.0,
        kills=8,
        cuts=24,
        lines=200,
        questions=20,
        reconnections=100,
        lost=1,
        faults=1,
    )
    assert str(total).startswith("2.50 h in 2 pieces (the longest 2.00 h), 8 kills, 24 cuts, ")
    assert "2.00 h in 1 piece (" in str(added([piece(hours=2.0)]))


def test_each_piece_is_a_line_in_the_file_of_its_commit(tmp_path: Path) -> None:
    later, earlier, other = piece(date="2026-11-29T01:00:00+00:00"), piece(), piece(OTHER, date="2026-11-28T23:00:00Z")
    paths = [keep(each, tmp_path / "soak") for each in (later, earlier, other)]
    assert [path.name for path in paths] == ["01234567.jsonl", "01234567.jsonl", "fedcba98.jsonl"]
    assert kept(tmp_path / "soak") == [earlier, other, later]
    paths[0].write_text("{}\n", encoding="utf-8")
    with pytest.raises(msgspec.ValidationError):
        kept(tmp_path / "soak")


def test_the_sum_of_a_commit_stands_beside_that_of_all() -> None:
    this, every = sums([piece(), piece(), piece(OTHER)], ONE)
    assert this.startswith("commit 01234567  2.00 h in 2 pieces")
    assert every.startswith("all commits (2)  3.00 h in 3 pieces")
    assert sums([], ONE)[0].startswith("commit 01234567  0.00 h in 0 pieces")


def test_the_commit_is_that_of_the_checkout() -> None:
    commit, _ = commit_now()
    assert len(commit) == 40


def test_what_a_run_writes_itself_is_no_change_of_the_commit(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    for name in ("code", "runs"):
        (tmp_path / name).write_text("1")
    git("add", "code", "runs")
    git("commit", "--message", "x")
    (tmp_path / "runs").write_text("2")
    assert (commit_now("runs", tmp_path)[1], commit_now("", tmp_path)[1]) == (False, True)
    (tmp_path / "code").write_text("2")
    assert commit_now("runs", tmp_path)[1]


def test_all_pieces_that_are_kept_here_can_be_read() -> None:
    assert all(each.hours > 0 for each in kept())
