"""`python -m bot.nlu.explain`: why a message is understood as it is; one JSON object on standard output.

What `aisle nlu explain` runs in the brain's environment, as light as the host.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bot.nlu import absent
from bot.nlu.host import is_plain


def main() -> int:
    """Print the explanation; code 2 and one line on standard error where the model is not ours."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.explain", description=__doc__)
    parser.add_argument("text")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--language", default="")
    chosen = parser.parse_args()
    is_light = is_plain(Path("config.yml"))
    if is_light:
        absent.leave_out()

    from rasa.engine import loader
    from rasa.engine.exceptions import GraphComponentException
    from rasa.engine.storage.local_model_storage import LocalModelStorage

    from bot.nlu.explanation import Parts, explain
    from bot.nlu.runner import StraightGraphRunner

    if is_light:
        absent.done()
    with tempfile.TemporaryDirectory() as folder:
        try:
            _, runner = loader.load_predict_graph_runner(
                Path(folder), chosen.model, LocalModelStorage, StraightGraphRunner
            )
        except GraphComponentException:
            print(f"{chosen.model.name} was made by another version of the bot: aisle train", file=sys.stderr)
            return 2
    parts = Parts.of(node._component for node in runner.nodes.values())
    if parts is None:
        print(f"the pipeline of {chosen.model.name} is not the one of config.yml", file=sys.stderr)
        return 2
    metadata = {"language": chosen.language, "language_from": "choice"} if chosen.language else {}
    json.dump(explain(parts, chosen.text, metadata), sys.stdout, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
