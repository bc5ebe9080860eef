"""Addresses of one session's pages, which keep what the reader chose."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from moothall.adapters.reading.page_choices import BRAILLE, SHOW, UNCERTAIN, Choices
from moothall.core.kernel.ids import ChannelId, SessionId

FORMATS = ("vtt", "srt", "txt", "html", "json")
"""In which a text can be taken home."""


class TextAddresses:
    """Addresses around one text of a session, as a reader has it before them."""

    def __init__(
        self, session: SessionId, *, channel: ChannelId | None, ui: str | None = None, choices: Choices | None = None
    ) -> None:
        """`ui` is the interface's language where the address names it, `choices` what else it names."""
        self.base = f"/s/{quote(session)}"
        self.channel = channel
        self.ui = ui
        self.choices = choices or {}

    @property
    def query(self) -> str:
        """What the streams and pages of lines are asked with."""
        return urlencode({"channel": self.channel or ""})

    @property
    def kept(self) -> dict[str, str]:
        """What the form of choices has to send along."""
        kept = {
            "channel": self.channel,
            "ui": self.ui,
            **{name: self.choices.get(name) for name in (SHOW, BRAILLE, UNCERTAIN)},
        }
        return {name: value for name, value in kept.items() if value is not None}

    def page(
        self,
        *,
        channel: ChannelId | None = None,
        ui: str | None = None,
        before: int | None = None,
        show: str | None = None,
        instead_of: ChannelId | None = None,
    ) -> str:
        """The session's page, with what is named changed; `before` asks for older lines, `instead_of` names the
        interpreter's text in place of which this one is read.
        """
        return self._with(self.base, channel=channel, ui=ui, before=before, show=show, instead_of=instead_of)

    def own_pace(
        self,
        start: int | None = None,
        *,
        channel: ChannelId | None = None,
        ui: str | None = None,
        show: str | None = None,
        braille: bool | None = None,
        uncertain: bool | None = None,
    ) -> str:
        """The page to read at one's own pace, from line `start` (the first is 1).

        `braille`: in whole turns or not; `uncertain`: whether it says of which words the recogniser was not sure.
        """
        return self._with(
            f"{self.base}/read", channel=channel, ui=ui, start=start, show=show, braille=braille, uncertain=uncertain
        )

    def asking(self) -> str:
        """Where a reader asks or comments."""
        return self._with(f"{self.base}/ask")

    def questions(self) -> str:
        """What readers ask and comment."""
        return self._with(f"{self.base}/questions")

    def catch_up(self) -> str:
        """What somebody missed."""
        return self._with(f"{self.base}/catch-up")

    def line(self, segment: str) -> str:
        """The way to a line, however old."""
        return self._with(f"{self.base}/line/{quote(segment)}")

    def moment(self, t: int) -> str:
        """The way to what was said at `t`, media ms, on the page that goes on."""
        address = self._with(f"{self.base}/moment/{t}")
        return f"{address}{'&' if '?' in address else '?'}live"

    def ask(self) -> str:
        """Where another language is asked for."""
        return self._with(f"{self.base}/language")

    def record(self, form: str) -> str:
        """The text to take home, in one of FORMATS."""
        query = self.query if self.channel else ""
        return f"{self.base}/record.{form}" + (f"?{query}" if query else "")

    def _with(
        self,
        path: str,
        *,
        channel: ChannelId | None = None,
        ui: str | None = None,
        before: int | None = None,
        start: int | None = None,
        show: str | None = None,
        instead_of: ChannelId | None = None,
        braille: bool | None = None,
        uncertain: bool | None = None,
    ) -> str:
        wanted: dict[str, object] = {
            "channel": channel or self.channel,
            **self.choices,
            **({} if show is None else {SHOW: show}),
            **({} if braille is None else {BRAILLE: "yes" if braille else None}),
            **({} if uncertain is None else {UNCERTAIN: "yes" if uncertain else None}),
            "ui": ui or self.ui,
            "before": before,
            "from": start,
            "instead-of": instead_of,
        }
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return f"{path}?{query}" if query else path
