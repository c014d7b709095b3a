"""Shoppers of every language have their conversation in it, in the real product, by the web chat's API and its page."""

import csv
import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml

from bot.core import languages
from tests.whole.product import ROOT, Agent, Product, Visitor, until
from tests.whole.seeing import LEFT_BELOW, Window

DEMO = ROOT / "bot" / "shop" / "demo"
LIMIT = 150  # euros, in each wish
NOWHERE = "niko@example.com"
LETTERS = {"ka": "ა-ჿ", "hy": "Ա-և", "sr": "Ѐ-џ"}  # of languages that have their own
MTAVRULI = "Ა-Ჿ"  # Georgian capitals, which no word of ours is written in


@dataclass(frozen=True)
class Talk:
    """What a shopper of one language says; `locale` is what they are answered in."""

    locale: str
    hello: str
    wish: str  # something for at most `LIMIT` euros
    price: str
    stock: str
    word: str  # one word many languages have
    delivery: str
    back: str
    order: str
    number: str
    missing: str  # an order that is not there, and a proof
    colour: str  # a blue jacket
    leave: str  # another language, please
    away: str  # the locale of that one
    away_question: str
    come_back: str
    person: str


TALKS = {
    "en": Talk(
        "en",
        "hello",
        "show me backpacks under 150 euro",
        "how much is the first one?",
        "is it in stock?",
        "ok",
        "how much is delivery?",
        "how do i return something?",
        "where is my order",
        "A1091",
        f"where is order A9901? my mail is {NOWHERE}",
        "a blue jacket please",
        "can we speak lithuanian please",
        "lt",
        "Kiek kainuoja pristatymas?",
        "can we go back to english",
        "i want to talk to a person",
    ),
    "lt": Talk(
        "lt",
        "Laba diena",
        "Ieškau kuprinės iki 150 eurų",
        "Kiek kainuoja pirma?",
        "Ar yra sandėlyje?",
        "super",
        "Kiek kainuoja pristatymas?",
        "Kaip grąžinti prekę?",
        "Kur mano užsakymas?",
        "A1098",
        f"Kur užsakymas A9902, mano paštas {NOWHERE}",
        "Noriu mėlynos striukės",
        "Ar galime kalbėti angliškai?",
        "en",
        "how much is delivery?",
        "Kalbėkime lietuviškai",
        "Noriu kalbėti su žmogumi",
    ),
    "sr": Talk(
        "sr",
        "Добар дан",
        "Тражим ранац до 150 евра",
        "Колико кошта први?",
        "Има ли на стању?",
        "супер",
        "Колико кошта достава?",
        "Како да вратим робу?",
        "Где је моја поруџбина?",
        "A1092",
        f"Где је поруџбина A9903, мејл је {NOWHERE}",
        "Тражим плаву јакну",
        "Може на енглеском?",
        "en",
        "how much is delivery?",
        "Може ипак на српском?",
        "Хоћу да причам са човеком",
    ),
    "sr-Latn": Talk(
        "sr-Latn",
        "Dobar dan",
        "Tražim ranac do 150 evra",
        "Koliko košta prvi?",
        "Ima li na stanju?",
        "super",
        "Koliko košta dostava?",
        "Kako da vratim robu?",
        "Gde je moja porudžbina?",
        "A1093",
        f"Gde je porudžbina A9904, mejl je {NOWHERE}",
        "Tražim plavu jaknu",
        "Može na engleskom?",
        "en",
        "how much is delivery?",
        "Može ipak na srpskom?",
        "Hoću da pričam sa čovekom",
    ),
    "ka": Talk(
        "ka",
        "გამარჯობა",
        "ზურგჩანთა მინდა 150 ევრომდე",
        "რა ღირს პირველი?",
        "მარაგში გაქვთ?",
        "ოკ",
        "რა ღირს მიწოდება?",
        "როგორ დავაბრუნო ნივთი?",
        "სად არის ჩემი შეკვეთა?",
        "A1099",
        f"სად არის შეკვეთა A9905, მეილი {NOWHERE}",
        "ლურჯი ქურთუკი მინდა",
        "შეიძლება ინგლისურად?",
        "en",
        "how much is delivery?",
        "მოდი ქართულად ვისაუბროთ",
        "ოპერატორთან საუბარი მინდა",
    ),
    "ka in Latin letters": Talk(
        "ka",
        "gamarjoba",
        "zurgchanta minda 150 evromde",
        "ra ghirs pirveli?",
        "maragshi gaqvt?",
        "super",
        "ra ghirs mitana?",
        "rogor davabruno nivti?",
        "sad aris chemi shekveta?",
        "A1101",
        f"sad aris shekveta A9906, meili {NOWHERE}",
        "lurji qurtuki minda",
        "inglisurad sheidzleba?",
        "en",
        "how much is delivery?",
        "kartulad sheidzleba?",
        "operatortan saubari minda",
    ),
    "hy": Talk(
        "hy",
        "Բարև ձեզ",
        "Ուսապարկ եմ փնտրում մինչև 150 եվրո",
        "Ի՞նչ արժե առաջինը",
        "Պահեստում կա՞",
        "լավ",
        "Ի՞նչ արժե առաքումը",
        "Ինչպե՞ս վերադարձնել ապրանքը",
        "Որտե՞ղ է իմ պատվերը",
        "A1102",
        f"Որտե՞ղ է A9907 պատվերը, մեյլս {NOWHERE}",
        "Կապույտ բաճկոն եմ փնտրում",
        "Կարո՞ղ ենք անգլերեն խոսել",
        "en",
        "how much is delivery?",
        "Նորից հայերեն խոսենք",
        "Ուզում եմ խոսել մարդու հետ",
    ),
    "hy in Latin letters": Talk(
        "hy",
        "barev dzez",
        "usapark em uzum minchev 150 evro",
        "inch arje arajiny",
        "pahestum ka?",
        "super",
        "inch arje araqumy",
        "inchpes veradardznel apranqy",
        "vortegh e im patvery",
        "A1097",
        f"vortegh e A9908 patvery, meyls {NOWHERE}",
        "kapuyt bachkon em uzum",
        "karogh enq angleren khosel",
        "en",
        "how much is delivery?",
        "norits hayeren khosenq",
        "uzum em xosel mardu het",
    ),
    "sw": Talk(
        "sw",
        "Habari",
        "Natafuta begi la mgongoni chini ya euro 150",
        "La kwanza ni bei gani?",
        "Ipo stoo?",
        "super",
        "Usafirishaji ni bei gani?",
        "Narudishaje bidhaa?",
        "Oda yangu iko wapi?",
        "A1106",
        f"Oda A9909 iko wapi, email yangu ni {NOWHERE}",
        "Natafuta jaketi la bluu",
        "Naomba tuongee kiingereza",
        "en",
        "how much is delivery?",
        "Naomba turudi Kiswahili",
        "Nataka kuongea na mtu",
    ),
}
PAGES = ("en", "lt", "sr", "sr-Latn", "ka", "hy", "sw")


@dataclass(frozen=True)
class Heard:
    """One message of the bot or the desk: the name of its words, its text, its parts."""

    response: str
    text: str
    parts: list[dict[str, Any]]

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Cards or buttons of a part."""
        return [item for part in self.parts if part["type"] == kind for item in part["items"]]


@dataclass(frozen=True)
class Turn:
    """What was answered to one message, and the language of the conversation from then on."""

    heard: list[Heard]
    locale: str

    @property
    def responses(self) -> list[str]:
        return [said.response for said in self.heard]

    @property
    def text(self) -> str:
        return "\n".join(said.text for said in self.heard)

    @property
    def products(self) -> list[dict[str, Any]]:
        return [item for said in self.heard for item in said.items("products")]

    @property
    def orders(self) -> list[str]:
        return [str(part["number"]) for said in self.heard for part in said.parts if part["type"] == "order"]


class Conversation:
    """A shopper of one language, come to a page in English, with what the desk keeps of the talk."""

    def __init__(self, product: Product, agent: Agent, name: str) -> None:
        self.talk = TALKS[name]
        self.visitor = Visitor(product.url)
        database = sqlite3.connect(f"file:{product.home / 'aisle.db'}?mode=ro", uri=True)
        self._database = database
        self._last = 0
        self.turns = {
            step: self.say(text)
            for step, text in {
                "hello": self.talk.hello,
                "wish": self.talk.wish,
                "price": self.talk.price,
                "stock": self.talk.stock,
                "word": self.talk.word,
                "delivery": self.talk.delivery,
                "back": self.talk.back,
                "both": f"{self.talk.delivery.rstrip('?')}? {self.talk.back}",
                "order": self.talk.order,
                "number": self.talk.number,
                "proof": proof(self.talk.number),
                "missing": self.talk.missing,
                "colour": self.talk.colour,
                "leave": self.talk.leave,
                "away": self.talk.away_question,
                "come_back": self.talk.come_back,
                "person": self.talk.person,
            }.items()
        }
        self.row = agent.conversation(self.visitor.conversation_id)
        database.close()

    def say(self, text: str) -> Turn:
        """Say it, wait until the desk has done with it, and read what was said back."""
        self.visitor.send(text)
        until(self._is_handled, f"an answer to {text!r}")
        rows = self._rows(
            "SELECT id, response, text, parts FROM messages "
            "WHERE conversation_id = ? AND direction = 'out' AND id > ? ORDER BY id",
            self._last,
        )
        self._last = max((row[0] for row in rows), default=self._last)
        locale = self._rows("SELECT language FROM conversations WHERE id = ?")[0][0]
        return Turn([Heard(row[1], row[2], json.loads(row[3] or "[]")) for row in rows], locale)

    def _is_handled(self) -> bool:
        """Whether every message of the shopper has had its turn."""
        counted = (
            "SELECT count(*), count(handled_at) FROM messages WHERE conversation_id = ? AND direction = 'in'"
        )
        came, handled = self._rows(counted)[0]
        return bool(came and came == handled)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        return self._database.execute(statement, (self.visitor.conversation_id, *values)).fetchall()


def proof(number: str) -> str:
    """The e-mail on an order of the demo shop."""
    orders, customers = (
        list(csv.DictReader((DEMO / name).open(encoding="utf-8"))) for name in ("orders.csv", "customers.csv")
    )
    customer = next(row["customer"] for row in orders if row["number"] == number)
    return next(row["email"] for row in customers if row["id"] == customer)


@cache
def english() -> Mapping[str, list[str]]:
    """Texts of the bot's answers by name, as the domain and the files of questions have them."""
    files = [ROOT / "domain.yml", *sorted((ROOT / "data").glob("*/*.yml"))]
    found: dict[str, list[str]] = {}
    for path in files:
        for name, variations in (read(path).get("responses") or {}).items():
            found[name] = [str(variation["text"]) for variation in variations if variation.get("text")]
    return found


@cache
def english_buttons() -> frozenset[str]:
    """What English buttons of the bot and the desk say."""
    files = [ROOT / "domain.yml", *sorted((ROOT / "data").glob("*/*.yml"))]
    titles = {
        str(button["title"])
        for path in files
        for variations in (read(path).get("responses") or {}).values()
        for variation in variations
        for button in variation.get("buttons", [])
    }
    return frozenset(titles | {text for key, text in notices("en").items() if key.startswith("choice.")})


def read(path: Any) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {})  # noqa: S506 - a safe one


def notices(locale: str) -> Mapping[str, Any]:
    return languages.texts("notices")[locale]


def written(response: str, locale: str) -> list[str]:
    """All texts there are for the name of a response or a notice in a locale, with their gaps."""
    if response in notices("en"):
        return [str(notices(locale)[response])]
    if locale == "en":
        return english()[response]
    return [str(text) for text in languages.texts("answers")[locale][response]["texts"]]


def is_one_of(text: str, templates: list[str]) -> bool:
    """Whether a text is one of these with its gaps filled in."""
    pattern = "|".join(re.sub(r"\\{\w+\\}", ".+", re.escape(template.strip())) for template in templates)
    return re.fullmatch(pattern, text.strip(), re.DOTALL) is not None


def money(minor: int, locale: str) -> str:
    whole, cents = divmod(minor, 100)
    return f"€{whole}.{cents:02}" if locale in ("en", "sw") else f"{whole},{cents:02} €"


def day_pattern(locale: str) -> str:
    """What a day with its weekday looks like in a language, as a regular expression."""
    form = languages.texts("formats")[locale]
    return (
        re.escape(form["day"])
        .translate({ord("\\"): None})
        .format(
            weekday=f"({'|'.join(form['weekdays'])})", month=f"({'|'.join(form['months'])})", day=r"\d{1,2}"
        )
    )


@pytest.fixture(scope="module")
def agent(product: Product) -> Agent:
    return Agent(product.url, product.sign_ins["agent"])


@pytest.fixture(scope="module", params=TALKS)
def held(request: pytest.FixtureRequest, product: Product, agent: Agent) -> Conversation:
    """The whole conversation in one language, held once."""
    return Conversation(product, agent, request.param)


@pytest.mark.brain
class TestConversation:
    """One conversation a language, looked at from each side."""

    def test_the_language_is_found_at_the_first_message_and_kept_over_one_word(
        self, held: Conversation
    ) -> None:
        away = held.talk.away
        expected = {step: away if step in ("leave", "away") else held.talk.locale for step in held.turns}
        assert {step: turn.locale for step, turn in held.turns.items()} == expected

    def test_every_text_is_the_one_of_its_language(self, held: Conversation) -> None:
        strange = [
            (step, said.response, said.text)
            for step, turn in held.turns.items()
            for said in turn.heard
            if not said.response or not is_one_of(said.text, written(said.response, turn.locale))
        ]
        assert strange == []

    def test_nothing_is_left_in_english(self, held: Conversation) -> None:
        spoken = [
            (turn.locale, said)
            for turn in held.turns.values()
            for said in turn.heard
            if turn.locale != "en" and said.response
        ]
        left = [said.text for locale, said in spoken if is_one_of(said.text, written(said.response, "en"))]
        left += [
            item["title"]
            for _, said in spoken
            for item in said.items("quick_replies")
            if item["title"] in english_buttons()
        ]
        assert left == []
        assert bool(spoken)

    def test_texts_are_in_the_letters_of_the_language(self, held: Conversation) -> None:
        own = LETTERS.get(held.talk.locale)
        latin = "A-Za-zÀ-ž"
        for step in ("hello", "delivery", "back", "person"):
            text = held.turns[step].text
            in_own = len(re.findall(f"[{own or latin}]", text))
            others = len(re.findall(r"[^\W\d_]", text)) - in_own
            assert in_own > others * (3 if own else 100), text

    def test_what_is_wished_for_comes_as_cards(self, held: Conversation) -> None:
        found, blue = held.turns["wish"].products, held.turns["colour"].products
        assert "Acorn Kids Backpack" in [item["title"] for item in found]
        assert max(item["price_minor"] for item in found) <= LIMIT * 100
        assert blue[0]["title"] == "Nida Storm Jacket"

    def test_price_and_stock_are_those_of_the_product_shown(self, held: Conversation) -> None:
        first = held.turns["wish"].products[0]
        price, stock = held.turns["price"], held.turns["stock"]
        assert price.responses == ["utter_product_price"]
        assert first["title"] in price.text
        assert money(first["price_minor"], held.talk.locale) in price.text.replace("\u00a0", " ")
        assert stock.responses == ["utter_product_in_stock"]
        assert first["title"] in stock.text

    def test_questions_have_their_answers(self, held: Conversation) -> None:
        delivery = held.turns["delivery"]
        assert delivery.responses == ["utter_faq/delivery_cost"]
        assert held.turns["back"].responses == ["utter_faq/returns"]
        assert ("4.90" if held.talk.locale in ("en", "sw") else "4,90") in delivery.text
        assert held.turns["both"].responses == ["utter_faq/delivery_cost", "utter_faq/returns"]
        assert held.turns["away"].responses == ["utter_faq/delivery_cost"]

    def test_the_order_is_shown_to_whom_it_belongs(self, held: Conversation) -> None:
        turns = held.turns
        assert turns["order"].responses == ["utter_ask_order_status_form_order_number"]
        assert turns["number"].responses == ["utter_ask_order_status_form_proof"]
        assert turns["proof"].orders == [held.talk.number]
        assert re.search(day_pattern(held.talk.locale), turns["proof"].text), turns["proof"].text

    def test_an_order_that_is_not_there_is_not_found(self, held: Conversation) -> None:
        missing = held.turns["missing"]
        assert missing.responses == ["utter_order_not_found"]
        assert missing.orders == []

    def test_another_language_and_back_when_asked(self, held: Conversation) -> None:
        there, back = held.turns["leave"], held.turns["come_back"]
        assert there.responses == back.responses == ["utter_language_switched"]
        assert is_one_of(there.text, written("utter_language_switched", held.talk.away))
        assert is_one_of(back.text, written("utter_language_switched", held.talk.locale))

    def test_a_person_sees_in_which_language_to_answer(self, held: Conversation) -> None:
        assert held.turns["person"].responses[0] == "utter_hand_off_asked"
        assert (held.row["owner"], held.row["reason"]) == ("queue", "asked")
        assert held.row["language"] == held.talk.locale


# --- the chat's page


@pytest.fixture
def emptied(phone: Window, product: Product) -> Window:
    """The phone, which has never seen this shop."""
    phone.driver.get(f"{product.url}/static/favicon.svg")
    phone.command("Storage.clearDataForOrigin", origin=product.url, storageTypes="all")
    phone.driver.get_log("browser")
    return phone


@pytest.mark.brain
@pytest.mark.browser
@pytest.mark.parametrize("locale", PAGES)
def test_the_page_speaks_the_language(emptied: Window, product: Product, locale: str) -> None:
    page, talk = emptied, TALKS[locale]
    page.driver.get(f"{product.url}/chat?locale={locale}")
    page.ready()
    assert page.js("return document.documentElement.lang") == locale
    assert page.js("return document.documentElement.dir") == "ltr"

    own = chat_texts(locale)
    for question, response in ((talk.delivery, "utter_faq/delivery_cost"), (talk.back, "utter_faq/returns")):
        page.say(question)
        page.until(lambda said=response: set(written(said, locale)) & set(page.bubbles()), response)
    page.say(talk.colour)
    page.until(lambda: "Nida Storm Jacket" in page.texts("#log .product h4"), "the card of a jacket")
    assert own["stock.in_stock"] in page.texts("#log .product .stock")
    named = languages.options(locale)
    assert page.texts("#log .product dt")[:2] == [f"{named.get(name, name)}:" for name in ("Colour", "Size")]
    shown_prices = [
        "".join(text.split()) for text in page.texts("#log .price-now")
    ]  # '€ 219.00' in Swahili pages
    assert "".join(money(21900, locale).split()) in shown_prices
    assert page.texts("#log .day") == [languages.texts("formats")[locale]["today"]]
    shown = set(page.js(LEAVES))
    assert page.js(PLACEHOLDER) == own["composer.placeholder"]
    assert sorted(shown & (set(chat_texts("en").values()) - set(own.values()))) == []
    assert re.search(f"[{MTAVRULI}]", page.js("return document.body.innerText")) is None
    assert page.js(WIDTH) <= 390
    page.js("document.activeElement.blur()")
    page.until(lambda: page.js(LEFT_BELOW) < 4 and page.js(ARE_PICTURES_THERE), "the cards at the end")
    page.picture(f"language-{locale}")

    page.find(".header-button").click()
    names = page.js(
        "return [...document.querySelectorAll('[role=menuitemradio]')].map((item) => [item.lang, item.textContent])"
    )
    assert sorted(names) == sorted([name, languages.name(name)] for name in PAGES)
    assert page.complaints() == []


LEAVES = """
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) found.push(walker.currentNode.textContent.trim());
return found.filter(Boolean);
"""
ARE_PICTURES_THERE = (
    "return [...document.querySelectorAll('#log .product img')].some((image) => image.complete)"
)
PLACEHOLDER = "return document.querySelector('#composer').placeholder"
WIDTH = """
return Math.max(document.documentElement.scrollWidth, document.body.scrollWidth,
  ...[...document.querySelectorAll('#log .row')].map((row) => Math.ceil(row.getBoundingClientRect().right)));
"""


def chat_texts(locale: str) -> dict[str, str]:
    """The plain texts of the chat in a locale."""
    return {key: text for key, text in languages.texts("chat")[locale].items() if isinstance(text, str)}
