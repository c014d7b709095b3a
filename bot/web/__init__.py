"""The Sanic app: one module per page or API; ROUTES names them in order."""

ROUTES = (
    "chat",
    "rest",
    "health",
    "openapi",
    "widget",
    "demo_shop",
    "sign_in",
    "inbox",
    "dashboard",
    "answers",
)
