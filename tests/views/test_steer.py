"""The slider's page: it applies with a reason, never over somebody else's move, and invents no number."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from slider.flow import steer
from slider.models import Gauge, Mode, Policy
from tests import casts, evidence, stages

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.GUARDED, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: casts.Company) -> Client:
    client = Client()
    client.force_login(cast.tuner)
    return client


def page(client: Client, cast: casts.Company, query: str = "") -> str:
    answer = client.get(reverse("slider", args=[cast.task.pk]) + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def send(client: Client, cast: casts.Company, **changes: str) -> tuple[int, str]:
    sent = {"percent": "60", "mode": "guarded", "reason": "The audits look well", "expected": "1"} | changes
    answer = client.post(reverse("apply", args=[cast.task.pk]), sent)
    return answer.status_code, " ".join(answer.content.decode().split())


def newest(cast: casts.Company) -> Policy:
    return Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy


def test_it_applies_from_the_next_item_on(client: Client, cast: casts.Company) -> None:
    assert send(client, cast)[0] == 302
    policy = newest(cast)
    assert (policy.requested, policy.mode, policy.reason) == (0.6, "guarded", "The audits look well")
    assert policy.made_by == cast.tuner
    assert "Applied from the next item on." in page(client, cast)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("percent", "", "Give a share, 0 to 100."),
        ("percent", "half", "A share is a number, 0 to 100."),
        ("percent", "-1", "A share is 0 or more."),
        ("percent", "101", "A share is 100 or less."),
        ("percent", "NaN", "A share is a number, 0 to 100."),
        ("percent", "Infinity", "A share is a number, 0 to 100."),
        ("reason", "", "Say why: whoever reads the history later needs the reason."),
        ("reason", "   ", "Say why: whoever reads the history later needs the reason."),
        ("mode", "autopilot", "Select a valid choice."),
        ("expected", "", "The page was incomplete"),
    ],
)
def test_it_refuses_at_the_field_and_changes_nothing(
    client: Client, cast: casts.Company, field: str, value: str, words: str
) -> None:
    status, shown = send(client, cast, **{field: value})
    assert status == 422
    assert words in shown
    assert newest(cast).number == 1


def test_it_keeps_what_was_typed(client: Client, cast: casts.Company) -> None:
    _, shown = send(client, cast, percent="61.5", reason="", mode="trial")
    assert 'value="61.5"' in shown
    assert 'value="trial" checked' in shown


def test_it_shows_what_was_moved_meanwhile_and_applies_nothing(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.3, mode=Mode.TRIAL, reason="A busy day", by=cast.admin.pk)
    status, shown = send(client, cast, percent="61.5")
    assert status == 409
    assert newest(cast).requested == 0.3
    assert "Admin moved the slider meanwhile" in shown
    assert "“A busy day”" in shown
    assert "asked 80 % → 30 %" in shown
    assert 'value="61.5"' in shown
    assert 'value="The audits look well"' in shown
    assert send(client, cast, percent="61.5", expected="2")[0] == 302


def test_a_get_changes_nothing(client: Client, cast: casts.Company) -> None:
    for name in ("apply", "put-back", "pull-back", "release"):
        assert client.get(reverse(name, args=[cast.task.pk])).status_code == 405
    page(client, cast, "?percent=10&mode=trial")
    assert newest(cast).number == 1


def test_pulling_back_needs_a_reason_and_holds_until_a_release(client: Client, cast: casts.Company) -> None:
    assert client.post(reverse("pull-back", args=[cast.task.pk]), {"reason": " "}).status_code == 422
    assert not newest(cast).held
    client.post(reverse("pull-back", args=[cast.task.pk]), {"reason": "Two went wrong"})
    assert newest(cast).held
    shown = page(client, cast)
    assert "the slider is pulled back, by a person. You asked 80 %" in shown
    assert "Tuner, just now: <q>Two went wrong</q>" in shown
    client.post(reverse("release", args=[cast.task.pk]), {"reason": "The prompt is mended"})
    assert not newest(cast).held


def test_a_reviewer_pulls_back_but_neither_applies_nor_releases(cast: casts.Company) -> None:
    client = Client()
    client.force_login(cast.reviewer)
    assert send(client, cast)[0] == 403
    assert client.post(reverse("pull-back", args=[cast.task.pk]), {"reason": "Stop"}).status_code == 302
    assert client.post(reverse("release", args=[cast.task.pk]), {"reason": "Go"}).status_code == 403
    assert newest(cast).held
    assert "To release it takes the role Tuner or Admin." in page(client, cast)


def test_without_evidence_nothing_is_guessed(client: Client, cast: casts.Company) -> None:
    shown = page(client, cast)
    assert "what the evidence allows is not known yet" in shown
    assert "Not known yet: the first reviewed items draw this picture." in shown
    assert "Nothing was routed in the last 24 hours, so a day has no numbers yet." in shown
    assert "how many wrong results have left at most, once audits of unattended items are in" in shown


def test_with_evidence_it_says_which_share_binds(client: Client, cast: casts.Company) -> None:
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert policy.allowed == 0.6
    shown = page(client, cast)
    assert "60 % in effect: you asked 80 %; 1,100 reviewed items allow 60 %." in shown
    assert "About 250 more verdicts would allow 62 %" in shown
    assert "evidence ends at 60 %" in shown


def test_a_trial_says_that_nothing_is_promised(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.4, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    shown = page(client, cast)
    assert "40 % in effect, as you asked, on a person&#x27;s word;" in shown
    assert "No promise is made about its error." in shown
    assert shown.lower().count("no promise") == 1
    assert "Let the guard hold it" not in shown


def test_a_trial_that_evidence_would_allow_is_offered_to_the_guard(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.8, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    shown = page(client, cast)
    assert "Evidence would allow 60 % under the limit of 3 % wrong, so 60 % would run." in shown
    link = re.search(r'href="([^"]*)">Let the guard hold it', shown)
    assert link is not None
    prefilled = page(client, cast, "?" + html.unescape(link[1]).removesuffix("#steer").partition("?")[2])
    assert 'value="guarded" checked' in prefilled
    assert 'value="80"' in prefilled
    assert 'value="Evidence allows 60 %: the guard holds it from here on"' in prefilled
    viewer = Client()
    viewer.force_login(cast.viewer)
    assert "Let the guard hold it" not in page(viewer, cast)


def test_a_band_over_the_limit_is_explained_only_where_there_is_one(client: Client, cast: casts.Company) -> None:
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert "Where the band crosses the limit" in page(client, cast)
    evidence.prove(cast.task, right=90_000, wrong=20_000, up_to=0.6)
    assert "Where the band crosses the limit" not in page(client, cast)


def test_the_guards_routine_is_folded_away_until_asked_for(client: Client, cast: casts.Company) -> None:
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    evidence.prove(cast.task, right=901, wrong=200, up_to=0.6)
    assert "1101 verdicts" not in page(client, cast)
    assert "1101 verdicts" in page(client, cast, "?routine=shown")


def test_a_silent_guard_is_said_and_nothing_is_in_effect(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.4, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    Gauge.objects.update(checked_at=timezone.now() - timedelta(hours=1))
    shown = page(client, cast)
    assert "guard silent" in shown
    assert "0 % in effect: the guard gave no sign of life for too long" in shown


def test_the_address_can_fill_the_form(client: Client, cast: casts.Company) -> None:
    shown = page(client, cast, "?percent=12.5&mode=trial&reason=Back+to+policy+1")
    assert 'value="12.5"' in shown
    assert 'value="Back to policy 1"' in shown
    assert "12.5 % would run unattended at once" in shown


@pytest.mark.parametrize(
    "query", ["?percent=NaN", "?percent=1e999", "?mode=x", "?before=%00", "?before=9" * 9, "?scale=7"]
)
def test_a_strange_address_is_answered_as_a_plain_one(client: Client, cast: casts.Company, query: str) -> None:
    assert 'value="80"' in page(client, cast, query)


def test_what_if_answers_with_a_piece(client: Client, cast: casts.Company) -> None:
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    answer = client.get(reverse("what-if", args=[cast.task.pk]), {"percent": "54", "mode": "guarded"})
    piece = " ".join(answer.content.decode().split())
    assert "<html" not in piece
    assert "1,100 reviewed items vouch for 54 %: at most 3 % of it wrong." in piece


def test_the_items_that_change_lane_are_links_for_who_may_see_items(client: Client, cast: casts.Company) -> None:
    items = [
        casts.one(cast.task, f"m{n}", casts.says({"topic": "refund", "urgent": False}, p=0.5 + n / 20))
        for n in range(8)
    ]
    shown = client.get(reverse("what-if", args=[cast.task.pk]), {"percent": "100", "mode": "trial"}).content.decode()
    assert "8 of the last 8 items change lane" in shown
    assert reverse("item", args=[items[0].pk]) in shown
    viewer = Client()
    viewer.force_login(cast.viewer)
    shown = viewer.get(reverse("what-if", args=[cast.task.pk]), {"percent": "100", "mode": "trial"}).content.decode()
    assert reverse("item", args=[items[0].pk]) not in shown


def test_what_if_tells_no_reviewer_which_open_looks_ran_unattended(client: Client, cast: casts.Company) -> None:
    audited = casts.audited(cast.task, "item-4711")
    query = {"percent": "0", "mode": "trial"}
    assert "item-4711" in client.get(reverse("what-if", args=[cast.task.pk]), query).content.decode()
    reviewer = Client()
    reviewer.force_login(cast.reviewer)
    for address in ("what-if", "slider"):
        shown = reviewer.get(reverse(address, args=[cast.task.pk]), query).content.decode()
        assert "item-4711" not in shown
        assert reverse("item", args=[audited.pk]) not in shown
        assert "1 of the last 1 item" in " ".join(shown.split())
        assert "not named here" in shown
    casts.decide(cast.reviewer, cast.task)
    assert "item-4711" in reviewer.get(reverse("what-if", args=[cast.task.pk]), query).content.decode()


def test_markup_in_a_reason_stays_text(client: Client, cast: casts.Company) -> None:
    send(client, cast, reason="<script>alert(1)</script>")
    shown = page(client, cast)
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown
