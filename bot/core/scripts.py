"""One script written in another: Serbian, whose two agree letter by letter."""

from collections.abc import Callable, Mapping

_SERBIAN = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True)) | {
    "љ": "lj",
    "њ": "nj",
    "џ": "dž",
}


def cyrillic_to_latin(text: str) -> str:
    """Serbian Cyrillic in Serbian Latin; all other letters stay. `Љубав` -> `Ljubav`, `ЉУБАВ` -> `LJUBAV`."""
    found = []
    for place, letter in enumerate(text):
        latin = _SERBIAN.get(letter.lower())
        if latin is None:
            found.append(letter)
        elif letter.islower():
            found.append(latin)
        else:
            around = text[place + 1 : place + 2] or text[place - 1 : place]
            found.append(latin.upper() if around.isupper() else latin.capitalize())
    return "".join(found)


CONVERSIONS: Mapping[str, Callable[[str], str]] = {"cyrillic_to_latin": cyrillic_to_latin}
