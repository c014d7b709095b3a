"""What the classifier knows in one language: a model of its leaves, one of what is no business of a shop, examples."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.folding import fold
from bot.nlu.ensemble import OUTSIDE, Ensemble, Features
from bot.nlu.reading import ENGLISH, MASKS

GATE = "gate"
EXAMPLES = "examples.json.z"
TITLES = "titles.json"
# what the encoder reads where the n-grams read a mask
SPOKEN_MASKS = {
    MASKS[name]: words
    for name, words in {
        "order_number": "order number",
        "email": "e-mail address",
        "postcode": "postcode",
        "number": "number",
    }.items()
}


@dataclass(frozen=True)
class Taught:
    """One example as it is written, its leaf, and as the n-grams read it."""

    text: str
    leaf: str
    read: str


@dataclass(frozen=True)
class Spoken:
    """What the classifier knows in one language; `titles`: leaf -> its wording in 'did you mean'.

    `gate` tells what is no business of a shop, by the same features; None where there are too few examples of that.
    `packed`: the examples of `model` as `Taught` in their order, packed, as only an explanation asks for them.
    """

    model: Ensemble
    gate: Ensemble | None
    titles: Mapping[str, str]
    packed: bytes

    @staticmethod
    def pack(examples: Sequence[Taught]) -> bytes:
        """Examples as they are kept."""
        rows = [(one.text, one.leaf, one.read) for one in examples]
        return zlib.compress(json.dumps(rows, ensure_ascii=False).encode())

    def examples(self) -> list[Taught]:
        """What it was taught with."""
        return [Taught(*row) for row in json.loads(zlib.decompress(self.packed))]

    def outside(self, features: Features) -> float:
        """Probability that a message is none of the shop's business."""
        if self.gate is None:
            return 0.0
        found = self.gate.predict_features(features)
        return float(found.probabilities[self.gate.classes.index(OUTSIDE)])

    def save(self, folder: Path) -> None:
        """Write it into a folder, made when it is not there."""
        folder.mkdir(exist_ok=True)
        self.model.save(folder)
        if self.gate is not None:
            (folder / GATE).mkdir()
            self.gate.save(folder / GATE, beside=self.model)
        (folder / TITLES).write_text(json.dumps(dict(self.titles), ensure_ascii=False), encoding="utf-8")
        (folder / EXAMPLES).write_bytes(self.packed)

    @classmethod
    def load(cls, folder: Path) -> Spoken:
        """Read what `save` wrote."""
        model = Ensemble.load(folder)
        gate = Ensemble.load(folder / GATE, beside=model) if (folder / GATE).is_dir() else None
        titles = json.loads((folder / TITLES).read_text(encoding="utf-8"))
        return cls(model, gate, titles, (folder / EXAMPLES).read_bytes())


def folded(masked: str, code: str) -> str:
    """What the n-grams read: other languages than English in Latin letters without diacritics, as many type them."""
    return masked if code == ENGLISH else fold(masked, code)


def spoken_out(masked: str) -> str:
    """What the encoder reads: masks in words."""
    for mask, words in SPOKEN_MASKS.items():
        if mask in masked:
            masked = masked.replace(mask, words)
    return masked
