"""Where an order is: proof first, and the same answer for everything that is not proven."""

from bot.core.errors import ShopUnavailable
from bot.core.messages import Contact, Note, OrderCard
from tests.actions.conftest import Talk

NUMBER, MAIL, POSTCODE = "A1109", "jonas.stankevicius@example.com", "LT-01136"


async def look_up(talk: Talk, number: str, proof: str, **entities: str):
    talk.slots |= {"order_number": number, "proof": proof}
    return await talk.act("action_show_order", intent="inform", **entities)


async def test_with_the_right_proof_the_order_is_shown_and_the_contact_known(talk: Talk) -> None:
    for proof in (MAIL, POSTCODE):
        outcome = await look_up(talk, NUMBER, proof, email=proof)
        assert [card.number for card in outcome.of(OrderCard)] == [NUMBER]
        assert outcome.of(Note) == [Note(kind="order_looked_up", label="found")]
        (contact,) = outcome.of(Contact)
        assert contact.customer_id
        assert contact.order_number == NUMBER
        assert contact.email == (proof if "@" in proof else "")
        assert outcome.slots["proven_order"] == NUMBER


async def test_a_wrong_proof_and_an_unknown_order_get_the_same_answer(executor, talk: Talk) -> None:
    wrong = await look_up(talk, NUMBER, "somebody@else.example", email="x")
    stranger = Talk(executor, sender="other.1")
    unknown = await look_up(stranger, "A9999", "somebody@else.example", email="x")
    assert wrong.said == unknown.said == ["utter_order_not_found"]
    assert wrong.parts == unknown.parts
    assert not wrong.of(OrderCard)
    assert not wrong.of(Contact)


async def test_a_slip_is_put_right_by_sending_the_right_one(talk: Talk) -> None:
    await look_up(talk, NUMBER, "jonas@wrong.example", email="x")
    again = await look_up(talk, NUMBER, MAIL, email=MAIL)
    assert again.of(OrderCard)
    assert again.slots["failed_proof"] is None


async def test_asking_again_without_anything_new_asks_for_both_afresh(talk: Talk) -> None:
    await look_up(talk, NUMBER, "jonas@wrong.example", email="x")
    again = await look_up(talk, NUMBER, "jonas@wrong.example")
    assert again.slots == {"order_number": None, "proof": None, "failed_proof": None}
    assert {"event": "followup", "name": "order_status_form"}.items() <= again.events[-1].items()


async def test_after_too_many_wrong_proofs_even_the_right_one_is_refused_and_a_person_offered(
    talk: Talk,
) -> None:
    for number in range(5):
        await look_up(talk, NUMBER, f"wrong{number}@example.com", email="x")
    locked = await look_up(talk, NUMBER, MAIL, email=MAIL)
    assert locked.said == ["utter_order_locked"]
    assert locked.of(Note) == [Note(kind="order_looked_up", label="proof_failed")]
    assert not locked.of(OrderCard)


async def test_the_other_order_forgets_the_number_but_keeps_the_proof(talk: Talk) -> None:
    talk.slots |= {"order_number": NUMBER, "proof": MAIL}
    assert (await talk.act("action_other_order", intent="other_order")).slots == {"order_number": None}
    assert (await talk.act("action_other_order", intent="other_order", order_number="A1110")).slots == {}
    assert (await talk.act("action_other_proof", intent="other_proof")).slots == {"proof": None}


async def test_the_form_explains_what_it_needs_and_then_offers_a_way_out(talk: Talk) -> None:
    talk.slots["requested_slot"] = "order_number"
    assert (await talk.act("action_explain_form", "hm", intent="nlu_fallback")).said == [
        "utter_need_order_number"
    ]
    assert (await talk.act("action_explain_form", "hm", intent="nlu_fallback")).said == ["utter_form_stuck"]
    talk.events.append({"event": "action", "name": "utter_faq"})
    talk.slots["requested_slot"] = "proof"
    assert (await talk.act("action_explain_form", "hm", intent="nlu_fallback")).said == ["utter_need_proof"]


class Closed:
    """A shop system that does not answer."""

    def __getattr__(self, name: str):
        def unavailable(*args: object, **kwargs: object) -> None:
            raise ShopUnavailable

        return unavailable


class Broken:
    """A shop system with a bug."""

    def __getattr__(self, name: str):
        def fails(*args: object, **kwargs: object) -> None:
            raise RuntimeError("a bug")

        return fails


async def test_a_shop_that_does_not_answer_is_said_honestly(talk: Talk, use_shop) -> None:
    use_shop(Closed())
    assert (await look_up(talk, NUMBER, MAIL)).said == ["utter_shop_unavailable"]


async def test_a_bug_leaves_a_marker_and_no_words(executor, use_shop) -> None:
    use_shop(Broken())
    outcome = await look_up(Talk(executor), NUMBER, MAIL)
    assert outcome.said == []
    assert outcome.parts == [Note(kind="action_failed", label="action_show_order")]
