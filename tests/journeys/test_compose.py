"""The compose file: parsed, checked, and its own services started by their commands against real servers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from cms.launch.starting import CAN_FORK
from cms.settings import Settings
from tests.product import COPYDESK, TOP, Product
from tests.servers import Broker, PostgreSQL, free_port

OURS = ("api", "relay", "worker", "worker-search", "worker-bulk", "worker-mail", "mailbox")
SERVERS = ("postgres", "redis")
# What the file asks of whoever starts it.
GIVEN = {"COPYDESK_SECRET_KEY": "9c5f1d7e3b8a4062f1e0d9c8b7a69584", "POSTGRES_PASSWORD": "4f1c0a9be2d8"}
PROGRAMS = {"copydesk": COPYDESK, "python": Path(sys.executable)}


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
    for name in (*OURS, *SERVERS):
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


def test_the_client_programs_for_backups_are_of_the_servers_version(compose: dict[str, Any]) -> None:
    clients = re.findall(r"postgresql-client(\S*)", (TOP / "Dockerfile").read_text("utf-8"))
    image, _, version = compose["services"]["postgres"]["image"].partition(":")
    assert image == "postgres"
    assert clients == [f"-{version}"]
    # Debian's own packages hold one version each: 17 is that of trixie.
    bases = re.findall(r"^FROM (\S+)", (TOP / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert {base.rpartition("-")[2] for base in bases} == {"trixie"}
    assert version == "17"
    # Where images before 18 keep the data; mounted elsewhere it would be lost with the container.
    assert compose["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql/data"]


@dataclass
class Stage:
    """Where the services of the file run in the test: the same environment, with other hosts, ports and home."""

    places: dict[str, str]
    ports: dict[str, int]
    home: Path
    used: set[str] = field(default_factory=set)

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        """What the service is given by the file, brought here."""
        given = {name: self.here(_filled_in(str(value))) for name, value in service["environment"].items()}
        given |= {name: str(port) for name, port in self.ports.items() if name in given}
        outside = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
        # The home is the image's; the server of the tests runs without fsync, which production refuses for good reason.
        return {**outside, **given, "COPYDESK_HOME": str(self.home), "COPYDESK_ALLOW_UNSAFE_DATABASE": "1"}

    def here(self, text: str) -> str:
        """A text of the file with the places of this test."""
        for there, here in self.places.items():
            if there in text:
                self.used.add(there)
                text = text.replace(there, here)
        return text


def _filled_in(text: str) -> str:
    """A value of the file with its variables, as Compose fills them in."""

    def value(match: re.Match[str]) -> str:
        if match[2] == ":-":
            return GIVEN.get(match[1], match[3])
        return GIVEN[match[1]]

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)


@pytest.fixture
def stage(postgresql_server: PostgreSQL, broker: Broker, tmp_path: Path) -> Iterator[Stage]:
    """The servers of the tests in place of the file's."""
    postgresql_server.execute("CREATE DATABASE copydesk")
    port, page, letters = free_port(), free_port(), free_port()
    places = {
        "@postgres:5432/": f"@127.0.0.1:{postgresql_server.port}/",
        "redis://redis:6379/": f"redis://127.0.0.1:{broker.port}/",
        "smtp://mailbox:8026": f"smtp://127.0.0.1:{letters}",
        "://localhost:8000": f"://127.0.0.1:{port}",
        "0.0.0.0": "127.0.0.1",
        "http://127.0.0.1:8000/": f"http://127.0.0.1:{port}/",
        "http://127.0.0.1:8025/": f"http://127.0.0.1:{page}/",
    }
    ports = {"COPYDESK_PORT": port, "COPYDESK_MAILBOX_PORT": page, "COPYDESK_MAILBOX_SMTP_PORT": letters}
    home = tmp_path / "home"
    home.mkdir()
    yield Stage(places, ports, home)
    postgresql_server.execute("DROP DATABASE copydesk WITH (FORCE)")


def _words(command: list[str]) -> list[str]:
    assert command[0] in PROGRAMS
    return [str(PROGRAMS[command[0]]), *command[1:]]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(200)
def test_the_services_run_the_demo_by_their_own_commands_and_environment(compose: dict[str, Any], stage: Stage) -> None:
    services = compose["services"]
    environments = {name: stage.environment(services[name]) for name in (*OURS, "migrate")}
    commands = {name: services[name]["command"] for name in environments}
    assert all(command[0] == "copydesk" for command in commands.values())
    subprocess.run(_words(commands["migrate"]), env=environments["migrate"], check=True, timeout=60)
    # One is started by its command line; the words of the others are told to processes that cost less to start.
    parts = {
        name: Product(
            stage.home,
            environments[name],
            stage.ports["COPYDESK_PORT"],
            is_forked=CAN_FORK and name != "worker",
            commands={name: commands[name][1:]},
        )
        for name in OURS
    }
    try:
        for name, part in parts.items():
            part.start(name)
        parts["api"].wait_ready()
        demo = parts["api"].copydesk("demo", seconds=90)
        assert "code handed to the mail server" in demo
        for name in OURS:
            if "healthcheck" in services[name]:
                how, *check = services[name]["healthcheck"]["test"]
                assert how == "CMD"
                program, *words = [stage.here(word) for word in check]
                if program == "copydesk":
                    parts[name].copydesk(*words)
                    continue
                probe = subprocess.run(
                    _words([program, *words]), env=environments[name], capture_output=True, timeout=30, check=False
                )
                assert probe.returncode == 0, (name, probe.stderr)
    finally:
        for part in parts.values():
            part.end()
    assert stage.used == set(stage.places), "a place of this test stands nowhere in the file any more"
