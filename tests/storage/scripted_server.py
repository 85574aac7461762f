"""A little HTTP server that answers as a test tells it to, wrongly above all."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal


@dataclass
class Answer:
    """`body` is sent, under a Content-Length of `announced` where that is given, else of its own, or with -1 none.

    `hangs_up` is where the connection is reset; `drips` is where bytes come one by one without end; `stalls` is where
    nothing more comes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    hangs_up: Literal["", "before the headers", "after the headers", "after the body"] = ""
    drips: Literal["", "headers", "body"] = ""
    stalls: Literal["", "before the headers", "after the body"] = ""


class ScriptedServer(ThreadingHTTPServer):
    """Gives `answers` in their order, the last one for ever; `asked` is what came, such as "GET /path"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: list[Answer] = [Answer()]
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.ends = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        left = int(self.headers.get("Content-Length", 0))
        while left and (piece := self.rfile.read(min(left, 64 * 1024))):
            left -= len(piece)
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(OSError):
            self._give(answer)
        if answer.hangs_up or answer.drips or answer.stalls or answer.announced is not None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass

    def _give(self, answer: Answer) -> None:
        if answer.stalls == "before the headers":
            self.server.ends.wait()
        if answer.hangs_up == "before the headers":
            return
        if answer.drips == "headers":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self.send_response(answer.status)
        length = len(answer.body) if answer.announced is None else answer.announced
        if length >= 0:
            self.send_header("Content-Length", str(length))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.hangs_up == "after the headers":
            return
        if answer.drips == "body":
            self._drip(b"")
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        if answer.stalls == "after the body":
            self.server.ends.wait()

    def _drip(self, start: bytes) -> None:
        """Until the other side goes away."""
        self.wfile.write(start)
        while not self.server.ends.wait(0.01):
            self.wfile.write(b"x")


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.ends.set()
            server.shutdown()
            thread.join()
