"""The web chat: a message is delivered by becoming an event of the conversation, which the page reads live."""

from collections.abc import Mapping

from bot.core.channel import Capabilities, Outgoing, Receipt


class Web:
    """Delivery is the event row that `bot.desk.deliver` writes with the state change, so sending cannot fail."""

    name = "web"
    is_live = True
    capabilities = Capabilities(text_limit=20_000, quick_replies=13, has_cards=True, window_seconds=None)

    async def send(self, message: Outgoing) -> Receipt:
        """Nothing leaves the house."""
        return Receipt(platform_id="")


def connector(_environment: Mapping[str, str]) -> Web:
    """The connector of this channel; it needs no values."""
    return Web()
