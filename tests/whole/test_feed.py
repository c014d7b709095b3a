"""A feed brought in by the command line is what the running chat finds, at once."""

import json
from pathlib import Path

import pytest

from tests.whole.product import Product

pytestmark = pytest.mark.brain
FEED = Path(__file__).with_name("feed.tsv")


def test_an_imported_product_is_found_in_the_chat_without_a_restart(product: Product) -> None:
    shopper = product.shopper()
    before = shopper.say("do you have a theremin")
    report = json.loads(product.command("catalog", "import", str(FEED), "--json"))
    after = shopper.say("do you have a theremin")
    assert "Wavecrest Theremin" not in before.titles
    assert report["imported"] == 3
    assert [(bad["line"], bad["field"]) for bad in report["problems"]] == [(5, "title")]
    assert "Wavecrest Theremin" in after.titles
    assert shopper.say("anything cheaper than 20 euro for the theremin?").titles == ["Theremin Travel Case"]
