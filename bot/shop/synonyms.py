"""What shoppers call the same thing; a search for one word also looks for the others, at a discount."""

from bot.shop.words import stem

DISCOUNT = 0.5

SAME = (
    "laptop notebook",
    "tv television telly",
    "fridge refrigerator",
    "smartphone cellphone phone",
    "headphone headset earphone",
    "earphone earbud headphone",
    "pc computer desktop",
    "flashlight torch",
    "backpack rucksack",
    "bag pouch",
    "sofa couch",
    "trouser pants",
    "jumper sweater pullover",
    "jacket coat anorak",
    "trainer sneaker shoe",
    "hat beanie cap",
    "mat pad",
    "blanket throw",
    "cup mug",
    "bottle flask",
    "thermos flask",
    "pan skillet frypan",
    "hob cooktop",
    "duvet comforter",
    "cushion pillow",
    "rug carpet",
    "lamp lantern",
    "charger adapter",
    "case cover sleeve",
    "cord cable",
    "bike bicycle",
    "stroller pram pushchair buggy",
    "nappy diaper",
    "camcorder camera",
    "game gaming",
    "waterproof rainproof",
    "insulated thermal",
    "warm insulated wool fleece down",
    "kid child",
    "wool woolen woollen",
    "fleece polar",
)


def _table() -> dict[str, tuple[str, ...]]:
    table: dict[str, set[str]] = {}
    for line in SAME:
        stems = [stem(word) for word in line.split()]
        for word in stems:
            table.setdefault(word, set()).update(other for other in stems if other != word)
    return {word: tuple(sorted(others)) for word, others in table.items()}


TABLE = _table()
