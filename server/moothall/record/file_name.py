"""What a record is called when it is saved."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from moothall.record.model import Record

MAX_BYTES = 120
"""UTF-8 bytes of the title in a name: file systems take 255 for all of it, and paths have their limits too."""
_UNFIT = re.compile(r'[\\/:*?"<>|]+')
"""What one system or another doesn't take in a name."""


def file_name(record: Record, form: str) -> str:
    """Date, title and language: `2026-11-24 Opening ceremony (en).vtt`; the session's id where there is no title."""
    title = "".join(
        " " if unicodedata.category(each)[0] in "CZ" and each not in "\u200c\u200d" else each
        for each in record.session.title
    )
    title = " ".join(_UNFIT.sub(" ", title).split()).encode()[:MAX_BYTES].decode(errors="ignore").strip(" .")
    opened = record.session.opened
    date = "" if opened is None else f"{datetime.fromtimestamp(opened // 1000, UTC):%Y-%m-%d} "
    return f"{date}{title or record.id}{_language(record)}.{form}"


def _language(record: Record) -> str:
    return f" ({record.language})" if re.fullmatch(r"[A-Za-z0-9-]{1,35}", record.language) else ""
