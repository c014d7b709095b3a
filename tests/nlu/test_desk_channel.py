"""The brain as the desk meets it: our channel over HTTP, in the light host and in plain `rasa run`, and killed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SECRET = "s" * 40
HOST = ("bot.nlu.host",)  # what `aisle up` starts
RASA = ("rasa", "run")


class Brain:
    """The newest model, served; its action server is not there."""

    def __init__(self, home):
        self.home = home
        self.port = free_port()
        self.actions = f"http://127.0.0.1:{free_port()}"
        self.process = None

    def start(self, *program):
        models = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
        assert models, "train a model first: rasa train"
        environment = os.environ | {
            "AISLE_HOME": str(self.home),
            "AISLE_INTERNAL_SECRET": SECRET,
            "AISLE_ACTIONS_URL": self.actions,
            "RASA_TELEMETRY_ENABLED": "false",
            "PYTHONWARNINGS": "ignore",
        }
        command = [sys.executable, "-m", *program, "--model", str(models[-1]), "--port", str(self.port)]
        command += ["--interface", "127.0.0.1"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=(self.home / "brain.log").open("a"),
            stderr=subprocess.STDOUT,
        )
        for _ in range(600):
            try:
                if self.call({"sender": "up.1", "message": "hi", "message_id": uuid.uuid4().hex})[0] == 200:
                    return
            except (OSError, urllib.error.URLError):
                pass
            assert self.process.poll() is None, (self.home / "brain.log").read_text()[-2000:]
            time.sleep(0.3)
        raise AssertionError("the brain did not come up")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def call(self, body, secret=SECRET, door="webhook"):
        """(status, answer)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/webhooks/desk/{door}", data)
        request.add_header("X-Aisle-Secret", secret)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def say(self, sender, text, message_id=None):
        """The answer to a message."""
        status, answer = self.call(
            {"sender": sender, "message": text, "message_id": message_id or uuid.uuid4().hex, "metadata": {}}
        )
        assert status == 200
        return answer


@pytest.fixture(scope="module")
def brain(tmp_path_factory):
    """A running brain."""
    running = Brain(tmp_path_factory.mktemp("brain"))
    running.start(*HOST)
    yield running
    running.kill()


def test_a_call_without_the_secret_is_refused(brain):
    body = {"sender": "a.1", "message": "hi", "message_id": "1"}
    assert brain.call(body, secret="")[0] == 403
    assert brain.call(body, secret="s" * 39)[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"",
        {"sender": "a.1"},
        {"sender": 1, "message": "x", "message_id": "1"},
        {"sender": "", "message": "x", "message_id": "1"},
    ],
)
def test_a_body_that_makes_no_sense_is_a_clear_error(brain, body):
    status, answer = brain.call(body)
    assert (status, answer["ok"], answer["error"]) == (400, False, "bad_input")


def test_the_answer_says_what_was_said_and_understood(brain):
    answer = brain.say("faq.1", "how much is delivery?")
    assert answer["replies"][0]["response"] == "utter_faq/delivery_cost"
    assert "€4.90" in answer["replies"][0]["text"]
    assert answer["replies"][0]["buttons"][0] == {"title": "That helps", "payload": "/helpful_yes"}
    assert answer["understood"]["intent"] == "faq/delivery_cost"
    assert answer["understood"]["confidence"] > 0.5
    assert not answer["understood"]["is_fallback"]
    assert answer["failed_action"] == ""


def test_the_answer_says_what_came_second_and_why_the_bot_asks_back(brain):
    understood = brain.say("why.1", "how do i return something")["understood"]
    assert understood["leaves"][0] == {"intent": "faq/returns", "confidence": understood["confidence"]}
    assert len(understood["leaves"]) == 3
    assert (understood["why"], understood["scope"] >= 1) == ("", True)
    unsure = brain.say("why.2", "blorf the snarp")["understood"]
    assert (unsure["is_fallback"], unsure["why"], unsure["scope"] < 1) == (True, "low_confidence", True)


def test_a_message_is_explained_without_a_turn(brain):
    body = {"text": "where is order A1001", "metadata": {"language": "en", "language_from": "page"}}
    status, answer = brain.call(body, door="explain")
    assert status == 200
    found = answer["explanation"]
    assert found["leaves"][0]["leaf"] == "track_order"
    assert [(one["entity"], one["value"]) for one in found["entities"]] == [("order_number", "A1001")]
    assert found["nearest"][0]["likeness"] >= found["nearest"][-1]["likeness"] > 0
    assert brain.call(body, secret="", door="explain")[0] == 403
    assert brain.call({"metadata": {}}, door="explain")[0] == 400


def test_the_greeting_says_that_it_is_a_bot(brain):
    assert "bot" in brain.say("greet.1", "hello")["replies"][0]["text"]


def test_a_repeated_message_gets_the_same_answer_and_is_no_second_turn(brain):
    first = brain.say("repeat.1", "where is my order", "7")
    again = brain.say("repeat.1", "where is my order", "7")
    assert again == first
    assert brain.say("repeat.1", "A1001", "8")["slots"]["order_number"] == "A1001"


def test_slots_and_the_form_are_reported(brain):
    assert brain.say("form.1", "track A1001")["active_form"] == "order_status_form"
    interrupted = brain.say("form.1", "whats your return policy")
    assert [reply["response"] for reply in interrupted["replies"]] == [
        "utter_faq/returns",
        "utter_ask_order_status_form_proof",
    ]
    corrected = brain.say("form.1", "sorry, i meant A1002")
    assert corrected["slots"]["order_number"] == "A1002"
    stopped = brain.say("form.1", "never mind")
    assert stopped["active_form"] == ""


def responses(answer):
    """Names of what was said."""
    return [reply["response"] for reply in answer["replies"]]


def test_two_requests_in_one_message_are_both_answered_and_again_when_it_is_repeated(brain):
    text = "how long does delivery take and can I pay with paypal"
    first = brain.say("two.1", text, "7")
    assert responses(first) == ["utter_faq/delivery_time", "utter_faq/payment_methods"]
    understood = first["understood"]
    assert (understood["intent"], understood["text"]) == ("faq/delivery_time", "how long does delivery take")
    assert [(one["intent"], one["text"]) for one in understood["also"]] == [
        ("faq/payment_methods", "can I pay with paypal")
    ]
    assert understood["also"][0]["leaves"][0]["intent"] == "faq/payment_methods"
    assert brain.say("two.1", text, "7") == first
    after = brain.say("two.1", "opening hours?")
    assert responses(after) == ["utter_faq/opening_hours"]
    assert "also" not in after["understood"]


def test_what_opens_the_form_comes_after_what_is_answered(brain):
    answer = brain.say("two.2", "where is my order A1001? also do you ship to Latvia")
    assert responses(answer) == ["utter_faq/delivery_abroad", "utter_ask_order_status_form_proof"]
    assert answer["slots"]["order_number"] == "A1001"
    assert answer["active_form"] == "order_status_form"


def test_the_form_s_question_may_be_answered_beside_another_question(brain):
    brain.say("two.3", "where is my order")
    answer = brain.say("two.3", "it's A1001. also do you gift wrap?")
    assert responses(answer) == ["utter_faq/gift_wrap", "utter_ask_order_status_form_proof"]
    assert answer["slots"]["order_number"] == "A1001"
    both = brain.say("two.3", "how much is delivery? and do you take klarna?")
    assert responses(both) == [
        "utter_faq/delivery_cost",
        "utter_faq/payment_methods",
        "utter_ask_order_status_form_proof",
    ]


def test_a_person_is_fetched_last_and_nothing_asked_before(brain):
    answer = brain.say("two.4", "get me a human please. where is my order A1071? do you gift wrap")
    assert responses(answer)[0] == "utter_faq/gift_wrap"
    assert "utter_ask_order_status_form_proof" not in responses(answer)
    assert [one["intent"] for one in answer["understood"]["also"]] == ["track_order", "talk_to_person"]
    assert (answer["slots"]["order_number"], answer["active_form"]) == ("A1071", "")


def test_a_second_question_about_a_product_is_about_the_one_named_in_the_first(brain):
    understood = brain.say("two.7", "is the nida jacket in stock in M? also what does it cost")["understood"]
    (price,) = understood["also"]
    assert (understood["intent"], price["intent"]) == ("product_stock", "product_price")
    assert {"entity": "query", "value": "nida jacket"} in price["entities"]
    washed = brain.say("two.8", "is the silk liner machine washable and how much")["understood"]
    assert (washed["intent"], washed["also"][0]["intent"]) == ("faq/care", "product_price")
    assert any("silk liner" in one["value"] for one in washed["also"][0]["entities"])


def test_of_two_wishes_for_one_order_the_status_comes_first_and_both_count(brain):
    answer = brain.say("two.9", "where is my parcel? and i want to make a complaint")
    intents = [one["intent"] for one in (answer["understood"], *answer["understood"]["also"])]
    assert intents == ["track_order", "complaint"]


def test_two_requests_in_another_language_are_answered_in_it(brain):
    answer = brain.say("two.5", "kiek laiko trunka pristatymas ir ar galima mokėti paypal")
    assert responses(answer) == ["utter_faq/delivery_time", "utter_faq/payment_methods"]
    told = [one["language"]["answer"] for one in (answer["understood"], *answer["understood"]["also"])]
    assert told == ["lt", "lt"]


def test_the_mood_of_two_requests_is_that_of_the_message(brain):
    text = "how long does delivery take? and can i pay with paypal, you useless liars"
    understood = brain.say("two.6", text)["understood"]
    assert {one["mood"]["label"] for one in (understood, *understood.get("also", ()))} == {"angry"}


def test_a_failing_action_is_named_and_does_not_break_the_conversation(brain):
    assert brain.say("fail.1", "i want to talk to a human")["failed_action"] == "action_hand_off"
    assert brain.say("fail.1", "opening hours?")["failed_action"] == ""


def test_the_buttons_of_an_answer_name_it_themselves(brain):
    assert brain.say("button.1", "/faq/returns")["replies"][0]["response"] == "utter_faq/returns"


def test_the_mood_of_a_message_is_told_with_its_reasons(brain):
    assert brain.say("mood.1", "hello")["understood"]["mood"]["label"] == "calm"
    mood = brain.say("mood.1", "you are useless liars")["understood"]["mood"]
    assert mood["label"] == "angry"
    assert mood["reasons"] == ["words: useless, liars"]


def test_a_turn_stays_as_quick_as_the_conversation_grows(brain):
    def median(count):
        times = []
        for _ in range(count):
            started = time.perf_counter()
            brain.say("long.1", "how much is delivery?")
            times.append(time.perf_counter() - started)
        return sorted(times)[count // 2]

    median(30)
    early = median(30)
    median(200)
    assert median(30) < 2 * early + 0.02


def test_a_killed_brain_goes_on_in_the_middle_of_the_form_also_under_plain_rasa(brain):
    brain.say("kill.1", "where is order A1001")
    answered = brain.say("kill.1", "are you a bot?", "42")
    text = "how much is delivery? and do you gift wrap?"
    both = brain.say("kill.2", text, "43")
    brain.kill()
    brain.start(*RASA)
    assert brain.say("kill.1", "are you a bot?", "42") == answered
    assert brain.say("kill.2", text, "43") == both
    after = brain.say("kill.1", "no, A1002")
    assert after["slots"]["order_number"] == "A1002"
    assert after["active_form"] == "order_status_form"
