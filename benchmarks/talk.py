"""What the measured shoppers say: one scripted conversation, each message with its kind."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.product import Product

FAQ, TALK, ACTION = "question", "small talk", "action"


@dataclass(frozen=True)
class Line:
    """`kind`: answered from the model (question, small talk) or by the action server (action).

    `shows`: the type of card a right answer carries, empty for words alone.
    """

    text: str
    kind: str
    shows: str = ""


QUESTIONS = (
    Line("how long does delivery take", FAQ),
    Line("can i return something i already opened", FAQ),
    Line("which payment methods do you take", FAQ),
    Line("how long is the warranty", FAQ),
)


def conversation(order: str, email: str) -> tuple[Line, ...]:
    """Twelve messages of a shopper with a question, a purchase in mind and an order on its way."""
    return (
        Line("hi there", TALK),
        QUESTIONS[0],
        Line("show me tents", ACTION, "products"),
        QUESTIONS[1],
        Line("are you a robot?", TALK),
        Line("do you have rain jackets", ACTION, "products"),
        Line("where is my order", ACTION),
        Line(order, ACTION),
        Line(email, ACTION, "order"),
        QUESTIONS[2],
        QUESTIONS[3],
        Line("thanks", TALK),
    )


def questions() -> tuple[Line, ...]:
    """Questions alone: no action server."""
    return QUESTIONS * 3


def unasked() -> Iterator[Line]:
    """The questions about things nobody has heard of, so that nothing read before helps; without an end."""
    chance = random.Random(7)
    while True:
        for question in QUESTIONS:
            syllables = (chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(8))
            first, second = ("".join(next(syllables) for _ in range(4)) for _ in range(2))
            yield Line(f"{question.text} for the {first} {second}", FAQ)


def searches() -> tuple[Line, ...]:
    """Product questions alone: every turn goes through the action server and the catalogue."""
    wanted = ("tents", "rain jackets", "sleeping bags", "backpacks", "mugs", "hiking boots")
    return tuple(Line(f"show me {name}", ACTION, "products") for name in wanted) * 2


def default_conversation() -> tuple[Line, ...]:
    """Twelve messages within what the `rasa init` project was trained on."""
    said = (
        *("hi there", "very sad", "no", "are you a bot?", "hello", "great"),
        *("hey", "so so", "yes", "am i talking to a human", "good morning", "bye"),
    )
    return tuple(Line(text, TALK) for text in said)


def proofs(product: Product) -> Iterator[tuple[str, str]]:
    """(order number, e-mail) of orders in the shop, again and again."""
    found = product.rows("SELECT number, email_key FROM orders WHERE email_key <> '' ORDER BY number")
    if not found:
        raise RuntimeError("the shop has no orders; was the demo shop loaded?")
    while True:
        yield from found
