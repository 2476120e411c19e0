"""The bell: a ring costs the request nothing, sends one command, and no answer is taken for another's. Row S112."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from cms.platform.bell import BELL, Bell, BellUnheard
from tests.servers import Broker, free_port, wait_until


def commands_seen(broker: Broker, bell: Bell, rings: int) -> list[str]:
    """What the broker was told about the bell while it was rung so often, one ring after the other was heard."""
    client = redis.Redis.from_url(broker.url)
    with client.monitor() as monitor:
        for number in range(rings):
            bell.ring()
            wait_until(lambda number=number: client.llen(BELL) == number + 1, what="the ring")  # type: ignore[misc]  # bound at once
        client.echo("enough")
        seen = []
        for command in monitor.listen():
            if command["command"].startswith("ECHO"):
                break
            seen.append(command["command"])
    client.close()
    return [command for command in seen if BELL in command and not command.startswith("LLEN")]


def test_a_ring_is_one_push_and_nothing_else(broker: Broker) -> None:
    bell = Bell(broker.url)
    assert commands_seen(broker, bell, 3) == [f"LPUSH {BELL} 1"] * 3
    bell.close()


def test_who_waits_takes_every_ring_at_once(broker: Broker) -> None:
    client = redis.Redis.from_url(broker.url)
    client.lpush(BELL, *["1"] * 1000)
    bell = Bell(broker.url)
    assert bell.wait(1)
    assert client.exists(BELL) == 0
    assert not bell.wait(0.1)
    bell.close()
    client.close()


def test_a_wait_of_no_time_is_over_at_once_and_takes_every_ring(broker: Broker) -> None:
    client, bell = redis.Redis.from_url(broker.url), Bell(broker.url)
    assert not bell.wait(0)
    client.lpush(BELL, "1", "1")
    assert bell.wait(0)
    assert client.exists(BELL) == 0
    bell.close()
    client.close()


def test_a_ring_does_not_wait_for_anything(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go_on, resolve = threading.Event(), threading.Event(), socket.getaddrinfo

    def look_up_slowly(*given: Any, **named: Any) -> Any:
        asked.set()
        go_on.wait(20)
        return resolve(*given, **named)

    client = redis.Redis.from_url(broker.url)
    client.ping()
    bell = Bell(broker.url)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_slowly)
    for _ in range(1000):
        bell.ring()
    assert asked.wait(10)
    assert client.llen(BELL) == 0
    go_on.set()
    wait_until(lambda: client.llen(BELL) in (1, 2), what="the ring")
    bell.close()
    client.close()


def test_a_broker_that_is_away_is_left_in_peace_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, connect = [], redis.Connection.connect

    def count(self: redis.Connection) -> None:
        tries.append(self)
        connect(self)

    monkeypatch.setattr(redis.Connection, "connect", count)
    bell = Bell(f"redis://127.0.0.1:{free_port()}/0")
    bell.ring()
    wait_until(lambda: bell._silent_until > 0, what="silence")
    before = len(tries)
    for _ in range(100):
        bell.ring()
    wait_until(lambda: not bell._is_wanted.is_set(), what="the end of the last ring")
    assert len(tries) == before
    with pytest.raises(BellUnheard):
        bell.wait(0.1)
    assert not bell.is_connected()
    bell.close()


@pytest.fixture
def late_broker() -> Iterator[str]:
    """A broker whose answer to BRPOP comes after the asker has lost patience, and then once more for each question."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(10_000):
                if b"BRPOP" in data:
                    over.wait(1.0)
                    answer = b"*2\r\n$13\r\ncopydesk:bell\r\n$1\r\n1\r\n"
                elif b"PING" in data:
                    answer = b"+PONG\r\n"
                elif b"HELLO" in data:
                    answer = b"-ERR unknown command\r\n"
                else:
                    answer = b"+OK\r\n"
                try:
                    connection.sendall(answer * max(1, data.count(b"SETINFO")))
                except OSError:
                    return

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0?protocol=2"
        over.set()


def test_an_answer_that_comes_too_late_is_given_to_nobody(late_broker: str) -> None:
    bell = Bell(late_broker, listen_timeout_seconds=0.5)
    for _ in range(3):
        with pytest.raises(BellUnheard, match="TimeoutError"):
            bell.wait(5)
        assert bell.is_connected() is True
    bell.close()
