"""Fetching a person, not understanding, and what yes and no mean."""

import pytest

from bot.core.messages import Close, HandOff, Note
from tests.actions.conftest import Talk


@pytest.mark.parametrize(
    ("intent", "reason", "wants"),
    [
        ("talk_to_person", "asked", ""),
        ("complaint", "complaint", "Make a complaint"),
        ("angry", "angry", ""),
        ("cancel_order", "request", "Cancel an order: A1001"),
        ("change_order", "request", "Change an order: A1001"),
        ("refund_request", "request", "A refund"),
    ],
)
async def test_a_person_is_fetched_with_the_reason_and_what_was_collected(
    talk: Talk, intent: str, reason: str, wants: str
) -> None:
    talk.slots |= {"order_number": "A1001", "proof": "jonas@example.com"}
    outcome = await talk.act("action_hand_off", intent=intent)
    (hand_off,) = outcome.of(HandOff)
    assert (hand_off.reason, hand_off.wants) == (reason, wants)
    assert {"A1001", "jonas@example.com"} <= set(hand_off.details.values())
    assert outcome.said == [f"utter_hand_off_{reason}"]


async def test_an_order_that_was_asked_for_and_not_shown_is_named_beside_the_wish(talk: Talk) -> None:
    talk.slots |= {"order_number": "A1001", "requested_slot": "proof"}
    outcome = await talk.act("action_hand_off", intent="change_order")
    assert outcome.of(HandOff)[0].wants == "Look up an order: A1001; Change an order: A1001"


async def test_a_button_names_its_own_reason(talk: Talk) -> None:
    outcome = await talk.act("action_hand_off", intent="talk_to_person", reason="proof_failed")
    assert outcome.of(HandOff)[0].reason == "proof_failed"
    forged = await talk.act("action_hand_off", intent="talk_to_person", reason="<script>")
    assert forged.of(HandOff)[0].reason == "asked"


CANDIDATES = {
    "intent": {"name": "nlu_fallback", "confidence": 0.2, "why": "low_confidence"},
    "candidates": [
        {"name": "faq/returns", "confidence": 0.2, "title": "How returns work"},
        {
            "name": "cancel_order",
            "confidence": 0.15,
            "title": "Atšaukti užsakymą",
        },
    ],
}


async def test_first_the_bot_asks_what_was_meant_with_buttons_that_work(talk: Talk) -> None:
    outcome = await talk.act(
        "action_fall_back", "hm", intent="nlu_fallback", parsed=CANDIDATES, metadata={"language": "lt"}
    )
    values = outcome.values("utter_did_you_mean_two")
    assert (values["title1"], values["payload1"]) == ("How returns work", "/faq/returns")
    assert (values["title2"], values["payload2"]) == ("Atšaukti užsakymą", "/cancel_order")
    assert outcome.of(Note) == [Note(kind="fallback", label="low_confidence", value=0.2)]


async def test_one_of_two_answers_is_asked_for_even_after_a_miss(talk: Talk) -> None:
    pair = [{"name": f"faq/{name}", "confidence": 0.4, "title": name} for name in ("returns", "refund_time")]
    await talk.act("action_fall_back", "hm", intent="nlu_fallback")
    close = {"intent": {"name": "nlu_fallback", "confidence": 0.4, "why": "ambiguous"}, "candidates": pair}
    outcome = await talk.act("action_fall_back", "money back", intent="nlu_fallback", parsed=close)
    values = outcome.values("utter_did_you_mean_two")
    assert [values["payload1"], values["payload2"]] == ["/faq/returns", "/faq/refund_time"]


async def test_then_it_asks_to_rephrase_and_then_fetches_a_person(talk: Talk) -> None:
    assert (await talk.act("action_fall_back", "hm", intent="nlu_fallback")).said == ["utter_not_understood"]
    again = await talk.act("action_fall_back", "hmm", intent="nlu_fallback")
    assert again.said == ["utter_not_understood_again"]
    third = await talk.act("action_fall_back", "hmmm", intent="nlu_fallback")
    assert third.of(HandOff)[0].reason == "not_understood"


async def test_a_message_understood_in_between_starts_the_count_again(talk: Talk) -> None:
    await talk.act("action_fall_back", "hm", intent="nlu_fallback")
    talk.said("utter_faq/returns")
    assert (await talk.act("action_fall_back", "hmm", intent="nlu_fallback")).said == ["utter_not_understood"]


async def test_none_of_the_suggestions_asks_to_rephrase(talk: Talk) -> None:
    await talk.act("action_fall_back", "hm", intent="nlu_fallback", parsed=CANDIDATES)
    assert (await talk.act("action_fall_back", intent="none_of_these")).said == ["utter_rephrase"]


async def test_no_to_the_suggestions_asks_to_rephrase_and_the_next_miss_fetches_a_person(talk: Talk) -> None:
    await talk.act("action_fall_back", "hm", intent="nlu_fallback", parsed=CANDIDATES)
    assert (await talk.act("action_no", "no", intent="deny")).said == ["utter_rephrase"]
    outcome = await talk.act("action_fall_back", "hmm", intent="nlu_fallback")
    assert outcome.of(HandOff)[0].reason == "not_understood"


async def test_yes_to_several_suggestions_asks_which(talk: Talk) -> None:
    await talk.act("action_fall_back", "hm", intent="nlu_fallback", parsed=CANDIDATES)
    assert (await talk.act("action_yes", "yes", intent="affirm")).said == ["utter_tap_one"]


async def test_no_after_anything_else_settles_and_closes(talk: Talk) -> None:
    talk.said("utter_anything_else")
    outcome = await talk.act("action_no", "no", intent="deny")
    assert outcome.of(Close) == [Close(is_confirmed=True)]


async def test_yes_and_no_after_an_answer_say_whether_it_helped(talk: Talk) -> None:
    talk.said("utter_faq/returns")
    yes = await talk.act("action_yes", "yes", intent="affirm")
    assert yes.of(Note) == [Note(kind="helpful", label="yes")]
    talk.said("utter_faq/returns")
    no = await talk.act("action_no", "no", intent="deny")
    assert no.of(Note) == [Note(kind="helpful", label="no")]
    assert not no.of(Close)


async def test_yes_to_the_offer_of_a_person_fetches_one(talk: Talk) -> None:
    talk.said("utter_order_not_found_again")
    outcome = await talk.act("action_yes", "yes please", intent="affirm")
    assert outcome.of(HandOff)[0].reason == "proof_failed"


async def test_no_out_of_the_blue_closes_nothing(talk: Talk) -> None:
    outcome = await talk.act("action_no", "no", intent="deny")
    assert outcome.parts == []


async def test_starting_over_forgets_everything(talk: Talk) -> None:
    outcome = await talk.act("action_start_over", intent="start_over")
    assert {"event": "reset_slots"}.items() <= outcome.events[0].items()


@pytest.mark.parametrize(
    ("slots", "response"), [({}, "utter_stopped"), ({"proven_order": "A1004"}, "utter_stopped_order")]
)
async def test_stopping_beside_an_order_says_that_the_order_goes_on(
    talk: Talk, slots: dict[str, str], response: str
) -> None:
    talk.slots |= slots
    outcome = await talk.act("action_stop", intent="stop")
    assert outcome.said == [response]


async def test_the_agent_reads_what_is_to_be_exchanged_for_what(talk: Talk) -> None:
    exchange = [
        {"entity": "colour", "value": "Red", "role": "given"},
        {"entity": "colour", "value": "Blue", "role": "wanted"},
    ]
    outcome = await talk.act(
        "action_hand_off",
        "swap the red one for the blue one",
        intent="return_order",
        parsed={"entities": exchange},
    )
    assert outcome.of(HandOff)[0].wants == "Return or exchange something (Red → Blue)"
