"""What shoppers wrap around the thing they want: polite words, price limits, 'cheapest', 'in stock'."""

import re
from dataclasses import dataclass

from bot.core.currencies import exponent
from bot.shop import money
from bot.shop.words import fold

# Words that carry no product, by language; dropped while other words remain.
WORDS = """
    under over below above between than less more up max min maximum minimum
    a an the i im i'm am is are was be been it its it's this that these those there here we you
    your yours my me mine do does did have has had having got get gets can could would will may
    might should shall please pls plz thanks thank hi hello hey ok okay yes and or of for with
    in on at to from by about as so if but any some something anything someone one ones kind
    sort type want wanna wants wanted need needs needed looking look searching search find
    finding show shows showing see tell give buy buying purchase order ordering sell selling
    sells offer offering like interested after recommend recommendation suggest suggestion what
    what's whats thing things which who where how much many price prices priced cost costs available availability
    stock stocked carry still also good nice best great really very just maybe suitable kindly
    shop store product products item items cheap cheaper affordable inexpensive budget let lets
    us our them they ar ir arba as jus turit turite turi yra noriu noreciau noretume ieskau
    reikia reiketu reikalinga parodyk parodykit parodykite rodyk prasau labas sveiki laba diena
    aciu man mums kiek kainuoja kaina kokia koks kokie kokias kokiu gal galit galite kur kas uz
    su be del prie ant i
    dad daddy father mum mom mother husband wife boyfriend girlfriend partner brother sister son daughter
    friend grandma grandpa grandmother grandfather colleague boss he she him her his likes loves enjoys
"""
CARRIERS = frozenset(WORDS.split())
UNITS = (
    r"(?!\s*(?:cm|mm|m|km|kg|g|mg|l|ml|inch|inches|in|w|v|mah|gb|tb|mb|hz|people|persons?|pieces?|pcs"
    r"|lit(?:re|er)s?|met(?:re|er)s?|\"|'|%)\b)"
)
CURRENCY = r"(?:€|\$|£|(?:eur(?:os|o|us|u|ai)?|usd|dollars?|bucks|gbp|pounds?|quid|chf|pln|zl|sek|nok|dkk|czk)(?!\w))"
AMOUNT = rf"(?:{CURRENCY}\s*)?(\d[\d.,]*\d|\d)\s*{CURRENCY}?"
UPPER = (
    r"(?:under|below|less than|lower than|cheaper than|up to|at most|no more than|not more than"
    r"|max(?:imum)?(?: of)?|within|iki|pigiau nei|pigesn\w+ (?:nei|uz)|maziau nei|ne daugiau(?: kaip)?)"
)
LOWER = (
    r"(?:over|above|more than|at least|from|starting at|min(?:imum)?(?: of)?|nuo|daugiau nei"
    r"|brangiau nei|brangesn\w+ (?:nei|uz))"
)
BETWEEN = re.compile(rf"\b(?:between|from|nuo|tarp)\s+{AMOUNT}\s*(?:and|to|-|–|iki|ir)\s*{AMOUNT}{UNITS}")
RANGE = re.compile(rf"(?<![\w-])(\d[\d.,]*)\s*(?:-|–|to)\s*(\d[\d.,]*)\s*{CURRENCY}(?!\w)")
AT_MOST = re.compile(rf"\b{UPPER}\s+{AMOUNT}(?!\w){UNITS}")
AT_LEAST = re.compile(rf"\b{LOWER}\s+{AMOUNT}(?!\w){UNITS}")
BUDGET = re.compile(rf"\b(?:budget|biudzetas)\s+(?:of\s+|is\s+)?{AMOUNT}(?!\w){UNITS}")
AROUND = re.compile(rf"\b(?:around|about|roughly|circa|approximately|approx|apie)\s+{AMOUNT}(?!\w){UNITS}")
CHEAPEST = re.compile(r"\b(?:cheapest|lowest price|least expensive|pigiausi\w*)\b")
DEAREST = re.compile(r"\b(?:most expensive|dearest|highest price|priciest|brangiausi\w*)\b")
GIFT = re.compile(r"\b(?:gifts?|presents?)\b(?!\s*-?(?:card|voucher|wrap|box|bag))")
IN_STOCK = re.compile(r"\b(?:in stock|available now|yra sandelyje)\b")
NEAR = 0.3  # 'around 50' means from 35 to 65


@dataclass(frozen=True)
class Wanted:
    """A query taken apart: the words that name the thing, and what was said about price and stock."""

    text: str
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    sort: str = "relevance"
    is_in_stock_only: bool = False


def _minor(text: str, currency: str) -> int | None:
    try:
        return int(money.number(text.rstrip(".,")).scaleb(exponent(currency)))
    except ValueError:
        return None


def understand(text: str, *, currency: str = "EUR") -> Wanted:
    """Take a shopper's sentence apart; amounts become minor units of `currency`."""
    rest = fold(text)
    least: int | None = None
    most: int | None = None
    for pattern in (BETWEEN, RANGE):
        match = pattern.search(rest)
        if match and most is None:
            least, most = sorted_pair(_minor(match[1], currency), _minor(match[2], currency))
            rest = rest.replace(match[0], " ")
    around = AROUND.search(rest)
    if around and most is None and re.search(CURRENCY, around[0]):
        middle = _minor(around[1], currency)
        if middle is not None:
            least, most = round(middle * (1 - NEAR)), round(middle * (1 + NEAR))
        rest = rest.replace(around[0], " ")
    for pattern in (AT_MOST, BUDGET):
        match = pattern.search(rest)
        if match and most is None:
            most = _minor(match[1], currency)
            rest = rest.replace(match[0], " ")
    match = AT_LEAST.search(rest)
    if match and least is None:
        least = _minor(match[1], currency)
        rest = rest.replace(match[0], " ")
    sort = "price_up" if CHEAPEST.search(rest) else "price_down" if DEAREST.search(rest) else "relevance"
    is_in_stock_only = IN_STOCK.search(rest) is not None
    for pattern in (CHEAPEST, DEAREST, IN_STOCK, GIFT):
        rest = pattern.sub(" ", rest)
    kept = [word for word in rest.split() if word.strip("?!.,;:()'\"") not in CARRIERS]
    said_more = least is not None or most is not None or sort != "relevance" or is_in_stock_only
    return Wanted(" ".join(kept) if kept or said_more else rest, least, most, sort, is_in_stock_only)


def sorted_pair(first: int | None, second: int | None) -> tuple[int | None, int | None]:
    """Two limits in order of size, whichever was said first."""
    if first is not None and second is not None and first > second:
        return second, first
    return first, second
