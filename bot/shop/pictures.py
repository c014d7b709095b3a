"""Pictures of products, drawn by code: a silhouette of the kind of thing, in the colour of the variant."""

import colorsys
import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from bot.shop.words import words

COLOURS = {
    "moss": "#5f7a4a",
    "ember": "#c8562f",
    "slate": "#55606b",
    "sand": "#c9a878",
    "lake": "#3f7f95",
    "dusk": "#4a5a86",
    "cream": "#e3d5b8",
    "black": "#2f3236",
    "white": "#eceae4",
    "grey": "#8b8f94",
    "silver": "#b4b8bc",
    "red": "#b83a3a",
    "orange": "#d97a32",
    "yellow": "#e0b43c",
    "green": "#4f8a55",
    "olive": "#7a7a3f",
    "turquoise": "#3a9c97",
    "blue": "#3c6ab0",
    "navy": "#2c3f66",
    "purple": "#7a559c",
    "pink": "#cf7f98",
    "brown": "#7f5a3c",
    "beige": "#d0bd9a",
    "gold": "#c69a3c",
}
# Words of a title or category, and the silhouette they stand for; the first word of the title that is here wins.
KINDS = {
    "tent": "tent",
    "bivy": "sleeping_bag",
    "tarp": "tarp",
    "shelter": "tent",
    "quilt": "blanket",
    "mat": "mat",
    "pillow": "cushion",
    "liner": "sleeping_bag",
    "backpack": "backpack",
    "daypack": "backpack",
    "pack": "backpack",
    "duffel": "duffel",
    "sack": "sack",
    "pouch": "pouch",
    "stove": "stove",
    "kettle": "kettle",
    "cook": "pot",
    "pan": "pan",
    "mug": "mug",
    "flask": "bottle",
    "bottle": "bottle",
    "cutlery": "cutlery",
    "headlamp": "headlamp",
    "lantern": "lantern",
    "torch": "torch",
    "bank": "battery",
    "panel": "solar",
    "jacket": "jacket",
    "parka": "jacket",
    "coat": "jacket",
    "vest": "vest",
    "poncho": "poncho",
    "shell": "jacket",
    "suit": "jacket",
    "top": "jumper",
    "jumper": "jumper",
    "sweater": "jumper",
    "fleece": "jumper",
    "shirt": "shirt",
    "legging": "trousers",
    "trouser": "trousers",
    "boot": "boot",
    "shoe": "shoe",
    "slipper": "shoe",
    "sock": "sock",
    "beanie": "beanie",
    "hat": "hat",
    "mitten": "mitten",
    "glove": "mitten",
    "scarf": "scarf",
    "blanket": "blanket",
    "throw": "blanket",
    "cushion": "cushion",
    "bed": "blanket",
    "linen": "blanket",
    "sheepskin": "sheepskin",
    "board": "board",
    "towel": "towel",
    "dripper": "dripper",
    "jar": "jar",
    "lamp": "lamp",
    "pendant": "pendant",
    "shade": "pendant",
    "candle": "candle",
    "wash": "spray",
    "spray": "spray",
    "kit": "kit",
    "card": "card",
    "phone": "phone",
    "smartphone": "phone",
    "tablet": "phone",
    "laptop": "laptop",
    "notebook": "laptop",
    "monitor": "screen",
    "tv": "screen",
    "mouse": "mouse",
    "headphone": "headphones",
    "headset": "headphones",
    "camera": "camera",
    "bag": "duffel",
    "knitwear": "jumper",
    "sleeping": "sleeping_bag",
    "footwear": "shoe",
    "lighting": "lantern",
    "kitchen": "pot",
}
PAPERS = ("#f3efe6", "#eef2ec", "#edf1f4", "#f5eee9", "#f0eef4")


@lru_cache(maxsize=1)
def _shapes() -> dict[str, str]:
    raw = tomllib.loads(Path(__file__).with_name("silhouettes.toml").read_text(encoding="utf-8"))
    return {name: str(shape).replace("\n", "") for name, shape in raw.items()}


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big")


def _rgb(colour: str, title: str) -> tuple[float, float, float]:
    for word in words(colour):
        if word in COLOURS:
            return _split(COLOURS[word])
    hue = _hash(colour or title) % 360 / 360
    return colorsys.hls_to_rgb(hue, 0.45, 0.32)


def _split(code: str) -> tuple[float, float, float]:
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255


def _code(rgb: tuple[float, float, float], *, lighter: float = 0.0) -> str:
    """The colour as #rrggbb, mixed with white (above 0) or black (below 0)."""
    goal = 1.0 if lighter > 0 else 0.0
    mixed = (part + (goal - part) * abs(lighter) for part in rgb)
    return "#" + "".join(f"{round(part * 255):02x}" for part in mixed)


def kind(title: str, category: str) -> str:
    """The silhouette that fits: by the last telling word of the title, else by the category; else a parcel."""
    for text in (title, category):
        for word in reversed(words(text)):
            if word in KINDS:
                return KINDS[word]
    return "parcel"


@lru_cache(maxsize=256)
def png(drawn: str, width: int = 600) -> bytes:
    """A drawing as pixels, for those who show no vectors: chat platforms, mail."""
    import resvg_py  # 3 MB that a shop with pictures of its own never needs

    return bytes(resvg_py.svg_to_bytes(svg_string=drawn, width=width))


def svg(title: str, category: str, colour: str) -> str:
    """An SVG picture, 400 units square; the same words always give the same picture."""
    base = _rgb(colour, title)
    shape = _shapes()[kind(title, category)]
    drawn = shape.format(
        c=_code(base),
        d=_code(base, lighter=-0.28),
        k=_code(base, lighter=-0.5),
        l=_code(base, lighter=0.32),
        p=_code(base, lighter=0.6),
    )
    paper = PAPERS[_hash(title) % len(PAPERS)]
    label = " ".join(title.split())[:200]
    label = f"{label}, {colour[:60]}" if colour else label
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="400" height="400" role="img" '
        f"aria-label={quoteattr(label)}><title>{escape(label)}</title>"
        f'<rect width="200" height="200" fill="{paper}"/>'
        f'<ellipse cx="100" cy="168" rx="66" ry="8" fill="#000" opacity=".08"/>'
        f'<g stroke-linejoin="round" stroke-linecap="round">{drawn}</g></svg>'
    )
