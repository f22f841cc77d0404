"""The small parts of the demo: ports, logins, signals."""

import os
import signal
import socket
from pathlib import Path

import pytest

from slider.management.local import children, logins
from slider.management.local.signals import MEANING_STOP, interruptible


def test_a_free_port_is_taken_as_wished() -> None:
    with socket.socket() as probe:
        probe.bind((children.HOST, 0))
        free = probe.getsockname()[1]
    assert children.free_port(free) == free


def test_where_the_port_is_taken_another_is_chosen() -> None:
    with socket.socket() as taken:
        taken.bind((children.HOST, 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert children.free_port(wanted) not in (0, wanted)


def test_the_password_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = logins.password(tmp_path)
    assert logins.password(tmp_path) == first
    assert len(first) >= 12
    assert (tmp_path / "demo-logins").stat().st_mode & 0o777 == 0o600


def test_two_state_folders_have_two_passwords(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert logins.password(tmp_path / "a") != logins.password(tmp_path / "b")


@pytest.mark.parametrize("number", MEANING_STOP)
def test_a_stop_signal_interrupts_once_and_the_next_is_ignored(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interruptible():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_the_children_answer_on_this_machine_only_and_show_no_debug_pages(tmp_path: Path) -> None:
    env = children.environment(state=tmp_path, secret_key="key", database_url="db", redis_url="redis")
    assert env["DEBUG"] == "false"
    assert set(env["ALLOWED_HOSTS"].split(",")) == {"localhost", "127.0.0.1", "[::1]"}
    assert (env["DATABASE_URL"], env["REDIS_URL"]) == ("db", "redis")
