"""Tells from the words around a term which of its cases a translation asks for, and makes words agree with it.

An engine doesn't know which term a placeholder stands for: it gives it no case, and takes it for masculine. What stands
before it tells the case, by these rules, the first that fits:

- behind another term, with nothing but *and*, *or* or a comma between: the case of that term;
- Russian, behind этого, нашей and the like: what stands before these, else the case of their own form;
- behind a preposition: the case that it governs;
- Russian, behind some verbs in forms that have their subject in themselves: the accusative (благодарю), or the dative
  (поручить, предоставляю слово);
- Russian, behind a passive participle behind its noun: the instrumental (резолюция, принятая);
- Russian, behind a noun: the genitive, or the dative behind some (благодарность); but the nominative before a verb
  where a preposition begins the clause (На сессии Генеральная Ассамблея решила);
- else the nominative: at the beginning of a clause, behind other verbs, and wherever these rules know no better.

The tables are closed lists after school grammars (for Russian Terence Wade, *A Comprehensive Russian Grammar*; for
Arabic Karin Ryding, *A Reference Grammar of Modern Standard Arabic*). Where a preposition governs two cases (в and на:
where, and where to), the table has the commoner one. How often the rules are right is in docs/why/translation.md. No
native speaker has checked them.
"""

# ruff: noqa: RUF001, RUF002  # letters of other scripts are meant as such

from __future__ import annotations

import re
from typing import Final, Literal

from moothall.core.kernel.languages import primary

Case = Literal["nom", "gen", "dat", "acc", "ins", "prep"]
Agreement = Literal["", "m", "f", "n", "pl"]
"""What other words agree with: a gender, or the plural; empty where it isn't known."""

_CASES: Final[tuple[Case, ...]] = ("nom", "gen", "dat", "acc", "ins", "prep")
_GOVERNED: Final[tuple[tuple[Case, str], ...]] = (
    ("gen", "без безо близ вблизи ввиду вдоль взамен вместо вне внутри возле вокруг вроде вследствие для до из изо"),
    ("gen", "из-за из-под касательно кроме мимо накануне насчёт насчет около от ото относительно подле позади помимо"),
    ("gen", "после посредством посреди прежде против путём путем ради сверх свыше среди у"),
    ("dat", "к ко благодаря вопреки навстречу подобно по согласно соответственно"),
    ("acc", "включая за исключая про сквозь спустя через"),
    ("ins", "между меж над надо перед передо под с со"),
    ("prep", "в во на о об обо при"),
)
_PREPOSITIONS: Final = {word: case for case, words in _GOVERNED for word in words.split()}
_TWO_WORDS: Final[dict[str, Case]] = {
    **dict.fromkeys(("несмотря на", "невзирая на", "ссылаясь на", "ответ на", "надежда на", "влияние на"), "acc"),
    "начиная с": "gen",
}
_DETERMINERS: Final[tuple[dict[Agreement, str], ...]] = (
    {
        "m": "этот этого этому этот этим этом",
        "f": "эта этой этой эту этой этой",
        "n": "это этого этому это этим этом",
        "pl": "эти этих этим эти этими этих",
    },
    {
        "m": "наш нашего нашему наш нашим нашем",
        "f": "наша нашей нашей нашу нашей нашей",
        "n": "наше нашего нашему наше нашим нашем",
        "pl": "наши наших нашим наши нашими наших",
    },
    {
        "m": "ваш вашего вашему ваш вашим вашем",
        "f": "ваша вашей вашей вашу вашей вашей",
        "n": "ваше вашего вашему ваше вашим вашем",
        "pl": "ваши ваших вашим ваши вашими ваших",
    },
)
"""Words that agree with a noun: by its gender, their forms in the order of the cases."""
_DETERMINER: Final = {
    form: forms for forms in _DETERMINERS for each in forms.values() for form in each.split() if form != "это"
}
"""Each form → its word; not это, which mostly is a sentence's *this is*."""
_OWN_CASE: Final = {
    form: case
    for forms in _DETERMINERS
    for gender in ("f", "pl", "n", "m")
    for case, form in reversed([*zip(_CASES, forms[gender].split(), strict=True)])
}
"""Their forms → the case; of several the first of the masculine, as which engines take a placeholder."""
_STEMS: Final = (
    "авторитет адрес аппарат бюджет вклад встреч выбор глав голос границ групп договор доклад документ дух закон заявк "
    "здани имен интерес истори итог комитет курс лидер мандат метод министр модел народ норм област орган основ отдел "
    "отказ ответ отчет отчёт офис оценк парламент письм план повестк позици политик поправк пост практик президент "
    "приказ принцип программ проект просьб протокол процесс пункт работ рамк результат реформ рол секретар секретариат "
    "систем совет состав союз списк список срок статус столиц сторон стран структур съезд территори текст устав "
    "участник филиал фонд форум функци цел центр част член эксперт этап"
)
"""Nouns of meetings, by the letters with which their forms begin."""
_SUFFIXES: Final = "[аея]ни [а-я]тел [а-я]ост [а-я]ств [а-я]мент [а-я]изм [а-я]ник [а-я]тор"
"""What nouns of acts, persons and properties have before their endings (заседание, председатель, возможность)."""
_ENDINGS: Final = "а ам ами ах е ев ей ем и ией ии ий ию ия о ов ой ом у ы ь ью ю я ям ями ях ём"
_ONLY_NOUNS: Final = "ия ии ию ией иям иями иях ов ев ах ях ам ям ами ями"
"""Endings that nouns alone have, in words of five letters and more."""
_NOUN: Final = re.compile(
    rf"(?:{'|'.join(_STEMS.split())}|[а-яё]+(?:{'|'.join(_SUFFIXES.split())}))(?:{'|'.join(_ENDINGS.split())})?"
    rf"|(?=[а-яё]{{5}})[а-яё]+(?:{'|'.join(_ONLY_NOUNS.split())})"
)
_TO_WHOM: Final = re.compile(r"(?:благодарност|признательност|помощ|содействи)(?:ь|и|ью|е|я|ю|ем)")
"""Nouns that ask for the dative."""
_WHOM: Final = re.compile(
    r"(?:по)?благодар(?:ю|им|ить)|приветств(?:ую|уем|овать)|(?:по)?про(?:шу|сим|сить)|пригла(?:шаю|шаем|сить|сим)|"
    r"поздрав(?:ляю|ляем|ить)|приз(?:ываю|ываем|ывать|вать)|поддерж(?:иваю|иваем|ивать|ать)|"
    r"обсу(?:ждаем|ждать|дить|дим)|рассм(?:атриваем|атривать|отреть|отрим)|представ(?:ляю|ляем|лять|ить)|"
    r"прин(?:имаем|имать|ять)|цитиру(?:ю|ем)|(?:про)?информир(?:ую|уем|овать)|укреп(?:ляем|лять|ить)|созда(?:ём|ть)"
)
"""Verbs with an object in the accusative, in the first person or the infinitive."""
_WHOM_TO: Final = re.compile(
    r"предоставля(?:ется|ю|ем|ть)|предостав(?:ить|им|лю)|поруч(?:аю|аем|ить|им)|рекоменд(?:ую|уем|овать)|"
    r"предлагаю|предлагаем|предложить|сооб(?:щаю|щаем|щить)|помо(?:чь|гаем)|помогать|отве(?:чаю|чаем|тить)|"
    r"напомн(?:ю|им|ить)|принадлеж(?:ит|ат|ать)"
)
"""Verbs that ask for the dative, in forms that have their subject in themselves, or before it."""
_GIVES: Final = re.compile(r"предостав[а-яё]+")
"""Behind it слово, the floor, asks for the dative."""
_BY_WHOM: Final = re.compile(
    r"(?:принят|(?:одобре|утвержде|утверждё|представле|организова|созда|подготовле|учрежде|учреждё|предложе|опубликова|"
    r"проведе|проведё|избра|назначе|рассмотре|поддержа|подписа|установле|разработа|объявле|созва)н{1,2})"
    r"(?:|а|о|ы|ый|ая|ое|ые|ого|ой|ому|ую|ым|ом|ых|ыми)"
)
"""Passive participles, which ask for the instrumental of who did it."""
_ARABIC_WORDS: Final = (
    "من في على إلى عن مع بين حول عند منذ حتى لدى تحت فوق أمام خلف وراء بعد قبل خلال ضد نحو داخل خارج دون بدون بشأن عبر "
    "ب ل لل ك"
)
_ARABIC: Final = frozenset(_ARABIC_WORDS.split())
"""Arabic prepositions and locative adverbs, behind which a noun is in the genitive."""
_AND: Final = {
    "ru": re.compile(r"\s*(?:,|(?:,\s*)?(?:и|или|а также))\s*"),
    "ar": re.compile(r"\s*(?:،|(?:،\s*)?(?:و|أو))\s*"),
}
_WORDS: Final = re.compile(r"(?:([\w-]+)\s+)?([\w-]+)(\s*)([«“\"„]?)\Z")
"""The two words before a term, the space, and the quotation mark if the term stands in some."""
_FAR: Final = 120
"""How many characters before a term are looked at for them, so that a long text costs no more than a short one."""
_OPENS_WITH_PREPOSITION: Final = re.compile(
    rf"(?:\A|[.?!…:;,—»])\s*(?:(?:и|а|но)\s+)?(?:{'|'.join(_PREPOSITIONS)})\s[^.?!…:;,—]*\Z", re.IGNORECASE
)
_ACTS: Final = re.compile(r"\s+(?:не\s+|уже\s+|также\s+)?[а-яё]{2,}(?:л|ла|ло|ли|ет|ёт|ит|ют|ут|ят|ат)(?![\w-])")
"""A verb behind its subject."""
_SUBJECT: Final = re.compile(r"( (?:не |уже |также )*)([а-яё]+л)(ся)?(?![\w-])")
"""A Russian masculine verb in the past behind its subject."""
_PAST: Final = {"f": "а", "n": "о", "pl": "и"}
"""What a masculine verb in the past ends with where its subject is of another gender."""
_MOVING: Final = re.compile(r"[шч][её]л\Z")
"""Such verbs lose their vowel: пришёл is пришла, учёл is учла. Others in ёл have another: провёл is провела."""
_SAYS: Final = "قال قرر أعرب رحب وافق أكد اجتمع أعلن شدد أشار اعتمد أقر"
"""Without صوت and نظر, which are as often the nouns *voice* and *view* (من وجهة نظر الجمعية)."""
_WILL_SAY: Final = "يقول يقرر يعرب يرحب يوافق يؤكد يوصي يصوت ينظر يجتمع يعلن يشدد يشير يعتمد يقر"
_ARABIC_BEFORE: Final = {
    "هذا": "هذه",
    "ذلك": "تلك",
    "أوصى": "أوصت",
    **{verb: f"{verb}ت" for verb in _SAYS.split()},
    **{verb: f"ت{verb[1:]}" for verb in _WILL_SAY.split()},
}
"""Masculine words → their feminine forms: of verbs those whose next noun is their subject, as meetings have them."""
_ARABIC_BEHIND: Final = re.compile(r"(\s+)الذي(?!\w)")


def case_between(before: str, behind: str, language: str) -> Case:
    """The case of a noun between `before` and `behind`, the other words of its sentence, in a language (BCP-47)."""
    tag = primary(language)
    found = _last_words(before) if tag in _AND else None
    if found is None:
        return "nom"
    first, word, space, quoted = (found[1] or "").lower(), found[2].lower().rstrip("\u0640"), found[3], found[4]
    if tag == "ar":
        return "gen" if word in _ARABIC or (word[:1] in "وف" and word[1:] in _ARABIC) else "nom"
    if not space:
        return "nom"
    if word in _DETERMINER:
        decided = case_between(before[max(0, found.start(2) - _FAR) : found.start(2)], behind, language)
        return decided if decided != "nom" else _OWN_CASE.get(word, "nom")
    governed = _TWO_WORDS.get(f"{first} {word}") or _PREPOSITIONS.get(word)
    if governed is not None:
        return governed
    if quoted:
        return "nom"  # A name in quotation marks stays as it is: резолюция «Пакт во имя будущего».
    if _WHOM.fullmatch(word):
        return "acc"
    if _TO_WHOM.fullmatch(word) or _WHOM_TO.fullmatch(word) or (word == "слово" and _GIVES.fullmatch(first)):
        return "dat"
    if _BY_WHOM.fullmatch(word) and (_NOUN.fullmatch(first) or before[: found.start(2)].rstrip().endswith(",")):
        return "ins"
    subject = _ACTS.match(behind) is not None and _OPENS_WITH_PREPOSITION.search(before) is not None
    return "gen" if _NOUN.fullmatch(word) and not subject else "nom"


def is_list(between: str, language: str) -> bool:
    """Whether only a comma, or a word for *and* or *or*, stands between two terms."""
    pattern = _AND.get(primary(language))
    return pattern is not None and pattern.fullmatch(between) is not None


def _last_words(before: str) -> re.Match[str] | None:
    return _WORDS.search(before, max(0, len(before) - _FAR))


def agreeing_before(before: str, case: Case, gender: Agreement, language: str) -> str:
    """`before` with its last word in the form that agrees with a term behind it: этот and Ассамблея are эта."""
    found = _last_words(before) if gender else None
    if found is None:
        return before
    word, tag = found[2], primary(language)
    if tag == "ru" and (forms := _DETERMINER.get(word.lower())) is not None:
        fitting = forms[gender].split()[_CASES.index(case)]
        if word[0].isupper():
            fitting = fitting.upper() if word.isupper() else fitting.capitalize()
    elif tag == "ar" and gender == "f":
        joined = word[0] if word[0] in "وف" and word[1:] in _ARABIC_BEFORE else ""
        fitting = joined + _ARABIC_BEFORE.get(word.removeprefix(joined), word.removeprefix(joined))
    else:
        return before
    return f"{before[: found.start(2)]}{fitting}{before[found.end(2) :]}"


def agreeing_behind(behind: str, case: Case, gender: Agreement, language: str) -> str:
    """`behind` with its first word in the form that agrees with a term before it: решил is решила behind Ассамблея."""
    tag = primary(language)
    if tag == "ar" and gender == "f":
        match = _ARABIC_BEHIND.match(behind)
        return behind if match is None else f"{match[1]}التي{behind[match.end() :]}"
    match = _SUBJECT.match(behind) if tag == "ru" and gender in _PAST and case == "nom" else None
    if match is None:
        return behind
    return f"{match[1]}{_before_vowel(match[2])}{_PAST[gender]}{'сь' if match[3] else ''}{behind[match.end() :]}"


def _before_vowel(verb: str) -> str:
    if verb in ("счёл", "счел"):
        return "сочл"
    return f"{verb[:-2]}л" if _MOVING.search(verb) else verb.replace("ё", "е")
