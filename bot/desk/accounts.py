"""What a platform tells of an account of ours: warnings, blocks, refused templates. Operators see it."""

from bot.desk.case import Applied, Case
from bot.store.conversations import insert_if_new
from bot.store.tables import ChannelAccount

POLICY = {"warning": "warning", "block": "broken", "unblock": "ok"}
TEMPLATE_WARNS = frozenset({"REJECTED", "DISABLED", "PAUSED", "FLAGGED"})
STATES = frozenset({"ok", "warning", "broken"})


def take_policy(case: Case) -> Applied:
    """The platform warns, blocks, or takes a block back."""
    action = str(case.heard.detail.get("action") or "")
    reason = str(case.heard.detail.get("reason") or case.heard.text or "")
    return _note(case, POLICY.get(action, "warning"), f"policy {action}: {reason}".strip(" :"))


def take_account(case: Case) -> Applied:
    """Something about the account itself, or an error that belongs to no message."""
    state = str(case.heard.detail.get("state") or "warning")
    reason = str(case.heard.detail.get("reason") or case.heard.text or case.heard.kind)
    return _note(case, state if state in STATES else "warning", reason)


def take_template(case: Case) -> Applied:
    """A template was approved, refused or paused."""
    status = str(case.heard.detail.get("status") or case.heard.text or "").upper()
    if status not in TEMPLATE_WARNS:
        return Applied()
    name = str(case.heard.detail.get("name") or "")
    reason = str(case.heard.detail.get("reason") or "")
    return _note(
        case, "warning", " ".join(part for part in ("template", name, status.lower(), reason) if part)
    )


def _note(case: Case, state: str, reason: str) -> Applied:
    # two events may be the first of an account at once
    insert_if_new(
        case.session,
        ChannelAccount,
        channel=case.channel,
        account=case.heard.account,
        name="",
        state="ok",
        reason="",
    )
    key = (case.channel, case.heard.account)
    account = case.session.get_one(ChannelAccount, key, with_for_update=True)
    if account.checked_at is not None and account.checked_at > case.heard.at:
        return Applied()  # looked at since
    is_worse = state == "warning" and account.state == "broken"
    if not is_worse:
        account.state, account.reason = state, "" if state == "ok" else reason[:300]
    return Applied()
