"""What past shoppers came for and how it went: one function per kind of conversation."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.messages import Choice, ProductCard, Products, QuickReplies
from bot.desk.demo_history_rows import IDLE, Agent, Thread

OPEN_FROM, OPEN_TO = time(9), time(17, 30)
SATISFIED = {"bot": 0.74, "missed": 0.12, "abandoned": 0.15}  # chance of a 4 or 5; a person's is their own
ANSWERS = {"bot": 0.36, "agent": 0.55}  # chance that a survey is answered


@dataclass(frozen=True)
class Shop:
    """What the stories need to know of the shop."""

    texts: dict[str, Any]
    products: Sequence[ProductCard]
    agents: Sequence[Agent]
    zone: ZoneInfo
    now: datetime

    def is_open(self, at: datetime) -> bool:
        """Whether people are at work."""
        local = at.astimezone(self.zone)
        return local.weekday() < 5 and OPEN_FROM <= local.time() < OPEN_TO

    def next_opening(self, at: datetime) -> datetime:
        """When people are back, after `at`."""
        local = at.astimezone(self.zone)
        day = local.date() if local.time() < OPEN_FROM else local.date() + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return datetime.combine(day, OPEN_FROM, self.zone)


def tell(thread: Thread, shop: Shop, dice: random.Random) -> None:
    """One episode, from opening to closing (and rating)."""
    words = shop.texts[thread.language]
    if dice.random() < 0.35:
        _turn(thread, dice, dice.choice(words["greet"]["ask"]), "greet", words["greet"]["answer"])
        _think(thread, dice)
    kinds: list[tuple[Callable[..., None], float]] = [
        (_faq, 38),
        (_order, 18),
        (_search, 13),
        (_unanswered, 11),
        (_person, 22 if shop.is_open(thread.at) else 7),
    ]
    if shop.products:
        kinds.append((_product, 19))
    (story,) = dice.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
    story(thread, shop, dice, words)


def _think(thread: Thread, dice: random.Random) -> None:
    thread.wait(min(600, dice.lognormvariate(3.1, 0.7)))


def _confidence(dice: random.Random) -> float:
    return round(min(0.999, max(0.62, dice.gauss(0.9, 0.09))), 3)


def _turn(
    thread: Thread, dice: random.Random, asked: str, intent: str, answer: str, response: str = "", **more: Any
) -> None:
    thread.hears(asked, page=more.pop("page", None))
    thread.understands(intent, _confidence(dice))
    for kind, actor, label, value in more.pop("notes", ()):
        thread.fact(kind, actor, label=label, value=value, message_id=thread.cause_id)
    thread.wait(0.01)
    thread.says(answer, response=response or f"utter_{intent}", **more)


def _faq(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    for _ in range(1 + (dice.random() < 0.25)):
        (item,) = dice.choices(words["faq"], [item["weight"] for item in words["faq"]])
        _turn(thread, dice, dice.choice(item["ask"]), item["intent"], item["answer"])
        _think(thread, dice)
    _end_with_bot(thread, shop, dice, words, helped=0.87)


def _order_number(dice: random.Random) -> str:
    return f"A{dice.randint(1001, 1120)}"


def _order(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    texts, number = words["order"], _order_number(dice)
    asked = dice.choice(texts["ask"]).format(order=number)
    _turn(thread, dice, asked, "track_order", texts["proof"], "utter_ask_proof")
    _think(thread, dice)
    is_found = dice.random() < 0.86
    label = "found" if is_found else dice.choice(["not_found", "proof_failed"])
    answer = texts["found" if is_found else "not_found"].format(order=number)
    proof = thread.contact["email"]
    notes = [("order_looked_up", "bot", label, None)]
    _turn(thread, dice, proof, "inform", answer, "utter_order_status", notes=notes)
    if not is_found and dice.random() < 0.6:
        _think(thread, dice)
        _call_person(thread, shop, dice, words, "proof_failed" if label == "proof_failed" else "asked")
        return
    _think(thread, dice)
    _end_with_bot(thread, shop, dice, words, helped=0.92 if is_found else 0.3)


def _search(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    texts = words["search"]
    is_known = dice.random() < 0.85
    query, asked = dice.choice(texts["ask" if is_known else "none"])
    items = dice.sample(list(shop.products), min(3, len(shop.products))) if is_known else []
    hits = float(dice.randint(3, 14)) if is_known else 0.0
    _turn(
        thread,
        dice,
        asked,
        "search_product",
        texts["answer" if is_known else "nothing"],
        "utter_search",
        notes=[("searched", "shopper", query, hits)],
        parts=[Products(items=tuple(items))] if items else [],
    )
    _think(thread, dice)
    if items and dice.random() < 0.6:
        _about(thread, dice, words, items[0])
        _think(thread, dice)
    _end_with_bot(thread, shop, dice, words, helped=0.84 if is_known else 0.35)


def _product(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    # A few products draw most of the questions, as in any shop.
    place = min(len(shop.products) - 1, int(dice.expovariate(1 / 7)))
    _about(thread, dice, words, shop.products[place])
    _think(thread, dice)
    _end_with_bot(thread, shop, dice, words, helped=0.86)


def _about(thread: Thread, dice: random.Random, words: dict[str, Any], product: ProductCard) -> None:
    texts = words["product"]
    _turn(
        thread,
        dice,
        dice.choice(texts["ask"]).format(product=product.title),
        "product_stock",
        texts["answer"].format(product=product.title),
        "utter_product",
        notes=[("product_asked", "shopper", product.product_id, None)],
        parts=[Products(items=(product,))],
        page={"url": product.url, "title": product.title, "sku": product.product_id},
    )


def _fallback(thread: Thread, dice: random.Random, words: dict[str, Any], asked: str, label: str) -> None:
    thread.hears(asked)
    confidence = round(dice.uniform(0.18, 0.55), 3)
    is_out_of_scope = label == "out_of_scope"
    thread.understands("out_of_scope" if is_out_of_scope else "nlu_fallback", confidence)
    thread.fact("fallback", "bot", label=label, value=confidence, message_id=thread.cause_id)
    text = words["out_of_scope" if is_out_of_scope else "fallback"]
    thread.says(text, response="utter_out_of_scope" if is_out_of_scope else "utter_ask_rephrase")


def _unanswered(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    (topic,) = dice.choices(words["unanswered"], [item["weight"] for item in words["unanswered"]])
    _fallback(thread, dice, words, dice.choice(topic["ask"]), topic["label"])
    _think(thread, dice)
    if dice.random() < 0.3:
        _fallback(thread, dice, words, dice.choice(topic["ask"]), topic["label"])
        _think(thread, dice)
        if dice.random() < 0.55:
            _call_person(thread, shop, dice, words, "not_understood")
            return
    elif dice.random() < 0.35:
        (item,) = dice.choices(words["faq"], [item["weight"] for item in words["faq"]])
        _turn(thread, dice, dice.choice(item["ask"]), item["intent"], item["answer"])
        _think(thread, dice)
        _end_with_bot(thread, shop, dice, words, helped=0.75)
        return
    _leave(thread, shop)


def _end_with_bot(
    thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any], *, helped: float
) -> None:
    is_helped = dice.random() < helped
    if dice.random() < 0.42:
        choices = (
            Choice("y", words["helpful"]["yes"], "/helpful_yes"),
            Choice("n", words["helpful"]["no"], "/helpful_no"),
        )
        thread.says(
            words["helpful"]["question"], response="utter_helpful", parts=[QuickReplies(items=choices)]
        )
        _think(thread, dice)
        verdict = "yes" if is_helped else "no"
        thread.hears(words["helpful"][verdict])
        thread.understands(f"helpful_{verdict}", 1.0)
        thread.fact("helpful", "shopper", label=verdict, message_id=thread.cause_id)
        if not is_helped and dice.random() < 0.5:
            _call_person(thread, shop, dice, words, "asked", has_asked=True)
            return
        thread.says(words["thanks"]["answer"], response="utter_anything_else")
        _think(thread, dice)
    elif is_helped and dice.random() < 0.5:
        _turn(thread, dice, dice.choice(words["thanks"]["ask"]), "thanks", words["thanks"]["answer"])
        if dice.random() < 0.7:
            thread.wait(0.2)
            thread.close("bot", is_confirmed=dice.random() < 0.5, question=words["survey"])
            _rate(thread, shop, dice, words, SATISFIED["bot"])
            return
    if is_helped and dice.random() < 0.3:
        thread.close("bot", question=words["survey"])
        _rate(thread, shop, dice, words, SATISFIED["bot"])
        return
    _leave(thread, shop)


def _leave(thread: Thread, shop: Shop) -> None:
    thread.at = min(thread.at + IDLE, shop.now - timedelta(seconds=30))
    thread.close("idle")


def _person(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    reasons = words["handoff"]
    (reason,) = dice.choices(list(reasons), [reasons[name]["weight"] for name in reasons])
    if reason == "not_understood":
        topic = dice.choice(words["unanswered"])
        _fallback(thread, dice, words, dice.choice(topic["ask"]), topic["label"])
        _think(thread, dice)
    _call_person(thread, shop, dice, words, reason)


def _call_person(
    thread: Thread,
    shop: Shop,
    dice: random.Random,
    words: dict[str, Any],
    reason: str,
    *,
    has_asked: bool = False,
) -> None:
    story = words["handoff"].get(reason) or words["handoff"]["asked"]
    if not has_asked:
        thread.hears(dice.choice(story["ask"]).format(order=_order_number(dice)))
        intents = {
            "asked": "talk_to_person",
            "complaint": "complaint",
            "angry": "complaint",
            "request": "change_order",
        }
        thread.understands(intents.get(reason, "talk_to_person"), _confidence(dice))
    is_open = shop.is_open(thread.at)
    choices = (
        []
        if is_open
        else [Choice("leave_message", words["leave_message"]), Choice("keep_bot", words["keep_bot"])]
    )
    thread.hand_off(
        reason, story["wants"], words["queued" if is_open else "away"], is_open=is_open, choices=choices
    )
    if is_open:
        if dice.random() < 0.06:  # nobody came in time
            thread.wait(dice.uniform(1200, 5400))
            _missed(thread, shop, dice, words)
            return
        agent = dice.choice(shop.agents)
        _answered_by(thread, shop, dice, words, agent, dice.lognormvariate(0, 0.6) * agent.first_seconds)
        return
    _think(thread, dice)
    back = shop.next_opening(thread.at) + timedelta(seconds=dice.uniform(120, 5400))
    choice = dice.random()
    if choice < 0.35 or back > shop.now - timedelta(hours=3):
        thread.hears(words["keep_bot"])
        thread.hand_back(words["back"])
        _think(thread, dice)
        _faq(thread, shop, dice, words)
    elif choice < 0.78:
        thread.hears(dice.choice(words["left_message"]).format(order=_order_number(dice)))
        thread.fact("left_message", "shopper", message_id=thread.cause_id)
        _answered_by(thread, shop, dice, words, dice.choice(shop.agents), (back - thread.at).total_seconds())
    else:
        thread.at = back
        _missed(thread, shop, dice, words)


def _missed(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any]) -> None:
    thread.take(dice.choice(shop.agents))
    thread.wait(20)
    thread.close("agent", question=words["survey"])
    _rate(thread, shop, dice, words, SATISFIED["missed"])


def _answered_by(
    thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any], agent: Agent, seconds: float
) -> None:
    texts = words["agent"]
    thread.wait(seconds * 0.6)
    thread.take(agent)
    thread.wait(seconds * 0.4)
    thread.says(dice.choice(texts["hello"]).format(agent=agent.name.split()[0]), author="agent", agent=agent)
    for _ in range(dice.choice([1, 1, 2, 3])):
        if dice.random() < 0.6:
            _think(thread, dice)
            thread.hears(dice.choice(words["shopper_middle"]))
        thread.wait(dice.lognormvariate(0, 0.5) * agent.next_seconds)
        thread.says(dice.choice(texts["middle"]), author="agent", agent=agent)
    _think(thread, dice)
    thread.hears(dice.choice(words["bye"]))
    thread.wait(dice.lognormvariate(0, 0.5) * agent.next_seconds)
    thread.says(dice.choice(texts["end"]), author="agent", agent=agent)
    thread.wait(dice.uniform(20, 400))
    thread.close("agent", question=words["survey"])
    _rate(thread, shop, dice, words, agent.kind)


def _rate(thread: Thread, shop: Shop, dice: random.Random, words: dict[str, Any], satisfied: float) -> None:
    if thread.survey is None or dice.random() > ANSWERS[thread.survey["segment"]]:
        return
    seconds = dice.lognormvariate(3.4, 0.9)
    if thread.at + timedelta(seconds=seconds) > shop.now:
        return
    thread.wait(seconds)
    is_good = dice.random() < satisfied
    score = dice.choice([5, 5, 5, 4, 4]) if is_good else dice.choice([1, 2, 2, 3, 3])
    comment = dice.choice(words["good" if is_good else "bad"]) if dice.random() < 0.3 else ""
    thread.rate(score, comment)
