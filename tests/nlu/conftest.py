"""Tests of the brain's components; run with the brain's environment: `.venv-brain/bin/python -m pytest tests/nlu`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
