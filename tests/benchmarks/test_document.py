"""A program replaces its own section of the document and leaves the others alone."""

import pytest

from benchmarks.document import put

TEXT = "# Benchmarks\n\n## One\n\nold\n\n### Part\n\n1\n\n## Two\n\nkept\n"


@pytest.mark.parametrize(
    ("title", "new", "expected"),
    [
        ("One", "## One\n\nnew\n", "# Benchmarks\n\n## One\n\nnew\n\n## Two\n\nkept\n"),
        ("Two", "## Two\n\nnew", "# Benchmarks\n\n## One\n\nold\n\n### Part\n\n1\n\n## Two\n\nnew\n"),
        ("Three", "## Three\n\nnew", f"{TEXT}\n## Three\n\nnew\n"),
    ],
)
def test_a_section_takes_its_own_place(title: str, new: str, expected: str) -> None:
    assert put(TEXT, title, new) == expected
