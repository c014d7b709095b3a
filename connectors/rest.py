"""Programs that speak Rasa's REST channel: the answer to their call carries the replies of its turn."""

from collections.abc import Mapping

from bot.core.channel import Capabilities, Outgoing, Receipt


class Rest:
    """Like the web chat, a message is delivered by becoming an event; `bot.web.rest` collects a turn's replies."""

    name = "rest"
    is_live = True
    capabilities = Capabilities(text_limit=20_000, quick_replies=50, has_cards=True, window_seconds=None)

    async def send(self, message: Outgoing) -> Receipt:
        """Nothing leaves the house."""
        return Receipt(platform_id="")


def connector(_environment: Mapping[str, str]) -> Rest:
    """The connector of this channel; it needs no values."""
    return Rest()
