"""What every use case may need to know besides its session."""

from dataclasses import dataclass

from bot.core.profile import Profile
from bot.core.settings import Settings
from bot.desk.words import Words


@dataclass(frozen=True)
class Context:
    """Settings, the shop's profile and the desk's words; the same for all of a process."""

    settings: Settings
    profile: Profile
    words: Words
