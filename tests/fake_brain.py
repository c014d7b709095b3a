"""A brain for the desk's tests: speaks the desk → brain shape (docs/internals.md) with scripted words.

It answers by what it is told, so tests read like talk:
`person` hands off, `proof <customer id>` proves who the shopper is, `bye` closes, `buttons` offers two, `product`
shows a card, `in lt …` is heard in Lithuanian, `speak lt` asks for it, `boom` fails an action, `mute` says nothing,
`cross <label>` is answered in that mood, `lost <label>` not understood in it, `yes` agrees,
`both <this> & <that>` is two requests in one message,
`slow <seconds>` takes that long, `html` answers with markup, anything else is echoed. Every turn received is kept in
`turns`; `down` makes it refuse connections' requests
with 503, `broken` with 500.
A repeated message id replays.
"""

import asyncio
from typing import Any

from aiohttp import web

from tests.ports import free_port

PRODUCT = {
    "product_id": "tent-2",
    "title": "Two-person tent",
    "price_minor": 18900,
    "currency": "EUR",
    "availability": "in_stock",
    "stock": 4,
    "url": "/shop/products/tent-2",
    "image": "/shop/pictures/tent-2.svg",
    "options": {"Colour": ["Moss", "Sand"]},
}


class FakeBrain:
    """Start with `await start()`; `url` is then where it listens (loopback, a free port unless given)."""

    def __init__(self, secret: str, port: int = 0) -> None:
        self.secret = secret
        self.port = port or free_port()  # the same after a pause: nobody else may have taken it
        self.turns: list[dict[str, Any]] = []
        self.forgotten: list[dict[str, str]] = []
        self.explained: list[dict[str, Any]] = []
        self.is_down = False
        self.is_broken = False
        self.gate: asyncio.Event | None = None  # when set, every turn waits for it
        self._last: dict[str, tuple[str, dict[str, Any]]] = {}
        self._came = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> "FakeBrain":
        app = web.Application()
        app.router.add_get("/webhooks/desk/", self._status)
        app.router.add_post("/webhooks/desk/webhook", self._webhook)
        app.router.add_post("/webhooks/desk/forget", self._forget)
        app.router.add_post("/webhooks/desk/explain", self._explain)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def until_turns(self, count: int) -> None:
        """Wait until `count` turns have come in."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.turns) >= count)

    async def _status(self, request: web.Request) -> web.Response:
        if self.is_down or request.headers.get("X-Aisle-Secret") != self.secret:
            return web.json_response({}, status=503 if self.is_down else 403)
        return web.json_response({"status": "ok"})

    async def _forget(self, request: web.Request) -> web.Response:
        if self.is_down:
            return web.json_response({}, status=503)
        self.forgotten.append(await request.json())
        return web.json_response({"ok": True})

    async def _explain(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Aisle-Secret") != self.secret:
            return web.json_response({}, status=403)
        data = await request.json()
        self.explained.append(data)
        if self.is_down:
            return web.json_response({}, status=503)
        return web.json_response({"ok": True, "explanation": explanation(data["text"])})

    async def _webhook(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Aisle-Secret") != self.secret:
            return web.json_response({}, status=403)
        data = await request.json()
        self.turns.append(data)
        async with self._came:
            self._came.notify_all()
        if self.is_down:
            return web.json_response({}, status=503)
        if self.is_broken:
            return web.json_response({}, status=500)
        if self.gate is not None:
            await self.gate.wait()
        known = self._last.get(data["sender"])
        if known and known[0] == data["message_id"]:
            return web.json_response(known[1])
        answer = await _answer(data["message"])
        self._last[data["sender"]] = (data["message_id"], answer)
        return web.json_response(answer)


def explanation(text: str) -> dict[str, Any]:
    """What the brain says of a message (docs/nlu.md)."""
    leaves = [("faq/refund_time", 0.55), ("faq/returns", 0.3)]
    shares = [{"leaf": leaf, "confidence": share} for leaf, share in leaves]
    return {
        "text": text,
        "language": {
            "message": "en",
            "answer": "en",
            "confidence": 0.98,
            "is_sure": True,
            "ranking": [{"language": "en", "share": 0.98}, {"language": "other:nl", "share": 0.02}],
        },
        "entities": [{"entity": "size", "value": "L", "text": "L", "start": 0, "end": 1, "role": "wanted"}],
        "leaves": [{**one, "title": ""} for one in shares],
        "decision": {
            "intent": "nlu_fallback",
            "why": "ambiguous",
            "scope": 1.5,
            "offers": [x for x, _ in leaves],
        },
        "requests": [],
        "read_as": [{"language": "en", "share": 1.0, "text": text.lower()}],
        "hints": [],
        "known_words": 1.0,
        "scope": {"of_needed": 1.5, "value": 0.45, "threshold": 0.3, "outside": 0.02},
        "compared": [leaf for leaf, _ in leaves],
        "views": [{"view": "n-grams", "weight": 1.0, "leaves": shares}],
        "words": [{"word": word, "for_best": 1.5, "for_second": -0.25} for word in text.split()],
        "grams": {"for": [], "against": []},
        "nearest_by": "embeddings",
        "nearest": [{"text": "when is my money back", "leaf": "faq/refund_time", "likeness": 0.8}],
    }


async def _answer(text: str) -> dict[str, Any]:
    word, _, rest = text.partition(" ")
    if word == "both":
        parts = rest.split(" & ")
        answers = [await _answer(part) for part in parts]
        first, *others = (
            {**one["understood"], "text": part} for one, part in zip(answers, parts, strict=True)
        )
        return {
            **answers[-1],
            "replies": [reply for one in answers for reply in one["replies"]],
            "understood": {**first, "also": others},
        }
    replies: list[dict[str, Any]] = []
    intent, failed = "echo", ""
    decided: dict[str, Any] = {}
    language: dict[str, Any] = {}
    mood: dict[str, Any] = {"label": "calm", "score": 0.9, "reasons": []}
    match word.lower():
        case "person":
            replies = [
                {"text": "I see.", "response": "utter_fetching"},
                {
                    "custom": {
                        "type": "hand_off",
                        "reason": "asked",
                        "wants": rest,
                        "details": {"order": "A1001"},
                    }
                },
            ]
            intent = "talk_to_person"
        case "bye":
            replies = [
                {"text": "Goodbye.", "response": "utter_bye"},
                {"custom": {"type": "close", "is_confirmed": True}},
            ]
            intent = "goodbye"
        case "proof":
            replies = [
                {"text": "Thank you."},
                {"custom": {"type": "contact", "customer_id": rest, "name": "Ona Vale"}},
            ]
        case "buttons":
            buttons = [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]
            replies = [{"text": "Shall I?", "buttons": buttons}]
        case "product":
            note = {"type": "note", "kind": "product_asked", "label": PRODUCT["product_id"]}
            replies = [
                {"text": "Look at this.", "custom": {"type": "products", "items": [PRODUCT]}},
                {"custom": note},
            ]
            intent = "search_products"
        case "cross" | "lost":
            mood = {
                "label": rest,
                "score": 0.8,
                "reasons": ["words: useless", "repeated: third time", "capitals"],
            }
            is_lost = word.lower() == "lost"
            intent = "nlu_fallback" if is_lost else "faq/returns"
            replies = [{"text": "Sorry, what?" if is_lost else "Thirty days."}]
        case "yes":
            replies, intent = [{"text": "Go on."}], "affirm"
        case "boom":
            failed = "action_search"
        case "mute":
            pass
        case "odd":
            replies = [{"custom": {"type": "nonsense", "x": 1}}, {"text": "after nonsense"}]
        case "slow":
            await asyncio.sleep(float(rest or 1))
            replies = [{"text": "done"}]
        case "html":
            replies = [{"text": "<b>bold</b><script>alert(1)</script>"}]
        case "faq":
            replies = [{"text": "Thirty days.", "response": "utter_faq/returns"}]
            intent = "faq/returns"
        case "in":  # `in lt kur mano siunta`: a message in Lithuanian
            language = {"message": rest.split()[0], "answer": rest.split()[0], "is_sure": True}
            replies = [{"text": f"echo: {text}"}]
        case "say":  # `say utter_x words`: these words as that answer
            response, _, words = rest.partition(" ")
            replies = [{"text": words, "response": response}]
        case "unsure":
            replies = [{"text": "Did you mean one of these?", "response": "utter_did_you_mean_two"}]
            intent = "nlu_fallback"
            decided = {
                "leaves": [
                    {"intent": "faq/refund_time", "confidence": 0.55},
                    {"intent": "faq/returns", "confidence": 0.3},
                ],
                "scope": 1.5,
                "why": "ambiguous",
                "is_fallback": True,
                "entities": [{"entity": "size", "value": "L", "start": 0, "end": 1, "role": "wanted"}],
                "language": {"message": "en", "answer": "en", "confidence": 0.98, "is_sure": True},
            }
        case "speak":  # `speak lt`: asks for Lithuanian
            replies = [
                {"custom": {"type": "language", "locale": rest}},
                {"text": "Of course.", "response": "utter_language_switched"},
            ]
        case "/affirm":
            replies = [{"text": "You said yes."}]
        case "/deny":
            replies = [{"text": "You said no."}]
        case _:
            replies = [{"text": f"echo: {text}"}]
    return {
        "replies": replies,
        "understood": {
            "intent": intent,
            "confidence": 0.9,
            "ranking": [{"intent": intent, "confidence": 0.9}],
            "entities": [],
            "is_fallback": intent == "nlu_fallback",
            "language": language,
            "mood": mood,
            **decided,
        },
        "slots": {},
        "active_form": "",
        "failed_action": failed,
    }


async def _main() -> None:
    """Run by hand: `AISLE_INTERNAL_SECRET=… python -m tests.fake_brain PORT`."""
    import os
    import sys

    brain = FakeBrain(os.environ["AISLE_INTERNAL_SECRET"], int(sys.argv[1]))
    await brain.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
