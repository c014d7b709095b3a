"""`aisle nlu evaluate`: how well a set of labelled messages is understood, as a table, a page or JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from jinja2 import Environment, FileSystemLoader

from bot.cli import in_brain
from bot.cli.common import as_json, say
from bot.cli.nlu_explain import explain

WORST = 10  # intents in the table; the page and the JSON have all


@click.group("nlu")
def command() -> None:
    """Look at how well messages are understood, and why."""


command.add_command(explain)


@command.command("evaluate")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--test", type=click.Path(path_type=Path), help="Measure on this file instead of parts of DATA."
)
@click.option(
    "--folds", type=click.IntRange(2, 20), default=5, show_default=True, help="Parts of DATA, without --test."
)
@click.option(
    "--out-of-scope", "outside", multiple=True, help="A label that means out of scope (repeatable)."
)
@click.option("--no-encoder", "is_plain", is_flag=True, help="Without sentence embeddings.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write a report with all intents here.")
@as_json
def evaluate(
    data: Path,
    test: Path | None,
    folds: int,
    outside: tuple[str, ...],
    is_plain: bool,
    page: Path | None,
    is_json: bool,
) -> None:
    """Train on DATA (Rasa YAML or a folder of it, CSV, JSON lines) and measure; the bot's own model stays as it is.

    CSV and JSON lines: `text` and `intent`. A label that DATA lacks, and the labels out_of_scope, oos and
    NO_NODES_DETECTED, count as out of scope.
    """
    words = [str(data.resolve()), "--folds", str(folds)]
    words += ["--test", str(test.resolve())] if test is not None else []
    words += [word for label in outside for word in ("--out-of-scope", label)]
    words += ["--no-encoder"] if is_plain else []
    found = in_brain.run("bot.nlu.evaluate", words)
    if page is not None:
        page.write_text(report(found, data.name, test.name if test else ""), encoding="utf-8")
    if is_json:
        say(found)
        return
    for line in summary(found):
        click.echo(line)
    if page is not None:
        click.echo(f"\nAll intents and confusions: {page}")


def summary(found: dict[str, Any]) -> Iterator[str]:
    """The figures as lines for a terminal."""
    for name, value in figures(found):
        yield f" {name:<44} {value}"
    yield ""
    yield f" {'hardest intents':<34} {'messages':>9} {'precision':>10} {'recall':>8} {'F1':>7}"
    for row in found["intents"][:WORST]:
        yield (
            f" {row['intent'][:34]:<34} {row['messages']:>9} {row['precision']:>10.3f} {row['recall']:>8.3f}"
            f" {row['f1']:>7.3f}"
        )
    if found["confusions"]:
        yield ""
        yield f" {'taken for another':<34} {'':<34} {'messages':>9}"
    for row in found["confusions"][:WORST]:
        yield f" {row['intent'][:34]:<34} {row['taken_for'][:34]:<34} {row['messages']:>9}"


def figures(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each figure, in reading order."""
    asked = f"{found['messages']}, of which {found['out_of_scope_messages']} out of scope"
    how = f", {found['folds']} parts in turn" if found["folds"] else ""
    rows = [
        ("trained on", f"{found['trained_on']} messages of {found['classes']} intents{how}"),
        ("measured on", asked),
        ("sentence encoder", found["encoder"]),
        ("accuracy (in scope)", _share(found["accuracy"])),
        ("macro-F1 (in scope)", _share(found["macro_f1"])),
        ("calibration error (ECE)", _share(found["calibration_error"])),
        ("in scope and acted on rightly", _share(found["in_scope_after_decision"])),
        ("all messages decided rightly", _share(found["accuracy_after_decision"])),
    ]
    apart = found["out_of_scope"]
    if apart is not None:
        rows += [
            ("out of scope: AUROC", _share(apart["auroc"])),
            ("out of scope: recall / false alarms", f"{apart['recall']:.3f} / {apart['false_alarms']:.3f}"),
            ("out of scope: recall at 5 % false alarms", _share(apart["recall_at_5_percent_false_alarms"])),
            ("MCC at our threshold", f"{apart['mcc']:.3f} (at {found['threshold']:.2f})"),
            (
                "best MCC",
                f"{apart['best_mcc']:.3f} (at {apart['best_threshold']:.2f}, chosen on these messages)",
            ),
        ]
    wall, processor = found["latency_ms"], found["latency_cpu_ms"]
    return [
        *rows,
        ("a message, p50 / p95", f"{wall['p50']:.1f} / {wall['p95']:.1f} ms"),
        ("a message, processor time p50 / p95", f"{processor['p50']:.1f} / {processor['p95']:.1f} ms"),
        (
            "training",
            f"{found['training_seconds']:.1f} s ({found['training_cpu_seconds']:.1f} s of processor)",
        ),
        ("model", f"{found['model_bytes'] / 1e6:.1f} MB"),
    ]


def report(found: dict[str, Any], data: str, test: str) -> str:
    """The page: everything in one file, nothing loaded from elsewhere."""
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return pages.get_template("nlu_report.html").render(
        found=found, figures=figures(found), data=data, test=test
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
