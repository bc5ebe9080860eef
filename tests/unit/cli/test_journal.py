from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from moothall.cli.journal import Head, Journal, head_of, write_whole
from moothall.core.events.lines import Word
from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.transcribing import HeardPiece, TranscriptionRequest

HEAD = Head(size=3, sha256="a", model="m", languages=("en",), beam=5)


def piece(number: int) -> HeardPiece:
    words = (Word(text=f" w{number}", t0=number, t1=number + 1, p=0.5),)
    return HeardPiece(first=number, last=number + 1, language="en", words=words)


def heard(path: Path, head: Head = HEAD) -> tuple[HeardPiece, ...]:
    with Journal(path, head) as journal:
        return journal.heard


def test_what_was_heard_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav.transcribing"
    with Journal(path, HEAD) as journal:
        assert journal.heard == ()
        for number in range(3):
            journal.add(piece(number))
    assert heard(path) == tuple(map(piece, range(3)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_or_strange_end_counts_for_nothing_and_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, HEAD) as journal:
        journal.add(piece(0))
    whole = path.read_bytes()
    for end in (b'{"is":"heard"', b"\0\0\0\n", msgspec.json.encode(HEAD) + b"\n"):
        path.write_bytes(whole + end)
        with Journal(path, HEAD) as journal:
            assert journal.heard == (piece(0),)
            journal.add(piece(1))
        assert heard(path) == (piece(0), piece(1))


def test_another_recording_or_model_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, HEAD) as journal:
        journal.add(piece(0))
    other = msgspec.structs.replace(HEAD, model="n")
    assert heard(path, other) == ()
    assert heard(path) == ()
    path.write_bytes(b"something else\n")
    assert heard(path) == ()


def test_only_one_command_has_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, HEAD), pytest.raises(ConfigurationError, match="Another command is at work"):
        Journal(path, HEAD)
    with Journal(path, HEAD) as journal:
        journal.remove()
    assert not path.exists()


def test_a_folder_that_refuses_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be written"):
        Journal(tmp_path / "nowhere" / "journal", HEAD)
    with pytest.raises(ConfigurationError, match="can't be written"):
        write_whole(tmp_path / "nowhere" / "text", b"")


def test_the_head_tells_recordings_apart(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a" * 3_000_000)
    other.write_bytes(b"a" * 2_999_999 + b"b")
    heads = [head_of(path, TranscriptionRequest(model="m", languages=("en",))) for path in (one, other, one)]
    assert heads[0] == heads[2] != heads[1]
    with pytest.raises(ConfigurationError, match="can't be read"):
        head_of(tmp_path / "none", TranscriptionRequest(model="m", languages=("en",)))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "text.vtt"
    write_whole(path, b"one")
    write_whole(path, b"two", mode=0o600)
    assert path.read_bytes() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["text.vtt"]
