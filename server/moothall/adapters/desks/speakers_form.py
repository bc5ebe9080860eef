"""What the staff do with speakers' private links: make and revoke them, and decide on what speakers propose. Both are
parts of pages of `desk_door.py`: plain forms, which work without scripts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

from moothall.adapters.admin.texts import AdminText
from moothall.adapters.desks.own_words_door import PATH, proposal_values
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ProgrammeError, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, media_time
from moothall.core.programme.times import moment
from moothall.core.proposals.own_words import DAY_MS, KEPT_MS, OwnFate, OwnProposal, SpeakerLink, is_own, may_have_link
from moothall.core.rules.corrections import MAX_REASON
from moothall.core.sessions.state import State
from moothall.services.desks.checking import CheckedLines
from moothall.services.proposals.own_words import OwnWords
from moothall.services.sessions.staff import Staff, actor_of

ACCEPT, DECLINE = "accept", "decline"
USUAL_MS = 14 * DAY_MS
"""How long the window of a new link is, unless somebody chooses another."""
MOST_SHOWN = 100
"""Proposals on a page. Overflow: the later ones are shown once some are decided on."""
MAX_DIGITS = 9
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class SpeakersText:
    """Keys of the sentences that say why a link wasn't made."""

    DAY = "Choose a day from today on, within 90 days."
    NOBODY = "This speaker gets no link: they have no name, or young people take part."


@dataclass(eq=False, repr=False)
class SpeakersForm:
    """Renders and handles both parts. `zone` returns the zone in which days begin, `public` is the house's address."""

    own_words: OwnWords
    _: KW_ONLY
    lines: CheckedLines
    guard: FormGuard
    zone: Callable[[], Zone]
    public: str = ""

    async def proposals(
        self, session: SessionId, state: State, ui: Catalogue, *, clip: Callable[[str, int, int], str]
    ) -> list[dict[str, object]]:
        """What waits to be decided on in a session, as rows, made in a thread: comparing long texts takes long. `clip`
        returns the address of a line's sound.
        """
        waiting = self.own_words.waiting(session)[:MOST_SHOWN]
        if not waiting:
            return []
        return await asyncio.to_thread(lambda: [self._row(link, each, state, ui, clip) for link, each in waiting])

    def _row(
        self,
        link: SpeakerLink,
        proposal: OwnProposal,
        state: State,
        ui: Catalogue,
        clip: Callable[[str, int, int], str],
    ) -> dict[str, object]:
        line = state.segments.get(proposal.segment)
        own = is_own(state, line, link.speaker, self.own_words.clock.wall())
        now = line.whole.strip() if line is not None and own else ""
        return {
            **proposal_values(proposal, now, ui, self.zone()),
            "link": link.id,
            "name": state.speakers.get(link.speaker, ""),
            "time": "" if line is None else media_time(line.t0),
            "language": "" if line is None else line.language,
            "direction": "" if line is None else direction(line.language),
            "revision": 0 if line is None else line.revision,
            "now": now,
            "clip": "" if line is None or not own else clip(line.channel, line.t0, line.t1),
        }

    async def decide(self, session: SessionId, staff: Staff, form: Mapping[str, str]) -> Refusal | None:
        """Accept or decline a proposal, as the fields of a form say."""
        link, proposal = form.get("link", ""), form.get("proposal", "")
        if form.get("act") == DECLINE:
            reason = " ".join(form.get("reason", "")[: MAX_REASON + 1].split())
            answer = await self.own_words.decline(session, actor_of(staff), link, proposal, reason)
            return answer if isinstance(answer, Refusal) else None
        revision = number_in(form.get("revision", ""), MAX_DIGITS)
        if revision is None:
            return refuse(RefusalCode.INVALID, "The form doesn't say which state of the line it means.")
        answer = await self.own_words.accept(session, actor_of(staff), link, proposal, revision)
        if isinstance(answer, Refusal):
            return answer
        live = await self.own_words.sessions.find(session)
        line = None if live is None else live.state.segments.get(answer.segment)
        if line is not None:
            await self.lines.mark(session, line.id, line.revision, staff.role)
        return None

    def links(
        self,
        session: SessionId,
        state: State,
        ui: Catalogue,
        *,
        key: str,
        made: tuple[SpeakerId, str] | None,
        wrong: str,
    ) -> dict[str, object]:
        """The values of the page of links. `key`: the browser's; `made`: a link that was just made, with its secret,
        which is shown once; `wrong`: why one wasn't.
        """
        known = {link.speaker: link for link in self.own_words.of(session)}
        named = [each for each in state.speakers if may_have_link(state, each)]
        named.sort(key=lambda each: (state.speakers[each].casefold(), each))
        zone, now = self.zone(), self.own_words.clock.wall()
        return {
            "rows": [self._link(each, state.speakers[each], known.get(each), ui) for each in named],
            "made": None
            if made is None
            else {
                "name": state.speakers.get(made[0], ""),
                "address": f"{self.public}{PATH}/{quote(session)}/enter/{made[1]}",
            },
            "wrong": wrong,
            "field": FIELD,
            "token": self.guard.token(key),
            "usual": zone.at(now + USUAL_MS).date().isoformat(),
            "first": zone.at(now).date().isoformat(),
            "last": zone.at(now + KEPT_MS).date().isoformat(),
        }

    def _link(self, speaker: SpeakerId, name: str, link: SpeakerLink | None, ui: Catalogue) -> dict[str, object]:
        there = link is not None and bool(link.digest)
        return {
            "speaker": speaker,
            "name": name,
            "there": there,
            "over": there and link is not None and self.own_words.clock.wall() >= link.until,
            "until": "" if link is None else ui.day(self.zone().at(link.until - 1)),
            "waiting": 0 if link is None else sum(each.fate is OwnFate.WAITING for each in link.proposals),
        }

    async def submit(
        self, session: SessionId, state: State, form: Mapping[str, str], ui: Catalogue, *, key: str
    ) -> tuple[SpeakerId, str] | str | None:
        """Make or revoke a link, as the fields of a form say. Returns the new link's speaker and secret, a sentence
        where nothing was done, or None. Raises StorageUnavailable.
        """
        speaker, token = SpeakerId(form.get("speaker", "")), form.get(FIELD, "")
        if not self.guard.passes(token, key):
            return ui.text(AdminText.FORM)
        if form.get("act") == "revoke":
            await self.own_words.revoke(session, speaker)
            return None
        until = self._end_of(form.get("until", ""))
        if until is None:
            return ui.text(SpeakersText.DAY)
        if not self.guard.first_time(token):
            return None
        secret = await self.own_words.make(state, speaker, until)
        if not isinstance(secret, Refusal):
            return speaker, secret
        if secret.code is RefusalCode.BUSY:
            return ui.text(AdminText.BUSY)
        return ui.text(SpeakersText.DAY if secret.code is RefusalCode.INVALID else SpeakersText.NOBODY)

    def _end_of(self, day: str) -> int | None:
        """The end of a day in the zone, Unix ms; None where it is no day."""
        if _DAY.fullmatch(day.strip()) is None:
            return None
        try:
            return moment(f"{day.strip()}T23:59", self.zone().rules, "until") + 60_000
        except ProgrammeError:
            return None
