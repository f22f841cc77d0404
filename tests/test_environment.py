"""Settings: typed, loud when wrong, and told in full by `.env.example`."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from slider.environment import HERE, Environment, example


def environment(**given: str) -> Environment:
    return Environment(_env_file=None, **given)  # type: ignore[arg-type]  # as the environment gives them


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SLIDER_LEASE_S", "soon", "integer"),
        ("SLIDER_LEASE_S", "1", "greater than or equal to 5"),
        ("SLIDER_DB_IDLE_MS", "60000", "less than or equal to 10000"),
        ("SLIDER_REVIEW_COST", "-1", "greater than or equal to 0"),
        ("OPENAI_BASE_URL", "localhost:8000", "'localhost:8000' is no address"),
        ("DEBUG", "perhaps", "boolean"),
        ("SLIDER_MAIL_SECURITY", "ssl", "starttls"),
        ("SLIDER_MAIL_HOST", "mail.example.org", "SLIDER_MAIL_FROM is ''"),
        ("SLIDER_ADDRESS", "slider.example.org", "is no address"),
    ],
)
def test_a_wrong_setting_stops_with_its_name_its_value_and_what_would_do(name: str, value: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        environment(**{name: value})
    assert name in str(refused.value)
    assert words in str(refused.value)


def test_no_password_travels_in_clear() -> None:
    mail = {"SLIDER_MAIL_FROM": "slider@example.org", "SLIDER_MAIL_USER": "slider", "SLIDER_MAIL_SECURITY": "none"}
    with pytest.raises(ValidationError, match="the password would travel in clear"):
        environment(SLIDER_MAIL_HOST="mail.example.org", **mail)
    assert environment(SLIDER_MAIL_HOST="localhost", **mail).sends_mail
    assert not environment().sends_mail


def test_lists_are_given_with_commas() -> None:
    assert environment(ALLOWED_HOSTS=" a.example.org, b.example.org ,").ALLOWED_HOSTS == [
        "a.example.org",
        "b.example.org",
    ]


@pytest.mark.parametrize(
    ("hosts", "said", "https"),
    [
        ("localhost", None, False),
        ("localhost,127.0.0.1", None, False),
        ("slider.example.org", None, True),
        ("localhost,slider.example.org", None, True),
        ("localhost", "true", True),
    ],
)
def test_a_site_that_others_can_reach_speaks_https_unless_told_otherwise(
    hosts: str, said: str | None, https: bool
) -> None:
    given = {"ALLOWED_HOSTS": hosts} | ({"SLIDER_HTTPS": said} if said else {})
    assert environment(**given).https is https


def test_without_a_key_one_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = environment(SLIDER_STATE_DIR=str(tmp_path / "state"), SECRET_KEY="").secret_key
    again = environment(SLIDER_STATE_DIR=str(tmp_path / "state"), SECRET_KEY="").secret_key
    path = tmp_path / "state" / "secret-key"
    assert first == again == path.read_text()
    assert len(first) >= 50
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_given_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert environment(SLIDER_STATE_DIR=str(tmp_path), SECRET_KEY="mine").secret_key == "mine"
    assert not list(tmp_path.iterdir())


def test_the_example_names_every_setting_and_is_what_lies_in_the_project() -> None:
    text = example()
    assert all(f"# {name}=" in text for name in Environment.model_fields)
    assert (HERE / ".env.example").read_text() == text
