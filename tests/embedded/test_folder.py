"""The rules of the state folder: one holder, private, and sockets that the kernel accepts."""

import os
from pathlib import Path

import dj_database_url
import pytest
import redis

from slider import embedded
from slider.embedded import folder as state


def test_the_address_leads_django_to_the_socket(tmp_path: Path) -> None:
    parsed = dj_database_url.parse(embedded.addresses(tmp_path).database_url)
    assert parsed["HOST"] == str(state.socket_folder(tmp_path))
    assert (parsed["NAME"], parsed["USER"], parsed["PORT"]) == ("slider", "slider", "")


def test_the_address_leads_redis_to_the_socket(tmp_path: Path) -> None:
    client = redis.Redis.from_url(embedded.addresses(tmp_path).redis_url)
    settings = client.connection_pool.connection_kwargs
    assert settings["path"] == str(state.socket_folder(tmp_path) / "redis.sock")
    assert settings["db"] == 0


def test_addresses_touch_nothing(tmp_path: Path) -> None:
    embedded.addresses(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    short = state.socket_folder(deep)
    assert len(os.fsencode(short / state.POSTGRES_SOCKET)) <= state.LONGEST_SOCKET_PATH
    assert short == state.socket_folder(deep)
    assert short != state.socket_folder(tmp_path / ("e" * 100))


def test_a_short_path_keeps_its_sockets_inside() -> None:
    assert state.socket_folder(Path("/srv/slider")) == Path("/srv/slider/sockets")


def test_a_folder_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    state.make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_it_refuses_a_link_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(embedded.EmbeddedError, match="not a folder of ours"):
        state.make_private(tmp_path / "link")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to a stranger")
def test_it_refuses_a_strangers_folder(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(embedded.EmbeddedError, match="user 12345"):
        state.make_private(folder)


def test_a_second_holder_is_refused_with_the_firsts_process_id(tmp_path: Path) -> None:
    with (
        state.held(tmp_path),
        pytest.raises(embedded.EmbeddedError, match=f"process {os.getpid()} .*SLIDER_STATE_DIR"),
        state.held(tmp_path),
    ):
        pass


def test_the_next_holder_is_welcome(tmp_path: Path) -> None:
    with state.held(tmp_path):
        pass
    with state.held(tmp_path):
        assert (tmp_path / "lock").read_text().split() == [str(os.getpid())]
