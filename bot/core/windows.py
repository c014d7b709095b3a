"""Whether a channel lets us write now, and in which way: decided here alone, from its row of capabilities (promise 7).

Meta's channels allow answers for 24 hours after the shopper last did something (`window_at`), and what a person wrote
for 7 days after the shopper last wrote (`last_shopper_at`); later only approved templates.
Source: Messenger Platform, "Send API: messaging window and tags"; WhatsApp Cloud API, "customer service window" (2026).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.channel import Capabilities
from bot.core.errors import OutsideWindow

RESPONSE, HUMAN_AGENT, TEMPLATE, PRIVATE_REPLY = "response", "human_agent", "template", "private_reply"


@dataclass(frozen=True)
class Opening:
    """A message may leave by `way` (`Outgoing.way`) up to and including `until`; None: at any time."""

    way: str
    until: datetime | None


def way(
    capabilities: Capabilities,
    *,
    author: str,
    window_at: datetime | None,
    last_shopper_at: datetime | None,
    at: datetime,
    has_template: bool = False,
) -> Opening:
    """How a message of `author` may leave at `at`; `has_template`: it carries an approved template.

    Raises:
        OutsideWindow: not at all; `reason` is `never_wrote`, `window` or (for agents) `agent_window`.
    """
    if capabilities.window_seconds is None:
        return Opening(RESPONSE, None)
    opened_at = max((moment for moment in (window_at, last_shopper_at) if moment is not None), default=None)
    if opened_at is not None:
        until = opened_at + timedelta(seconds=capabilities.window_seconds)
        if at <= until:
            return Opening(RESPONSE, until)
    longer = capabilities.agent_window_seconds
    if author == "agent" and longer is not None and last_shopper_at is not None:
        until = last_shopper_at + timedelta(seconds=longer)
        if at <= until:
            return Opening(HUMAN_AGENT, until)
    if has_template and capabilities.has_templates:
        return Opening(TEMPLATE, None)
    if opened_at is None:
        raise OutsideWindow(
            "this channel lets a shop write only to shoppers who wrote first", reason="never_wrote"
        )
    if author == "agent" and longer is not None:
        raise OutsideWindow(
            f"the shopper's last message is more than {_span(longer)} old", reason="agent_window"
        )
    raise OutsideWindow(
        f"the shopper's last message is more than {_span(capabilities.window_seconds)} old", reason="window"
    )


def private_reply(capabilities: Capabilities, *, commented_at: datetime, at: datetime) -> Opening:
    """How a public comment or post of `commented_at` may be answered privately at `at`.

    Raises:
        OutsideWindow: the channel has no private replies (`no_private_reply`), or it is too late (`comment_window`).
    """
    window = capabilities.comment_window_seconds
    if window is None:
        raise OutsideWindow(
            "this channel does not let a shop answer comments privately", reason="no_private_reply"
        )
    until = commented_at + timedelta(seconds=window)
    if at > until:
        raise OutsideWindow(f"the comment is more than {_span(window)} old", reason="comment_window")
    return Opening(PRIVATE_REPLY, until)


def _span(seconds: int) -> str:
    return f"{seconds // 3600} hours" if seconds <= 172_800 else f"{seconds // 86_400} days"
