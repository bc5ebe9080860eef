"""The record as TTML in the text profile of IMSC 1.1 (W3C), which broadcasters, studios and archives of video take.

The cues are those of WebVTT. Each is a `p` with its speaker as `ttm:agent`, and white rows on dark boxes at the bottom
of the picture, as programmes are subtitled; rows of people who speak at once stand above each other. Players hide
metadata, so that a machine's translation also says in a caption that it is one. Captions that are nobody's words have
the role `x-notice`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from moothall.core.kernel.languages import direction
from moothall.record.cues import NOTICE, Cue, cues_of, labelled, stamp
from moothall.record.model import Record
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import plain
from moothall.record.xml import attributes, document, language

PROFILE = "http://www.w3.org/ns/ttml/profile/imsc1.1/text"
_HEAD = """\
<styling>
<style xml:id="rows" tts:fontFamily="proportionalSansSerif" tts:fontSize="80%" tts:lineHeight="125%" \
tts:textAlign="center" ebutts:linePadding="0.5c" itts:fillLineGap="true"/>
<style xml:id="boxes" tts:backgroundColor="#000000C2" tts:color="#FFFFFF"/>
</styling>
<layout>
<region xml:id="bottom" tts:origin="10% 10%" tts:extent="80% 80%" tts:displayAlign="after" \
tts:showBackground="whenActive"/>
</layout>
"""
"""A row of 42 Latin letters, or of 16 Chinese ones, fits into 80 % of a picture of 4:3 or wider at this size."""
_NAMESPACES = (
    ' xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"'
    ' xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling"'
    ' xmlns:itts="http://www.w3.org/ns/ttml/profile/imsc1#styling" xmlns:ebutts="urn:ebu:tt:style"'
)


def write_ttml(record: Record, wording: Wording, options: Options, cues: Sequence[Cue] | None = None) -> str:
    """The record as an IMSC 1.1 file; `cues` are those of `cues_of`, where they are made already."""
    made = cues_of(record, wording, options) if cues is None else cues
    return document(_document(record, wording, options, list(labelled(made, wording))))


def _document(record: Record, wording: Wording, options: Options, cues: Sequence[Cue]) -> Iterator[str]:
    speakers = {name: f"speaker-{n}" for n, name in enumerate(dict.fromkeys(cue.voice for cue in cues if cue.voice), 1)}
    sources = {str(line.segment): wording.source(line) for line in record.lines} if options.sources else {}
    main = language(record.language) or ""
    profile = attributes(ttp__contentProfiles=PROFILE, ttp__timeBase="media", xml__lang=main)
    yield f"<tt{_NAMESPACES}{profile}>\n<head>\n<metadata>\n"
    around = attributes(xml__lang=language(wording.language, main))
    yield f"<ttm:title>{escape(wording.title_of(record))}</ttm:title>\n"
    for text in (" · ".join(wording.facts(record)), wording.notice, wording.named(record)):
        yield f"<ttm:desc{around}>{escape(plain(text))}</ttm:desc>\n"
    for name, agent in speakers.items():
        yield f'<ttm:agent xml:id="{agent}" type="person"><ttm:name type="full">{escape(name)}</ttm:name></ttm:agent>\n'
    yield f'</metadata>\n{_HEAD}</head>\n<body region="bottom" style="rows">\n<div>\n'
    for cue in cues:
        source = sources.get(_segment(cue), "")
        said = f"<metadata><ttm:desc{around}>{escape(source)}</ttm:desc></metadata>" if source else ""
        yield _paragraph(cue, main, speakers.get(cue.voice), said)
    yield "</div>\n</body>\n</tt>\n"


def _paragraph(cue: Cue, main: str, speaker: str | None, metadata: str) -> str:
    notice = cue.id.startswith(NOTICE)
    given = attributes(
        xml__id=_id(cue),
        begin=stamp(cue.t0, "."),
        end=stamp(cue.t1, "."),
        xml__lang=language(cue.language, main),
        ttm__agent=speaker,
        ttm__role="x-notice" if notice else None,
        tts__direction="rtl" if direction(cue.language) == "rtl" else None,
    )
    rows = "<br/>".join(map(escape, cue.lines))
    return f'<p{given}>{metadata}<span style="boxes">{rows}</span></p>\n'


def _segment(cue: Cue) -> str:
    return cue.id.partition("/")[0]


def _id(cue: Cue) -> str:
    """The cue's id as an XML name: `line-` and the segment's id, with `-P2` and so on for later parts of the line. No
    segment's id has a capital.
    """
    if cue.id.startswith(NOTICE):
        return cue.id.replace(":", "-")
    segment, _, part = cue.id.partition("/")
    return f"line-{segment}" + (f"-P{part}" if part else "")
