"""A message as plain words, for those who cannot see cards: lists, mail, transcripts, text-only channels."""

from collections.abc import Sequence

from bot.core import languages
from bot.core.currencies import exponent
from bot.core.messages import (
    File,
    Image,
    OrderCard,
    OrderStep,
    Part,
    ProductCard,
    Products,
    QuickReplies,
    Survey,
    Text,
)


def phrase(key: str, language: str, **values: object) -> str:
    """One of the few words that cards need, in `language`, else English; a key without text is said as it is."""
    texts = languages.texts("cards")
    names = languages.chain(language)
    found = next((text for name in names if (text := texts.get(name, {}).get(key))), None)
    if found is None:
        found = key.rpartition(".")[2].replace("_", " ")
    return found.format(**values)


def money(minor: int, currency: str, *, language: str = "en") -> str:
    """`3990, EUR` -> `39.90 EUR`, `39,90 EUR` where a comma is written."""
    digits = exponent(currency)
    amount = f"{minor / 10**digits:.{digits}f}"
    return f"{amount.replace('.', phrase('money.point', language))} {currency}"


def plain(parts: Sequence[Part], *, language: str = "en") -> str:
    """The words of `parts`, one block each, separated by line ends."""
    return "\n".join(block for part in parts if (block := _block(part, language)))


def price(item: ProductCard, *, language: str = "en") -> str:
    """What a product costs: `from 39.90 EUR`, `39.90 EUR (was 49.90 EUR)`; in words that it is not known."""
    if not item.has_price:
        return phrase("price.unknown", language)
    said = money(item.price_minor, item.currency, language=language)
    if item.price_to_minor is not None:
        said = phrase("price.from", language, price=said)
    if item.sale_from_minor is not None:
        before = money(item.sale_from_minor, item.currency, language=language)
        said = phrase("price.was", language, price=said, before=before)
    return said


def availability(item: ProductCard, *, language: str = "en") -> str:
    """Whether a product can be bought, in words."""
    return phrase(f"stock.{item.availability}", language)


def step_text(step: OrderStep, language: str) -> str:
    """What a step of an order's timeline says: in `language` where the shop wrote it, else its state in that language.

    In English, or where the shop names a state of its own, as it stands.
    """
    *own, _ = languages.chain(language) if language != languages.ENGLISH else (languages.ENGLISH,)
    written = next((step.texts[name] for name in own if name in step.texts), "")
    named = any(f"order_state.{step.state}" in languages.texts("cards").get(name, {}) for name in own)
    return written or (phrase(f"order_state.{step.state}", language) if named else step.text)


def _block(part: Part, language: str) -> str:
    match part:
        case Text():
            return part.text
        case QuickReplies():
            return " | ".join(f"[{item.title}]" for item in part.items)
        case Image():
            return f"({part.alt or phrase('picture', language)}: {part.url})"
        case File():
            return f"({part.title or part.kind}{': ' + part.url if part.url else ''})"
        case Products():
            return "\n".join(_product(item, language) for item in part.items)
        case OrderCard():
            return _order(part, language)
        case Survey():
            return ""  # its question is said as text


def _product(item: ProductCard, language: str) -> str:
    said = f"{price(item, language=language)}, {availability(item, language=language)}"
    return f"- {item.title}: {said} {item.url}".rstrip()


def _order(order: OrderCard, language: str) -> str:
    state = phrase(f"order_state.{order.state}", language)
    total = money(order.total_minor, order.currency, language=language)
    lines = [phrase("order", language, number=order.number, state=state, total=total)]
    lines += [f"- {line.quantity} x {line.title} {line.options}".rstrip() for line in order.lines]
    lines += [
        f"  {step.at[:10]} {step_text(step, language)}".rstrip() for step in order.timeline if step.is_done
    ]
    if order.tracking_url:
        lines.append(f"{order.carrier} {order.tracking_number} {order.tracking_url}".strip())
    return "\n".join(lines)
