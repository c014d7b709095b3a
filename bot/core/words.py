"""A message as plain words, for those who cannot see cards: lists, mail, transcripts, text-only channels."""

from collections.abc import Sequence

from bot.core.messages import File, Image, OrderCard, Part, ProductCard, Products, QuickReplies, Survey, Text


def money(minor: int, currency: str) -> str:
    """`3990, EUR` -> `39.90 EUR`."""
    return f"{minor / 100:.2f} {currency}"


def plain(parts: Sequence[Part]) -> str:
    """The words of `parts`, one block each, separated by line ends."""
    return "\n".join(block for part in parts if (block := _block(part)))


def _block(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case QuickReplies():
            return " | ".join(f"[{item.title}]" for item in part.items)
        case Image():
            return f"({part.alt or 'picture'}: {part.url})"
        case File():
            return f"({part.title or part.kind}{': ' + part.url if part.url else ''})"
        case Products():
            return "\n".join(_product(item) for item in part.items)
        case OrderCard():
            return _order(part)
        case Survey():
            return ""  # its question is said as text


def _product(item: ProductCard) -> str:
    return f"- {item.title}: {money(item.price_minor, item.currency)}, {item.availability.replace('_', ' ')} {item.url}"


def _order(order: OrderCard) -> str:
    lines = [
        f"Order {order.number}: {order.state.replace('_', ' ')}, {money(order.total_minor, order.currency)}"
    ]
    lines += [f"- {line.quantity} x {line.title} {line.options}".rstrip() for line in order.lines]
    lines += [f"  {step.at[:10]} {step.text}".rstrip() for step in order.timeline if step.is_done]
    if order.tracking_url:
        lines.append(f"{order.carrier} {order.tracking_number} {order.tracking_url}".strip())
    return "\n".join(lines)
