"""The pictures of the docs, taken from what tests of this folder saw.

`pytest tests/whole/test_walk.py tests/whole/test_languages.py && python -m tests.whole.pictures`
"""

import base64
import os
import shutil
import tempfile
from pathlib import Path

from tests.whole.conftest import OUTPUT, chromium

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {"03-product-card": "chat", "07-inbox": "inbox", "10-dashboard-with-demo": "dashboard"}
LANGUAGES = ("en", "lt", "sr", "ka", "hy", "sw")
SHEET_WIDTH, SHEET_HEIGHT = 1368, 487
SHEET = """<!doctype html><html><body><style>
body { margin: 0; padding: 12px; display: flex; gap: 12px; background: #eceff1; width: 1344px; }
img { width: 214px; height: 463px; border-radius: 10px; background: #fff; }
</style>%s</body></html>"""


def side_by_side(pictures: list[Path]) -> bytes:
    """One PNG of several pictures of a phone, drawn by a Chromium."""
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}">'
        for path in pictures
    )
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "sheet.html"
        sheet.write_text(SHEET % images, encoding="utf-8")
        driver = chromium(Path(folder) / "profile")
        try:
            metrics = {
                "width": SHEET_WIDTH,
                "height": SHEET_HEIGHT,
                "deviceScaleFactor": 1.5,
                "mobile": False,
            }
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            driver.get(sheet.as_uri())
            return driver.get_screenshot_as_png()
        finally:
            driver.quit()


def main() -> None:
    """Put those there are into docs/img."""
    kept = ROOT / "docs" / "img"
    kept.mkdir(exist_ok=True)
    for source, name in PICTURES.items():
        if (OUTPUT / f"{source}.png").exists():
            shutil.copy(OUTPUT / f"{source}.png", kept / f"{name}.png")
            print(kept / f"{name}.png")
    seen = Path(os.environ.get("AISLE_TEST_PICTURES") or OUTPUT)
    pages = [seen / f"language-{locale}.png" for locale in LANGUAGES]
    if all(path.exists() for path in pages):
        (kept / "languages.png").write_bytes(side_by_side(pages))
        print(kept / "languages.png")


if __name__ == "__main__":
    main()
