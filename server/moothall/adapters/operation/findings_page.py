"""The findings as a page to print, or to send to an absent colleague. It needs no server and no script, and holds no
secret, since findings hold none.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import msgspec

from moothall.services.operation.findings import Finding, Verdict

_STYLE = """\
body{font:11pt/1.4 system-ui,sans-serif;margin:2em auto;max-width:50em;padding:0 1em;color:#111;background:#fff}
table{border-collapse:collapse;width:100%}th,td{border-top:1px solid #999;padding:.35em .6em;text-align:start;
vertical-align:top}.mend{font-weight:bold}code{overflow-wrap:anywhere}@page{margin:15mm}tr{break-inside:avoid}"""
_MARKS = {Verdict.FINE: "fine", Verdict.MEND: "to do", Verdict.UNSEEN: "not looked at"}
_ORDER = (Verdict.MEND, Verdict.FINE, Verdict.UNSEEN)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The server that the findings are about, for the page's head."""

    machine: str
    release: str
    public: str
    data: str
    """Path of the data folder."""
    settings: str
    """Path of the settings file; empty when there is none."""
    when: str
    """Time of the findings, in words."""


def findings_page(findings: Sequence[Finding], subject: Subject) -> str:
    """Render the page as HTML, with the findings that need action first."""
    ordered = sorted(findings, key=lambda each: _ORDER.index(each.verdict))
    rows = "".join(
        f'<tr class="{"mend" if each.verdict is Verdict.MEND else "other"}"><td>{_MARKS[each.verdict]}</td>'
        f"<td>{escape(each.topic)}</td><td>{escape(each.sentence)}</td></tr>\n"
        for each in ordered
    )
    waiting = sum(each.verdict is Verdict.MEND for each in findings)
    summary = "Nothing has to be done." if not waiting else f"To do: {waiting}."
    known = {
        "Machine": subject.machine,
        "Release": subject.release,
        "Public address": subject.public,
        "Data folder": subject.data,
        "Settings file": subject.settings or "none: all settings are the defaults, or variables",
        "Looked at": subject.when,
    }
    head = "".join(f"<tr><th>{name}</th><td><code>{escape(said)}</code></td></tr>\n" for name, said in known.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Moothall: is the server well?</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>Moothall: is the server well?</h1>\n<p>{summary}</p>\n"
        f"<table>\n{head}</table>\n<h2>What was looked at</h2>\n<table>\n{rows}</table>\n"
        f"<h2>What to try</h2>\n<ol>\n{_STEPS}</ol>\n</body>\n</html>\n"
    )


_STEPS = """\
<li><code>systemctl status moothall</code> says whether it runs, <code>journalctl -u moothall -n 50</code> what it wrote
last.</li>
<li><code>moothall status</code> says which meetings are on, and how late their text is.</li>
<li><code>systemctl restart moothall</code> starts it again: nothing that is shown is lost, readers come back by
themselves within seconds.</li>
<li><code>moothall doctor</code> looks at all of this again.</li>
"""
