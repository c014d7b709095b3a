"""A platform played on this machine is shown pictures of this machine; a real one never hears of such addresses."""

import json

import pytest

from bot.bootstrap import build_connectors
from bot.core.channel import Outgoing, Platform
from bot.core.messages import ProductCard, Products
from bot.core.times import now
from bot.sandbox.accounts import CHANNELS, environment, generated

PICTURE = "http://localhost:8800/shop/pictures/tent-2.png"


def shown(channel: str, api: str, image: str) -> str:
    """The wire bodies of a product card with this picture, as text."""
    values = environment(generated("http://127.0.0.1:8800"), api)
    connector = build_connectors(values)[channel]
    assert isinstance(connector, Platform)
    card = ProductCard("tent-2", "Tent", 18900, "EUR", "in_stock", 4, "https://shop.example/tent-2", image)
    message = Outgoing(1, "c", connector.accounts[0], "37060000001", "", (Products((card,)),), now())
    return json.dumps([dict(piece.body) for piece in connector.render(message)])


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("api", "image", "is_shown"),
    [
        ("http://127.0.0.1:8890", PICTURE, True),
        ("http://localhost:8890", PICTURE, True),
        ("https://api.example", PICTURE, False),
        ("https://api.example", PICTURE.replace("http:", "https:"), False),
        ("http://127.0.0.1:8890", "http://10.0.0.7/tent-2.png", False),
        ("https://api.example", "https://shop.example/tent-2.png", True),
    ],
)
def test_pictures_of_this_machine_go_to_a_platform_on_this_machine_only(
    channel: str, api: str, image: str, is_shown: bool
) -> None:
    assert (image in shown(channel, api, image)) is is_shown


@pytest.mark.parametrize("channel", CHANNELS)
def test_one_played_platform_opens_nothing_to_a_real_one(channel: str) -> None:
    shown(channel, "http://127.0.0.1:8890", PICTURE)
    assert PICTURE not in shown(channel, "https://api.example", PICTURE)
