"""Labelled messages from files as people have them: Rasa YAML, CSV, JSON lines; a folder stands for its YAML files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

Labelled = tuple[str, str]  # text, intent

TEXTS = ("text", "sentence", "utterance", "message", "query")
INTENTS = ("intent", "label", "category")
# [blue](colour), [blue]{"entity": "colour"}
_ENTITY = re.compile(r"\[(?P<text>[^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


class BadDataset(Exception):
    """A file that cannot be read as labelled messages; says which line and what is wrong."""


def read(path: Path) -> list[Labelled]:
    """All messages of a file or a folder of Rasa YAML, in order.

    Raises:
        BadDataset: no such file, an unknown kind, a missing column, a line that is not what it should be, no messages.
    """
    if path.is_dir():
        files = sorted([*path.rglob("*.yml"), *path.rglob("*.yaml")])
        found = [item for file in files for item in _yaml(file)]
    else:
        reader = {".yml": _yaml, ".yaml": _yaml, ".csv": _csv, ".jsonl": _json_lines}.get(path.suffix.lower())
        if reader is None:
            raise BadDataset(f"{path}: known are .yml, .csv and .jsonl")
        if not path.exists():
            raise BadDataset(f"{path}: no such file")
        try:
            found = list(reader(path))
        except UnicodeDecodeError as error:
            raise BadDataset(f"{path}: not UTF-8 (byte {error.start})") from error
    if not found:
        raise BadDataset(f"{path}: no labelled messages in it")
    return found


def _csv(path: Path) -> Iterator[Labelled]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = {name.strip().lower(): name for name in rows.fieldnames or ()}
        text, intent = _column(path, columns, TEXTS), _column(path, columns, INTENTS)
        for row in rows:
            yield _checked(f"{path}:{rows.line_num}", row[columns[text]], row[columns[intent]])


def _json_lines(path: Path) -> Iterator[Labelled]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadDataset(f"{where}: not JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise BadDataset(f"{where}: not an object")
        text, intent = _column(Path(where), row, TEXTS), _column(Path(where), row, INTENTS)
        yield _checked(where, row[text], row[intent])


def _yaml(path: Path) -> Iterator[Labelled]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadDataset(f"{path}: not YAML ({str(error).splitlines()[0]})") from error
    blocks = data.get("nlu") if isinstance(data, dict) else None
    for block in blocks or ():
        intent = block.get("intent") if isinstance(block, dict) else None
        if intent is None:
            continue  # a synonym, a lookup table, a regular expression
        if "examples" not in block:
            raise BadDataset(f"{path}: the intent {intent} has no examples")
        for example in _examples(path, str(intent), block["examples"]):
            yield _checked(f"{path}: {intent}", _ENTITY.sub(r"\g<text>", example), intent)


def _examples(path: Path, intent: str, examples: Any) -> Iterator[str]:
    if isinstance(examples, str):
        yield from (line.strip()[2:] for line in examples.splitlines() if line.strip().startswith("- "))
    elif isinstance(examples, list):
        for item in examples:
            yield str(item["text"]).strip().removeprefix("- ") if isinstance(item, dict) else str(item)
    else:
        raise BadDataset(f"{path}: the examples of {intent} are neither lines nor a list")


def _column(path: Path, columns: Iterable[str], wanted: tuple[str, ...]) -> str:
    found = next((name for name in wanted if name in columns), None)
    if found is None:
        raise BadDataset(f"{path}: no column {wanted[0]} (or {', '.join(wanted[1:])})")
    return found


def _checked(where: str, text: Any, intent: Any) -> Labelled:
    if not isinstance(text, str) or not text.strip():
        raise BadDataset(f"{where}: no text")
    if not isinstance(intent, str) or not intent.strip():
        raise BadDataset(f"{where}: no intent")
    return text.strip(), intent.strip()
