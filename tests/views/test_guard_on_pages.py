"""What the guard did in a real round stands on the pages, to each what is theirs: detectors, ledger, acts, banners."""

import html
import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.flow import canaries, guard, policies, steer
from slider.flow.watching.listening import Deed
from slider.models import Act, ActKind, Maker, Mode, Notice, NoticeKind, Policy, Pulse
from slider.queries import history
from tests import casts, judged

pytestmark = pytest.mark.django_db
STOPPED = r"\d+ of the last \d+ audited answers were wrong; 40 % was promised"


def words(who: User, address: str) -> str:
    """A page as it is read."""
    client = Client()
    client.force_login(who)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(html.unescape(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", answer.content.decode(), flags=re.S)).split())


def on(name: str, cast: casts.Company, query: str = "") -> str:
    return reverse(name, args=[cast.task.pk]) + query


def pulled_back() -> casts.Company:
    """A guarded slider that evidence had opened, and that audits have closed again."""
    cast = judged.opened(mode=Mode.GUARDED)
    judged.routed(cast, 40, start=100)
    judged.judge(cast, wrong=judged.audited)
    assert judged.tend(cast).effective == 0
    return cast


def suspicious() -> casts.Company:
    """A guarded slider under suspicion, with a look back that was ordered."""
    cast = judged.opened(mode=Mode.GUARDED)
    facts = {"looks": 4}
    deed = Deed(ActKind.SUSPICION, "something may have changed: look back at 4 shipped results", facts)
    guard.act(judged.in_force(cast), deed, epoch=1)
    return cast


# -- quality ----------------------------------------------------------------------------------------------------------


def test_quality_says_what_the_detectors_of_a_real_round_say() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    shown = words(cast.tuner, on("quality", cast))
    rows = judged.watch(cast).detectors
    assert len(rows) == 6
    assert [row["name"] for row in rows if f"{row['name']} {row['state']}" not in shown] == []
    assert [row["words"] for row in rows if row["words"] not in shown] == []
    assert "The guard has not looked yet." not in shown


def test_quality_says_which_detector_fired_and_since_when() -> None:
    cast = pulled_back()
    shown = words(cast.tuner, on("quality", cast))
    assert re.search(r"they hear every verdict Alarm fired since \d+ \w+ \d\d:\d\d UTC It ended the evidence;", shown)
    assert re.search(STOPPED, shown)


def test_quality_says_what_the_sentinels_found_and_how_canaries_fared() -> None:
    cast = casts.company(share=0.0, sentinels_off=["language"])
    casts.one(cast.task, "odd", text="da da da da da da")
    assert "No canaries were planted yet" in words(cast.tuner, on("quality", cast))
    for topic in casts.TOPICS:
        casts.one(cast.task, topic, casts.says({"topic": topic, "urgent": False}), text=f"Where is my {topic} parcel?")
        casts.decide(cast.reviewer, cast.task)
    canaries.run(cast.task.pk, count=90, seed=1)
    shown = words(cast.tuner, on("quality", cast))
    assert "Sentinels 6 answers looked at" in shown
    assert "Variety of answers learning Not known yet: it learns what is usual from the first" in shown
    assert "Repetition quiet Sent to people: 1 of 6 items." in shown
    assert "Another language off Switched off in the settings." in shown
    assert "Of 90 planted wrong answers" in shown
    assert re.search(r"letters at random \d+ \d+\.?\d* % \d+\.?\d* % at most", shown)


def test_who_reviews_is_told_nothing_of_detectors_and_sentinels() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    shown = words(cast.reviewer, on("quality", cast))
    rows = judged.watch(cast).detectors
    assert [row["words"] for row in rows if row["words"] in shown] == []
    assert "Variety of answers" not in shown
    assert "Repetition" not in shown
    assert "Whoever reviews is not told what is watched now" in shown


def test_a_pulse_that_holds_anything_is_no_error_page() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    Pulse.objects.filter(pk=cast.task.pk).update(state={"meters": "<script>"})
    assert "no answer looked at yet" in words(cast.tuner, on("quality", cast))


# -- the slider -------------------------------------------------------------------------------------------------------


def test_the_ledger_is_the_guards_own() -> None:
    cast = pulled_back()
    found = judged.in_force(cast).certificate["ledger"]
    shown = words(cast.tuner, on("slider", cast))
    most = min(found["items"], -int(-found["at_most"] // 1))
    assert found["found"] > 0
    assert f"At most {most} wrong results have left since" in shown
    assert f"of {found['items']} that ran unattended" in shown
    assert f"Audits found {found['found']} of them." in shown


def test_a_ledger_that_has_counted_nothing_says_so() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    shown = words(cast.tuner, on("slider", cast))
    assert "Nothing that ran unattended has been counted yet" in shown
    assert "At most 0 wrong" not in shown


def test_a_trial_says_that_the_guard_watches_it() -> None:
    cast = casts.company(share=0.5)
    shown = words(cast.tuner, on("slider", cast))
    assert "No promise is made about its error. If audits show it above the limit, the guard pulls it back." in shown
    assert "Exactly this share, until audits break the limit." in shown


def test_the_history_tells_the_guards_acts_with_their_words() -> None:
    cast = pulled_back()
    shown = words(cast.tuner, on("slider", cast)).partition(" History ")[2]
    assert re.search(rf"the guard pulled back evidence starts anew .*? {STOPPED}", shown)
    assert re.search(r"the guard opened by evidence allowed not known yet → \d+", shown)
    assert len(re.findall(STOPPED, shown)) == 1


def test_an_act_that_made_no_policy_has_a_line_of_its_own_above_the_policy_it_fell_under() -> None:
    cast = suspicious()
    shown = words(cast.tuner, on("slider", cast)).partition(" History ")[2]
    act = shown.index("more audits, and a look back something may have changed: look back at 4 shipped results")
    assert act < shown.index("opened by evidence")


def test_routine_under_which_something_was_done_is_not_folded() -> None:
    cast = suspicious()
    last = judged.in_force(cast).number
    numbers = [entry.policy.number for entry in history.page(cast.task.pk, routine=False).entries]
    assert numbers[0] == last
    assert [act.kind for act in history.page(cast.task.pk).entries[0].beside] == [ActKind.SUSPICION]


def test_who_reviews_reads_of_pull_backs_and_of_no_suspicion() -> None:
    cast = suspicious()
    shown = words(cast.reviewer, on("slider", cast, "?routine=shown"))
    assert "opened by evidence" in shown
    assert "look back at 4 shipped results" not in shown
    assert "drawn for an audit" not in shown
    assert "look back at 4 shipped results" in words(cast.tuner, on("slider", cast))


WARY = "something may have changed: more audits for a while"


def wary() -> casts.Company:
    """A slider that evidence opened; then the guard makes audits denser, and says so in a policy's reason."""
    cast = judged.opened(mode=Mode.GUARDED)
    cast.task.audit_floor = 0.0625
    cast.task.save(update_fields=["audit_floor"])
    change = policies.Change(audit_chance=0.5)
    found = policies.make(cast.task.pk, change, maker=Maker.GUARD, reason=f"{WARY}; 50 % is audited from here on")
    guard.act(found, Deed(ActKind.SUSPICION, WARY, {}), epoch=1)
    held = policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason=f"{STOPPED_BY}; {WARY}")
    guard.act(held, Deed(ActKind.PULLED_BACK, STOPPED_BY, {}), epoch=1)
    return cast


STOPPED_BY = "9 of the last 40 audited answers were wrong"


def test_no_page_tells_who_reviews_how_much_is_audited_nor_why() -> None:
    cast = wary()
    pages = [on("slider", cast), on("slider", cast, "?routine=shown"), on("quality", cast), on("notices", cast)]
    blind = " ".join(words(cast.reviewer, page) for page in [*pages, on("what-if", cast, "?percent=40"), "/"])
    assert STOPPED_BY in blind
    told = ("may have changed", "more audits", "audited from here on", "audits 6.2", "is audited now", "from audits (")
    assert [secret for secret in (*told, "routine rows") if secret in blind] == []
    seeing = words(cast.tuner, on("slider", cast, "?routine=shown"))
    assert WARY in seeing
    assert "→ 50 %" in seeing.partition(" History ")[2]
    assert "50.0 % of the unattended lane is audited now" in seeing


def test_what_a_day_would_bring_does_not_give_the_chance_of_an_audit_away() -> None:
    cast = wary()
    client, seen = Client(), []
    for user in (cast.reviewer, cast.tuner):
        client.force_login(user)
        drag = re.search(r'<script id="drag"[^>]*>(.*?)</script>', client.get(on("slider", cast)).content.decode())
        assert drag is not None
        seen.append(json.loads(drag[1])["auditChance"])
    assert seen == [cast.task.audit_floor, 0.5]


def test_what_stands_in_an_act_is_text() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    deed = Deed(ActKind.LOOK_BACK, "<script>alert(1)</script>\u202e", {})
    guard.act(judged.in_force(cast), deed, epoch=1)
    client = Client()
    client.force_login(cast.tuner)
    raw = client.get(on("slider", cast)).content.decode()
    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in raw
    assert "U+202E" in raw


# -- banners ----------------------------------------------------------------------------------------------------------


def test_a_pull_back_by_the_guard_is_told_on_every_page_of_the_project() -> None:
    cast = pulled_back()
    notice = Notice.objects.get(kind=NoticeKind.PULLED_BACK)
    act = Act.objects.get(kind=ActKind.PULLED_BACK)
    assert (notice.words, notice.policy) == (act.words, Policy.objects.get(pk=act.policy_id).number)
    own = ("slider", "quality", "items", "item-new", "import", "history", "task-settings", "worker", "notices")
    project = [reverse(name, args=[cast.project.slug]) for name in ("keys", "task-new")]
    for address in [*(on(name, cast) for name in own), *project, "/", "/desk/"]:
        assert re.search(rf"Pulled back: Sort messages {STOPPED} the guard", words(cast.admin, address)), address


def test_the_banner_reaches_whoever_may_pull_back_and_no_stranger() -> None:
    cast = pulled_back()
    assert "Pulled back: Sort messages" in words(cast.reviewer, "/")
    assert "Pulled back: Sort messages" not in words(cast.viewer, "/")
    assert "Pulled back" not in words(cast.outsider, "/")


def test_a_trial_that_the_guard_pulled_back_waits_for_a_person_and_says_so() -> None:
    cast = casts.company(share=1.0, error_limit=0.4, audit_floor=1.0)
    judged.routed(cast, 30)
    judged.judge(cast, wrong=judged.always)
    judged.tend(cast)
    shown = words(cast.tuner, on("slider", cast))
    assert "the slider is pulled back, by the guard" in shown
    assert re.search(rf"Pulled back: Sort messages {STOPPED}", shown)
    steer.release(cast.task.pk, reason="another prompt", by=cast.tuner.pk)
    assert "in effect, as you asked, on a person's word" in words(cast.tuner, on("slider", cast))
