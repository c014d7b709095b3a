"""One module per number, with its definition in words; NAMES is the registry.

Each module has NAME, TITLE, DEFINITION (one sentence), FORMULA, `compute(session, scope) -> Result` and
`behind(session, scope, row) -> Select` of the (conversation_id, episode) pairs behind one row of it.
"""

NAMES = (
    "conversations",
    "volume",
    "messages",
    "outcomes",
    "channels",
    "channel_service",
    "response_time",
    "first_human_response",
    "resolution_time",
    "durable",
    "handoffs",
    "csat",
    "csat_scores",
    "comments",
    "intents",
    "unanswered",
    "products",
    "searches",
    "workload",
)
