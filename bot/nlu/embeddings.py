"""Embeddings of training texts, kept on disk by the text's hash, so that only new texts are encoded."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from bot.nlu import encoder
from bot.nlu.encoder import Embedder, SentenceEncoder

logger = logging.getLogger(__name__)

KEPT = 50_000  # texts; a file of 40 MB


class KeptEmbeddings:
    """An embedder that asks the one behind it only for texts it has not seen. Not for shoppers' messages."""

    def __init__(self, behind: Embedder, path: Path) -> None:
        self._behind = behind
        self._path = path
        self._known = _read(path)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, texts x size; rows have length one."""
        hashes = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        new = {digest: text for digest, text in zip(hashes, texts, strict=True) if digest not in self._known}
        if new:
            vectors = self._behind.encode(list(new.values()))
            self._known.update(zip(new, vectors.astype(np.float32), strict=True))
            self._write()
        return np.array([self._known[digest] for digest in hashes])

    def _write(self) -> None:
        kept = dict(list(self._known.items())[-KEPT:])
        arrays = {
            "hashes": np.frombuffer(b"".join(kept), np.uint8).reshape(len(kept), 16),
            "vectors": np.array(list(kept.values()), np.float32),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._path.parent) as folder:
            save_file(arrays, f"{folder}/new")
            os.replace(f"{folder}/new", self._path)  # another training may read it at this moment


def kept(behind: SentenceEncoder) -> KeptEmbeddings:
    """The encoder's embeddings, kept beside its graph."""
    return KeptEmbeddings(behind, encoder.graph_file().with_suffix(".embeddings"))


def _read(path: Path) -> dict[bytes, np.ndarray]:
    if not path.exists():
        return {}
    try:
        arrays = load_file(str(path))
        return {
            row.tobytes(): vector for row, vector in zip(arrays["hashes"], arrays["vectors"], strict=True)
        }
    except (SafetensorError, KeyError, ValueError) as error:
        logger.warning("Kept embeddings cannot be read, encoding anew: %s (%s)", path, error)
        return {}
