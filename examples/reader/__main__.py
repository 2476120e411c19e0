"""Serves the pages: `python examples/reader --api http://127.0.0.1:8000 --port 8080`."""

import argparse
import signal
import sys

from app import create_reader
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Keeps connections, and logs nothing of who read what."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_):
        """Nothing."""


def main(words):
    """Read the command line and serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="reader", description=__doc__.splitlines()[0])
    parser.add_argument("--api", default="http://127.0.0.1:8000", help="where Copydesk answers")
    parser.add_argument("--public-api", default="", help="the same as browsers reach it, for feeds and pictures")
    parser.add_argument("--name", default="Copydesk", help="the name of the site")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    asked = parser.parse_args(words)
    site = create_reader(asked.api, asked.public_api, asked.name)
    server = make_server(asked.host, asked.port, site, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
