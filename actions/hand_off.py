"""Fetching a person, with the reason and everything collected so far."""

from collections.abc import Iterator

from rasa_sdk.events import EventType

from actions.base import ShopAction, Speaker
from actions.turn import Turn
from bot.core.messages import HandOff
from bot.core.ownership import Reason

REASONS = {
    "talk_to_person": Reason.ASKED,
    "leave_message": Reason.ASKED,
    "complaint": Reason.COMPLAINT,
    "angry": Reason.ANGRY,
    "change_order": Reason.REQUEST,
    "cancel_order": Reason.REQUEST,
    "return_order": Reason.REQUEST,
    "refund_request": Reason.REQUEST,
}
# one line for the agent
WANTS = {
    "leave_message": "Leave a message",
    "complaint": "Make a complaint",
    "change_order": "Change an order",
    "cancel_order": "Cancel an order",
    "return_order": "Return or exchange something",
    "refund_request": "A refund",
}
LOOK_UP = "Look up an order"
FROM_BUTTON = {reason.value: reason for reason in Reason}


def hand_off(turn: Turn, speaker: Speaker, reason: Reason) -> None:
    """Say why, and ask the desk for a person; the desk says what happens next."""
    number = turn.entity("order_number") or turn.slot("order_number")
    wants = "; ".join(_wishes(turn, number))
    speaker.say(f"utter_hand_off_{reason.value}")
    speaker.show(HandOff(reason=reason.value, wants=wants, details=_collected(turn, number)))


def _wishes(turn: Turn, number: str) -> Iterator[str]:
    """What the order form has yet to answer, also of the same message, and what this turn asks for."""
    exchange = _exchange(turn)
    for wish in (LOOK_UP if turn.slots.get("requested_slot") else "", WANTS.get(turn.intent, "")):
        if wish:
            about = f": {number}" if number and "order" in wish else ""
            swapped = f" ({exchange})" if exchange and wish != LOOK_UP else ""
            yield f"{wish}{about}{swapped}"


def _exchange(turn: Turn) -> str:
    """What is given back for what is wanted: 'Red → Blue'; empty when the message does not say both."""
    given, wanted = (", ".join(turn.with_role(role)) for role in ("given", "wanted"))
    return f"{given} → {wanted}" if given and wanted else ""


def _collected(turn: Turn, number: str) -> dict[str, str]:
    proof = turn.slot("proof")
    shown = {str(item.get("id")): str(item.get("title")) for item in turn.slots.get("shown") or []}
    searched = (turn.slots.get("search") or {}).get("text", "")
    details = {
        "order_number": number,
        "order_proven": "yes" if number and number == turn.slot("proven_order") else "",
        "email": proof if "@" in proof else "",
        "postcode": proof if proof and "@" not in proof else "",
        "product": shown.get(turn.slot("product"), ""),
        "looked_for": searched,
    }
    return {label: value for label, value in details.items() if value}


class FetchPerson(ShopAction):
    """Answers every wish that needs a person."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_hand_off"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """The reason is the button's, else the intent's."""
        reason = FROM_BUTTON.get(turn.entity("reason")) or REASONS.get(turn.intent, Reason.ASKED)
        hand_off(turn, speaker, reason)
        return []
