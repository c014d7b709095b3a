"""The README's pictures, taken from the walk: `pytest tests/whole/test_walk.py && python -m tests.whole.pictures`."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {"03-product-card": "chat", "07-inbox": "inbox", "10-dashboard-with-demo": "dashboard"}


def main() -> None:
    """Copy them to docs/img."""
    walked = Path(os.environ.get("AISLE_CI_OUTPUT") or ROOT / "ci-output") / "walk"
    kept = ROOT / "docs" / "img"
    kept.mkdir(exist_ok=True)
    for source, name in PICTURES.items():
        shutil.copy(walked / f"{source}.png", kept / f"{name}.png")
        print(kept / f"{name}.png")


if __name__ == "__main__":
    main()
