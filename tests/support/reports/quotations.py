"""Quotations, right ones and altered ones, made from texts of this repository by a fixed seed.

The sessions are the sample session, the ten minutes of `support/files`, and the sentences of the interface in each of
its seven languages, spoken by three people in turn; sentences with numbers are written here, each number in words and
in figures. An altered quotation is one by a measure of its own: its words, without case and punctuation, are nowhere in
its session, or somebody else said them.
"""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.reports.quotable import QuotableLine
from moothall.core.reports.quoting import QuotationClaim

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = ("en", "fr", "es", "pt", "ru", "ar", "zh")
MOST_LINES = 150
SPEAKERS = tuple(map(SpeakerId, ("ana", "ben", "chi")))
FLOOR = ChannelId("floor")
NUMBERS: dict[str, tuple[str, str]] = {
    "en": (
        (
            "We heard {} proposals from the hubs today|There were {} people in the room this morning|"
            "The report names {} countries of the region"
        ),
        (
            "three=3|twelve=12|twenty-five=25|sixty=60|two hundred and forty=240|one thousand two hundred=1,200|"
            "nineteen=19|three point five=3.5|forty-one percent=41%|two million=2,000,000|a hundred=100|ninety=90"
        ),
    ),
    "fr": (
        "Nous avons entendu {} propositions ce matin|Le rapport cite {} pays de la région|Il y avait {} personnes ici",
        (
            "trois=3|douze=12|vingt-cinq=25|soixante et onze=71|quatre-vingt-dix-sept=97|deux cent quarante=240|"
            "mille deux cents=1 200|trois virgule cinq=3,5|quatorze=14|deux mille=2 000|quatre-vingts=80|trente=30"
        ),
    ),
    "es": (
        "Hoy hemos escuchado {} propuestas de los grupos|El informe cita {} países de la región|Había {} personas aquí",
        (
            "tres=3|doce=12|veinticinco=25|sesenta y una=61|doscientas cuarenta=240|mil doscientas=1.200|catorce=14|"
            "tres coma cinco=3,5|treinta y ocho=38|dos mil=2.000|noventa=90|cien=100"
        ),
    ),
    "pt": (
        "Hoje ouvimos {} propostas dos grupos|O relatório cita {} países da região|Havia {} pessoas aqui na sala",
        (
            "três=3|doze=12|vinte e cinco=25|sessenta e uma=61|duzentas e quarenta=240|mil e duzentas=1.200|catorze=14|"
            "três vírgula cinco=3,5|trinta e oito=38|dois mil=2.000|noventa=90|cem=100"
        ),
    ),
    "ru": (
        "Сегодня мы услышали {} предложений от групп|В докладе названо {} стран региона|В зале было {} человек утром",
        (
            "три=3|двенадцать=12|двадцать пять=25|шестьдесят один=61|двести сорок=240|тысяча двести=1 200|"
            "четырнадцать=14|тридцать восемь=38|две тысячи=2 000|девяносто=90|сто=100|сорок=40"
        ),
    ),
    "ar": (
        "استمعنا اليوم إلى {} مقترحات من المجموعات|يذكر التقرير {} بلدا من المنطقة|كان في القاعة {} شخصا هذا الصباح",
        (
            "ثلاثة=٣|خمسة عشر=15|خمسة وعشرين=٢٥|واحد وستين=61|مئتين وأربعين=240|ألف ومئتين=١٬٢٠٠|أربعة عشر=14|"
            "ثمانية وثلاثين=38|ألفين=2000|تسعين=٩٠|مئة=100|أربعين=40"
        ),
    ),
    "zh": (
        "今天我们听到了{}项提案|报告提到本区域的{}个国家|今天上午会场里有{}位代表",
        "三=3|十二=12|二十五=25|六十一=61|二百四十=240|一千二百=1200|十四=14|三点五=3.5|三十八=38|两千=2000|九十=90|一百=100",
    ),
}
"""By language: sentences, and numbers in words and in figures."""
DENIALS = {
    "en": "We do not agree with this part of the text|The Forum has never decided on such a rule",
    "fr": "Nous ne pouvons accepter cette partie du texte|Le Forum ne prend jamais de telles décisions",
    "es": "No estamos de acuerdo con esta parte del texto|El Foro nunca ha decidido sobre esa norma",
    "pt": "Não estamos de acordo com esta parte do texto|O Fórum nunca decidiu sobre essa regra",
    "ru": "Мы не согласны с этой частью текста|Форум никогда не принимал такого решения",
    "ar": "نحن لا نوافق على هذا الجزء من النص|لم يقرر المنتدى مثل هذه القاعدة",
    "zh": "我们不同意案文的这一部分|论坛从未就此作出决定",
}
"""Sentences that deny."""
DENYING = {
    *("not", "no", "never", "nothing", "nobody", "none", "without", "cannot", "neither", "nor", "nowhere", "non"),
    *("n't", "don't", "doesn't", "isn't", "can't", "won't", "hasn't", "didn't", "aren't", "wasn't", "couldn't"),
    *("ne", "n", "pas", "jamais", "rien", "aucun", "aucune", "sans", "ni", "personne", "nul", "nulle"),
    *("nunca", "nada", "nadie", "sin", "tampoco", "ningún", "ninguna", "ninguno", "jamás"),
    *("não", "nem", "sem", "ninguém", "nenhum", "nenhuma"),
    *("не", "ни", "нет", "никогда", "никто", "ничего", "без", "никому", "нельзя", "нигде", "никак"),
    *("لا", "لم", "لن", "ليس", "ليست", "غير", "بدون", "دون", "عدم", "ولا", "ولم", "فلا", "ولن", "وليس"),
    *"不没無无未非别勿",
}
"""Words that deny, as a list of its own: no right quotation begins or ends beside one, and each may be taken out."""
_LETTER = r"(?:[^\W\u3400-\u9fff]|[\u064b-\u0655\u0670])"
_WORD = re.compile(rf"[\u3400-\u9fff]|{_LETTER}+(?:['\u2019]{_LETTER}+)*")
_NUMBER = re.compile(
    r"\d|[〇一二两三四五六七八九十百千万亿]|\b(?:one|two|hundred|forty|sixty|twenty|thousand)\b", re.IGNORECASE
)
"""What may be a part of a longer number in the texts: no right quotation begins or ends beside it."""


class SpokenSession(NamedTuple):
    """Lines of a session, all in one language."""

    name: str
    language: str
    lines: tuple[QuotableLine, ...]
    spelled: dict[SegmentId, tuple[str, str, str]]
    """Lines with a number: the number as it stands there, as it may be quoted too, and another number."""


class MadeQuotation(NamedTuple):
    """A quotation that was made."""

    kind: str
    session: SpokenSession
    claim: QuotationClaim


def sessions() -> tuple[SpokenSession, ...]:
    """The sessions of this repository's texts."""
    sample = [json.loads(line) for line in (ROOT / "config/sample/session.jsonl").read_text("utf-8").splitlines()]
    ten = (ROOT / "tests/support/files/ten_minutes.txt").read_text("utf-8").splitlines()
    found = [
        session_of("sample", "en", [each["text"] for each in sample], [SpeakerId(each["speaker"]) for each in sample]),
        session_of("ten minutes", "en", [line for line in ten if line.strip()]),
    ]
    found += [session_of(f"interface {language}", language, _interface(language)) for language in LANGUAGES]
    return tuple(found)


def session_of(
    name: str, language: str, texts: Sequence[str], speakers: Sequence[SpeakerId] | None = None
) -> SpokenSession:
    """A session with these lines, and behind them those with numbers and denials."""
    lines = list(texts)
    named = list(speakers or (SPEAKERS[at // 4 % len(SPEAKERS)] for at in range(len(lines))))
    spelled: dict[SegmentId, tuple[str, str, str]] = {}
    sentences, numbers = (each.split("|") for each in NUMBERS[language])
    pairs = [number.split("=") for number in numbers]
    end = "。" if language == "zh" else "."
    for at, (words, figures) in enumerate(pairs):
        there, quoted = (words, figures) if at % 3 else (figures, words)
        spelled[SegmentId(f"s{len(lines)}")] = there, quoted, pairs[(at + 1) % len(pairs)][at % 2]
        lines.append(sentences[at % len(sentences)].format(there) + end)
    lines += [f"{sentence}{end}" for sentence in DENIALS[language].split("|")]
    named += [SPEAKERS[at // 4 % len(SPEAKERS)] for at in range(len(lines) - len(named))]
    return SpokenSession(
        name,
        language,
        tuple(
            QuotableLine(segment=SegmentId(f"s{at}"), text=text, language=language, channel=FLOOR, speaker=speaker)
            for at, (text, speaker) in enumerate(zip(lines, named, strict=True))
        ),
        spelled,
    )


def _interface(language: str) -> list[str]:
    """Sentences of the interface, without those in which something is put."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / f"web/locales/{language}/LC_MESSAGES").glob("*.po")):
        for message in re.findall(r'^msgstr ((?:"(?:[^"\\]|\\.)*"\s*)+)', path.read_text("utf-8"), re.MULTILINE):
            text = "".join(map(ast.literal_eval, message.strip().splitlines()))
            if len(words_of(text)) >= 8 and re.fullmatch(r"[^{<\n]*[.!?。！？؟]", text):
                found[text] = None
    return list(found)[:MOST_LINES]


def words_of(text: str) -> list[re.Match[str]]:
    """The words of a text, where characters stand for words there."""
    return list(_WORD.finditer(text))


def plain(text: str) -> str:
    """A text without case and punctuation."""
    return " ".join(found[0].replace("\u2019", "'") for found in words_of(text.casefold()))


def _spans(session: SpokenSession, chance: random.Random) -> Iterator[tuple[QuotableLine, int, int]]:
    """Lines at random, with the first and the last word of a quotation that loses no denial at its ends."""
    while True:
        line = chance.choice(session.lines)
        words = [found[0].casefold().replace("\u2019", "'") for found in words_of(line.text)]
        if len(words) < 4:
            continue
        first = chance.randrange(len(words) - 3)
        last = chance.randrange(first + 3, len(words))
        beside = {*words[max(first - 3, 0) : first], *words[last + 1 : last + 3]}
        elided = {part for word in beside for part in word.split("'")}
        numbers = any(_NUMBER.search(word) for word in (*beside, words[first], words[last]))
        if beside & DENYING or elided & DENYING or numbers or line.segment in session.spelled:
            first, last = 0, len(words) - 1
        yield line, first, last


def _claim(session: SpokenSession, line: QuotableLine, text: str, speaker: SpeakerId | None = None) -> QuotationClaim:
    return QuotationClaim(text=text, first=line.segment, last=line.segment, speaker=speaker or line.speaker)


def right_quotations(many: int, all_: Sequence[SpokenSession], seed: int = 1) -> Iterator[MadeQuotation]:
    """Right quotations, with case, punctuation, spaces, marks and the spelling of numbers changed."""
    chance = random.Random(seed)  # the same in each run  # noqa: S311
    spans = {session.name: _spans(session, chance) for session in all_}
    for at in range(many):
        session = all_[at % len(all_)]
        if at % 4 == 3:
            segment = chance.choice(list(session.spelled))
            line = next(each for each in session.lines if each.segment == segment)
            there, quoted, _ = session.spelled[segment]
            yield MadeQuotation("number", session, _claim(session, line, line.text.replace(there, quoted)))
            continue
        line, first, last = next(spans[session.name])
        words = words_of(line.text)
        cut = line.text[words[first].start() : words[last].end()]
        kind, change = chance.choice(CHANGES)
        yield MadeQuotation(kind, session, _claim(session, line, change(cut, chance)))


def _punctuation(text: str, chance: random.Random) -> str:
    return re.sub(r"[,;:](?=\s)|[，；：、]", lambda found: chance.choice(("", found[0], ";", " \u2014")), text) + "!"


def _marks(text: str, chance: random.Random) -> str:
    for written, other in (
        ("'", "\u2019"),
        ("\u2019", "'"),
        ('"', "\u201c"),
        (" \u2014 ", " \u2013 "),
        ("\u2026", "..."),
    ):
        if chance.random() < 0.7:
            text = text.replace(written, other)
    return text


def _arabic(text: str, chance: random.Random) -> str:
    """Arabic with other forms of alef, a line that is stretched, and vowel signs."""
    text = re.sub("[أإآ]", lambda found: chance.choice(("ا", found[0])), text)
    return re.sub(r"(?<=[بتثسشعفقكلمن])(?=[بتثسشعفقكلمن])", lambda _: chance.choice(("", "\u0640", "\u064e")), text)


CHANGES = (
    ("case", lambda text, chance: chance.choice((text.upper(), text.lower(), text.title(), text.capitalize()))),
    ("punctuation", _punctuation),
    ("spaces", lambda text, chance: re.sub(r"\s", lambda _: chance.choice((" ", "  ", "\n", "\u00a0")), text)),
    ("marks", _marks),
    ("vowel signs", _arabic),
)


def altered_quotations(many: int, all_: Sequence[SpokenSession], seed: int = 1) -> Iterator[MadeQuotation]:
    """Quotations that nobody said so: each is another text than stands anywhere in its session, or another's words."""
    chance = random.Random(seed)  # the same in each run  # noqa: S311
    spans = {session.name: _spans(session, chance) for session in all_}
    said = {session.name: f" {' '.join(plain(line.text) for line in session.lines)} " for session in all_}
    found = 0
    while found < many:
        session = all_[found % len(all_)]
        kind = ALTERATIONS[found // len(all_) % len(ALTERATIONS)]
        line, first, last = next(spans[session.name])
        words = words_of(line.text)
        cut = line.text[words[first].start() : words[last].end()]
        speaker = line.speaker
        if kind == "other speaker":
            speaker = chance.choice([each.speaker for each in session.lines if each.speaker != line.speaker])
            alone = said[session.name].count(f" {plain(cut)} ") == 1
            altered = cut if alone else None
        elif kind == "other session":
            other = chance.choice([each for each in all_ if each is not session])
            altered = chance.choice(other.lines).text
        else:
            line, altered = _altered(kind, session, line, cut, chance)
            speaker = line.speaker
        if altered is None or (kind != "other speaker" and f" {plain(altered)} " in said[session.name]):
            continue
        found += 1
        yield MadeQuotation(kind, session, _claim(session, line, altered, speaker))


ALTERATIONS = (
    *("swapped", "dropped", "added", "replaced", "negation removed", "negation added", "number", "other speaker"),
    *("other session", "letter"),
)


def _altered(
    kind: str, session: SpokenSession, line: QuotableLine, cut: str, chance: random.Random
) -> tuple[QuotableLine, str | None]:
    """A line, and what is quoted of it wrongly; None where this can't be done to the words."""
    if kind == "number":
        segment = chance.choice(list(session.spelled))
        line = next(each for each in session.lines if each.segment == segment)
        there, _, other = session.spelled[segment]
        return line, line.text.replace(there, other)
    if kind == "negation removed":
        denying = [each for each in session.lines if _denials(each.text)]
        line = chance.choice(denying)
        gone = chance.choice(_denials(line.text))
        return line, line.text[: gone.start()] + line.text[gone.end() :].lstrip()
    words = words_of(cut)
    inner = range(1, len(words) - 1)
    at = chance.choice(inner)
    between = "" if session.language == "zh" else " "
    before, word, behind = cut[: words[at].start()], words[at][0], cut[words[at].end() :]
    other = chance.choice(words_of(chance.choice(session.lines).text))[0]
    match kind:
        case "swapped":
            two = chance.choice([each for each in range(len(words)) if each != at])
            one, last = sorted((words[at], words[two]), key=lambda each: each.start())
            middle = cut[one.end() : last.start()]
            return line, cut[: one.start()] + last[0] + middle + one[0] + cut[last.end() :]
        case "dropped":
            return line, before.rstrip() + between + behind.lstrip()
        case "added":
            return line, before + other + between + word + behind
        case "replaced":
            return line, None if other.casefold() == word.casefold() else before + other + behind
        case "negation added":
            no = DENIALS[session.language].split("|")[0]
            return line, before + _denials(no)[0][0] + between + word + behind
        case _:  # a letter
            return line, before + word + chance.choice(_LETTERS[session.language]) + behind


_LETTERS = {"ru": "бвгд", "ar": "بتثج", "zh": "的了在和"}
_LETTERS |= {language: "xbdg" for language in LANGUAGES if language not in _LETTERS}


def _denials(text: str) -> list[re.Match[str]]:
    return [found for found in words_of(text) if found[0].casefold().replace("\u2019", "'") in DENYING]
