"""Writes docs/reference/data-protection.md: which personal data are kept, from the table of docs/why/privacy.md.

The table says what is kept, where and how long. This module adds to each row whose data they are and who sees them, and
takes the settings that affect them from the settings' own docstrings.
"""

from __future__ import annotations

import re

from field_docs import ROOT, one_line, publish
from settings_reference import sections

SOURCE = ROOT / "docs/why/privacy.md"
PAGE = ROOT / "docs/reference/data-protection.md"

ALL, STAFF, OFFICE, NOBODY, OTHERS, OPERATOR = (
    "whoever may read the meeting",
    "the staff of the meeting",
    "the secretariat",
    "nobody",
    "whoever runs the service",
    "whoever runs the server",
)
WHO = {
    "text": ("speakers", ALL),
    "the words of records for": ("speakers", ALL),
    "vectors of what lines mean": ("speakers", ALL),
    "finished lines of meetings that everybody": ("speakers", OTHERS),
    "who is who among speakers": ("speakers", f"the page, while it is on: everybody; all of it: {OFFICE}"),
    "the file from which a meeting": ("speakers", STAFF),
    "sound on its way": ("speakers", NOBODY),
    "where an engine stands": ("speakers", NOBODY),
    "how the voice of a moment": ("speakers", NOBODY),
    "what a voice is known by": ("speakers who agreed", NOBODY),
    "who agreed to have their voice": ("speakers who agreed", STAFF),
    "what was measured of voices": ("none", ALL),
    "sound that is kept": ("speakers", f"{STAFF}; published sound: {ALL}"),
    "what a [second pass]": ("speakers", STAFF),
    "what a speaker [proposes": ("speakers", f"the speaker, and the staff of the meeting; in the log: {ALL}"),
    "[e-mail addresses of rapporteurs]": ("rapporteurs", OFFICE),
    "that somebody has a private link to [confirm": ("whoever gave a commitment", f"{OFFICE}; in the report: {ALL}"),
    "names and terms to prefer": ("speakers", STAFF),
    "the sound and words of a span": ("speakers", f"the words, while they are shown: {ALL}"),
    "the sound of a break": ("speakers", NOBODY),
    "how loud a break is": ("speakers", STAFF),
    "all sound, where an engine": ("speakers", OTHERS),
    "translations that were made": ("speakers", ALL),
    "finished lines of a meeting whose": ("speakers", OTHERS),
    "what [captioning software]": ("speakers", NOBODY),
    "text, where translations": ("speakers", OTHERS),
    "suggested lines, where": ("speakers", OTHERS),
    "questions, comments and proposals": ("people who ask", f"what is published: {ALL}; all of it: {STAFF}"),
    "that two come from the same browser": ("people who ask", STAFF),
    "what somebody types in their turn": ("people who ask", ALL),
    "notes among the staff": ("staff", STAFF),
    "drafts of a report": ("speakers, staff", STAFF),
    "published reports": ("speakers, whoever confirms or objects", f"{ALL}; documents: everybody"),
    "addresses of bodies": ("the bodies", OFFICE),
    "that a question was": ("readers", STAFF),
    "which browser would ask": ("readers", NOBODY),
    "what people say of themselves": ("people who ask", NOBODY),
    "what somebody [needs]": ("whoever needs something to take part", OFFICE),
    "from which address such a need": ("the same", NOBODY),
    "sums of that": ("people who ask", f"{STAFF}; {OFFICE}"),
    "what the secretariat writes down of a hub": ("coordinators of hubs", f"{OFFICE}; the public list: everybody"),
    "which browsers follow": ("readers", NOBODY),
    "how many browsers followed": ("readers, as numbers", f"{STAFF}; once released: {ALL}"),
    "who [signed in]": ("who signed in", f"technicians and {OFFICE}; sums of group and region: {ALL}"),
    "who is named on": ("who signed in", ALL),
    "a file of badges": ("people on site", NOBODY),
    "how many people are at a hub": ("people at hubs, as a number", f"{OFFICE}; the public list: everybody"),
    "the key of a hub's machine": ("none", NOBODY),
    "who has signed in": ("staff", OFFICE),
    "the webhooks of other programs": ("none", OFFICE),
    "how often a program's token was used": ("staff", OFFICE),
    "how often a staff link was opened": ("staff", OFFICE),
    "how many read each": ("readers, as a number", STAFF),
    "how many read, by door": ("readers, as a number", OPERATOR),
    "what is due of which meeting": ("staff, by a pseudonym", OFFICE),
    "which words of one person": ("whoever is removed", OFFICE),
    "that something was removed": ("none", OPERATOR),
    "hashes and places of public events": ("none", ALL),
    "text, sound that is kept, programme": ("speakers, people who ask, staff", OPERATOR),
    "what stands in the log and the book, where": ("all of the above", "as of each above"),
    "words of a span that is not recorded, for": ("speakers", f"while they are shown: {ALL}"),
    "the end of a log that a node had": ("speakers, people who ask, staff", OPERATOR),
    "visitors' addresses": ("visitors", NOBODY),
    "from which address": ("people who ask", NOBODY),
    "each request, with": ("visitors, staff", "whoever runs the proxy"),
    "logs of the program": ("none", OPERATOR),
}
"""By the beginning of a row's first cell: whose data they are, and who sees them. The longest
beginning that fits counts.
"""

SETTINGS = (
    "retention.text", "retention.sound", "retention.staff", "retention.questions", "retention.notice_days",
    "recording.keep_days", "server.unload_after_minutes", "balance.asks", "balance.groups", "engine.model",
    "translation.service", "drafting.service", "sign_in.issuer", "sign_in.scopes", "sign_in.hours",
    "sign_in.link_hours_after_close", "voices.changes", "voices.recognise",
    "logging.level",
)  # fmt: skip
"""The settings by which an operator decides about personal data."""

HEAD = """\
# Data protection sheet

For data protection officers and procurement. Generated from [Privacy](../why/privacy.md) and the
[settings](settings.md) by `make fix`; change the rows there. Whoever runs a server is the controller of what is on it;
those who make Moothall get nothing, and a server asks nobody on the network but what its settings name. Which legal
basis holds is the controller's to say, not a program's.

## What is kept of whom

| what | whose data | where | how long | who sees it |
|---|---|---|---|---|
"""

RIGHTS = """
## What people can ask for

| they want | what there is |
|---|---|
| to know what is kept of them | \
the record, to whoever may read it: [Take the record home](../how-to/take-the-record-home.md). \
What is kept under keyed hashes can't be found by a name |
| words or a name erased | \
[Remove words](../how-to/remove-words.md): from every file, hubs' copies included; \
from [all meetings](../how-to/keep-and-forget.md#remove-one-persons-words-from-all-meetings) in one act |
| something not to be kept at all | [Record nothing for a while](../how-to/not-recorded.md) |
| what they said of themselves taken back | on the page on which they asked, at once |
| sound erased | [Keep, publish and erase the sound](../how-to/recordings.md) |
| a mistake mended | *Something wrong?* on each meeting's page; a correction stands beside the first text in the log |

Staff appear in logs and records as a role and a pseudonym, never by name. What is removed leaves
[backups](../how-to/backup.md) with the next one, and no restore brings it back; whoever makes them decides for how long
they are kept.

## Settings that decide

| setting | default | what it does |
|---|---|---|
"""


def kept() -> list[tuple[str, str, str]]:
    """Return the rows of the source page: what is kept, where, how long."""
    text = SOURCE.read_text(encoding="utf-8").partition("\n## ")[0]
    found = re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    return [(what, where, how_long) for what, where, how_long in found if what != "what"]


def who(what: str) -> tuple[str, str]:
    """Return whose data a row describes, and who sees them. Raises KeyError when no entry of WHO fits."""
    found = max((begin for begin in WHO if what.startswith(begin)), key=len, default=None)
    if found is None:
        raise KeyError(f"Say in WHO of tools/data_protection.py who sees: {what}")
    return WHO[found]


def render() -> str:
    """Return the page's text."""
    parts = [HEAD]
    for what, where, how_long in kept():
        whose, seen = who(what)
        parts.append(f"| {what} | {whose} | {where} | {how_long} | {seen} |\n")
    parts.append(RIGHTS)
    known = {f"{section}.{entry.key}": entry for section, _, entries in sections() for entry in entries}
    parts += [f"| `{name}` | `{known[name].default}` | {one_line(known[name].doc)} |\n" for name in SETTINGS]
    return "".join(parts)


if __name__ == "__main__":
    publish(PAGE, render())
