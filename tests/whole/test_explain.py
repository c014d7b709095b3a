"""`aisle nlu explain` against the model the product runs on."""

import json

from click.testing import CliRunner

from bot.cli import group
from tests.whole.product import Product


def test_the_program_explains_a_message_by_its_model(product: Product) -> None:
    assert product
    done = CliRunner().invoke(group, ["nlu", "explain", "where is order A1001", "--json"], prog_name="aisle")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["leaves"][0]["leaf"] == "track_order"
    assert found["entities"][0]["value"] == "A1001"
    assert found["model"].endswith(".tar.gz")


def test_so_does_a_message_in_another_language(product: Product) -> None:
    assert product
    done = CliRunner().invoke(
        group, ["nlu", "explain", "gde je moja porudzbina", "--json"], prog_name="aisle"
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["leaves"][0]["leaf"], found["language"]["message"]) == ("track_order", "sr-Latn")
