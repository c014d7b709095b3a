"""The light host leaves TensorFlow out only where nothing needs it, and says so when something calls it."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from bot.nlu.host import is_plain

ROOT = Path(__file__).parents[2]


def test_our_own_pipeline_is_light():
    assert is_plain(ROOT / "config.yml")


@pytest.mark.parametrize(
    "name", ["DIETClassifier", "LogisticRegressionClassifier", "TEDPolicy", "my.own.Component"]
)
def test_any_other_component_is_served_with_everything_imported(tmp_path, name):
    config = tmp_path / "config.yml"
    config.write_text(
        f"pipeline: [{{name: WhitespaceTokenizer}}, {{name: {name}}}]\npolicies: [{{name: RulePolicy}}]\n"
    )
    assert not is_plain(config)


def run(code):
    """What a fresh Python of the brain says."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_calling_what_was_left_out_is_a_clear_error():
    done = run(
        "from bot.nlu import absent; absent.leave_out(); import tensorflow as tf; absent.done(); tf.constant(1)"
    )
    assert "NotHere: constant was left out" in done.stderr


def test_what_was_left_out_can_be_inherited_from_and_decorate():
    done = run(
        "from bot.nlu import absent; absent.leave_out(); import tensorflow as tf\n"
        "class Model(tf.keras.models.Model):\n"
        "    @tf.function\n"
        "    def call(self): return 1\n"
        "print(Model().call())"
    )
    assert done.stdout.strip() == "1", done.stderr


def test_a_host_without_its_model_does_not_start():
    done = subprocess.run(
        [sys.executable, "-m", "bot.nlu.host", "--model", "models/none.tar.gz"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode != 0
    assert "aisle train" in done.stderr


def test_the_logs_of_the_brain_hold_nothing_that_belongs_to_a_person():
    done = run(
        "from bot.nlu import absent; absent.leave_out()\n"
        "from bot.nlu.host import set_up_logs; set_up_logs('INFO')\n"
        "import logging, structlog\n"
        "logging.getLogger('rasa.core').warning('to %s', 'jonas@example.lt')\n"
        "structlog.get_logger('rasa.shared').warning('message', text='call +370 600 12345')\n"
    )
    assert "to [email]" in done.stdout
    assert "call [phone]" in done.stdout
    assert "jonas" not in done.stdout + done.stderr
    assert "12345" not in done.stdout + done.stderr
