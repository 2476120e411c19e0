"""The compose file: parsed, checked, and its own services started by their commands against real servers."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cms.settings import Settings
from tests.product import COPYDESK, TOP, product
from tests.servers import Broker, PostgreSQL, free_port

OURS = ("api", "relay", "worker", "worker-search", "worker-mail", "mailbox")
SERVERS = ("postgres", "redis")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text("utf-8"))
    return loaded


def test_every_part_is_there_and_comes_back_when_it_dies(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {*OURS, *SERVERS} <= set(services)
    for name in (*OURS, *SERVERS):
        assert services[name]["restart"] == "unless-stopped", name


def test_what_can_be_probed_has_a_health_check(compose: dict[str, Any]) -> None:
    for name in ("api", "mailbox", *SERVERS):
        assert compose["services"][name]["healthcheck"]["test"], name


def test_every_variable_is_a_setting_of_the_product(compose: dict[str, Any]) -> None:
    known = {f"COPYDESK_{name.upper()}" for name in Settings.__dataclass_fields__}
    for name in (*OURS, "migrate"):
        given = compose["services"][name]["environment"]
        assert {variable for variable in given if variable.startswith("COPYDESK_")} <= known


def test_no_secret_stands_in_the_file() -> None:
    text = (TOP / "docker-compose.yml").read_text("utf-8")
    for line in text.splitlines():
        if re.match(r"\s*(\w*PASSWORD|\w*SECRET\w*):", line):
            assert "${" in line, line


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_the_services_run_the_demo_by_their_own_commands(
    compose: dict[str, Any], postgresql_server: PostgreSQL, broker: Broker, tmp_path: Path
) -> None:
    postgresql_server.execute("CREATE DATABASE compose_demo")
    mailbox, letters = free_port(), free_port()
    # Only hosts and ports are replaced; everything else stays as the file has it.
    given = {
        "env": compose["services"]["api"]["environment"]["COPYDESK_ENV"],
        "secret_key": "9c5f1d7e3b8a4062f1e0d9c8b7a69584",
        "database_url": postgresql_server.url("compose_demo"),
        "redis_url": broker.url,
        "smtp_url": f"smtp://127.0.0.1:{letters}",
        "mailbox_port": str(mailbox),
        "mailbox_smtp_port": str(letters),
        "allow_unsafe_database": "1",
    }
    commands = {name: compose["services"][name]["command"] for name in OURS}
    assert all(command[0] == "copydesk" for command in commands.values())
    with product(tmp_path / "home", **given) as running:
        running.commands = {name: command[1:] for name, command in commands.items()}
        running.start(*OURS)
        running.wait_ready()
        done = subprocess.run(
            [COPYDESK, "demo"], env=running.environment, capture_output=True, text=True, timeout=90, check=False
        )
        logs = "\n".join(f"--- {name}\n{running.log(name)[-1500:]}" for name in OURS)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{logs}"
        assert "code handed to the mail server" in done.stdout
    postgresql_server.execute("DROP DATABASE compose_demo WITH (FORCE)")
