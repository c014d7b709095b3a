"""Promise 7: whether and how a channel lets us write is decided in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.channel import Capabilities
from bot.core.errors import OutsideWindow
from bot.core.windows import Opening, private_reply, way

DAY, WEEK = 86_400, 604_800
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FREE = Capabilities(text_limit=100, quick_replies=3, has_cards=False, window_seconds=None)
DAYLONG = replace(FREE, window_seconds=DAY)
AGENTS = replace(DAYLONG, agent_window_seconds=WEEK)
TEMPLATES = replace(DAYLONG, has_templates=True)
COMMENTS = replace(AGENTS, comment_window_seconds=WEEK)

moments = st.none() | st.timedeltas(timedelta(0), timedelta(days=30)).map(lambda ago: NOW - ago)
channels = st.builds(
    Capabilities,
    text_limit=st.just(100),
    quick_replies=st.just(3),
    has_cards=st.just(False),
    window_seconds=st.none() | st.just(DAY) | st.integers(0, WEEK),
    agent_window_seconds=st.none() | st.just(WEEK),
    has_templates=st.booleans(),
)
authors = st.sampled_from(["bot", "system", "agent"])


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def decided(
    capabilities: Capabilities,
    author: str,
    wrote: datetime | None,
    *,
    touched: datetime | None = None,
    has_template: bool = False,
) -> str:
    """The way, or `refused: <reason>`."""
    try:
        opening = way(
            capabilities,
            author=author,
            window_at=touched,
            last_shopper_at=wrote,
            at=NOW,
            has_template=has_template,
        )
    except OutsideWindow as error:
        return f"refused: {error.reason}"
    return opening.way


@pytest.mark.parametrize(
    ("capabilities", "author", "wrote", "expected"),
    [
        (FREE, "bot", None, "response"),
        (DAYLONG, "bot", ago(hours=24), "response"),
        (DAYLONG, "bot", ago(hours=24, seconds=1), "refused: window"),
        (DAYLONG, "agent", ago(hours=24, seconds=1), "refused: window"),
        (DAYLONG, "bot", None, "refused: never_wrote"),
        (AGENTS, "agent", ago(hours=23), "response"),
        (AGENTS, "agent", ago(days=7), "human_agent"),
        (AGENTS, "agent", ago(days=7, seconds=1), "refused: agent_window"),
        (AGENTS, "bot", ago(days=2), "refused: window"),
        (AGENTS, "system", ago(days=2), "refused: window"),
        (AGENTS, "agent", None, "refused: never_wrote"),
    ],
)
def test_the_window_follows_the_shoppers_last_message(
    capabilities: Capabilities, author: str, wrote: datetime | None, expected: str
) -> None:
    assert decided(capabilities, author, wrote) == expected


def test_a_tap_or_reaction_opens_the_window_but_not_the_agents_week() -> None:
    assert decided(AGENTS, "bot", ago(days=3), touched=ago(hours=1)) == "response"
    assert decided(AGENTS, "agent", ago(days=9), touched=ago(days=2)) == "refused: agent_window"
    assert decided(AGENTS, "agent", None, touched=ago(days=2)) == "refused: agent_window"


def test_a_template_at_hand_goes_where_the_window_is_shut_and_the_channel_knows_templates() -> None:
    assert decided(TEMPLATES, "bot", ago(days=2), has_template=True) == "template"
    assert decided(TEMPLATES, "bot", None, has_template=True) == "template"
    assert decided(TEMPLATES, "bot", ago(hours=2), has_template=True) == "response"
    assert decided(DAYLONG, "bot", ago(days=2), has_template=True) == "refused: window"


def test_the_reason_names_the_time_in_words() -> None:
    with pytest.raises(OutsideWindow, match="more than 24 hours old"):
        way(AGENTS, author="bot", window_at=None, last_shopper_at=ago(days=2), at=NOW)
    with pytest.raises(OutsideWindow, match="more than 7 days old"):
        way(AGENTS, author="agent", window_at=None, last_shopper_at=ago(days=9), at=NOW)


def test_a_comment_is_answered_privately_in_its_own_window() -> None:
    assert private_reply(COMMENTS, commented_at=ago(days=7), at=NOW) == Opening("private_reply", NOW)
    with pytest.raises(OutsideWindow, match="7 days"):
        private_reply(COMMENTS, commented_at=ago(days=7, seconds=1), at=NOW)
    with pytest.raises(OutsideWindow, match="privately"):
        private_reply(AGENTS, commented_at=NOW, at=NOW)


@given(channels, authors, moments, moments, st.booleans())
def test_what_opens_is_open_until_it_says_and_shut_after(
    capabilities: Capabilities,
    author: str,
    touched: datetime | None,
    wrote: datetime | None,
    has_template: bool,
) -> None:
    given_ = {"author": author, "window_at": touched, "last_shopper_at": wrote, "has_template": has_template}
    try:
        opening = way(capabilities, at=NOW, **given_)  # type: ignore[arg-type]
    except OutsideWindow:
        assert capabilities.window_seconds is not None
        assert not (has_template and capabilities.has_templates)
        return
    if opening.until is None:
        assert capabilities.window_seconds is None or opening.way == "template"
        return
    assert opening.until >= NOW
    assert way(capabilities, at=opening.until, **given_).until is not None  # type: ignore[arg-type]
    later = opening.until + timedelta(microseconds=1)
    try:
        next_ = way(capabilities, at=later, **given_)  # type: ignore[arg-type]
    except OutsideWindow:
        return
    assert next_.way != opening.way


@given(channels, moments, moments, st.booleans())
def test_what_the_bot_may_an_agent_may_too(
    capabilities: Capabilities, touched: datetime | None, wrote: datetime | None, has_template: bool
) -> None:
    ways = [
        decided(capabilities, author, wrote, touched=touched, has_template=has_template)
        for author in ("bot", "agent")
    ]
    assert ways[0].startswith("refused") or not ways[1].startswith("refused")
    assert ways[0] != "human_agent"


@given(channels, authors, moments, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_later_message_of_the_shopper_never_shuts_a_window(
    capabilities: Capabilities, author: str, wrote: datetime | None, nearer: timedelta
) -> None:
    before = decided(capabilities, author, wrote)
    after = decided(capabilities, author, min(NOW, (wrote or ago(days=30)) + nearer))
    assert before.startswith("refused") or not after.startswith("refused")
