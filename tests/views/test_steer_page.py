"""A tuner who has never seen the page finds each answer on it, in words; what nobody knows yet is said so."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.urls import reverse

from slider.engine import certificate
from slider.flow import policies, steer
from slider.models import Gauge, Maker, Mode, Policy, Review, Tally, Task, Why
from slider.queries import clock, shares
from tests import casts, evidence, stages, stream
from tests.stream import Wave

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.GUARDED, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: casts.Company) -> Client:
    return signed_in(cast.tuner)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(client: Client, cast: casts.Company, query: str = "") -> str:
    answer = client.get(reverse("slider", args=[cast.task.pk]) + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def answers(shown: str) -> dict[str, str]:
    """The questions of the card «In short» with their answers, without markup."""
    card = shown.partition('id="answers-title"')[2].partition("</section>")[0]
    pairs = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", card)
    return {question: " ".join(re.sub(r"<[^>]*>", "", answer).split()) for question, answer in pairs}


def day(cast: casts.Company, items: int = 10) -> None:
    """A day with items that people have looked at, each for 36 s."""
    for number in range(items):
        casts.one(cast.task, f"m{number}", casts.says({"topic": "refund", "urgent": False}, p=0.5 + number / 25))
        if number < 6:
            casts.decide(cast.reviewer, cast.task)
    Review.objects.filter(state="decided").update(taken_at=F("decided_at") - timedelta(seconds=36))


def busy_day(cast: casts.Company) -> None:
    """1,000 items, evenly over the ranks, 36 s a look, half of the lane audited: 10 hours at 0 %, 5 at 100 %."""
    day(cast, items=6)
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    Tally.objects.all().delete()
    counts = np.diff(np.round(certificate.CUTS * 1000), prepend=0)
    for place, count in enumerate(counts):
        Tally.objects.create(task=cast.task, hour=hour, why=Why.HARD, bin=place, items=int(count))


def put_back(client: Client, cast: casts.Company, **sent: str) -> int:
    fields = {"number": "1", "expected": "2", "reason": "Put back 80 %"} | sent
    return client.post(reverse("put-back", args=[cast.task.pk]), fields).status_code


def newest(cast: casts.Company) -> Policy:
    return Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy


def test_before_any_evidence_every_answer_says_so(client: Client, cast: casts.Company) -> None:
    found = answers(page(client, cast))
    assert found == {
        "How much runs unattended now?": "Nothing: every item goes to people.",
        "Why not more?": "The evidence allows no share yet: 3 % wrong or less is not shown for any.",
        "What is the worst it may be?": "Nothing leaves without a person now.",
        "What happens if I move it?": (
            "Nothing until you apply it; then it holds from the next item on, and one click in the history puts back "
            "what stood."
        ),
        "Who moved it last, and why?": "Admin, just now: began at 80 %, held by evidence. the cast&#x27;s start",
    }


def test_with_evidence_every_answer_has_its_figures(client: Client, cast: casts.Company) -> None:
    day(cast)
    steer.apply(cast.task.pk, share=0.9, mode=Mode.GUARDED, reason="Fewer people", by=cast.tuner.pk)
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    with_ledger(policy)
    found = answers(page(client, cast))
    assert found["How much runs unattended now?"].startswith(
        "60 %, the easiest first, of the items that have an answer"
    )
    assert found["Why not more?"].startswith(
        "The evidence ends at 60 %: beyond it 3 % wrong or less is not shown yet. About 250 more verdicts"
    )
    assert "They come from people&#x27;s lane (6 a day) and from audits (0 a day)" in found["Why not more?"]
    assert (
        "Since 3 May 2026 at most 89 of 3,912 unattended results were wrong." in found["What is the worst it may be?"]
    )
    assert "At 50 %:" in found["What happens if I move it?"]
    assert found["What happens if I move it?"].endswith("That the evidence does not allow yet.")
    assert found["Who moved it last, and why?"].startswith("The guard, just now: allowed not known yet → 60 %")


def test_where_evidence_holds_the_limit_the_worst_is_the_limit_whatever_the_audits_alone_say(
    client: Client, cast: casts.Company
) -> None:
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    stream.pour(cast.task, Wave(items=300, error=0.02), by=cast.reviewer)
    found = answers(page(client, cast))["What is the worst it may be?"]
    assert found.startswith(
        "At most 3.0 % of what runs unattended is wrong: that is the limit, and the evidence holds it"
    )
    assert re.search(r"Audits alone, \d+ so far, are too few to show as much: they say at most [\d.]+ %", found)
    home = html.unescape(re.sub(r"<[^>]*>", "", client.get("/").content.decode()))
    assert re.search(r"at most 3.0 %\s+\d of \d+ audits; the limit, held by evidence", home)


def with_ledger(policy: Policy) -> None:
    facts = {"items": 3912, "found": 4, "at_most": 88.2, "since": "2026-05-03T08:00:00+00:00", "blind": 46.4}
    found = policies.Evidence(policy.allowed, policy.calibration, policy.certificate | {"ledger": facts}, policy.labels)
    policies.make(policy.task_id, policies.Change(evidence=found), maker=Maker.GUARD, reason="the ledger")


def test_the_ledger_is_shown_with_its_blind_spot(client: Client, cast: casts.Company) -> None:
    assert "Not known yet: the guard writes here" in page(client, cast)
    with_ledger(evidence.prove(cast.task, right=900, wrong=200, up_to=0.6))
    shown = page(client, cast)
    assert 'At most <b class="figure">89</b> wrong results have left since 3 May 2026 (95 % sure), of 3,912' in shown
    assert "up to 47 wrong results can leave before the first is found" in shown


def test_without_staffed_hours_the_page_says_how_to_set_them(client: Client, cast: casts.Company) -> None:
    settings = reverse("task-settings", args=[cast.task.pk])
    assert f'{settings}#id_staffed_hours">Set them in the settings' in page(signed_in(cast.admin), cast)
    assert f"{settings}#id_staffed_hours" not in page(signed_in(cast.viewer), cast)
    assert "An admin sets them in the task's settings." in page(signed_in(cast.viewer), cast)


def test_both_walls_stand_and_the_window_is_said(client: Client, cast: casts.Company) -> None:
    busy_day(cast)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    Task.objects.update(staffed_hours=8)
    shown = page(client, cast)
    words = "The window: the 8 hours a day of reviewers are enough from 40 % up, and the evidence ends at 60 %."
    assert words in shown
    assert shown.count('class="wall-staffed"') == 4
    assert "People need" not in shown


def test_an_empty_window_is_a_finding_with_what_would_open_it(client: Client, cast: casts.Company) -> None:
    busy_day(cast)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    Task.objects.update(staffed_hours=6.96)
    shown = page(client, cast)
    assert "The window is empty: the 6.96 hours a day of reviewers are enough from 60.8 % up" in shown
    assert "What would open it:" in shown
    following = shares.said(shares.next_cut(0.6) or 0)
    assert f"about 250 more verdicts, which would allow {following}" in shown
    assert "7 hours of reviewers a day instead of 6.96 hours: so much 60 % takes" in shown
    assert "People need 7 hours a day; 6.96 hours are staffed, so the backlog grows." in shown
    assert "so the backlog would grow." in shown


def test_hours_warn_and_move_nothing(client: Client, cast: casts.Company) -> None:
    busy_day(cast)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    before = newest(cast).number
    Task.objects.update(staffed_hours=1)
    assert "No share fits the 1 hour a day of reviewers" in page(client, cast)
    assert (newest(cast).number, newest(cast).effective) == (before, 0.6)


def test_both_axes_are_drawn_and_a_link_chooses_one(client: Client, cast: casts.Company) -> None:
    address = reverse("slider", args=[cast.task.pk])
    shown = page(client, cast, "?percent=95&mode=trial")
    assert 'data-axis="linear"> <figure' in shown
    assert f'href="{address}?percent=95&amp;mode=trial&amp;scale=nines#steer"' in shown
    assert 'data-axis="nines"> <figure' in page(client, cast, "?scale=nines")
    for scale in ("linear", "nines"):
        assert shown.count(f"axis-{scale}") == 2


def test_every_link_of_a_page_that_was_refused_still_leads_somewhere(client: Client, cast: casts.Company) -> None:
    answer = client.post(reverse("apply", args=[cast.task.pk]), {"percent": "60"})
    assert answer.status_code == 422
    assert 'href="?' not in answer.content.decode()


def test_one_click_puts_back_what_stood_before(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.3, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    shown = page(client, cast)
    button = shown.partition(f'action="{reverse("put-back", args=[cast.task.pk])}"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(number|expected|reason)" value="([^"]*)"', button))
    assert fields["reason"].startswith("Put back 80 %, held by evidence: it stood before tuner moved it (")
    assert "Put back 80 %, held </button>" in button
    assert put_back(client, cast, **fields) == 302
    assert (newest(cast).requested, newest(cast).mode, newest(cast).reason) == (0.8, "guarded", fields["reason"])
    assert "Put back from the next item on." in page(client, cast)


def test_what_stands_already_can_not_be_put_back(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.3, mode=Mode.GUARDED, reason="Less", by=cast.tuner.pk)
    steer.apply(cast.task.pk, share=0.8, mode=Mode.GUARDED, reason="More", by=cast.tuner.pk)
    shown = page(client, cast)
    assert "Put back 30 %" in shown
    assert "Put back 80 %" not in shown


def test_putting_back_never_goes_over_somebody_elses_move(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.3, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    steer.apply(cast.task.pk, share=0.2, mode=Mode.TRIAL, reason="A busy day", by=cast.admin.pk)
    answer = client.post(
        reverse("put-back", args=[cast.task.pk]), {"number": "1", "expected": "2", "reason": "Put back 80 %"}
    )
    shown = " ".join(answer.content.decode().split())
    assert answer.status_code == 409
    assert newest(cast).requested == 0.2
    assert "Admin moved the slider meanwhile" in shown
    assert 'value="80"' in shown
    assert 'value="Put back 80 %"' in shown
    assert 'name="expected" value="3"' in shown


def test_putting_back_takes_the_right_and_a_whole_button(client: Client, cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.3, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    for person, status in ((cast.viewer, 403), (cast.reviewer, 403), (cast.outsider, 404)):
        assert put_back(signed_in(person), cast) == status
        if status == 403:
            assert "Put back 80 %" not in page(signed_in(person), cast)
    for wrong in ({"number": "x"}, {"number": "99"}, {"expected": ""}, {"reason": " "}, {"number": str(2**40)}):
        assert put_back(client, cast, **wrong) == 400
    assert newest(cast).number == 2


def test_the_guards_acts_stand_out_from_peoples(client: Client, cast: casts.Company) -> None:
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    shown = page(client, cast)
    assert shown.count('class="by-guard"') == 1
    policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason="12 of 60 audits were wrong")
    shown = page(client, cast)
    assert shown.count('class="by-guard"') == 2
    assert "pulled back, by the guard. You asked 80 %; 1,100 reviewed items allow 60 %." in shown
    assert "The guard, just now: <q>12 of 60 audits were wrong</q>" in shown


def test_each_example_says_its_rank_its_chance_and_where_it_would_go(client: Client, cast: casts.Company) -> None:
    day(cast)
    shown = client.get(reverse("what-if", args=[cast.task.pk]), {"percent": "100", "mode": "trial"}).content.decode()
    rows = re.findall(r"<tr>\s*<th scope=\"row\">\s*<a href=.*?</tr>", shown, re.DOTALL)
    assert len(rows) == 10
    for row in rows:
        assert re.search(r"[\d.]+\s%</td>\s*<td class=\"num\">\d+\s%</td>\s*<td>unattended</td>", row)
