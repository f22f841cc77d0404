"""What an open desk asks for beside the loop: looks ahead, signs of life, letting go."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slider.models import Review, ReviewState
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db

PAGE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def cast() -> Company:
    made = casts.company()
    for n in range(6):
        casts.one(made.task, f"m{n}")
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, **more: Any) -> dict[str, Any]:
    response = client.post("/desk/ahead", {"page": PAGE, "want": "4"} | more)
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


def test_a_page_gets_sheets_that_are_ready_to_be_shown(cast: Company) -> None:
    told = ask(signed_in(cast.reviewer))
    assert [look["address"] for look in told["looks"]] == [f"/desk/{look['review']}/" for look in told["looks"]]
    assert [f"Message m{n}" in look["html"] for n, look in enumerate(told["looks"])] == [True] * 4
    assert (told["waiting"], told["empty"], told["lease_s"], told["typed_s"]) == ("2", None, 50, 600)


def test_a_decision_of_an_open_page_takes_nothing_by_itself(cast: Company) -> None:
    client = signed_in(cast.reviewer)
    (look,) = ask(client, want="1")["looks"]
    said = {"token": look["token"], "verdict": "accept", "page": PAGE, "seen_ms": "1200"}
    response = client.post(f"/desk/{look['review']}/decide", said, headers={"HX-Request": "true"})
    assert (response.status_code, response["X-Desk-Outcome"]) == (200, "saved")
    assert "Accepted: <strong>Message m0" in response.content.decode()
    assert "sheet" not in response.content.decode()
    assert not Review.objects.filter(state=ReviewState.HELD).exists()


def test_what_is_on_its_way_is_held_and_neither_given_again_nor_called_kept(cast: Company) -> None:
    client = signed_in(cast.reviewer)
    (look,) = ask(client, want="1")["looks"]
    told = ask(client, sent=f"{look['review']}:{look['token']}", want="1")
    assert (told["kept"], told["lost"]) == ([], [])
    assert "Message m1" in told["looks"][0]["html"]
    Review.objects.filter(state=ReviewState.OPEN).delete()
    assert ask(client, sent=[f"{one['review']}:{one['token']}" for one in (look, *told["looks"])])["empty"] is not None


def test_a_draft_brings_its_look_back_or_is_told_that_it_is_lost(cast: Company) -> None:
    client = signed_in(cast.reviewer)
    (look,) = ask(client, want="1")["looks"]
    grip = f"{look['review']}:{look['token']}"
    client.post("/desk/release", {"page": PAGE})
    told = ask(client, back=grip, want="0")
    assert [one["review"] for one in told["looks"]] == [look["review"]]
    Review.objects.filter(pk=look["review"]).update(holder=cast.colleague, token=look["token"] + 1)
    assert ask(client, back=grip, want="0")["lost"] == [look["review"]]


@pytest.mark.parametrize("want", ["-1", "", "x", "99", "400", "٣", "4.5"])
def test_an_odd_number_of_wishes_gets_no_more_than_a_page_may_hold(cast: Company, want: str) -> None:
    assert len(ask(signed_in(cast.reviewer), want=want)["looks"]) in (0, 4)


@pytest.mark.parametrize("grip", ["", "1", ":", "x:y", "1:-1", f"{2**70}:1", f"1:{2**70}", "1:1:1"])
def test_an_odd_claim_is_left_out(cast: Company, grip: str) -> None:
    client = signed_in(cast.reviewer)
    assert ask(client, have=[grip] * 200, want="0")["kept"] == []
    assert client.post("/desk/release", {"page": PAGE, "typed": [grip] * 200, "sent": grip}).status_code == 204


def test_a_page_without_a_fit_name_lets_nothing_go(cast: Company) -> None:
    client = signed_in(cast.reviewer)
    (look,) = ask(client, want="1")["looks"]
    for page in ("<script>", "", "f" * 32):
        client.post("/desk/release", {"page": page})
    assert Review.objects.get(pk=look["review"]).state == ReviewState.HELD


def test_a_page_that_closes_keeps_what_is_typed_for_or_on_its_way_and_frees_what_it_never_got(cast: Company) -> None:
    client = signed_in(cast.reviewer)
    typed, sent, *_ = [f"{look['review']}:{look['token']}" for look in ask(client)["looks"]]
    assert client.post("/desk/release", {"page": PAGE, "typed": typed, "sent": sent}).status_code == 204
    client.post("/desk/release", {"page": PAGE, "typed": typed, "sent": sent, "number": "2"})
    assert ask(client, number="2")["looks"] == []  # asked before it closed
    held = Review.objects.filter(state=ReviewState.HELD).order_by("pk")
    assert [f"{look.pk}:{look.token}" for look in held] == [typed, sent]


def test_strangers_and_others_reach_nothing(cast: Company) -> None:
    (look,) = ask(signed_in(cast.reviewer), want="1")["looks"]
    grip = f"{look['review']}:{look['token']}"
    assert signed_in(cast.viewer).post("/desk/ahead", {"page": PAGE, "want": "4"}).status_code == 403
    assert signed_in(cast.viewer).post("/desk/release", {"page": PAGE}).status_code == 403
    assert ask(signed_in(cast.outsider), have=grip)["looks"] == []
    assert signed_in(cast.outsider).post("/desk/ahead", {"task": cast.task.pk}).status_code == 404
    assert Client().post("/desk/ahead", {"page": PAGE}).status_code == 302
    for address in ("/desk/ahead", "/desk/release"):
        assert signed_in(cast.reviewer).get(address).status_code == 405


def test_a_page_of_somebody_who_is_signed_out_by_now_does_nothing_in_anothers_name(cast: Company) -> None:
    client = signed_in(cast.colleague)
    response = client.post("/desk/ahead", {"page": PAGE, "want": "4", "person": cast.reviewer.pk})
    assert response.status_code == 403
    assert "Somebody else has signed in" in response.content.decode()
    assert not Review.objects.filter(state=ReviewState.HELD).exists()
