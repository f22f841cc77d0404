"""What the desk asks the database for with every key: so many statements, however much there is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from slider.models import Membership, Role
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db

PAGE = "0123456789abcdef0123456789abcdef"
SCRIPT = {"HX-Request": "true"}


@pytest.fixture(params=["little", "much"])
def cast(request: pytest.FixtureRequest) -> Company:
    made = casts.company()
    tasks = [made.task]
    if request.param == "much":
        tasks += [casts.task(made.project, by=made.admin, slug=f"more-{n}", name=f"More {n}") for n in range(2)]
        for n in range(12):
            casts.person(f"another-{n}", role=Role.REVIEWER, of=made.project)
    for task in tasks:
        for n in range(5):
            casts.one(task, f"m{n}")
    return made


@pytest.fixture
def client(cast: Company) -> Client:
    made = Client()
    made.force_login(cast.reviewer)
    return made


def statements(do: Callable[[], object]) -> list[str]:
    """What the database was asked, but for the brackets of transactions."""
    do()  # what is written once a process is written now
    asked: list[str] = []

    def hear(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        asked.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(hear):
        do()
    return [sql for sql in asked if not sql.startswith(("SAVEPOINT", "RELEASE"))]


def test_the_next_look_costs_ten_statements(client: Client) -> None:
    hand: list[str] = []

    def ahead() -> None:
        told = client.post("/desk/ahead", {"page": PAGE, "want": "1", "have": hand}, headers=SCRIPT).json()
        (look,) = told["looks"]
        hand.append(f"{look['review']}:{look['token']}")

    asked = statements(ahead)
    assert len(asked) <= 10, asked


@pytest.mark.parametrize("said", [{"verdict": "accept"}, {"verdict": "reject", "reason": "wrong"}])
def test_a_decision_costs_nine_statements(client: Client, said: dict[str, str]) -> None:
    asked_for = client.post("/desk/ahead", {"page": PAGE, "want": "4"}, headers=SCRIPT).json()
    looks = iter(asked_for["looks"])

    def decide() -> None:
        look = next(looks)
        sent = {"page": PAGE, "token": look["token"], **said}
        response = client.post(f"/desk/{look['review']}/decide", sent, headers=SCRIPT)
        assert response["X-Desk-Outcome"] == "saved"

    asked = statements(decide)
    assert len(asked) <= 9, asked


def test_to_take_a_look_without_a_page_of_its_own_costs_ten_statements(client: Client) -> None:
    asked = statements(lambda: client.post("/desk/take", headers=SCRIPT))
    assert len(asked) <= 10, asked


def test_somebody_who_is_switched_off_gets_nothing_from_the_next_request_on(cast: Company, client: Client) -> None:
    assert client.post("/desk/ahead", {"page": PAGE, "want": "1"}, headers=SCRIPT).status_code == 200
    cast.reviewer.is_active = False
    cast.reviewer.save()
    assert client.post("/desk/ahead", {"page": PAGE, "want": "1"}, headers=SCRIPT).status_code == 302


def test_who_reviews_no_more_gets_nothing_from_the_next_request_on(cast: Company, client: Client) -> None:
    (look,) = client.post("/desk/ahead", {"page": PAGE, "want": "1"}, headers=SCRIPT).json()["looks"]
    Membership.objects.filter(user=cast.reviewer).delete()
    assert client.post("/desk/ahead", {"page": PAGE, "want": "1"}, headers=SCRIPT).status_code == 403
    said = {"page": PAGE, "token": look["token"], "verdict": "accept"}
    assert client.post(f"/desk/{look['review']}/decide", said, headers=SCRIPT).status_code == 403
