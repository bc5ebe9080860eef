"""What is done to a text before and after the engines, from one language to another.

Before: what can't be seen becomes spaces, capitals are written small, formulas and terms are taken out
(`protecting.py`). Sentences that hold nothing else need no engine: of what stands in a formula's place, alone, Bergamot
makes "(A)". Afterwards all of it is put in again, and words that meet there are joined as the language joins them
(`joining.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2s

import msgspec

from moothall.core.kernel.languages import primary
from moothall.core.translating.joining import JOIN, joined, parted_words
from moothall.core.translating.phrases import Phrase, from_to
from moothall.core.translating.protecting import MARK, Protected, Search, calmed, protect, restore, search_for

SCHEME = "1"
"""Of what is done here: another one gives other texts from the same words."""


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept and what is forced, from one language to another."""

    terms: dict[str, str]
    """As it is said → as it is written in the target: the session's terms, then the formulas."""
    search: Search
    """How they are looked for; of those with a preposition and an article in one word the article stays."""
    names: tuple[str, ...] = ()
    """As they are written, for texts in capitals."""
    version: str
    """Hash of all of it, 16 hexadecimal digits: the same for the same, in any process."""


class Sentences(msgspec.Struct, frozen=True, kw_only=True):
    """One or more sentences of a text."""

    text: str
    put_in: tuple[str, ...] = ()
    """What stands in the translation for the first, the second, ... place of `text`."""
    ready: bool = False
    """Whether the sentence has only such places, figures and punctuation, so that no engine is asked."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is ready for the engines."""

    plain: str
    """The whole text without protection."""
    pieces: tuple[Sentences, ...]
    """In their order."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What the engines are to translate, each by itself; empty where none has to be asked."""
        return tuple(piece.text for piece in self.pieces if not piece.ready)

    @property
    def unprotected(self) -> Prepared:
        """The same text with nothing taken out, for when something of it was lost."""
        return Prepared(plain=self.plain, pieces=(Sentences(text=self.plain),) if self.plain else ())


def wording(
    phrases: Sequence[Phrase], terms: Mapping[str, str], source: str, target: str, names: Collection[str] = ()
) -> Wording:
    """What counts from `source` to `target`, BCP-47 tags.

    `phrases`: the table of formulas; `terms`: the session's, which go first, as they are said and as they are to be
    written in the target, the first of those that differ in case alone; `names`: what else is written with capitals.
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
    content = repr((SCHEME, languages, sorted(all_of_them.items()), sorted(staying.items()), written_so))
    version = blake2s(content.encode(), digest_size=8).hexdigest()
    return Wording(terms=all_of_them, search=search_for(all_of_them, staying), names=written_so, version=version)


def prepared(text: str, source: str, wording: Wording) -> Prepared:
    """The text as the engines get it, `source` being its language (BCP-47)."""
    plain = calmed(_BEFORE_MARK.sub("", _visible(text)), source, wording.names)
    if not plain:
        return Prepared(plain="", pieces=())
    taken = protect(plain, wording.search)
    pieces: list[Sentences] = []
    for sentence in _SENTENCES.split(taken.text) if taken.put_in else (taken.text,):
        ready = bool(taken.put_in) and _is_ready(sentence)
        if pieces and not ready and not pieces[-1].ready:
            pieces[-1] = Sentences(text=f"{pieces[-1].text} {sentence}")
        else:
            pieces.append(Sentences(text=sentence, ready=ready))
    return Prepared(plain=plain, pieces=tuple(_numbered_anew(piece, taken) for piece in pieces))


def finished(translated: Sequence[str], prepared: Prepared, target: str) -> str | None:
    """The translation of a prepared text; `translated` are those of its `texts`, `target` their language (BCP-47).

    None where a place was lost or doubled: then `prepared.unprotected` is to be translated, of which it never is None.
    Raises ValueError where there are more or fewer translations than texts.
    """
    if len(translated) != len(prepared.texts):
        msg = f"A text has {len(prepared.texts)} pieces for the engines, and {len(translated)} translations came."
        raise ValueError(msg)
    coming = iter(translated)
    parts: list[str] = []
    for piece in prepared.pieces:
        given = piece.text if piece.ready else _visible(next(coming))
        part = _put_in(_as_begun(given, piece.text), piece, target) if piece.put_in else _as_begun(given, piece.text)
        if part is None:
            return None
        parts.append(_typography(part, target, sure=piece.ready))
    return " ".join(part for part in parts if part)


def _visible(text: str) -> str:
    """In one line, with single spaces, without signs that can't be seen and codes that mean something here alone."""
    return " ".join("".join(_SPACE if _is_no_sign(sign) else sign for sign in text).split())


def _is_no_sign(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Zl", "Zp") or sign == JOIN


def _is_ready(sentence: str) -> bool:
    return MARK.search(sentence) is not None and not any(map(str.isalpha, MARK.sub("", sentence)))


def _numbered_anew(piece: Sentences, taken: Protected) -> Sentences:
    """The piece with its own places counted from 1, as engines get them and `restore` looks for them."""
    put_in = tuple(taken.put_in[int(match[1]) - 1] for match in MARK.finditer(piece.text)) if taken.put_in else ()
    count = iter(range(1, len(put_in) + 1))
    text = MARK.sub(lambda _: f"XQ{next(count)}X", piece.text) if put_in else piece.text
    return msgspec.structs.replace(piece, text=text, put_in=put_in)


def _put_in(translated: str, piece: Sentences, target: str) -> str | None:
    # A formula is no noun, though engines take it for one: "O XQ1X que ...", "e o XQ2X" for "and XQ2X".
    bare = {match[2] for match in _WITHOUT_ARTICLE.finditer(piece.text) if match[1].lower() not in _DETERMINERS}
    formulas = {str(number) for number, each in enumerate(piece.put_in, 1) if not each[:1].isupper()}
    translated = _ARTICLE.sub(lambda match: "" if match[1] in bare & formulas else match[0], translated)
    if piece.text.startswith("XQ1X") and not piece.put_in[0][:1].isupper():
        translated = _FIRST_ARTICLE.sub("", translated)
        if primary(target) == "fr" and _SMALL_BEHIND.match(piece.text):
            # Apertium gives what it takes for a name's place in front, and the capital to the next word.
            translated = _CAPITAL_BEHIND.sub(lambda match: match[0].lower(), translated)
    restored = restore(translated, tuple(f"{JOIN}{each}{JOIN}" for each in piece.put_in))
    return None if restored is None else joined(restored, target)


def _as_begun(translated: str, text: str) -> str:
    """With the first letter as a capital where the text has one, and without what an engine made of its full stop."""
    if text[-1:] in _ENDS and _NO_STOP.search(translated) and not _NO_STOP.search(text[:-1]):
        translated = f"{_NO_STOP.sub('', translated)}{text[-1]}"
    return translated[:1].upper() + translated[1:] if text[:1].isupper() else translated


def _typography(text: str, target: str, *, sure: bool) -> str:
    """Marks of questions and exclamations as the target has them: both in Spanish, the last alone elsewhere.

    `sure`: a sentence's question or exclamation begins where the sentence does.
    """
    language = primary(target)
    if language in _OPENING_MARKS:
        return " ".join(_opened(text, sure=sure))
    text = text.translate(_NO_OPENING)
    return _FRENCH.sub("\u202f", text) if language == "fr" and target.lower() != "fr-ca" else text


def _opened(text: str, *, sure: bool) -> Iterator[str]:
    """The sentences, with the mark that opens them where it is sure that it belongs to their beginning."""
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
_SENTENCES = re.compile(r"(?:(?<=[.?!…])|(?<=[.?!…][»”\"')\]]))\s+")
_ENDS = ".?!…"
_BEFORE_MARK = re.compile(r"\s+(?=[?!;:](?:\s|$))")
"""French has a space before them; other languages don't."""
_FRENCH = re.compile(r"(?<=[\w»)”])(?=[?!]+(?:\s|$))")
"""Where it has one."""
_OPENING_MARKS = ("es", "gl", "ast")
_OPENS = {"?": "¿", "!": "¡"}
_QUOTING = "«»“”\"'()–— -"  # noqa: RUF001
_SHORTENED = re.compile(r"(?<!\w)(?:[^\W\d_]|Sr|Sra|Srta|Sres|Dr|Dra|Uds?|Prof|Lic|Ing|Arq|núm|art)\.\Z", re.IGNORECASE)
"""A full stop that may be no end of a sentence."""
_NO_OPENING = {ord("¿"): None, ord("¡"): None}
_NO_STOP = re.compile(r"\s*\((?:-|A)\)\Z")
"""What Bergamot's model writes for the end of a sentence that has hardly a word: it was trained on texts of law."""
_WITHOUT_ARTICLE = re.compile(r"(\w*)[^\w]*XQ(\d+)X")
_DETERMINER_WORDS = (
    "a an the this that these those its their our your his her my any no some each every "
    "o os as um uma este esta esse essa ao aos à às do da dos das no na nos nas pelo pela seu sua seus suas "
    "el la lo los las un una al del su sus ese esa le les l une du des au aux ce cet cette son sa ses leur leurs"
)
_DETERMINERS = frozenset(_DETERMINER_WORDS.split())
"""Behind one of them an article is in its place."""
_ARTICLE = re.compile(r"(?<![\w'’-])(?:o|os|as|el|la|los|las|le|les|the) (?=XQ(\d+)X)", re.IGNORECASE)  # noqa: RUF001
_FIRST_ARTICLE = re.compile(r"\A(?:o|a|os|as|el|la|lo|los|las|le|les|the) (?=XQ1X)", re.IGNORECASE)
_SMALL_BEHIND = re.compile(r"XQ1X,? [^\W\d_A-Z]")
_CAPITAL_BEHIND = re.compile(r"(?<=\AXQ1X )[^\W\d_](?=[^\W\d_]|\s)|(?<=\AXQ1X, )[^\W\d_](?=[^\W\d_]|\s)")
