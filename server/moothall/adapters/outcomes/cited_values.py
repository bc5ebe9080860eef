"""Values of citations for templates: the words as they were cited and as they read now, and how far they were checked.

The room and the published report show them alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import AND, rough_text
from moothall.adapters.reading.page_address import TextAddresses
from moothall.core.events.outcome_parts import Citation
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, media_time
from moothall.core.rules.authority import STAFF_ROLES
from moothall.record.citation.quoting import span_of
from moothall.services.outcomes.cited_words import CitedFate, CitedWords
from moothall.services.outcomes.machine_translations import TranslatedVersion

AROUND_MS = 800
"""Sound before and after a citation that is heard with it, in ms."""
CitedValues = dict[str, object]


@dataclass(frozen=True)
class CitedRows:
    """Makes the values in the language of an interface."""

    ui: Catalogue
    zone: Zone
    made: TranslatedVersion | None = None
    """The translation that stands under the words."""

    def row(self, cited: CitedWords, *, sound: bool = False) -> CitedValues:
        """The values of a citation. `sound`: whether it can be played here."""
        gone = cited.fate in (CitedFate.REMOVED, CitedFate.UNREADABLE)
        return {
            "id": cited.citation.id,
            "fate": cited.fate.value,
            "lines": [
                {
                    "name": line.name,
                    "language": line.language,
                    "direction": direction(line.language),
                    "was": line.was,
                    "now": line.now,
                    "translated": "" if self.made is None else self.made.quoted(line.was, line.language),
                }
                for line in cited.lines
            ],
            "target": "" if self.made is None else self.made.wanted.target,
            "target_direction": "auto" if self.made is None else direction(self.made.wanted.target),
            "differs": cited.fate is not CitedFate.SAME and any(line.was != line.now for line in cited.lines),
            "gone": gone and not cited.lines,
            "state": self.state(cited),
            "said": self._said(cited),
            "time": media_time(cited.t0),
            "unheard": not cited.heard,
            "stale": cited.stale,
            "doubtful": cited.doubtful,
            "seen": cited.seen,
            "translation": cited.kind is ChannelKind.TRANSLATION,
            "address": "" if gone and not cited.lines else address_of(cited, self.ui),
            "clip": clip_of(cited.citation, cited.t0, cited.t1) if sound and not cited.number and not gone else "",
        }

    def state(self, cited: CitedWords) -> str:
        """How far the words were checked, as a sentence; empty where there are none, and for a question."""
        if not cited.lines or cited.number:
            return ""
        if cited.checked_by is None:
            said = self.ui.text("Heard by a machine, unchecked" if cited.machine else "Written by a person, unchecked")
            return AND.join((said, *rough_text(cited.rough, self.ui)))
        role = self.ui.named(f"staff/role.{cited.checked_by}") if cited.checked_by in STAFF_ROLES else ""
        return self.ui.text(
            "Checked by: {role}, {time}", role=role, time=self.ui.moment(self.zone.at(cited.checked_at))
        )

    def _said(self, cited: CitedWords) -> str:
        """What became of the words, as a sentence; empty where they are the same."""
        match cited.fate:
            case CitedFate.SAME:
                return ""
            case CitedFate.CHANGED:
                return self.ui.text("The text was mended after it was quoted. Both are here.")
            case CitedFate.REMOVED if cited.lines:
                return self.ui.text("Some of these words were removed from the record.")
            case CitedFate.REMOVED:
                return self.ui.text("These words were removed from the record.")
            case _:
                return self.ui.text("These words can't be read here.")


def address_of(cited: CitedWords, ui: Catalogue) -> str:
    """The address of the page of a quotation, or of a question."""
    citation, span = cited.citation, span_of(cited.citation)
    addresses = TextAddresses(citation.session, channel=citation.channel, ui=ui.chosen)
    if span is None:
        return f"{addresses.questions()}#No-{cited.number}"
    return addresses.citation(str(span.first), str(span.last), cited.position)


def clip_of(citation: Citation, t0: int, t1: int) -> str:
    """The address of the sound of some lines."""
    asked = {"channel": citation.channel or "", "from": max(0, t0 - AROUND_MS), "to": t1 + AROUND_MS}
    return f"/s/{quote(citation.session)}/clip?{urlencode(asked)}"
