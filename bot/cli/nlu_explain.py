"""`aisle nlu explain`: why a message is understood as it is, as a table or JSON."""

from collections.abc import Iterator
from typing import Any

import click

from bot.brain import train
from bot.cli import in_brain
from bot.cli.common import ROOT, as_json, say
from bot.core import languages
from bot.core.errors import AisleError

WHY = {
    "": "sure enough: it acts on it",
    "low_confidence": "asks back: not like enough to anything it was taught",
    "ambiguous": "asks back: the first two are too close",
    "other_language": "asks back: the message is in a language the shop does not answer in",
    "search_by_catalogue": "not sure, but the catalogue knows the words: it searches for them",
}


class NoModel(AisleError):
    """Nothing was trained yet."""

    code = "no_model"


@click.command("explain")
@click.argument("text")
@click.option(
    "--language",
    type=click.Choice(languages.locales()),
    help="The language of the conversation so far; without it the message speaks for itself.",
)
@as_json
def explain(text: str, language: str | None, is_json: bool) -> None:
    """Say why TEXT is understood as it is, by the model of today's training data, else by the newest one.

    Its language, the entities, how each word speaks for the best reading and for the runner-up, what each part of the
    classifier says by itself, the nearest training examples, the decision and its reason.
    """
    todays = train.model_path(ROOT)
    model = todays if todays.exists() else train.newest(ROOT)
    if model is None:
        raise NoModel("There is no model yet: aisle train")
    words = ["--model", str(model), *(["--language", language] if language else []), "--", text]
    found = {**in_brain.run("bot.nlu.explain", words), "model": model.name}
    if is_json:
        say(found)
        return
    for line in table(found):
        click.echo(line)
    if model != todays:
        click.echo(f"\n{model.name} is not of today's training data: aisle train")


def table(found: dict[str, Any]) -> Iterator[str]:
    """The explanation as lines for a terminal."""
    for name, value in _facts(found):
        yield f" {name:<13} {value}"
    yield from _rows(
        "readings", ("leaf", "confidence"), [(x["leaf"], x["confidence"]) for x in found["leaves"]]
    )
    yield from _rows(
        "each part by itself",
        ("says", "confidence", "weight"),
        [
            (f"{view['view']}: {best['leaf']}", best["confidence"], view["weight"])
            for view in found["views"]
            for best in view["leaves"][:1]
        ],
    )
    compared = found["compared"]
    if found["words"]:
        yield from _rows(
            "words (how much more likely each makes it, as a logarithm)",
            ("word", _short(compared[0]), _short(compared[1])),
            [(x["word"], f"{x['for_best']:+.2f}", f"{x['for_second']:+.2f}") for x in found["words"]],
        )
    grams = [*found["grams"]["for"], *found["grams"]["against"][::-1]]
    if grams:
        yield from _rows(
            f"letters and words of the n-grams: for {compared[0]}, below nought for {compared[1]}",
            ("", "weight"),
            [(f"{x['gram']} ({x['kind']})", f"{x['weight']:+.3f}") for x in grams],
        )
    yield from _rows(
        f"nearest examples, by {found['nearest_by']}",
        ("example", "likeness", "leaf"),
        [(x["text"], x["likeness"], x["leaf"]) for x in found["nearest"]],
    )


def _facts(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    told, decision, scope = found["language"], found["decision"], found["scope"]
    ranked = ", ".join(f"{one['language']} {one['share']:.3f}" for one in told["ranking"])
    yield "message", found["text"]
    yield "language", f"{told['message']} ({ranked}); answered in {told['answer']}"
    for one in found["read_as"]:
        yield f"read as {one['language']}", f"{one['text']}   (share {one['share']:.2f})"
    for one in found["entities"]:
        role = f", {one['role']}" if one["role"] else ""
        yield "entity", f"{one['entity']}{role}: {one['value']}   ({one['text']})"
    if found["hints"]:
        yield "hints", " ".join(found["hints"])
    if scope:
        yield (
            "scope",
            f"{scope['of_needed']:.2f} of what is needed (like the examples {scope['value']:.3f}, threshold "
            f"{scope['threshold']:.3f}; none of the shop's business {scope['outside']:.3f})",
        )
        yield "known words", f"{found['known_words']:.0%}"
    for one in found["requests"]:
        yield "asks for", f"{one['leaf']} {one['confidence']:.3f}   ({one['text']})"
    if found["requests"]:
        yield "decision", "each of these is answered; what follows is the message read as one"
        return
    yield "decision", f"{decision['intent']} – {WHY.get(decision['why'], decision['why'])}"
    if decision["offers"]:
        yield "offers", ", ".join(decision["offers"])


def _rows(title: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    """A table below its title; nothing where there are no rows. The first column is as wide as it has to be."""
    if not rows:
        return
    wide = max(len(str(row[0])) for row in [heads, *rows])
    yield ""
    yield f" {title}"
    for row in (heads, *rows):
        cells = (f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row[1:])
        yield f"   {row[0]!s:<{wide}}  " + "  ".join(f"{cell:<11}" for cell in cells).rstrip()


def _short(leaf: str) -> str:
    return leaf.rpartition("/")[2][:24]
