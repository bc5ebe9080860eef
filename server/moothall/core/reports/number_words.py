"""Words for numbers in the six languages of the United Nations and Portuguese, in their normal form, with their values.

Forms of one number in its cases and genders have one value: 2 stands for *dos*, *два* and *двух* alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from moothall.core.reports.normal_words import normal

HUNDRED = 100
THOUSAND = 1_000
_MULTIPLIERS = frozenset({HUNDRED, *(THOUSAND**power for power in range(1, 5))})


class NumberWord(NamedTuple):
    """What a word says of a number."""

    value: int
    ordinal: bool = False

    @property
    def multiplies(self) -> bool:
        """Whether a number before the word is multiplied by it; those of Romance and Slavic hundreds are whole."""
        return self.value in _MULTIPLIERS


class Numerals(NamedTuple):
    """How a language says numbers."""

    words: Mapping[str, NumberWord]
    joining: str = ""
    """What may stand between two words of a number."""
    joins: Callable[[int, int], bool] = lambda group, value: False
    """Whether it may stand between what is below the next thousand so far, 0 where nothing was said of it, and a
    value.
    """
    points: frozenset[str] = frozenset()
    """What stands before a fraction."""
    percent: tuple[tuple[str, ...], ...] = ()
    """Words that say what the sign % says."""
    spaced: bool = False
    """Whether figures are grouped by spaces: 2 500."""
    paired: bool = False
    """Whether years are said as two numbers: twenty twenty-five."""
    scores: bool = False
    """Whether 70, 80 and 90 are said as sixty-ten, four twenties and four twenties ten, and 17 as ten-seven."""
    counted: bool = False
    """Whether an article may stand for one before a hundred or more."""
    units_first: bool = False
    """Whether units come before tens, joined with و."""


_EN = """
0 zero|1 one|2 two|3 three|4 four|5 five|6 six|7 seven|8 eight|9 nine|10 ten|11 eleven|12 twelve|13 thirteen
14 fourteen|15 fifteen|16 sixteen|17 seventeen|18 eighteen|19 nineteen|20 twenty|30 thirty|40 forty fourty|50 fifty
60 sixty|70 seventy|80 eighty|90 ninety|100 hundred|1000 thousand|1000000 million|1000000000 billion
1000000000000 trillion
"""
_EN_ORDINAL = """
1 first|2 second|3 third|4 fourth|5 fifth|6 sixth|7 seventh|8 eighth|9 ninth|10 tenth|11 eleventh|12 twelfth
13 thirteenth|14 fourteenth|15 fifteenth|16 sixteenth|17 seventeenth|18 eighteenth|19 nineteenth|20 twentieth
30 thirtieth|40 fortieth|50 fiftieth|60 sixtieth|70 seventieth|80 eightieth|90 ninetieth|100 hundredth
1000 thousandth|1000000 millionth
"""
_FR = """
0 zéro|1 un une|2 deux|3 trois|4 quatre|5 cinq|6 six|7 sept|8 huit|9 neuf|10 dix|11 onze|12 douze|13 treize
14 quatorze|15 quinze|16 seize|20 vingt vingts|30 trente|40 quarante|50 cinquante|60 soixante|70 septante
80 huitante octante|90 nonante|100 cent cents|1000 mille|1000000 million millions|1000000000 milliard milliards
"""
_FR_ORDINAL = """
1 premier première premiers premières unième|2 deuxième second seconde|3 troisième|4 quatrième|5 cinquième|6 sixième
7 septième|8 huitième|9 neuvième|10 dixième|11 onzième|12 douzième|13 treizième|14 quatorzième|15 quinzième
16 seizième|20 vingtième|30 trentième|40 quarantième|50 cinquantième|60 soixantième|100 centième|1000 millième
"""
_ES = """
0 cero|1 un uno una|2 dos|3 tres|4 cuatro|5 cinco|6 seis|7 siete|8 ocho|9 nueve|10 diez|11 once|12 doce|13 trece
14 catorce|15 quince|16 dieciséis|17 diecisiete|18 dieciocho|19 diecinueve|20 veinte|21 veintiuno veintiún veintiuna
22 veintidós|23 veintitrés|24 veinticuatro|25 veinticinco|26 veintiséis|27 veintisiete|28 veintiocho|29 veintinueve
30 treinta|40 cuarenta|50 cincuenta|60 sesenta|70 setenta|80 ochenta|90 noventa|100 cien ciento
200 doscientos doscientas|300 trescientos trescientas|400 cuatrocientos cuatrocientas|500 quinientos quinientas
600 seiscientos seiscientas|700 setecientos setecientas|800 ochocientos ochocientas|900 novecientos novecientas
1000 mil|1000000 millón millones|1000000000000 billón billones
"""
_ES_ORDINAL = """
1 primero primera primer primeros primeras|2 segundo segunda|3 tercero tercera tercer|4 cuarto cuarta|5 quinto quinta
6 sexto sexta|7 séptimo séptima|8 octavo octava|9 noveno novena|10 décimo décima|11 undécimo undécima
12 duodécimo duodécima|20 vigésimo vigésima|30 trigésimo trigésima|40 cuadragésimo cuadragésima
50 quincuagésimo quincuagésima|100 centésimo centésima
"""
_PT = """
0 zero|1 um uma|2 dois duas|3 três|4 quatro|5 cinco|6 seis|7 sete|8 oito|9 nove|10 dez|11 onze|12 doze|13 treze
14 catorze quatorze|15 quinze|16 dezesseis dezasseis|17 dezessete dezassete|18 dezoito|19 dezenove dezanove|20 vinte
30 trinta|40 quarenta|50 cinquenta|60 sessenta|70 setenta|80 oitenta|90 noventa|100 cem cento
200 duzentos duzentas|300 trezentos trezentas|400 quatrocentos quatrocentas|500 quinhentos quinhentas
600 seiscentos seiscentas|700 setecentos setecentas|800 oitocentos oitocentas|900 novecentos novecentas
1000 mil|1000000 milhão milhões|1000000000 bilhão bilhões
"""
_PT_ORDINAL = """
1 primeiro primeira primeiros primeiras|2 segundo segunda|3 terceiro terceira|4 quarto quarta|5 quinto quinta
6 sexto sexta|7 sétimo sétima|8 oitavo oitava|9 nono nona|10 décimo décima|20 vigésimo vigésima
30 trigésimo trigésima|40 quadragésimo quadragésima|50 quinquagésimo quinquagésima|100 centésimo centésima
"""
_RU = """
0 ноль нуль|1 один одна одно одного одной одному одним одном одну|2 два две двух двум двумя|3 три трех трем тремя
4 четыре четырех четырем четырьмя|5 пять пяти пятью|6 шесть шести шестью|7 семь семи семью|8 восемь восьми восемью
9 девять девяти девятью|10 десять десяти десятью|11 одиннадцать одиннадцати|12 двенадцать двенадцати
13 тринадцать тринадцати|14 четырнадцать четырнадцати|15 пятнадцать пятнадцати|16 шестнадцать шестнадцати
17 семнадцать семнадцати|18 восемнадцать восемнадцати|19 девятнадцать девятнадцати|20 двадцать двадцати двадцатью
30 тридцать тридцати тридцатью|40 сорок сорока|50 пятьдесят пятидесяти|60 шестьдесят шестидесяти
70 семьдесят семидесяти|80 восемьдесят восьмидесяти|90 девяносто девяноста|100 сто ста|200 двести двухсот
300 триста трехсот|400 четыреста четырехсот|500 пятьсот пятисот|600 шестьсот шестисот|700 семьсот семисот
800 восемьсот восьмисот|900 девятьсот девятисот|1000 тысяча тысячи тысяч тысячу тысячам тысячами
1000000 миллион миллиона миллионов|1000000000 миллиард миллиарда миллиардов
"""
_RU_STEMS = """
1 перв|2 втор|4 четверт|5 пят|6 шест|7 седьм|8 восьм|9 девят|10 десят|11 одиннадцат|12 двенадцат|13 тринадцат
14 четырнадцат|15 пятнадцат|16 шестнадцат|17 семнадцат|18 восемнадцат|19 девятнадцат|20 двадцат|30 тридцат|40 сороков
50 пятидесят|60 шестидесят|70 семидесят|80 восьмидесят|90 девяност|100 сот|1000 тысячн
"""
_RU_ENDINGS = ("ый", "ой", "ая", "ое", "ого", "ому", "ым", "ом", "ую", "ые", "ых", "ыми")  # Cyrillic  # noqa: RUF001
_RU_THIRD = "третий третья третье третьего третьей третьему третьим третьем третью третьи третьих третьими"
_AR = """
0 صفر|1 واحد واحدة|2 اثنان اثنين اثنتان اثنتين|3 ثلاث ثلاثة|4 أربع أربعة|5 خمس خمسة|6 ست ستة|7 سبع سبعة
8 ثمان ثماني ثمانية|9 تسع تسعة|10 عشر عشرة|20 عشرون عشرين|30 ثلاثون ثلاثين|40 أربعون أربعين|50 خمسون خمسين
60 ستون ستين|70 سبعون سبعين|80 ثمانون ثمانين|90 تسعون تسعين|100 مئة مائة|200 مئتان مئتين مائتان مائتين
300 ثلاثمئة ثلاثمائة|400 أربعمئة أربعمائة|500 خمسمئة خمسمائة|600 ستمئة ستمائة|700 سبعمئة سبعمائة
800 ثمانمئة ثمانمائة|900 تسعمئة تسعمائة|1000 ألف آلاف ألفا|2000 ألفان ألفين|1000000 مليون ملايين
1000000000 مليار مليارات
"""
_AR_TEENS = "1 أحد إحدى|2 اثنا اثني اثنتا اثنتي"
"""Units that stand before ten alone."""
_AR_ORDINAL = """
1 الأول الأولى|2 الثاني الثانية|3 الثالث الثالثة|4 الرابع الرابعة|5 الخامس الخامسة|6 السادس السادسة|7 السابع السابعة
8 الثامن الثامنة|9 التاسع التاسعة|10 العاشر العاشرة
"""


def _read(table: str, *, ordinal: bool = False) -> Iterator[tuple[str, NumberWord]]:
    for entry in table.replace("\n", "|").split("|"):
        value, *words = entry.split() or ("",)
        for word in words:
            yield normal(word), NumberWord(int(value), ordinal)


def _russian_ordinals() -> Iterator[tuple[str, NumberWord]]:
    for stem, word in _read(_RU_STEMS):
        for ending in _RU_ENDINGS:
            yield stem + ending, NumberWord(word.value, ordinal=True)
    for form in _RU_THIRD.split():
        yield form, NumberWord(3, ordinal=True)


def _all(*words: Iterator[tuple[str, NumberWord]]) -> dict[str, NumberWord]:
    return {form: word for each in words for form, word in each}


_RU_PERCENT = "процент процента процентов проценту проценты процентам процентами процентах процентом"
_PERCENT_RU = tuple((word,) for word in _RU_PERCENT.split())
_PERCENT_AR = tuple(tuple(map(normal, words.split())) for words in ("بالمئة", "بالمائة", "في المئة", "في المائة"))


@cache
def numerals(language: str) -> Numerals | None:
    """How a primary language says numbers; None where that isn't known here, and for Chinese, which has a grammar of
    its own.
    """
    match language:
        case "en":
            return Numerals(
                _all(_read(_EN), _read(_EN_ORDINAL, ordinal=True)),
                joining="and",
                joins=lambda group, value: group % HUNDRED == 0 and value < HUNDRED,
                points=frozenset({"point"}),
                percent=(("percent",), ("per", "cent")),
                paired=True,
                counted=True,
            )
        case "fr":
            return Numerals(
                _all(_read(_FR), _read(_FR_ORDINAL, ordinal=True)),
                joining="et",
                joins=lambda group, value: group % HUNDRED >= 20 and value in {1, 11},
                points=frozenset({"virgule"}),
                percent=(("pour", "cent"),),
                spaced=True,
                scores=True,
            )
        case "es":
            return Numerals(
                _all(_read(_ES), _read(_ES_ORDINAL, ordinal=True)),
                joining="y",
                joins=lambda group, value: group % HUNDRED >= 30 and value < 10,
                points=frozenset({"coma", "punto"}),
                percent=(("por", "ciento"),),
                spaced=True,
            )
        case "pt":
            return Numerals(
                _all(_read(_PT), _read(_PT_ORDINAL, ordinal=True)),
                joining="e",
                joins=lambda group, value: True,
                points=frozenset({normal("vírgula"), "ponto"}),
                percent=(("por", "cento"),),
                spaced=True,
            )
        case "ru":
            return Numerals(_all(_read(_RU), _russian_ordinals()), percent=_PERCENT_RU, spaced=True)
        case "ar":
            words = _all(_read(_AR), _read(_AR_TEENS), _read(_AR_ORDINAL, ordinal=True))
            return Numerals(words, points=frozenset({normal("فاصلة")}), percent=_PERCENT_AR, units_first=True)
    return None


_RU_RANKS = "й я е го му м ю х ми ый ая ое ого"  # Cyrillic  # noqa: RUF001
SUFFIXES: Mapping[str, frozenset[str]] = {
    "en": frozenset({"st", "nd", "rd", "th"}),
    "fr": frozenset({"er", "re", "ère", "nd", "nde", "e", "ème"}),
    "es": frozenset({"o", "a", "er"}),  # º and ª, in their normal form
    "pt": frozenset({"o", "a"}),
    "ru": frozenset(_RU_RANKS.split()),
}
"""What stands right behind a figure, or behind a hyphen or point, where it says a rank; in normal form."""
