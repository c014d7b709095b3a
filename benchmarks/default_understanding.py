"""The pipeline `rasa init` makes (DIET, 100 epochs), trained and measured on labelled messages; one JSON object.

Runs in the brain's environment, with the words and the figures of `bot.nlu.evaluate`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.nlu import datasets, measures
from bot.nlu.datasets import Labelled
from bot.nlu.evaluate import OUTSIDE, OUTSIDE_LABELS, latency

PIPELINE = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 7},
    {"name": "EntitySynonymMapper"},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
THRESHOLD = 0.3  # of the FallbackClassifier above


def measure(taught: list[Labelled], asked: list[Labelled]) -> dict[str, Any]:
    """Figures as of `bot.nlu.evaluate`; the confidence is the scope too, as the default pipeline has it."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    lessons = [(text, label) for text, label in taught if label not in OUTSIDE_LABELS]
    # Rasa splits names at "/" and "+"
    names = {label: f"intent{number}" for number, label in enumerate(sorted({label for _, label in lessons}))}
    back = {name: label for label, name in names.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yml").write_text(
            yaml.safe_dump(
                {"recipe": "default.v1", "language": "en", "assistant_id": "bench", "pipeline": PIPELINE}
            )
        )
        blocks = [
            {
                "intent": names[label],
                "examples": [{"text": text} for text, other in lessons if other == label],
            }
            for label in names
        ]
        (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True))
        started, cpu_started = time.perf_counter(), time.process_time()
        model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
        training, training_cpu = time.perf_counter() - started, time.process_time() - cpu_started
        agent = Agent.load(str(model))
        size = Path(str(model)).stat().st_size
        best, confidence, seconds, cpu = asyncio.run(_asked(agent, [text for text, _ in asked], back))
    scores = np.array(confidence)
    found = measures.measure(
        [label if label in names else OUTSIDE for _, label in asked],
        best,
        scores,
        scores,
        outside=OUTSIDE,
        thresholds=[THRESHOLD] * len(asked),
    )
    return {
        "training_seconds": training,
        "training_cpu_seconds": training_cpu,
        "model_bytes": size,
        "mixture": [],
        "threshold": THRESHOLD,
        "latency_ms": latency(seconds),
        "latency_cpu_ms": latency(cpu),
        **found,
    }


async def _asked(
    agent: Any, texts: list[str], back: dict[str, str]
) -> tuple[list[str], list[float], list[float], list[float]]:
    best, confidence, seconds, cpu = [], [], [], []
    for text in texts:
        began, cpu_began = time.perf_counter(), time.process_time()
        data = await agent.parse_message(text)
        cpu.append(time.process_time() - cpu_began)
        seconds.append(time.perf_counter() - began)
        ranking = [item for item in data["intent_ranking"] if item["name"] in back]
        best.append(back[ranking[0]["name"]])
        confidence.append(float(ranking[0]["confidence"]))
    return best, confidence, seconds, cpu


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--test", type=Path, required=True)
    chosen = parser.parse_args()
    print(json.dumps(measure(datasets.read(chosen.data), datasets.read(chosen.test))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
