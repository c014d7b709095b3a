"""How well messages are understood, on public sets and by the protocol of the published figures.

python -m benchmarks.nlu --datasets FOLDER [--short] [--with-default [SET ...]]

FOLDER has hint3/, banking77/, bitext/, injongo_swahili/ and xsid/; what is missing is left out. `--short`: the small
sets only. `--with-default`: Rasa's default DIET pipeline on the same files beside it, on sets with a part of these in
their names, or on all that are not cross-validated (minutes a set, an hour on the largest).
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.inside import told
from benchmarks.tables import Aim, Report, Table

Rows = list[tuple[str, str]]
FOLDS = 5


@dataclass(frozen=True)
class Dataset:
    """`read` gives training and test rows, or None as test rows for cross-validation; `aims`: figure and bound.

    The encoder knows English; other languages are measured as the product reads them, by n-grams alone.
    """

    name: str
    read: Callable[[Path], tuple[Rows, Rows | None]]
    aims: tuple[tuple[str, float], ...]
    is_small: bool
    published: str = ""
    is_english: bool = True


def _csv(path: Path, text: str, label: str) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[text], row[label]) for row in csv.DictReader(file)]


def _hint3(version: str) -> Callable[[Path], tuple[Rows, Rows | None]]:
    def read(root: Path) -> tuple[Rows, Rows | None]:
        parts = [root / "hint3" / version / f"curekart_{part}.csv" for part in ("train", "test")]
        taught, asked = (_csv(path, "sentence", "label") for path in parts)
        return taught, asked

    return read


def _banking(root: Path) -> tuple[Rows, Rows | None]:
    folder = root / "banking77"
    return _csv(folder / "train.csv", "text", "category"), _csv(folder / "test.csv", "text", "category")


def _first_ten(root: Path) -> tuple[Rows, Rows | None]:
    taught, asked = _banking(root)
    seen: Counter[str] = Counter()
    kept = []
    for text, label in taught:
        seen[label] += 1
        if seen[label] <= 10:
            kept.append((text, label))
    return kept, asked


def _bitext(root: Path) -> tuple[Rows, Rows | None]:
    name = "Bitext_Sample_Customer_Service_{}_Dataset.csv"
    paths = [root / "bitext" / name.format(part) for part in ("Training", "Validation")]
    taught, asked = (_csv(path, "utterance", "intent") for path in paths)
    return taught, asked


def _swahili(root: Path) -> tuple[Rows, Rows | None]:
    def lines(part: str) -> Rows:
        text = (root / "injongo_swahili" / f"{part}.jsonl").read_text(encoding="utf-8")
        return [(row["text"], row["intent"]) for row in map(json.loads, text.splitlines())]

    return lines("train"), lines("dev")


def _xsid(language: str) -> Callable[[Path], tuple[Rows, Rows | None]]:
    def read(root: Path) -> tuple[Rows, Rows | None]:
        return list(_conll(root / "xsid" / f"{language}.valid.conll")), None

    return read


def _conll(path: Path) -> Iterator[tuple[str, str]]:
    text = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# text ="):
            text = line.split("=", 1)[1].strip()
        elif line.startswith("# intent =") and text:
            yield text, line.split("=", 1)[1].strip()
            text = ""


CUREKART = (
    "HINT3 paper (Arora et al. 2020), in scope / best MCC: Rasa 1.10 with ConveRT .841 / .511, Dialogflow .750 / .578, "
    "LUIS .726 / .539, Haptik .803 / .603, BERT .836 / .553"
)
BANKING = "Casanueva et al. 2020: BERT fixed .872, BERT tuned .937, USE .928, ConveRT .930, USE+ConveRT .934"
BANKING_TEN = (
    "10 a class: USE+ConveRT .852, DNNC .867, CPFT .872, ICDA .898 (classes' first ten differ by paper)"
)
DATASETS = (
    Dataset(
        "HINT3 curekart v1",
        _hint3("v1"),
        (("accuracy", 0.88), ("best_mcc", 0.70), ("mcc_gap", 0.02)),
        is_small=True,
        published=CUREKART,
    ),
    Dataset("HINT3 curekart v2", _hint3("v2"), (), is_small=True),
    Dataset(
        "BANKING77, first ten a class",
        _first_ten,
        (("accuracy", 0.87),),
        is_small=True,
        published=BANKING_TEN,
    ),
    Dataset("BANKING77", _banking, (("accuracy", 0.945),), is_small=False, published=BANKING),
    Dataset("Bitext, validation", _bitext, (("accuracy", 0.995),), is_small=False),
    Dataset("INJONGO Swahili, dev", _swahili, (("accuracy", 0.96),), is_small=False, is_english=False),
    Dataset("xSID Serbian, 5 folds", _xsid("sr"), (("accuracy", 0.93),), is_small=True, is_english=False),
    Dataset("xSID Lithuanian, 5 folds", _xsid("lt"), (("accuracy", 0.93),), is_small=True, is_english=False),
)
AT_MOST = frozenset({"mcc_gap"})
WORDS = {"accuracy": "accuracy", "best_mcc": "best MCC", "mcc_gap": "best MCC less MCC at our threshold"}
HEAD = (
    "set", "accuracy", "macro-F1", "ECE", "AUROC", "best MCC", "our MCC", "train cpu s", "p50 ms", "p95 ms", "MB",
    "views' weights",
)  # fmt: skip


def measure(root: Path, *, is_short: bool, default_on: Sequence[str]) -> Report:
    """Every set that is there; rows are printed as they come, since the large sets take minutes.

    `default_on`: parts of the names of the sets that Rasa's default pipeline is measured on too.
    """
    report = Report()
    rows, notes = [], []
    for dataset in DATASETS:
        if is_short and not dataset.is_small:
            continue
        try:
            taught, asked = dataset.read(root)
        except FileNotFoundError as error:
            print(f"{dataset.name} is left out: {error.filename} is not there", file=sys.stderr)
            continue
        options = () if dataset.is_english else ("--no-encoder",)
        found = _evaluated(taught, asked, "bot.nlu.evaluate", *options)
        rows.append(_row(dataset.name, found))
        report.aims += [_aim(dataset, figure, bound, found) for figure, bound in dataset.aims]
        notes += [f"{dataset.name}: {dataset.published}."] if dataset.published else []
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
        if asked is not None and any(part in dataset.name for part in default_on):
            default = _evaluated(taught, asked, "benchmarks.default_understanding")
            rows.append(_row(f"{dataset.name}: Rasa's default", default))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    note = (
        "Accuracy, macro-F1 and calibration error (ECE) over messages in scope; AUROC of in scope against out of "
        "scope; best MCC: threshold chosen on the test messages, as in the paper; our MCC: the threshold found in "
        "training. Training, p50 and p95: processor time. "
    )
    report.tables.append(Table("Understanding", HEAD, tuple(rows), note + "\n\n" + "\n\n".join(notes)))
    return report


def _evaluated(taught: Rows, asked: Rows | None, program: str, *options: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        words = [str(_written(Path(folder) / "train.csv", taught)), *options]
        if asked is None:
            words += ["--folds", str(FOLDS)]
        else:
            words += ["--test", str(_written(Path(folder) / "test.csv", asked))]
        return told(program, *words)


def _written(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "intent"))
        writer.writerows(rows)
    return path


def _row(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    apart = found["out_of_scope"] or {}
    return (
        name,
        *(_share(found[figure]) for figure in ("accuracy", "macro_f1", "calibration_error")),
        *(_share(apart.get(figure)) for figure in ("auroc", "best_mcc", "mcc")),
        f"{found['training_cpu_seconds']:.1f}",
        *(f"{found['latency_cpu_ms'][name]:.1f}" for name in ("p50", "p95")),
        f"{found['model_bytes'] / 1e6:.1f}",
        " / ".join(f"{value:.2f}" for value in (found["mixture"] or [[]])[0]) or "–",
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _aim(dataset: Dataset, figure: str, bound: float, found: dict[str, Any]) -> Aim:
    apart = found["out_of_scope"] or {}
    values = {**found, **apart}
    value = apart["best_mcc"] - apart["mcc"] if figure == "mcc_gap" else values[figure]
    return Aim(f"{dataset.name}: {WORDS[figure]}", value, bound, at_least=figure not in AT_MOST)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nlu", description=__doc__)
    parser.add_argument("--datasets", type=Path, default=os.environ.get("AISLE_BENCH_DATASETS"))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--with-default", nargs="*", metavar="SET")
    chosen = parser.parse_args()
    if chosen.datasets is None:
        parser.error("--datasets FOLDER, or AISLE_BENCH_DATASETS")
    root = Path(chosen.datasets)
    default_on = () if chosen.with_default is None else chosen.with_default or ("",)
    report = measure(root, is_short=chosen.short, default_on=default_on)
    print(report.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
