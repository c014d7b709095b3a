"""What our components learn from besides the examples, for Rasa's cache: it looks at a class's own source only."""

import hashlib
from pathlib import Path

from bot.core import languages

HERE = Path(__file__).parent
SHARED = ("folding.py", "languages.py", "scripts.py")  # of bot/core
LEARNT = ("*/words.yml", "*/mood.yml", "*/notices.json", "others.tsv")  # of data/languages


def fingerprint() -> str:
    """Changes with any of our own code and word lists that training reads."""
    paths = [*HERE.glob("*.py"), *(Path(languages.__file__).parent / name for name in SHARED)]
    paths += [path for pattern in LEARNT for path in languages.FOLDER.glob(pattern)]
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
