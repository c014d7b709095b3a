"""Yes, no, 'that helped' and 'start over': what they mean depends on what the bot said last."""

from rasa_sdk.events import AllSlotsReset, EventType

from actions.base import ShopAction, Speaker
from actions.hand_off import hand_off
from actions.turn import Turn
from bot.core.messages import Close, Note
from bot.core.ownership import Reason

# responses that offer a person -> the reason, should the shopper say yes
OFFERS = {
    "utter_offer_person": Reason.NOT_UNDERSTOOD,
    "utter_rephrase": Reason.NOT_UNDERSTOOD,
    "utter_not_understood_again": Reason.NOT_UNDERSTOOD,
    "utter_product_price_unknown": Reason.REQUEST,
    "utter_order_not_found_again": Reason.PROOF_FAILED,
    "utter_order_locked": Reason.PROOF_FAILED,
    "utter_form_stuck": Reason.ASKED,
    "utter_shop_unavailable": Reason.ERROR,
    "utter_order_delayed": Reason.REQUEST,
    "utter_order_payment_failed": Reason.REQUEST,
    "utter_bot_challenge": Reason.ASKED,
    "utter_where_is_the_number": Reason.REQUEST,
    "utter_faq/contact": Reason.ASKED,
    "utter_chitchat/languages": Reason.ASKED,
}
ASKED = ("utter_anything_else", "utter_helped")
SUGGESTED = "utter_did_you_mean_"


def _is_answer(response: str) -> bool:
    return response.startswith("utter_faq/")


class Yes(ShopAction):
    """Answers affirm."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_yes"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """A person when one was offered; 'that helped' after an answer; which one of several; else: go on."""
        for response in turn.said_before:
            if response.startswith(SUGGESTED):
                speaker.say("utter_tap_one")
                return []
            if response in OFFERS:
                hand_off(turn, speaker, OFFERS[response])
                return []
            if _is_answer(response):
                helped(speaker)
                return []
        speaker.say("utter_go_on")
        return []


class No(ShopAction):
    """Answers deny."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_no"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Settled when asked for anything else; 'that did not help' after an answer; none of several; else: fine."""
        for response in turn.said_before:
            if response.startswith(SUGGESTED):
                speaker.say("utter_rephrase")
                return []
            if response in ASKED:
                speaker.say("utter_settled")
                speaker.show(Close(is_confirmed=True))
                return []
            if _is_answer(response):
                did_not_help(speaker)
                return []
        speaker.say("utter_fine")
        return []


class Helpful(ShopAction):
    """Answers helpful_yes and helpful_no."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_helpful"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """A fact only where there was an answer to judge."""
        if turn.intent == "helpful_yes":
            helped(speaker, is_counted=_has_answered(turn))
        else:
            did_not_help(speaker, is_counted=_has_answered(turn))
        return []


def _has_answered(turn: Turn) -> bool:
    return bool(turn.said_before)


def helped(speaker: Speaker, *, is_counted: bool = True) -> None:
    """Glad, and is there anything else."""
    if is_counted:
        speaker.show(Note(kind="helpful", label="yes"))
    speaker.say("utter_helped")


def did_not_help(speaker: Speaker, *, is_counted: bool = True) -> None:
    """Sorry, and a person is offered."""
    if is_counted:
        speaker.show(Note(kind="helpful", label="no"))
    speaker.say("utter_offer_person")


class StartOver(ShopAction):
    """Answers start_over."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_start_over"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Forget everything collected."""
        speaker.say("utter_start_over")
        return [AllSlotsReset()]


class Stop(ShopAction):
    """Answers stop where nothing is under way; beside an order just shown, 'cancel it' may mean the order."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_stop"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Nobody shall believe that an order is cancelled when only the talk has ended."""
        speaker.say("utter_stopped_order" if turn.slot("proven_order") else "utter_stopped")
        return []
