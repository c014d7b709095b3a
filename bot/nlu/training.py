"""`python -m bot.nlu.training --out FOLDER`: what `rasa train` makes, without the libraries that nothing of it needs.

The model is the same. TensorFlow is left out (see `bot.nlu.absent`) when the project's pipeline and policies do not
need it; with any other component in config.yml everything is imported.
"""

import argparse
import os
import sys
from pathlib import Path

from bot.nlu import absent
from bot.nlu.host import is_plain, set_up_logs

FITTING = ("sklearn", "skops")  # mood is learnt with scikit-learn


def main() -> int:
    """Train one model of the project in the current folder; the log says which part it is at."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.training", description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--domain", default="domain.yml")
    parser.add_argument("--force", action="store_true")
    chosen = parser.parse_args()
    sys.path.insert(1, os.getcwd())  # components are named by module, as with `rasa train`
    is_light = is_plain(Path("config.yml"))
    if is_light:
        absent.leave_out(but=FITTING)

    import rasa.model_training

    if is_light:
        absent.done()
    set_up_logs("INFO")
    done = rasa.model_training.train(
        domain=chosen.domain,
        config="config.yml",
        training_files="data",
        output=chosen.out,
        force_training=chosen.force,
    )
    return 0 if done.model else 1


if __name__ == "__main__":
    sys.exit(main())
