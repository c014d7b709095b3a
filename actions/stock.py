"""Whether a product is in stock, as a whole or in the size or colour asked for."""

import re
from collections.abc import Sequence
from typing import Any

from actions.base import Speaker, ask, shop
from actions.turn import Turn
from actions.words import listed, option
from bot.core.messages import ProductCard, Products
from bot.shop.contract import VariantView

FEW = 5  # so many left are worth saying
MOST_OTHERS = 6
_WORDS = re.compile(r"[^\W_]+")
_SIZE = re.compile(r"\d{1,3}|X{0,3}[SML]", re.I)
_RANGE = re.compile(r"(\d{1,3})\s?[-–]\s?(\d{1,3})")  # feeds write both


async def say_stock(card: ProductCard, part: Products | None, turn: Turn, speaker: Speaker) -> None:
    """Say whether a product, or the version of it that was asked for, is in stock."""
    asked = asked_options(card, turn)
    if asked:
        variants = await ask(shop().variants, card.product_id)
        _say_variant(card, part, asked, variants, turn.language, speaker)
    elif card.availability == "out_of_stock":
        speaker.say("utter_product_out_of_stock", part, title=card.title)
    elif card.availability in ("preorder", "backorder"):
        speaker.say("utter_product_preorder", part, title=card.title)
    elif card.stock is not None and card.stock <= FEW:
        speaker.say("utter_product_few_left", part, title=card.title, stock=card.stock)
    else:
        speaker.say("utter_product_in_stock", part, title=card.title)


def asked_options(card: ProductCard, turn: Turn) -> list[str]:
    """Option values asked for: those recognised, and this product's own however they are typed ('3 person')."""
    found = [value for entity in ("colour", "size") for value in turn.entity_values(entity)]
    found += [text.partition("=")[2] for text in turn.entity_values("option")]
    said = _spaced(turn.text)
    for values in card.options.values():
        found += [value for value in values if len(value) > 3 and _spaced(value) in said]
    # "dusk blue" also holds the plain colour "blue": the longer one counts
    return [
        value
        for value in dict.fromkeys(found)
        if not any(len(other) > len(value) and _is(other, value) for other in found)
    ]


def _spaced(text: str) -> str:
    """Words only, in lower case, with a blank around each."""
    words = " ".join(_WORDS.findall(text.lower()))
    return f" {words} "


def _say_variant(
    card: ProductCard,
    part: Products | None,
    asked: list[str],
    variants: Sequence[VariantView],
    language: str,
    speaker: Speaker,
) -> None:
    own = {value for values in card.options.values() for value in values}
    spoken = [
        option(value, language)
        if value in own or value.isupper()
        else option(value.capitalize(), language).lower()
        for value in asked
    ]
    names: dict[str, Any] = {"title": card.title, "variant": listed(spoken, language)}
    fitting = [variant for variant in variants if all(_has(variant, value) for value in asked)]
    there = [variant for variant in variants if variant.availability != "out_of_stock"]
    others = listed(_others(card, asked, variants, there, language)[:MOST_OTHERS], language)
    if any(variant.availability != "out_of_stock" for variant in fitting):
        speaker.say("utter_product_variant_in_stock", part, **names)
    elif fitting and others:
        speaker.say("utter_product_variant_out", part, others=others, **names)
    elif fitting or not others:
        speaker.say("utter_product_variant_gone", part, **names)
    else:
        speaker.say("utter_product_variant_unknown", part, others=others, **names)


def _others(
    card: ProductCard,
    asked: list[str],
    variants: Sequence[VariantView],
    there: Sequence[VariantView],
    language: str,
) -> list[str]:
    """What there is instead: values of the one option that was asked for, else whole variants."""
    unknown = [value for value in asked if not any(_has(variant, value) for variant in variants)]
    names = {
        name
        for name, values in card.options.items()
        if any(_is(value, wish) for value in values for wish in asked)
    }
    if unknown and not names:
        names = {"Size" if all(_SIZE.fullmatch(wish) for wish in unknown) else "Colour"} & set(card.options)
    if len(names) == 1:
        (name,) = names
        return list(
            dict.fromkeys(
                option(v.options[name], language)
                for v in there
                if name in v.options and not any(_is(v.options[name], w) for w in asked)
            )
        )
    whole = (" ".join(option(value, language) for value in variant.options.values()) for variant in there)
    return list(dict.fromkeys(whole))


def _has(variant: VariantView, wish: str) -> bool:
    return any(_is(value, wish) for value in variant.options.values())


def _is(value: str, wish: str) -> bool:
    """Whether an option's value is what was wished: 'Dusk blue' is blue, '42-44' is 43, 'M' is only M."""
    span = _RANGE.fullmatch(value.strip())
    if span and wish.isdigit():
        return int(span.group(1)) <= int(wish) <= int(span.group(2))
    words, wished = _WORDS.findall(value.lower()), _WORDS.findall(wish.lower())
    if len(wished) == 1 and len(wished[0]) == 1:
        return wished == words or ("/" in value and wished[0] in words)
    return bool(wished) and set(wished) <= set(words)
