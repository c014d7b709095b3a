"""Times a trained model on messages it has never seen; one JSON object. Runs in the brain's environment."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.nlu import absent
from bot.nlu.host import set_up_logs

HERE = Path(__file__).parents[1] / "tests" / "nlu" / "held_out"
LANGUAGES = ("en", "lt", "sr", "ka", "hy", "sw")
AT_MOST = 200  # messages a language
LONG = 4  # messages put together make a long one


def messages(code: str) -> list[str]:
    """The held-out messages of a language."""
    lines = [line for path in (HERE / f"{code}.tsv", HERE / f"fresh_{code}.tsv") for line in _lines(path)]
    return [line.split("\t")[1] for line in lines if not line.startswith("#")][:AT_MOST]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall-clock and processor seconds."""
    began, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - processor


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--languages", nargs="*", default=LANGUAGES)
    chosen = parser.parse_args()
    absent.leave_out()  # as the host serves

    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    from bot.nlu.action_endpoint import ActionEndpoint
    from bot.nlu.processor import TurnProcessor

    absent.done()
    set_up_logs("WARNING")
    agent = Agent.load(chosen.model)
    loop = asyncio.new_event_loop()

    def parse(text: str, code: str) -> None:
        metadata = {"language": code, "language_from": "page"}
        loop.run_until_complete(agent.processor.parse_message(UserMessage(text, metadata=metadata)))

    def rounds(ask: Callable[[str, str], None]) -> dict[str, list[tuple[float, float]]]:
        found = {}
        for code in chosen.languages:
            ask("warm up", code)
            texts = messages(code)
            texts += [". ".join(texts[start : start + LONG]) for start in range(0, len(texts) // 4, LONG)]
            found[code] = [timed(lambda text=text, code=code: ask(text, code)) for text in texts]
        return found

    plain = rounds(parse)
    agent.processor = TurnProcessor.of(agent.processor, ActionEndpoint(None))
    forget(agent)
    quick = rounds(parse)
    forget(agent)
    parts = watch(agent)
    rounds(parse)
    print(json.dumps({"plain": plain, "quick": quick, "parts": parts}))
    return 0


def forget(agent: Any) -> None:
    """Embeddings of the messages of the round before, and readings that are remembered."""
    for node in agent.processor.graph_runner.nodes.values():
        found = getattr(node._component, "_encoder", None)
        if found is not None:
            found._recent.clear()


def watch(agent: Any) -> dict[str, list[float]]:
    """Processor seconds of each part's `process`, filled while messages are parsed."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for node in agent.processor.graph_runner.nodes.values():
        if not hasattr(node._component, "process"):
            continue

        def run(component: Any, *arguments: Any, work: Callable[..., Any] = node._fn, **named: Any) -> Any:
            began = time.process_time()
            done = work(component, *arguments, **named)
            seconds[type(component).__name__].append(time.process_time() - began)
            return done

        node._fn = run
    return seconds


if __name__ == "__main__":
    sys.exit(main())
