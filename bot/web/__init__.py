"""The Sanic app: one module per page or API; ROUTES names them in order."""

ROUTES = (
    "chat",
    "rest",
    "webhooks",
    "health",
    "openapi",
    "widget",
    "demo_shop",
    "static_files",
    "theme",
    "sign_in",
    "inbox",
    "touches",
    "dashboard",
    "channels",
    "answers",
)
