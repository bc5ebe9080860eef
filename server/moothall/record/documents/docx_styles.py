"""The parts of a DOCX file that are the same in every record but for language and direction: its styles, settings and
relationships (ECMA-376, part 1 for WordprocessingML, part 2 for the package).

Everything in the text has a named style, so that whoever works on with the file changes the look of all lines, times or
names at once. The names of the built-in styles (`Title`, `heading 1`) are those by which Word knows them.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from moothall.core.kernel.languages import WRITTEN_TOGETHER, direction, primary

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"

CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WORD}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_WORD}.styles+xml"/>'
    f'<Override PartName="/word/settings.xml" ContentType="{_WORD}.settings+xml"/>'
    f'<Override PartName="/word/footer1.xml" ContentType="{_WORD}.footer+xml"/>'
    '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)

RELATIONSHIPS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)

DOCUMENT_RELATIONSHIPS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/settings" Target="settings.xml"/>'
    f'<Relationship Id="rId3" Type="{OFFICE}/footer" Target="footer1.xml"/></Relationships>'
)

_READING = '<w:rFonts w:ascii="Cambria" w:hAnsi="Cambria" w:eastAsia="SimSun" w:cs="Times New Roman"/>'
_PLAIN = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Microsoft YaHei" w:cs="Arial"/>'
_SOFT = '<w:color w:val="4B4842"/>'
GUTTER = 964
"""Width of the column of times, in twentieths of a point."""


def core_properties(title: str, language: str, state: str) -> str:
    """The properties of the file: its title, language (BCP-47), and the state of the text that it shows."""
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title><dc:description>{escape(state)}</dc:description>"
        f"<dc:language>{escape(language)}</dc:language></cp:coreProperties>"
    )


def settings(language: str) -> str:
    """The settings: the version of Word whose layout is meant (15: 2013 and later), and the language of the theme."""
    return (
        f'<w:settings xmlns:w="{MAIN}"><w:defaultTabStop w:val="720"/><w:compat>'
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
        f"</w:compat>{lang('themeFontLang', language)}</w:settings>"
    )


def lang(name: str, tag: str) -> str:
    """The element `w:lang`, or another that says languages in the same attributes, for a BCP-47 tag."""
    quoted = quoteattr(tag)
    east = f" w:eastAsia={quoted}" if primary(tag) in (*WRITTEN_TOGETHER, "ko") else ""
    right = f" w:bidi={quoted}" if direction(tag) == "rtl" else ""
    return f"<w:{name} w:val={quoted}{east}{right}/>"


def styles(language: str) -> str:
    """The styles; `language` is the BCP-47 tag of texts that say none."""
    side = "right" if direction(language) == "rtl" else "left"
    gutter = f'<w:tabs><w:tab w:val="left" w:pos="{GUTTER}"/></w:tabs>'
    hanging = f'<w:ind w:left="{GUTTER}" w:hanging="{GUTTER}"/>'
    within = f'<w:ind w:left="{GUTTER}"/>'
    dashed = "".join(f'<w:{edge} w:val="dashed" w:sz="4" w:space="4" w:color="7D786C"/>' for edge in ("top", "bottom"))
    beside = f'<w:pBdr><w:{side} w:val="single" w:sz="24" w:space="8" w:color="7D786C"/></w:pBdr>'
    return (
        f'<w:styles xmlns:w="{MAIN}"><w:docDefaults><w:rPrDefault><w:rPr>{_READING}'
        f'<w:sz w:val="22"/><w:szCs w:val="24"/>{lang("lang", language)}</w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:spacing w:before="0" w:after="80" w:line="276" w:lineRule="auto"/></w:pPr>'
        "</w:pPrDefault></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:semiHidden/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:semiHidden/>'
        '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/>'
        '<w:right w:w="170" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        + _paragraph("Title", "Title", '<w:spacing w:after="160"/>', f"{_PLAIN}<w:b/><w:bCs/>{_size(40)}")
        + _heading(1, 30, before=400)
        + _heading(2, 24, before=240)
        + _heading(3, 22, before=160)
        + _paragraph("RecordFacts", "Record Facts", "", f"{_PLAIN}{_SOFT}{_size(20)}")
        + _paragraph("RecordNotice", "Record Notice", f'{beside}<w:ind w:left="227"/>', f"{_PLAIN}{_SOFT}{_size(20)}")
        + _paragraph("RecordContents", "Record Contents", gutter + '<w:spacing w:after="0"/>' + hanging, _PLAIN)
        + _paragraph("RecordLine", "Record Line", gutter + hanging, "")
        + _paragraph("RecordText", "Record Text", "", "")
        + _paragraph("RecordSource", "Record Source", within, f"{_PLAIN}{_SOFT}{_size(18)}")
        + _paragraph("RecordMissing", "Record Missing", f"<w:pBdr>{dashed}</w:pBdr>", f"{_PLAIN}{_SOFT}{_size(20)}")
        + _paragraph("RecordColumn", "Record Column", "<w:keepNext/>", f"{_PLAIN}<w:b/><w:bCs/>{_size(20)}")
        + _paragraph("Footer", "footer", '<w:jc w:val="center"/>', f"{_PLAIN}{_SOFT}{_size(18)}")
        + '<w:style w:type="character" w:customStyle="1" w:styleId="RecordTime"><w:name w:val="Record Time"/>'
        f"<w:qFormat/><w:rPr>{_PLAIN}{_SOFT}{_size(18)}</w:rPr></w:style>"
        '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
        '<w:rPr><w:color w:val="0D4A57"/><w:u w:val="single"/></w:rPr></w:style>'
        '<w:style w:type="table" w:customStyle="1" w:styleId="RecordTable"><w:name w:val="Record Table"/>'
        '<w:basedOn w:val="TableNormal"/></w:style></w:styles>'
    )


def _paragraph(key: str, name: str, layout: str, run: str) -> str:
    own = ' w:customStyle="1"' if key.startswith("Record") else ""
    return (
        f'<w:style w:type="paragraph"{own} w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f"<w:qFormat/><w:pPr>{layout}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _heading(level: int, size: int, *, before: int) -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
        '<w:basedOn w:val="Normal"/><w:next w:val="RecordLine"/><w:qFormat/><w:pPr><w:keepNext/><w:keepLines/>'
        f'<w:spacing w:before="{before}" w:after="80"/><w:outlineLvl w:val="{level - 1}"/></w:pPr>'
        f"<w:rPr>{_PLAIN}<w:b/><w:bCs/>{_size(size)}</w:rPr></w:style>"
    )


def _size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
