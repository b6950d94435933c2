"""A web server whose answers a test decides."""

import gc
import http.server
import threading
import warnings
from typing import ClassVar

import pytest


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with the class attributes below; `missing` bytes of the announced length never come.

    The answer is what `files` holds for the request's path, and `body` for every other path.
    """

    url, status, body, missing, requests = "", 200, b"", 0, 0
    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self):
        type(self).requests += 1
        body = self.files.get(self.path, self.body)
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body) + self.missing))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Keeps the requests out of the test's output."""


@pytest.fixture
def server(monkeypatch):
    """The handler class of a running server, to set its answers; `url` is the server's."""
    handler = type("Handler", (Server,), {})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as httpd:
        handler.url = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield handler
        httpd.shutdown()
        thread.join()
    # pooch does not close the connection of a failed download, for which a later test would be blamed.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
