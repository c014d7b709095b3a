"""Messages nobody expects: emoji, keys at random, shouting, speech without a stop, several languages at once."""

import asyncio
import random
from types import SimpleNamespace

import pytest

pytest.importorskip("rasa")

from rasa.core.channels.channel import UserMessage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.core import languages
from bot.nlu.mood import MoodReader, by_language
from bot.nlu.mood_model import LABELS
from bot.nlu.mood_model import train as train_mood
from bot.nlu.mood_signs import moods, signs
from tests.nlu.test_held_out import agent  # noqa: F401 - a fixture

CODES = sorted(languages.folders())
EMOJI = "😀😂🥰😡🤬👍👎🙏❤️🎉🧥⛺🔥💯👨‍👩‍👧🏳️‍🌈🇱🇹✅‼️⁉️"
LETTERS = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "lt": "aąbcčdeęėfghiįyjklmnoprsštuųūvzž",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "ka": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "hy": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
    "sw": "abcdefghijklmnoprstuvwyz",
}
ODD = "\u200b\u202e\u0301\u00a0\ufeff\x00\x07\t\n\\/{}[]()<>\"'`*_~^|%$#@&+-=;:,.!?0123456789½²Ⅷ①ﬁ"
SPOKEN = "so um i ordered like a tent you know the green one and uh it was supposed to come i think tuesday and then"
RUNS = 120


def odd(seed):
    """A message: of one kind, or several kinds run together."""
    dice = random.Random(seed)
    code = dice.choice(CODES)
    said = [text for texts in moods(code)["examples"].values() for text in texts]

    def some(letters, least, most):
        return "".join(dice.choice(letters) for _ in range(dice.randint(least, most)))

    kinds = {
        "emoji": lambda: some(EMOJI, 1, 12),
        "keys": lambda: " ".join(some(LETTERS[code], 1, 14) for _ in range(dice.randint(1, 6))),
        "odd": lambda: some(ODD + LETTERS[code] + EMOJI, 1, 60),
        "capitals": lambda: dice.choice(said).upper(),
        "spoken": lambda: " ".join([SPOKEN] * dice.randint(1, 30)),
        "several": lambda: " ".join(
            dice.choice(moods(dice.choice(CODES))["examples"]["calm"]) for _ in range(3)
        ),
        "long": lambda: some(LETTERS[code], 1, 40) * dice.randint(1, 200),
        "blank": lambda: some(" \t\n\u00a0", 0, 8),
    }
    return "".join(kinds[name]() for name in dice.sample(sorted(kinds), dice.choice((1, 1, 2, 3))))


@pytest.fixture(scope="module")
def reader():
    """The component without Rasa's storage, taught what is in mood.yml."""
    made = MoodReader(MoodReader.get_default_config(), None, None)
    for code in CODES:
        written = [(text, label) for label, texts in moods(code)["examples"].items() for text in texts]
        made._models[code] = train_mood(*zip(*written, strict=True), strength=4.0, seed=7)
    return made


def mood_of(reader, text, language="en"):
    message = Message({TEXT: text, "aisle_language": language})
    (read,) = reader.process([message])
    return read.get("mood")


@pytest.mark.parametrize("seed", range(RUNS))
def test_every_message_has_a_mood(reader, seed):
    text = odd(seed)
    mood = mood_of(reader, text, random.Random(seed).choice(CODES))
    assert mood["label"] in LABELS
    assert 0.0 <= mood["score"] <= 1.0
    assert all(isinstance(reason, str) for reason in mood["reasons"])
    assert (mood["label"] == "calm") <= (mood["reasons"] == [])


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_is_written_is_understood_within_bounds(agent, seed):  # noqa: F811
    text = odd(seed)
    parsed = asyncio.run(agent.processor.parse_message(UserMessage(text, metadata={})))
    assert 0.0 <= parsed["intent"]["confidence"] <= 1.0 or not text
    assert all(0.0 <= item["confidence"] <= 1.0 for item in parsed["intent_ranking"])
    assert all(0 <= item["start"] <= item["end"] <= len(text) for item in parsed["entities"])
    assert parsed["mood"]["label"] in LABELS


def test_a_long_message_in_another_language_is_read(agent):  # noqa: F811
    text = " ".join(["kunt u mij vertellen wanneer mijn bestelling wordt geleverd alstublieft"] * 40)
    parsed = asyncio.run(agent.processor.parse_message(UserMessage(text, metadata={})))
    assert parsed["language"]["message"] == "other"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("seed", range(4))
def test_keys_at_random_are_not_acted_on(agent, code, seed):  # noqa: F811
    dice = random.Random(f"{code}{seed}")
    text = " ".join("".join(dice.choice(LETTERS[code]) for _ in range(dice.randint(5, 12))) for _ in range(3))
    parsed = asyncio.run(agent.processor.parse_message(UserMessage(text, metadata={})))
    assert (
        parsed["intent"]["name"] in ("nlu_fallback", "out_of_scope") or parsed["intent"]["confidence"] < 0.9
    )
    assert parsed["mood"]["label"] == "calm"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("you are useless liars", "words: useless, liars"),
        ("this is the third time i ask", "repeated: third time"),
        ("F*** you", "masked: f***"),
        ("give it back 🤬", "emoji: 🤬"),
        ("THIS IS A JOKE, YOU IDIOTS", "capitals"),
        ("idiots!!!", "exclamation"),
        ("still no answer from you", "waiting: still no"),
    ],
)
def test_a_reason_tells_what_gave_the_mood(reader, text, reason):
    mood = mood_of(reader, text)
    assert mood["label"] in ("angry", "frustrated")
    assert any(told.lower().startswith(reason) for told in mood["reasons"])


@pytest.mark.parametrize(
    "text",
    [
        "i'm not angry, just asking",
        "damn good jacket",
        "does it suck up dust",
        "yay!!! it came!!! thank you!!! 🎉",
        "WHERE IS MY ORDER",
        "hello, the mug came broken, could you help me please",
        '/talk_to_person{"reason": "angry"}',
        "",
    ],
)
def test_what_only_looks_like_anger_is_calm(reader, text):
    assert mood_of(reader, text)["label"] == "calm"


@pytest.mark.parametrize(
    ("language", "angry", "calm"),
    [
        ("lt", "jūs sukčiai", "nepykstu"),
        ("sr", "ви сте лопови", "nisam ljut"),
        ("ka", "taglitebi xart", "არ ვარ გაბრაზებული"),
        ("hy", "խաբեբաներ եք", "բարկացած չեմ"),
        ("sw", "nyinyi ni matapeli", "sina hasira"),
    ],
)
def test_signs_are_known_in_every_language_and_script(language, angry, calm):
    assert signs(angry, language).evidence[0] > 1
    assert signs(calm, language).evidence[2] > 1


def test_english_swearing_counts_in_other_languages():
    assert signs("kur mano siunta, fuck", "lt").evidence[0] > 3
    assert signs("kur mano siunta", "lt").evidence == (0.0, 0.0, 0.0)


def test_examples_of_other_intents_that_sound_angry_teach_nothing():
    def get(values):
        return lambda key, default=None: values.get(key, default)

    examples = [
        SimpleNamespace(get=get({"text": text, "intent": intent}))
        for text, intent in (
            ("you crooks", "angry"),
            ("idiots, where is it", "track"),
            ("where is it", "track"),
        )
    ]
    taught = dict(by_language(examples)["en"])
    assert taught["you crooks"] == "angry"
    assert taught["where is it"] == "calm"
    assert "idiots, where is it" not in taught
