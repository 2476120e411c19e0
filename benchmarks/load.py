"""A bounded load on loopback: a few kept connections, each with one request at a time, for a stated time.

Run as a program of its own, so that the client's work is not on the account of whoever measures:
`python -m benchmarks.load PORT CONNECTIONS SECONDS < paths`. It prints requests, seconds and bytes as JSON. A path may
have an ETag behind it, with a tab between: then the asker holds that already, and is answered 304.
"""

import itertools
import json
import selectors
import socket
import sys
import time

MOST_SECONDS = 30.0
MOST_CONNECTIONS = 64
OK, NOT_MODIFIED = b"HTTP/1.1 200", b"HTTP/1.1 304"


class Connection:
    """One kept connection with at most one request on the way."""

    def __init__(self, port: int, expected: bytes) -> None:
        self.expected = expected
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.missing = -1
        self.head = b""

    def feed(self, data: bytes) -> bool:
        """Take what came in; True when the answer is complete. Raises: RuntimeError unless it is as expected."""
        if self.missing < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return False
            if not self.head.startswith(self.expected):
                raise RuntimeError(self.head[:200].decode("latin-1"))
            length = 0
            if self.expected != NOT_MODIFIED:
                start = self.head.lower().index(b"content-length:") + 15
                length = int(self.head[start : self.head.index(b"\r\n", start)])
            self.missing = length - (len(self.head) - end - 4)
        else:
            self.missing -= len(data)
        if self.missing > 0:
            return False
        self.missing, self.head = -1, b""
        return True


def load(port: int, paths: list[str], connections: int, seconds: float) -> dict[str, float]:
    """Ask in turn for the paths until the time is over."""
    requests = itertools.cycle([_request(path) for path in paths])
    expected = NOT_MODIFIED if "\t" in paths[0] else OK
    selector = selectors.DefaultSelector()
    for _ in range(min(connections, MOST_CONNECTIONS)):
        connection = Connection(port, expected)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.socket.sendall(next(requests))
    answered = received = 0
    began = time.perf_counter()
    until = began + min(seconds, MOST_SECONDS)
    while time.perf_counter() < until:
        for key, _ in selector.select(timeout=1):
            data = key.data.socket.recv(262_144)
            if not data:
                raise RuntimeError("the server closed a connection")
            received += len(data)
            if key.data.feed(data):
                answered += 1
                key.data.socket.sendall(next(requests))
    return {"requests": answered, "seconds": time.perf_counter() - began, "bytes": received}


def _request(asked: str) -> bytes:
    path, _, etag = asked.partition("\t")
    known = f"If-None-Match: {etag}\r\n" if etag else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{known}\r\n".encode()


def main() -> None:
    """Read the paths from standard input, one per line."""
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    print(json.dumps(load(port, sys.stdin.read().splitlines(), connections, seconds)))


if __name__ == "__main__":
    main()
