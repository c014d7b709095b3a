"""The judge of the fault run sees what it is there to see."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from benchmarks.judgement import MICRO, Call, Kept, Said, Spoken, judge
from bot.sandbox.accounts import Account
from bot.sandbox.world import Entry, Person, Thread

AT = datetime(2026, 11, 21, tzinfo=UTC)
NOW = int(AT.timestamp()) * MICRO
ACCOUNT = Account("instagram", "1", "token")


def spoken(number: int, seconds: float = 0, **changes: object) -> Spoken:
    at = NOW + int(seconds * MICRO)
    return Spoken(number, f"in-{number}", at, at, at + MICRO, True)._replace(**changes)


def entry(side: str, platform_id: str, text: str = "", own_id: str = "") -> Entry:
    return Entry(0, AT, side, "text", platform_id, own_id, view={"text": text})


def said(number: int, text: str, author: str = "bot", state: str = "sent", cause: int | None = 1) -> Said:
    return Said(number, author, state, text, cause, "")


def call(number: int, platform_id: str | None, seconds: float = 1) -> Call:
    return Call(number, 0, "sent", platform_id, NOW + int(seconds * MICRO))


class Scene:
    """A shopper who asked twice and was answered twice, all well."""

    def __init__(self) -> None:
        self.thread = Thread(ACCOUNT, Person("7"))
        self.thread.entries = [
            entry("person", "in-1", "how?"),
            entry("shop", "out-1", "like this"),
            entry("person", "in-2", "and then?"),
            entry("shop", "out-2", "so"),
        ]
        self.kept = Kept("c", "bot")
        self.kept.spoken = [spoken(1), spoken(2, 10)]
        self.kept.said = {11: said(11, "like this"), 12: said(12, "so", cause=2)}
        self.kept.calls = [call(11, "out-1"), call(12, "out-2", 11)]

    def faults(self) -> list[str]:
        verdict = judge([self.thread], {self.thread.key: self.kept})
        return [line.split(":")[0] for line in verdict.wrong]


def test_nothing_is_wrong_where_all_went_well() -> None:
    assert Scene().faults() == []


def _lost(scene: Scene) -> None:
    del scene.kept.spoken[1]


def _doubled(scene: Scene) -> None:
    scene.kept.spoken.append(spoken(3, 10, platform_id="in-2"))
    scene.kept.said[13] = said(13, "so", cause=3, state="dropped")


def _no_turn(scene: Scene) -> None:
    scene.kept.spoken[1] = spoken(2, 10, turn=False)


def _silent(scene: Scene) -> None:
    scene.kept.said[12] = said(12, "so", cause=None)


def _swapped(scene: Scene) -> None:
    scene.kept.spoken = [spoken(1), spoken(2, -5, handled_at=NOW + 3 * MICRO)]


def _failed(scene: Scene) -> None:
    scene.kept.said[13] = said(13, "?", state="failed")


def _twice(scene: Scene) -> None:
    scene.thread.entries.append(entry("shop", "out-3", "so"))


def _never(scene: Scene) -> None:
    del scene.thread.entries[3]


def _not_even_tried(scene: Scene) -> None:
    del scene.thread.entries[3], scene.kept.calls[1]


def _overtaking(scene: Scene) -> None:
    scene.thread.entries[1], scene.thread.entries[3] = scene.thread.entries[3], scene.thread.entries[1]


def _meddling(scene: Scene) -> None:
    scene.kept.hands = [(NOW + 2 * MICRO, "agent")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_lost, "missing"),
        (_doubled, "stored twice"),
        (_no_turn, "missing answers"),
        (_silent, "missing answers"),
        (_swapped, "out of order"),
        (_failed, "failed"),
        (_twice, "sent twice"),
        (_never, "never accepted"),
        (_not_even_tried, "never accepted"),
        (_overtaking, "out of order"),
        (_meddling, "after a hand-off"),
    ],
)
def test_each_fault_is_found_and_no_other(change: Callable[[Scene], None], fault: str) -> None:
    scene = Scene()
    change(scene)
    assert scene.faults() == [fault]


def test_what_is_written_to_a_person_needs_no_turn() -> None:
    scene = Scene()
    scene.kept.hands = [(NOW + 9 * MICRO, "queue")]
    scene.kept.spoken[1] = spoken(2, 10, turn=False)
    assert scene.faults() == []


def test_an_answer_without_ids_is_known_by_its_words() -> None:
    scene = Scene()
    scene.kept.calls[1] = call(12, None, 11)
    assert scene.faults() == []
