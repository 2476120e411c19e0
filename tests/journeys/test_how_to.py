"""The how-to: the commands of its sections about articles, run as they are printed, on the sample newsroom."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from cms.launch.sample.command import sample
from cms.newsroom.commands import types
from cms.settings import Settings
from tests.product import TOP

PAGE = (TOP / "docs" / "how-to.md").read_text("utf-8")
SECTIONS = (
    "Render an article's page", "List articles", "Put a cache in front",
    "Let feed readers and search engines follow the site", "Keep a copy of everything that is published",
    "See what was changed, and bring it back", "Edit beside others",
    "Hand a draft in, approve it or give it back",
    "See what a publish would say", "Correct what readers see", "Take an article down", "Take back what was deleted",
    "Rename, move and merge what articles share", "Publish at an instant", "Share an article under embargo",
    "Show a draft to people without an account",
    "Publish several articles at one moment", "Copy an article", "See what readers saw",
    "Translate an article", "Arrange the front page",
    "Pin, order and ban what is related", "Let the news of a section age faster",
    "Send pictures", "Attach documents, sounds and videos", "Give articles fields of their own",
)  # fmt: skip
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
# What the product itself does is done here before: types are declared, tokens are there. Every refusal is told.
# A stream does not end by itself; tests/content/test_changes.py follows it.
HARNESS = """set -uo pipefail
mkdir() { :; }
cp() { :; }
copydesk() { :; }
curl() {
  case " $* " in *" -N "*) return ;; esac
  if ! command curl -sS --fail-with-body "$@"; then echo "REFUSED $*" >&2; fi
}
"""


@pytest.mark.slow
def test_every_command_about_articles_works_as_it_is_printed(
    app: Flask, client_as: Callable[[str], FlaskClient], settings: Settings, need: Callable[[bool, str], None],
    tmp_path: Path,
) -> None:  # fmt: skip
    need(shutil.which("curl") is not None and shutil.which("bash") is not None, "curl and bash")
    shutil.copytree(TOP / "examples" / "types", settings.home / "types")
    for command, words in ((sample, []), (types, ["reload"])):
        done = CliRunner().invoke(command, words, obj=settings)
        assert done.exit_code == 0, done.output
    named = {"TOKEN": "editor", "AUTHOR": "author", "CHIEF": "editor-in-chief"}
    tokens = {name: client_as(role).environ_base["HTTP_AUTHORIZATION"].split()[1] for name, role in named.items()}
    helpers = "\n".join(line for line in BLOCK.findall(PAGE)[0].splitlines() if not line.startswith("export"))
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
    script = "\n".join([HARNESS, helpers, *(block for name in SECTIONS for block in BLOCK.findall(parts[name]))])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        told = {**os.environ, **tokens, "PATH": programs, "API": address, "SITE": address, "NO_PROXY": "*"}
        ran = subprocess.run(
            ["bash", "-c", script], env=told, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    refused = [line for line in ran.stderr.splitlines() if line.startswith("REFUSED") or "unbound" in line]
    assert len(refused) == 1, (refused, ran.stdout[-2000:])
    assert refused[0].startswith("REFUSED -i http"), "only what was taken down is gone"
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = ran.stdout.rindex('{"data":[')
    assert "Dawn at the quay" in ran.stdout[found:], "the last question finds what was published"
