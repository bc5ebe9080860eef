"""Processes a text before and after the engines, from one language to another.

Before: control characters become spaces, text in capitals gets normal case, formulas and terms become placeholders
(`protecting.py`). Sentences of placeholders alone are not sent to an engine: of a single placeholder Bergamot makes
"(A)". Afterwards all terms are inserted again, those whose forms are known in the one that is asked for
(`inflection.py`), and words at the seams are joined by the rules of the language (`joining.py`).
"""

# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2s

import msgspec

from moothall.core.kernel.languages import RIGHT_TO_LEFT, WRITTEN_TOGETHER, primary
from moothall.core.translation.inflection import Inflection, inflected
from moothall.core.translation.joining import JOIN, joined, parted_words
from moothall.core.translation.phrases import Phrase, from_to
from moothall.core.translation.protecting import MARK, Protected, Search, calmed, protect, restore, search_for

SCHEME = "3"
"""Version of the processing here: another one makes other texts from the same words."""


class WordingRules(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed wordings of one source and target language."""

    terms: dict[str, str]
    """Wording in the source language → wording in the target: the session's terms, then the formulas."""
    search: Search
    """The search for these terms. Where a term ends in a contraction of preposition and article, the article stays in
    the text.
    """
    names: tuple[str, ...] = ()
    """Names in their normal spelling, for texts in capitals."""
    forms: Mapping[str, Inflection] = {}
    """Wording in the target language → its forms, where they are known."""
    version: str
    """Hash of all of this, 16 hexadecimal digits: equal for equal contents, in any process."""


class Sentences(msgspec.Struct, frozen=True, kw_only=True):
    """One or several sentences of a text."""

    text: str
    put_in: tuple[str, ...] = ()
    """The terms for the placeholders of `text`, in the order of their numbers from 1."""
    ready: bool = False
    """Whether the sentence has only placeholders, figures and punctuation, so that it needs no engine."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is ready for the engines."""

    plain: str
    """The whole text without placeholders."""
    pieces: tuple[Sentences, ...]
    """The parts of the text in order, with placeholders."""
    forms: Mapping[str, Inflection] = {}
    """The forms of terms, as the wording rules have them."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that the engines have to translate, each by itself; empty when no engine is needed."""
        return tuple(piece.text for piece in self.pieces if not piece.ready)

    @property
    def unprotected(self) -> Prepared:
        """The same text without placeholders, for when a placeholder was lost."""
        return Prepared(plain=self.plain, pieces=(Sentences(text=self.plain),) if self.plain else ())


def wording(
    phrases: Sequence[Phrase],
    terms: Mapping[str, str],
    source: str,
    target: str,
    names: Collection[str] = (),
    *,
    forms: Mapping[str, Inflection] | None = None,
) -> WordingRules:
    """The fixed wordings from `source` to `target` (BCP-47 tags).

    `phrases`: the table of formulas. `terms`: the session's terms, source wording → target wording, which take
    precedence; of terms that differ only in case the first counts. `names`: further words with capitals. `forms`:
    target wording → its forms.
    """
    taken: dict[str, str] = {}
    for term in terms:
        taken.setdefault(term.lower(), term)
    own = {term: terms[term] for term in taken.values() if term.strip()}
    formulas = from_to(phrases, source, target)
    all_of_them = {**own, **{form: written for form, written in formulas.items() if form.lower() not in taken}}
    staying: dict[str, str] = {}
    for form, written in tuple(all_of_them.items()):
        for whole, article in parted_words(form, source).items():
            if whole.lower() not in staying and whole not in all_of_them:
                all_of_them[whole] = written
                staying[whole.lower()] = article
    written_so = tuple(sorted({name for name in (*names, *own) if name != name.lower()}))
    languages = (primary(source), primary(target))
    known = dict(sorted((forms or {}).items()))
    content = repr((SCHEME, languages, sorted(all_of_them.items()), sorted(staying.items()), written_so, known))
    version = blake2s(content.encode(), digest_size=8).hexdigest()
    search = search_for(all_of_them, staying)
    return WordingRules(terms=all_of_them, search=search, names=written_so, forms=known, version=version)


def prepared(text: str, source: str, wording: WordingRules) -> Prepared:
    """Prepare a text in the language `source` (BCP-47) for the engines."""
    plain = calmed(_BEFORE_MARK.sub("", _visible(text)), source, wording.names)
    if not plain:
        return Prepared(plain="", pieces=())
    taken = protect(plain, wording.search)
    pieces: list[Sentences] = []
    for sentence in _SENTENCES.split(taken.text) if taken.put_in else (taken.text,):
        ready = bool(taken.put_in) and _is_ready(sentence)
        if pieces and not ready and not pieces[-1].ready:
            pieces[-1] = Sentences(text=f"{pieces[-1].text}{_gap(pieces[-1].text)}{sentence}")
        else:
            pieces.append(Sentences(text=sentence, ready=ready))
    return Prepared(plain=plain, pieces=tuple(_numbered_anew(piece, taken) for piece in pieces), forms=wording.forms)


def finished(translated: Sequence[str], prepared: Prepared, target: str) -> str | None:
    """The finished translation of a prepared text; `translated` are the translations of its `texts`, in `target`
    (BCP-47).

    None when a placeholder was lost or doubled: then the caller translates `prepared.unprotected`, with which this
    never happens. Raises ValueError when there are more or fewer translations than texts.
    """
    if len(translated) != len(prepared.texts):
        msg = f"A text has {len(prepared.texts)} pieces for the engines, and {len(translated)} translations came."
        raise ValueError(msg)
    coming = iter(translated)
    parts: list[str] = []
    for piece in prepared.pieces:
        given = piece.text if piece.ready else _visible(next(coming))
        begun = _as_begun(given, piece.text)
        part = _put_in(begun, piece, prepared.forms, target) if piece.put_in else begun
        if part is None:
            return None
        parts.append(_typography(part, target, sure=piece.ready))
    parts = [part for part in parts if part]
    return "".join(f"{part}{_gap(part)}" for part in parts[:-1]) + "".join(parts[-1:])


def _gap(sentence: str) -> str:
    """What stands between a sentence and the next one: nothing after a Chinese one."""
    return "" if sentence.rstrip("」』”’）")[-1:] in tuple("。！？") else " "


def _visible(text: str) -> str:
    """The text on one line, with single spaces, without control characters, line separators and `JOIN`."""
    return " ".join("".join(_SPACE if _is_no_sign(sign) else sign for sign in text).split())


def _is_no_sign(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Zl", "Zp") or sign == JOIN


def _is_ready(sentence: str) -> bool:
    return MARK.search(sentence) is not None and not any(map(str.isalpha, MARK.sub("", sentence)))


def _numbered_anew(piece: Sentences, taken: Protected) -> Sentences:
    """The piece with its placeholders numbered from 1, as engines get them and as `restore` expects them."""
    put_in = tuple(taken.put_in[int(match[1]) - 1] for match in MARK.finditer(piece.text)) if taken.put_in else ()
    count = iter(range(1, len(put_in) + 1))
    text = MARK.sub(lambda _: f"XQ{next(count)}X", piece.text) if put_in else piece.text
    return msgspec.structs.replace(piece, text=text, put_in=put_in)


def _put_in(translated: str, piece: Sentences, forms: Mapping[str, Inflection], target: str) -> str | None:
    # A formula is no noun, though engines give it an article: "O XQ1X que ...", "e o XQ2X" for "and XQ2X".
    bare = {match[2] for match in _WITHOUT_ARTICLE.finditer(piece.text) if match[1].lower() not in _DETERMINERS}
    formulas = {str(number) for number, each in enumerate(piece.put_in, 1) if not each[:1].isupper()}
    translated = _ARTICLE.sub(lambda match: "" if match[1] in bare & formulas else match[0], translated)
    if piece.text.startswith("XQ1X") and not piece.put_in[0][:1].isupper():
        translated = _FIRST_ARTICLE.sub("", translated)
        if primary(target) == "fr" and _SMALL_BEHIND.match(piece.text):
            # Apertium takes the first placeholder for a name and gives the next word a capital.
            translated = _CAPITAL_BEHIND.sub(lambda match: match[0].lower(), translated)
    translated, put_in = inflected(translated, piece.put_in, forms, target)
    restored = restore(translated, tuple(f"{JOIN}{each}{JOIN}" for each in put_in))
    return None if restored is None else joined(restored, target)


def _as_begun(translated: str, text: str) -> str:
    """The translation with a capital first letter where `text` has one, and without what an engine made of the full
    stop.
    """
    if text[-1:] in _ENDS and _NO_STOP.search(translated) and not _NO_STOP.search(text[:-1]):
        translated = f"{_NO_STOP.sub('', translated)}{text[-1]}"
    return translated[:1].upper() + translated[1:] if text[:1].isupper() else translated


def _typography(text: str, target: str, *, sure: bool) -> str:
    """The text with the target's marks of questions and exclamations: opening and closing ones in Spanish, else closing
    ones.

    `sure`: it is known that a question or exclamation begins where its sentence begins.
    """
    language = primary(target)
    text = _marked(text, language)
    if language in _OPENING_MARKS:
        return " ".join(_opened(text, sure=sure))
    text = text.translate(_NO_OPENING)
    return _FRENCH.sub("\u202f", text) if language == "fr" and target.lower() != "fr-ca" else text


def _marked(text: str, language: str) -> str:
    """The text with the marks of the target's script beside letters of that script, and Latin ones beside Latin
    letters.
    """
    if language in WRITTEN_TOGETHER:
        if _HAN.search(text) is None:
            return text
        signs = _TO_JAPANESE if language == "ja" else _TO_CHINESE
        text = _LAST_STOP.sub(lambda match: match[match.lastindex or 0].translate(signs), text.translate(_DIGITS))
        return _BEHIND_HAN.sub(lambda match: match[1].translate(signs), text)
    if language in RIGHT_TO_LEFT and _ARABIC.search(text) is not None:
        text = _WIDE.sub(_narrow, text)
        return _BEHIND_ARABIC.sub(lambda match: match[0].translate(_TO_ARABIC), text)
    return _NO_LATIN.sub(_narrow, text.translate(_DIGITS))


def _narrow(match: re.Match[str]) -> str:
    space = " " if match.end() < len(match.string) and match.string[match.end()] not in _CLOSING else ""
    return f"{match[1].translate(_TO_LATIN)}{space}"


def _opened(text: str, *, sure: bool) -> Iterator[str]:
    """Yield the sentences, with an opening mark where it is certain that it belongs at their beginning."""
    before = ""
    for sentence in _SENTENCES.split(text):
        begin = sentence.lstrip(_QUOTING)
        opening = _OPENS.get(sentence.rstrip(_QUOTING)[-1:])
        begins = sure or ("," not in sentence and _SHORTENED.search(before) is None)
        before = sentence
        if opening is None or not begins or any(mark in sentence for mark in _OPENS.values()):
            yield sentence
        else:
            yield f"{sentence[: len(sentence) - len(begin)]}{opening}{begin}"


_SPACE = " "
_SENTENCES = re.compile(
    r"(?:(?<=[.?!…؟])|(?<=[.?!…؟][»”\"')\]]))\s+"
    r"|(?:(?<=[。？！])(?![。？！」』”’）])|(?<=[。？！][」』”’）]))\s*(?!\s|\Z)"
)
"""The end of a sentence. After a Chinese one there is no space."""
_ENDS = ".?!…"
_CLOSING = " .,;:?!…)]}»”’」』）\"'"
_TO_LATIN = str.maketrans("。，、？！；：؟،؛", ".,,?!;:?,;")
_TO_CHINESE = str.maketrans(".,?!;:؟،؛", "。，？！；：？，；")
_TO_JAPANESE = _TO_CHINESE | str.maketrans(",،", "、、")
_TO_ARABIC = str.maketrans("?,;", "؟،؛")
_SCRIPTS = r"\u3000-\u30ff\u3400-\u9fff\uff00-\uffef\U00020000-\U0003ffff"
_HAN = re.compile(f"[{_SCRIPTS}]")
_BEHIND_HAN = re.compile(rf"(?<=[{_SCRIPTS}])[ ]*([.,?!;:؟،؛])(?![.,?!;:\d])[ ]*")
_LAST_STOP = re.compile(rf"(?<=\w)(?:([?!؟])[ ]+(?=[{_SCRIPTS}])|([.?!؟])\Z)")
"""The end of a sentence behind a name or a number. A full stop elsewhere may belong to an abbreviation."""
_ARABIC = re.compile(r"[\u0620-\u064a]")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
"""Arabic digits, which only Arabic has."""
_WIDE = re.compile(r"([。，、？！；：]+)\s*")
_BEHIND_ARABIC = re.compile(
    r"(?<=[\u0620-\u065f\u0670-\u06ef\u06fa-\u06ff])[?,;]+|(?<=\w)(?:\?(?=\s|\Z)|[,;](?=\s[\u0620-\u06ff]))"
)
_NO_LATIN = re.compile(rf"(?<![{_SCRIPTS}\u0600-\u06ff])([。，、？！；：؟،؛]+)\s*")
"""Marks of other scripts that stayed behind words that were translated."""
_BEFORE_MARK = re.compile(r"\s+(?=[?!;:](?:\s|$))")
"""The French space before punctuation, which other languages don't have."""
_FRENCH = re.compile(r"(?<=[\w»)”])(?=[?!]+(?:\s|$))")
"""Where French has a space before punctuation."""
_OPENING_MARKS = ("es", "gl", "ast")
_OPENS = {"?": "¿", "!": "¡"}
_QUOTING = "«»“”\"'()–— -"
_SHORTENED = re.compile(r"(?<!\w)(?:[^\W\d_]|Sr|Sra|Srta|Sres|Dr|Dra|Uds?|Prof|Lic|Ing|Arq|núm|art)\.\Z", re.IGNORECASE)
"""A full stop that may belong to an abbreviation, and end no sentence."""
_NO_OPENING = {ord("¿"): None, ord("¡"): None}
_NO_STOP = re.compile(r"\s*\((?:-|A)\)\Z")
"""What Bergamot's model makes of the end of a sentence with hardly a word, since it was trained on legal texts."""
_WITHOUT_ARTICLE = re.compile(r"(\w*)[^\w]*XQ(\d+)X")
_DETERMINER_WORDS = (
    "a an the this that these those its their our your his her my any no some each every "
    "o os as um uma este esta esse essa ao aos à às do da dos das no na nos nas pelo pela seu sua seus suas "
    "el la lo los las un una al del su sus ese esa le les l une du des au aux ce cet cette son sa ses leur leurs"
)
_DETERMINERS = frozenset(_DETERMINER_WORDS.split())
"""After one of these words the engine's article is right."""
_ARTICLE = re.compile(r"(?<![\w'’-])(?:o|os|as|el|la|los|las|le|les|the) (?=XQ(\d+)X)", re.IGNORECASE)
_FIRST_ARTICLE = re.compile(r"\A(?:o|a|os|as|el|la|lo|los|las|le|les|the) (?=XQ1X)", re.IGNORECASE)
_SMALL_BEHIND = re.compile(r"XQ1X,? [^\W\d_A-Z]")
_CAPITAL_BEHIND = re.compile(r"(?<=\AXQ1X )[^\W\d_](?=[^\W\d_]|\s)|(?<=\AXQ1X, )[^\W\d_](?=[^\W\d_]|\s)")
