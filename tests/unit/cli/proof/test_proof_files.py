"""`moothall verify FILE`: what it says of a proof, with what it was given and without."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store import signing
from moothall.cli.main import main
from moothall.cli.verifying import verify_command
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.proof.notes import encode64
from moothall.core.proof.tlog_proofs import Context, InclusionProof, LoggedEvent
from support.proof.keys import log_key, witness_key
from support.proof.logged import FILE, cosigned, event, export, line, proved
from support.sessions.recorder import Recorder

WORDS = "This doesn't say that the words were heard right: heard by a machine, unchecked."


class Folder:
    """A folder with a proof, and what somebody saved who checks it."""

    def __init__(self, path: Path, proof: InclusionProof) -> None:
        self.path = path
        self.proof = path / "plenary-floor-1-1.tlog-proof"
        self.proof.write_bytes(bytes(proof))
        public = log_key().key.public
        key = {"id": signing.key_id(public), "alg": "Ed25519", "public_key": encode64(public)}
        self.key = path / "moothall.json"
        self.key.write_bytes(msgspec.json.encode({"keys": [key]}))
        self.vkey = path / "key"
        self.vkey.write_text(f"{log_key().key}\n")
        self.policy = path / "policy"
        self.policy.write_text(f"log {log_key().key}\nwitness w1 {witness_key('w1.example').key}\nquorum w1\n")
        self.seen = path / "checkpoint"
        self.seen.write_bytes(bytes(proof.note))

    def said(
        self, *, file: Path | None = None, key: bool = True, policy: bool = True, seen: bool = True
    ) -> tuple[int, str]:
        out = io.StringIO()
        code = verify_command(
            self.path / "no-data",
            str(file or self.proof),
            out,
            keys=[str(self.key)] if key else [],
            seen=[self.seen] if seen else [],
            policy=self.policy if policy else None,
        )
        return code, out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, cosigned(proved(event(line())), "w1.example"))


def test_all_of_it_is_said_of_a_line(folder: Folder) -> None:
    code, said = folder.said()
    assert code == 0
    assert said == (
        f"{folder.proof}: proved.\n"
        '  Session plenary, ch:floor, event 1 (segment.ended): "The floor is yours."\n'
        "  Unaltered since 2025-11-24 16:00:00 UTC, version “checked”; changes after 2025-11-24 16:03:20 UTC can't be "
        "seen offline.\n"
        f"  {WORDS}\n"
        "  Signed by meeting.example/log, in the tree meeting.example/log of 9 leaves.\n"
        "  Cosigned by w1 at 2025-11-24 16:04:10 UTC.\n"
    )


def test_it_says_what_it_has_not_got(folder: Folder) -> None:
    code, said = folder.said(key=False, policy=False, seen=False)
    assert code == 3
    assert "Use --key." in said
    assert "Use --policy." in said
    assert "Use --heads." in said
    code, said = folder.said(policy=False, seen=False)
    assert code == 0
    assert "Use --key." not in said
    assert "Use --policy." in said


def test_a_key_may_be_given_as_a_line(folder: Folder) -> None:
    folder.key = folder.vkey
    assert folder.said(policy=False)[0] == 0


def test_an_altered_proof_is_broken(folder: Folder) -> None:
    data = folder.proof.read_bytes()
    folder.proof.write_bytes(data.replace(b"index 5", b"index 4"))
    code, said = folder.said()
    assert code == 1
    assert said.startswith(f"{folder.proof}: broken.\n  What it says of session plenary isn't at place 4")
    assert "The floor is yours" not in said


def test_two_histories_are_printed(folder: Folder) -> None:
    folder.seen.write_bytes(bytes(log_key().checkpoint(9, bytes(32))))
    code, said = folder.said()
    assert code == 1
    assert said.count("meeting.example/log\n    9\n") == 2
    assert "  Seen elsewhere:\n" in said


def test_a_file_is_checked_with_the_proof_beside_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path, proved(export()))
    file, beside = tmp_path / "plenary.vtt", tmp_path / "plenary.vtt.tlog-proof"
    file.write_bytes(FILE)
    beside.write_bytes(folder.proof.read_bytes())
    for each in (file, beside):
        code, said = folder.said(file=each, policy=False)
        assert code == 0, said
        assert "file 'vtt' of text 'floor' as at event 9." in said
    file.write_bytes(FILE + b" ")
    code, said = folder.said(file=file, policy=False)
    assert code == 1
    assert "The file was altered" in said
    file.unlink()
    code, said = folder.said(file=beside, policy=False)
    assert code == 3
    assert "The file isn't here" in said


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (ev.SessionPaused(t=5), "event 1 (session.paused)."),
        (
            le.SegmentCorrected(
                channel=ChannelId("f"), segment=SegmentId("a"), base_revision=0, base_words=1, text="Yes", tail=", all."
            ),
            '"Yes, all."',
        ),
    ],
)
def test_other_events_are_named(tmp_path: Path, made: ev.AnyEvent, sentence: str) -> None:
    logged = LoggedEvent.of(Recorder().record(made), Context())
    assert logged is not None
    folder = Folder(tmp_path, proved(logged))
    code, said = folder.said(policy=False)
    assert code == 0
    assert sentence in said


def test_what_was_given_and_cannot_be_read_is_named(folder: Folder) -> None:
    folder.policy.write_text("quorum w\n")
    assert folder.said() == (
        2,
        f"The policy {folder.policy} can't be used. Line 1 of the policy can't be read. No line above says who w is.\n",
    )
    folder.policy.unlink()
    assert folder.said()[0] == 2
    code, said = folder.said(policy=False, file=None, seen=True)
    assert code == 0, said
    folder.seen.write_bytes(b"x")
    code, said = folder.said(policy=False)
    assert code == 2
    assert "is no checkpoint" in said


def test_the_command_line_takes_it(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder.proof), "--key", str(folder.key), "--policy", str(folder.policy)]) == 0
    assert WORDS in capsys.readouterr().out


def test_a_proof_is_no_way_into_a_terminal(tmp_path: Path) -> None:
    logged = event(line("Yes.\x1b[2Jon"))
    said = Folder(tmp_path, proved(logged)).said(policy=False)[1]
    assert "Yes." in said
    assert "\x1b" not in said


def test_an_event_of_a_later_release_is_checked_too(tmp_path: Path) -> None:
    record = Recorder().record(ev.SessionPaused(t=5))
    assert record.salt is not None
    later = LoggedEvent(header=record.header_bytes, salt=record.salt, body=b'{"type":"x","no":[}', context=Context())
    code, said = Folder(tmp_path, proved(later)).said(policy=False)
    assert code == 0
    assert "event 1 (session.paused).\n" in said


def test_a_policy_is_for_proofs_alone(folder: Folder) -> None:
    file = folder.path / "record.json"
    file.write_text("{}")
    assert folder.said(file=file) == (
        2,
        "--policy is for a proof, or a file with its proof beside it; this is neither.\n",
    )
    code, said = folder.said(file=file, policy=False, seen=False)
    assert code == 2
    assert "Nor is its proof beside it, record.json.tlog-proof." in said
