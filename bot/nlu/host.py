"""`python -m bot.nlu.host`: what `rasa run` serves, up in a third of the time and with less than half of the memory.

It leaves out TensorFlow (see `bot.nlu.absent`) when the project's pipeline and policies do not need it, and the
command line. With any other component in config.yml it serves like `rasa run`, with everything imported.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

import yaml

from bot.core.masking import mask_logs
from bot.nlu import absent

PLAIN = frozenset({"WhitespaceTokenizer", "RulePolicy", "MemoizationPolicy", "AugmentedMemoizationPolicy"})


def is_plain(config: Path) -> bool:
    """Whether nothing in a config.yml needs TensorFlow or scikit-learn to answer."""
    data = yaml.safe_load(config.read_text(encoding="utf-8"))
    names = [str(item["name"]) for key in ("pipeline", "policies") for item in data.get(key) or []]
    return bool(names) and all(name in PLAIN or name.startswith("bot.nlu.") for name in names)


def set_up_logs(level: str) -> None:
    """As Rasa does, from `level` on, without personal data."""
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    number = logging.getLevelName(level.upper())
    configure_logging_and_warnings(number, None, warn_only_once=True, filter_repeated_logs=True)
    configure_structlog(number)
    mask_logs()


def main() -> None:
    """Serve one model."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.host", description=__doc__)
    parser.add_argument("--model", default="models")
    parser.add_argument("--interface", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--endpoints", default="endpoints.yml")
    parser.add_argument("--credentials", default="credentials.yml")
    parser.add_argument("--log-level", default="INFO")
    chosen = parser.parse_args()
    if not Path(chosen.model).exists():
        sys.exit(f"There is no model {chosen.model}: run `aisle train`.")  # Rasa would serve without one
    sys.path.insert(1, os.getcwd())  # components are named by module, as with `rasa run`
    # A turn's products are too small to share: OpenBLAS's threads would wait for each other at full speed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("SANIC_ACCESS_LOG", "false")  # put together for every request, and written nowhere
    is_light = is_plain(Path("config.yml"))
    if is_light:
        absent.leave_out()

    import rasa.core.run
    from rasa.core.utils import AvailableEndpoints

    import bot.nlu.desk_channel  # noqa: F401 - with all it imports, while stand-ins may still be called

    if is_light:
        absent.done()
    set_up_logs(chosen.log_level)
    # No page of whatever origin is let in, so no answer need carry headers for one.
    rasa.core.run.server.configure_cors = lambda _app, _origins=None: None
    rasa.core.run.serve_application(
        model_path=chosen.model,
        interface=chosen.interface,
        port=chosen.port,
        credentials=chosen.credentials,
        endpoints=AvailableEndpoints.read_endpoints(chosen.endpoints),
        enable_api=False,
    )


if __name__ == "__main__":
    main()
