"""The two systems that are compared, running: the product as a shop starts it, and a default Rasa server."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.default_rasa import DefaultRasa
from benchmarks.product import Product


@dataclass(frozen=True)
class Systems:
    """`default`: None where nothing is compared; `first`: an earlier start of the same install, over, or None."""

    product: Product
    default: DefaultRasa | None
    first: Product | None = None


@contextmanager
def started(*, compares: bool, twice: bool = False) -> Iterator[Systems]:
    """Start what is to be measured (the product `twice`, one after the other), and stop it at the end of the block."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill, too, stops what was started
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aisle-bench-")))
        first = None
        if twice:
            with Product(home) as first:
                pass
        product = stack.enter_context(Product(home))
        default = stack.enter_context(DefaultRasa()) if compares else None
        yield Systems(product, default, first)
