"""Folds text for comparing: lower case, no diacritics, and Serbian Cyrillic, Georgian and Armenian in Latin letters.

Shoppers write Georgian, Armenian and Serbian in their own letters and, as often, in Latin ones, each in a spelling
of their own. Folding takes all of them to one spelling, coarse on purpose: letters that people confuse when they type
Latin become one (Georgian ქ, კ and ყ are all `k`, for they are typed q, k and y by turns). What a Latin letter stands
for depends on the language, so it is told; text in the languages' own letters folds alike whatever is told.
"""

import re
import unicodedata

_CYRILLIC = {
    **dict(zip("абвгдежзијклмнопрстћуфхцчш", "abvgdezzijklmnoprstcufhccs", strict=True)),
    **{"ђ": "dj", "љ": "lj", "њ": "nj", "џ": "dz"},
    # Russian, which many of our shoppers can write
    **{"й": "j", "ы": "y", "э": "e", "ё": "e", "я": "ja", "ю": "ju", "щ": "sc", "ь": "", "ъ": ""},
}
_GEORGIAN = {
    **dict(zip("აბგდევზთიკლმნოპრსტუფქღყჯჰ", "abgdevztiklmnoprstupkgkjh", strict=True)),
    **{"ჟ": "zh", "შ": "sh", "ჩ": "ch", "ჭ": "ch", "ც": "ts", "წ": "ts", "ძ": "dz", "ხ": "kh"},
}
_ARMENIAN = {
    **dict(zip("աբգդեզէըթժիլկհմյնոպջռսվտրփքօֆւ", "abgdezeytjilkhmynopjrsvtrpkofv", strict=True)),
    **{"խ": "kh", "ղ": "kh", "ծ": "ts", "ց": "ts", "ձ": "dz", "ճ": "ch", "չ": "ch", "շ": "sh", "և": "ev"},
    # the question mark and its like stand inside the word: ինչպե՞ս
    **{"՞": "", "՛": "", "՜": "", "՝": ",", "։": "."},
}
_LATIN = {
    **{"đ": "dj", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "ı": "i", "þ": "th", "ð": "d"},
    **{"’": "'", "‘": "'", "ʼ": "'", "–": "-", "—": "-", "„": '"', "“": '"', "”": '"'},
}
_LETTERS = {**_CYRILLIC, **_GEORGIAN, **_ARMENIAN, **_LATIN}


class _Table(dict[int, str]):
    """Code point -> what it folds to; worked out when first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code).lower()
        found = _LETTERS.get(char)
        if found is None:
            plain = "".join(
                _LETTERS.get(part, part)
                for part in unicodedata.normalize("NFKD", char)
                if not 0x300 <= ord(part) <= 0x36F
            )
            found = plain if plain.isascii() else char
        self[code] = found
        return found


_TABLE = _Table()
# two letters that are one sound, and Armenian ո, which is said (and typed) vo where a word begins
_PAIRS = {"ու": "u", "եւ": "ev", "ո": "vo"}
_ARMENIAN_PAIR = re.compile(r"ու|եւ|\bո(?!վ\b)", re.I)
# what people type for a letter that Latin does not have
_TYPED: dict[str, dict[str, str]] = {
    "ka": {
        "ch": "ch", "kh": "kh", "gh": "g", "ph": "p", "th": "t", "dj": "j",
        "c": "ts", "w": "ts", "x": "kh", "q": "k", "y": "k", "f": "p",
    },
    "hy": {
        "ch": "ch", "kh": "kh", "gh": "kh", "ph": "p", "th": "t", "zh": "j", "dj": "j", "tz": "ts", "ou": "u",
        "c": "ts", "x": "kh", "q": "k", "w": "v",
        "@": "y",
    },
}  # fmt: skip
_WHERE = {"ph": "ph(?=[a-z])", "th": "th(?=[a-z])", "@": "(?<=[a-z])@(?![a-z0-9])"}
_TYPED_PATTERN = {
    language: re.compile("|".join([_WHERE.get(typed, typed) for typed in pairs] + [r"\by(?=e)"]))
    if language == "hy"
    else re.compile("|".join(_WHERE.get(typed, typed) for typed in pairs))
    for language, pairs in _TYPED.items()
}


def fold(text: str, language: str = "en") -> str:
    """`text` as it is compared: `Žalią` -> `zalia`, `Љубав` -> `ljubav`, `გაქვთ` and (in `ka`) `gaqvt` -> `gakvt`."""
    if text.isascii():
        text = text.lower()
    else:
        if _has_armenian(text):
            text = _ARMENIAN_PAIR.sub(lambda found: _PAIRS[found.group().lower()], text)
        text = text.translate(_TABLE)
    typed = _TYPED.get(language)
    if typed is None:
        return text
    return _TYPED_PATTERN[language].sub(lambda found: typed.get(found.group(), ""), text)


def fold_with_offsets(text: str, language: str = "en") -> tuple[str, list[int]]:
    """`fold(text, language)`, and for each of its characters, and its end, the offset in `text` it comes from."""
    offsets = list(range(len(text) + 1))
    if text.isascii():
        text = text.lower()
    else:
        if _has_armenian(text):
            text, offsets = _replaced(_ARMENIAN_PAIR, _PAIRS, text, offsets)
        parts = [_TABLE[ord(char)] for char in text]
        if any(len(part) != 1 for part in parts):
            end = offsets[-1]
            offsets = [offset for part, offset in zip(parts, offsets, strict=False) for _ in part]
            offsets.append(end)
        text = "".join(parts)
    typed = _TYPED.get(language)
    if typed is None:
        return text, offsets
    return _replaced(_TYPED_PATTERN[language], typed, text, offsets)


def _has_armenian(text: str) -> bool:
    return any("\u0530" < char < "\u0590" for char in text)


def _replaced(
    pattern: "re.Pattern[str]", instead: dict[str, str], text: str, offsets: list[int]
) -> tuple[str, list[int]]:
    """`text` with each match replaced; what is put in comes from where the match began."""
    said: list[str] = []
    places: list[int] = []
    done = 0
    for found in pattern.finditer(text):
        new = instead.get(found.group().lower(), "")
        said += [text[done : found.start()], new]
        places += offsets[done : found.start()]
        places += [offsets[found.start()]] * len(new)
        done = found.end()
    said.append(text[done:])
    places += offsets[done:]
    return "".join(said), places
