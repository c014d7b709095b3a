"""What `aisle doctor` says of understanding: the sentence encoder, and the languages with what they lack."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from bot.cli.finding import Finding
from bot.core import languages
from bot.desk import default_answers

ENCODER_SECONDS = 60
SPOKEN = ("chat", "notices", "cards", "formats", "touches")  # what shoppers see
PAGES = ("desk", "dashboard", "phones")  # of the team; English where a language has none


def encoder(python: Path, root: Path) -> Iterator[Finding]:
    """Whether the brain's environment has the sentence encoder; nothing where there is no environment."""
    if not python.exists():
        return
    code = "from bot.nlu import encoder; print(encoder.why_absent())"
    done = subprocess.run(
        [str(python), "-c", code],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=ENCODER_SECONDS,
    )
    refused = (done.stderr.strip().splitlines() or ["does not run"])[-1] if done.returncode else ""
    why = refused or done.stdout.strip()
    if why:
        mend = "make env, then aisle train; without it more English messages are misunderstood"
        yield Finding("sentence encoder", "warning", f"absent, n-grams only: {why}", mend)
    else:
        yield Finding("sentence encoder", "ok", "present (English; the others are read by n-grams)")


def spoken(folder: Path = languages.FOLDER) -> Iterator[Finding]:
    """The languages under data/languages, and what each lacks beside English."""
    lacking = {code: list(_lacks(code, folder)) for code in languages.folders()}
    yield Finding("languages", "ok", ", ".join(languages.locales()))
    for code, missing in lacking.items():
        if missing:
            words = f"lacks {', '.join(missing)}"
            yield Finding(f"language {code}", "warning", words, f"write it in data/languages/{code}")


def _lacks(code: str, folder: Path) -> Iterator[str]:
    for kind in (*SPOKEN, *PAGES):
        theirs = languages.texts(kind).get(code, {})
        missing = [key for key in languages.texts(kind)["en"] if key not in theirs]
        if missing and theirs:
            yield f"{len(missing)} texts in {kind}.json"
        elif missing:
            yield f"{kind}.json"
    if not (folder / code / "words.yml").is_file():
        yield "words.yml"
    if code == languages.ENGLISH:
        return
    if not any((folder / code / "nlu").glob("*.yml")):
        yield "nlu (examples)"
    unsaid = [
        answer for answer in default_answers.read().values() if answer.texts and code not in answer.texts
    ]
    if unsaid:
        yield f"{len(unsaid)} of the bot's answers in answers.yml"
