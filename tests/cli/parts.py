"""A tiny part for tests of the supervisor: a web server that tells its process id, and obeys what its path says."""

import sys
from pathlib import Path

from bot.cli.supervise.parts import Part

PROGRAM = """
import http.server, os, signal, sys
port, mode = int(sys.argv[1]), sys.argv[2]
print("hello from the part", flush=True)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "broken":
    print("cannot find my hat", flush=True)
    sys.exit(3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def tiny(folder: Path, port: int, mode: str = "good", stop_seconds: float = 5.0) -> Part:
    """A part of that behaviour: good, stubborn (ignores SIGTERM) or broken (ends at once)."""
    return Part(
        name="tiny",
        command=(sys.executable, "-c", PROGRAM, str(port), mode),
        folder=folder,
        health=f"http://127.0.0.1:{port}/",
        start_seconds=20,
        environment={"PATH": "/usr/bin:/bin"},
        stop_seconds=stop_seconds,
    )
