"""What the classifier is taught in one language, and teaching several languages side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bot.nlu import embeddings, encoder, ensemble
from bot.nlu.encoder import Embedder
from bot.nlu.ensemble import OUTSIDE
from bot.nlu.gazetteer import LiveGazetteer
from bot.nlu.ngrams import Style
from bot.nlu.off_topic import OFF_TOPIC
from bot.nlu.orders import OrderNumbers
from bot.nlu.reading import ENGLISH, Reader
from bot.nlu.spoken import Spoken, Taught, folded, spoken_out

OUTSIDE_FOR_GATE = 40  # fewer examples of what is out of scope teach nothing of it
OUTSIDE_FOR_THRESHOLD = 120  # the first ones are enough to find a threshold by


@dataclass(frozen=True)
class Lesson:
    """The examples of a language as (text, leaf), and what reading and fitting them takes."""

    code: str
    examples: Sequence[tuple[str, str]]
    titles: Mapping[str, str]  # leaf -> its wording in 'did you mean'
    ordinary: frozenset[str]  # words never taken for a slip in a product's name
    orders: OrderNumbers
    strength: float
    seed: int


def teach_all(lessons: Sequence[Lesson], folder: Path) -> None:
    """Fit every language into `folder / code`, as many at a time as there are processors to use; the largest first."""
    workers = min(_processors(), len(lessons))
    ordered = sorted(lessons, key=lambda lesson: -len(lesson.examples))
    if workers < 2:
        for lesson in ordered:
            teach(lesson, folder)
        return
    with ProcessPoolExecutor(workers) as pool:
        for done in [pool.submit(_teach_alone, lesson, folder) for lesson in ordered]:
            done.result()


def _processors() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _teach_alone(lesson: Lesson, folder: Path) -> None:
    with threadpool_limits(1):  # the other processes want the other processors
        teach(lesson, folder)


def teach(lesson: Lesson, folder: Path) -> None:
    """Fit one language and keep it in `folder / code`."""
    fit(lesson).save(folder / lesson.code)


def fit(lesson: Lesson) -> Spoken:
    """Read the examples as a message is read, and fit the models to them."""
    is_english = lesson.code == ENGLISH
    reader = Reader(LiveGazetteer(lesson.ordinary), lesson.orders)
    inside: list[tuple[ensemble.Example, str]] = []
    packed: list[Taught] = []
    outside: list[str] = []
    for text, leaf in lesson.examples:
        reading = reader.read(text, lesson.code)
        read = folded(reading.masked, lesson.code)
        if leaf == OUTSIDE:
            outside.append(read)
        else:
            inside.append(((read, reading.hints), leaf))
            packed.append(Taught(text, leaf, read))
    outside += OFF_TOPIC if is_english else ()
    found = encoder.load() if is_english else None
    leaves = [leaf for _, leaf in inside]
    common: dict[str, Any] = {
        "names": {leaf: _named(leaf, lesson.titles) for leaf in leaves},
        "embedder": InWords(embeddings.kept(found)) if found is not None else None,
        "off_topic": outside[:OUTSIDE_FOR_THRESHOLD],
        "settings": ensemble.Settings(
            strength=lesson.strength, seed=lesson.seed, style=Style(has_concepts=is_english)
        ),
    }
    examples = [example for example, _ in inside]
    gate = None
    if len(outside) >= OUTSIDE_FOR_GATE:
        model, gate = ensemble.train_with_gate(examples, leaves, outside, **common)
    else:
        model = ensemble.train(examples, leaves, **common)
    return Spoken(model, gate, lesson.titles, Spoken.pack(packed))


class InWords:
    """An embedder that gets masks in words."""

    def __init__(self, behind: Embedder) -> None:
        self._behind = behind

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, texts x size; rows have length one."""
        return self._behind.encode([spoken_out(text) for text in texts])


def _named(leaf: str, titles: Mapping[str, str]) -> str:
    return titles.get(leaf) or leaf.rpartition("/")[2].replace("_", " ")
