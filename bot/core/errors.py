"""Expected failures, named so that a person understands them.

Every one carries an HTTP status and a stable code; the web app turns them into
`{"ok": false, "error": code, "message": text}`, with `field` where one is to blame.
"""


class AisleError(Exception):
    """Base of our own errors; `message` may be shown to people."""

    status = 500
    code = "internal"

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.field = field


class BadInput(AisleError):
    """The request is not understood."""

    status = 400
    code = "bad_input"


class TooLarge(AisleError):
    """The request is larger than allowed."""

    status = 413
    code = "too_large"


class NotSignedIn(AisleError):
    """Sign in first."""

    status = 401
    code = "not_signed_in"


class BadSignature(AisleError):
    """The signature or token is not ours, or has expired."""

    status = 401
    code = "bad_signature"


class NotAllowed(AisleError):
    """You may not do this."""

    status = 403
    code = "not_allowed"


class NotFound(AisleError):
    """There is nothing at this address."""

    status = 404
    code = "not_found"


class Conflict(AisleError):
    """Somebody else was first; look again."""

    status = 409
    code = "conflict"


class TooMany(AisleError):
    """Too many attempts; wait a little."""

    status = 429
    code = "too_many"

    def __init__(self, message: str = "", *, retry_after_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class OutsideWindow(AisleError):
    """The channel no longer lets us write to this shopper.

    `reason` says why for a program: never_wrote, window, agent_window, no_private_reply, comment_window.
    """

    status = 409
    code = "outside_window"

    def __init__(self, message: str = "", *, reason: str = "window") -> None:
        super().__init__(message)
        self.reason = reason


class NotDelivered(AisleError):
    """The channel refused the message; `heals` says whether trying again can help.

    `cause` says whose matter it is: message (this one cannot go), person (unreachable: stop writing to them),
    account (token, permission or policy: the channel stops until mended), owner (another app has the thread),
    busy (throttled or down: later), lost (the platform may have taken it: no answer came).
    `is_shared`: what is busy is the account, so that its other conversations wait as well; else only this one.
    """

    status = 502
    code = "not_delivered"

    def __init__(
        self,
        message: str = "",
        *,
        heals: bool,
        retry_after_seconds: float | None = None,
        cause: str = "message",
        is_shared: bool = True,
    ) -> None:
        super().__init__(message)
        self.heals = heals
        self.retry_after_seconds = retry_after_seconds
        self.cause = cause
        self.is_shared = is_shared


class StoreUnavailable(AisleError):
    """The database does not take it now; send it again."""

    status = 503
    code = "store_unavailable"


class BrainUnavailable(AisleError):
    """The bot's brain does not answer."""

    status = 503
    code = "brain_unavailable"


class ShopUnavailable(AisleError):
    """The shop's system does not answer."""

    status = 503
    code = "shop_unavailable"


class ProofNeeded(AisleError):
    """The shopper has not proved who they are."""

    status = 403
    code = "proof_needed"


class MissingSetting(AisleError):
    """A setting is missing; the message says which and where to get it."""

    code = "missing_setting"
