"""Where an order is, after proof of whose it is."""

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import ShopAction, Speaker, ask, shop
from actions.turn import Turn
from actions.words import day
from bot.core.errors import ProofNeeded, TooMany
from bot.core.messages import Contact, Note, OrderCard
from bot.core.words import phrase
from bot.shop.contract import Shop

# state of the order -> response; placed and paid say what the shopper waits for
RESPONSES = {
    "placed": "utter_order_placed",
    "paid": "utter_order_paid",
    "packed": "utter_order_packed",
    "shipped": "utter_order_shipped",
    "in_transit": "utter_order_shipped",
    "out_for_delivery": "utter_order_out_for_delivery",
    "ready_for_pickup": "utter_order_ready_for_pickup",
    "delivered": "utter_order_delivered",
    "delayed": "utter_order_delayed",
    "payment_failed": "utter_order_payment_failed",
    "cancelled": "utter_order_cancelled",
    "returned": "utter_order_returned",
    "refunded": "utter_order_refunded",
    "partially_refunded": "utter_order_partially_refunded",
}
FAILED = ("utter_order_not_found", "utter_order_not_found_again")


class ShowOrder(ShopAction):
    """After the form: looks the order up with the proof given."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_show_order"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Show the order; an unknown number and a wrong proof get the same answer."""
        number, proof = turn.slot("order_number"), turn.slot("proof")
        tried = turn.slot("failed_proof")
        if tried == f"{number} {proof}" and not turn.entities:
            # asked again without anything new: ask for both afresh instead of failing once more
            return [*_forget(), FollowupAction("order_status_form")]
        try:
            order, customer, name = await ask(_prove, shop(), number, proof=proof, key=turn.key)
        except ProofNeeded:
            speaker.show(Note(kind="order_looked_up", label="not_found"))
            speaker.say("utter_order_not_found_again" if tried else "utter_order_not_found", number=number)
            return [SlotSet("failed_proof", f"{number} {proof}")]
        except TooMany:
            speaker.show(Note(kind="order_looked_up", label="proof_failed"))
            speaker.say("utter_order_locked")
            return [*_forget(), SlotSet("failed_proof", None)]
        email = proof if "@" in proof else ""
        speaker.show(Note(kind="order_looked_up", label="found"))
        speaker.show(Contact(customer_id=customer, name=name, email=email, order_number=order.number))
        _say(order, turn.language, speaker)
        return [SlotSet("failed_proof", None), SlotSet("proven_order", order.number)]


def _prove(the_shop: Shop, number: str, *, proof: str, key: str) -> tuple[OrderCard, str, str]:
    """The order, and the id and name of whose it is (empty: unknown)."""
    order = the_shop.order(number, proof=proof, key=key)
    customer = the_shop.order_customer(order.number)
    known = the_shop.customer(customer) if customer else None
    return order, customer, known.name if known else ""


def _forget() -> list[EventType]:
    return [SlotSet("order_number", None), SlotSet("proof", None), SlotSet("failed_proof", None)]


def _say(order: OrderCard, language: str, speaker: Speaker) -> None:
    expected, delivered = day(order.expected_at, language), ""
    for step in order.timeline:
        if step.state == "delivered" and step.is_done:
            delivered = day(step.at, language)
    speaker.say(
        RESPONSES.get(order.state, "utter_order_other"),
        order,
        number=order.number,
        carrier=phrase("order.carrier", language, carrier=order.carrier) if order.carrier else "",
        expected=phrase("order.expected", language, day=expected) if expected else "",
        on=phrase("order.on", language, day=delivered) if delivered else "",
    )


class OtherOrder(ShopAction):
    """'No, the other order': forgets the number unless the message brings the new one."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_other_order"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """The proof stays: people's orders carry the same address."""
        has_number = turn.entity("order_number") or turn.entity("number")
        return [] if has_number else [SlotSet("order_number", None)]


class OtherProof(ShopAction):
    """'Sorry, wrong e-mail': forgets the proof unless the message brings the new one."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_other_proof"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """The number stays."""
        return [] if turn.entity("email") or turn.entity("postcode") else [SlotSet("proof", None)]


class ExplainForm(ShopAction):
    """Something in the middle of the order form that does not answer its question."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_explain_form"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Say what is needed; the second time running, offer a person as well."""
        turns = 0
        for action in turn.actions_before:
            if action == self.name():
                turns += 1
            elif action not in ("order_status_form", "action_listen"):
                break
        if turns:
            speaker.say("utter_form_stuck")
        elif turn.intent in ("affirm", "deny", "helpful_no"):
            speaker.say("utter_form_help")
        elif turn.slots.get("requested_slot") == "proof":
            speaker.say("utter_need_proof")
        else:
            speaker.say("utter_need_order_number")
        return []
