from __future__ import annotations

import re
from pathlib import Path

import pytest

from moothall.core.backup.book import NAMESPACES, NamespaceBackup, chosen, decode_entries, encode_entries
from moothall.core.kernel.errors import RecordBroken
from moothall.core.ports import BookEntry
from moothall.services.attendance import online
from moothall.services.captioning import zoom_push
from moothall.services.capture import streams
from moothall.services.cluster import two_books
from moothall.services.desks import abbreviations, checking
from moothall.services.hubs import keys, pairing, removals
from moothall.services.outcomes import commitment_links, reminding, sending
from moothall.services.programme import access_needs, agenda, house_look, programme
from moothall.services.proof import cosigner, seal_stamps, tree_store
from moothall.services.proposals import own_words, proposing
from moothall.services.questions import asking, balance, ballot_box
from moothall.services.retention import people as retention_people
from moothall.services.retention import retention
from moothall.services.search import people
from moothall.services.sessions import browsers, role_links, sign_in
from moothall.services.sound import former_recordings
from moothall.services.tokens import program_tokens
from moothall.services.webhooks import webhooks

SERVICES = Path(programme.__file__).parents[1]
USED = {
    "attendance/online.py": [online.NAMESPACE],
    "capture/streams.py": [streams.NAMESPACE],
    "captioning/zoom_push.py": [zoom_push.NAMESPACE],
    "cluster/two_books.py": [two_books.NOTES, two_books.HOUSE],
    "desks/abbreviations.py": [abbreviations.NAMESPACE],
    "desks/checking.py": [checking.NAMESPACE],
    "hubs/keys.py": [keys.NAMESPACE],
    "hubs/pairing.py": [pairing.WORDS, pairing.SECRETS],
    "hubs/removals.py": [removals.NAMESPACE],
    "hubs/registry.py": [keys.NAMESPACE],
    "outcomes/commitment_links.py": [commitment_links.NAMESPACE],
    "outcomes/reminding.py": [reminding.NAMESPACE],
    "outcomes/sending.py": [sending.SECRETS, sending.WAITING],
    "programme/access_needs.py": [access_needs.NAMESPACE],
    "programme/agenda.py": [agenda.TEXTS, agenda.NOTES, agenda.CHANGES],
    "programme/house_look.py": [house_look.NAMESPACE],
    "programme/programme.py": [programme.ROOMS, programme.PLANNED, programme.CONFERENCE],
    "proof/cosigner.py": [cosigner.COSIGNED, cosigner.CONFLICTING, cosigner.KEY],
    "proof/seal_stamps.py": [seal_stamps.WANTED, seal_stamps.STAMPS],
    "proof/tree_store.py": [tree_store.STATE, tree_store.CURSORS, tree_store.TILES],
    "proposals/own_words.py": [own_words.NAMESPACE],
    "proposals/proposing.py": [proposing.PROPOSED, proposing.LEFT],
    "questions/asking.py": [asking.NAMESPACE],
    "questions/balance.py": [balance.NAMESPACE, balance.SUMS],
    "questions/ballot_box.py": [ballot_box.NAMESPACE],
    "retention/people.py": [retention_people.JOBS],
    "retention/retention.py": [retention.PERIODS, retention.KEPT, retention.TIME],
    "search/people.py": [people.NAMESPACE],
    "sound/former_recordings.py": [former_recordings.NAMESPACE],
    "sessions/sign_in.py": [sign_in.SIGN_IN],
    "sessions/role_links.py": [role_links.LINKS, role_links.TOOL_LINKS],
    "sessions/browsers.py": [browsers.VISITORS],
    "tokens/program_tokens.py": [program_tokens.TOKENS],
    "webhooks/webhooks.py": [webhooks.HOOKS, webhooks.TOLD, webhooks.WAITING, webhooks.LINES],
}
"""The modules of the server that write to the book, and their namespaces."""


def test_it_is_said_of_every_namespace_what_becomes_of_it() -> None:
    writing = {
        path.relative_to(SERVICES).as_posix()
        for path in SERVICES.rglob("*.py")
        if re.search(r"BookEntry\(", path.read_text(encoding="utf-8")) and path.parent.name != "backup"
    }
    assert writing == set(USED)
    assert {name for names in USED.values() for name in names} == set(NAMESPACES)


def test_entries_go_where_their_namespace_goes() -> None:
    room, key = BookEntry("room", "main", b"1"), BookEntry("asking", "key", b"2")
    ballot, stranger = BookEntry("ballots:plenary", "a/b", b"3"), BookEntry("later", "k", b"4")
    entries = [room, key, ballot, stranger]
    assert chosen(entries, NamespaceBackup.IN_BACKUP) == [room]
    assert chosen(entries, NamespaceBackup.WITH_KEYS) == [key]
    assert chosen(entries, NamespaceBackup.LEFT_OUT) == [ballot, stranger]


def test_addresses_with_passwords_and_what_is_soon_forgotten_are_in_no_backup_nor_with_the_keys() -> None:
    names = ("stream", "zoom", "rapporteur-address", "access-need", "ballots", "balance", "hub-words", "visitor")
    entries = [BookEntry(each, name, b"rtsp://me:secret@camera/") for each in names for name in ("a", "b/c")]
    assert chosen(entries, NamespaceBackup.IN_BACKUP) == []
    assert chosen(entries, NamespaceBackup.WITH_KEYS) == []


def test_entries_are_read_as_they_were_written() -> None:
    entries = [BookEntry("room", "b", b"1"), BookEntry("room", "a", b"\x00")]
    assert decode_entries(encode_entries([*entries, BookEntry("room", "gone", None)])) == entries


def test_what_is_no_book_is_refused() -> None:
    with pytest.raises(RecordBroken, match="The book of a backup"):
        decode_entries(b"\x91\x01")
