"""What the guard does by itself: alarm, shift, suspicion with looks back, quarantine, and opening again by evidence."""

import re
from typing import Any

import numpy as np
import pytest

from slider.engine import certificate, regions
from slider.flow import guard, review, steer
from slider.flow.watching import lookbacks, reasons
from slider.models import (
    Act,
    ActKind,
    Decision,
    Gauge,
    Lane,
    Maker,
    Mode,
    Policy,
    Publication,
    Review,
    Unheard,
    Verdict,
)
from tests import casts, judged

pytestmark = pytest.mark.django_db
tend = judged.tend
LOUD = [50.0] * 5


def kinds() -> list[str]:
    """The acts so far, oldest first."""
    return list(Act.objects.order_by("pk").values_list("kind", flat=True))


def one_more(cast: casts.Company, *, start: int = 900) -> None:
    """Something new, so that the guard judges."""
    judged.routed(cast, 1, start=start)


def bad_lane(cast: casts.Company, *, start: int = 100, items: int = 40) -> Policy:
    """The model turns bad where nobody looks but audits."""
    judged.routed(cast, items, start=start)
    judged.judge(cast, wrong=judged.audited)
    return tend(cast)


def detector(cast: casts.Company, name: str) -> dict[str, Any]:
    return next(row for row in judged.watch(cast).detectors if row["name"] == name)


# -- alarm and shift --------------------------------------------------------------------------------------------------


def test_audits_that_are_worse_than_promised_pull_the_slider_back_with_the_numbers() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    before = judged.in_force(cast)
    policy = bad_lane(cast)
    assert (policy.epoch, policy.allowed, policy.effective, policy.held) == (2, None, 0.0, False)
    assert (policy.requested, policy.maker, policy.labels) == (before.requested, Maker.GUARD, 0)
    said = re.fullmatch(r"(\d+) of the last (\d+) audited answers were wrong; 40 % was promised", policy.reason)
    assert said is not None
    wrong, looked = int(said[1]), int(said[2])
    assert looked * 0.4 < wrong <= looked <= 100
    assert kinds() == [ActKind.OPENED, ActKind.PULLED_BACK]
    act = Act.objects.first()
    assert act is not None
    assert (act.policy, act.epoch, act.words) == (policy, 1, policy.reason)
    assert act.facts == {"by": "Alarm", "wrong": wrong, "looked": looked, "expected": pytest.approx(looked * 0.4)}


def test_after_an_alarm_nothing_runs_and_evidence_opens_it_again_by_itself() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    bad_lane(cast)
    assert detector(cast, "Alarm")["state"] == "fired"
    judged.routed(cast, 60, start=300)
    assert not Decision.objects.filter(epoch=2, lane=Lane.UNATTENDED).exists()
    judged.judge(cast)
    policy = tend(cast)
    assert (policy.epoch, policy.held) == (2, False)
    assert policy.effective >= 0.3
    assert kinds() == [ActKind.OPENED, ActKind.PULLED_BACK, ActKind.OPENED]
    assert detector(cast, "Alarm")["state"] == "quiet"
    judged.routed(cast, 20, start=600)
    assert Decision.objects.filter(epoch=2, lane=Lane.UNATTENDED).exists()


def test_verdicts_on_items_of_the_epoch_that_ended_are_heard_by_nobody() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judged.routed(cast, 10, start=500)  # still owed when the alarm comes
    late = list(Review.objects.filter(state="open").values_list("pk", flat=True))
    judged.remember(cast, alarm=[1e6] * 5)
    one_more(cast)
    assert tend(cast).epoch == 2
    assert judged.judge(cast, wrong=judged.always) == len(late) + 1
    tend(cast)
    row = judged.watch(cast)
    assert (row.judged, np.sum(row.state["heard"]), Unheard.objects.count()) == (0, 0, 0)


def test_on_trial_an_alarm_pulls_back_as_well_and_waits_for_a_person() -> None:
    cast = casts.company(share=1.0, error_limit=0.4, audit_floor=1.0)
    judged.routed(cast, 30)
    judged.judge(cast, wrong=judged.always)
    policy = tend(cast)
    assert (policy.mode, policy.held, policy.effective, policy.epoch) == (Mode.TRIAL, True, 0.0, 2)
    assert "audited answers were wrong" in policy.reason
    assert (kinds(), detector(cast, "Alarm")["state"]) == ([ActKind.PULLED_BACK], "fired")
    one_more(cast)
    assert Decision.objects.latest("seq").why == "held"
    judged.judge(cast)
    assert tend(cast).held is True
    freed = steer.release(cast.task.pk, reason="another prompt", by=cast.tuner.pk)
    assert (freed.effective, freed.made_by, freed.reason) == (1.0, cast.tuner, "another prompt")


def test_on_trial_within_the_limit_nobody_is_alarmed() -> None:
    cast = casts.company(share=1.0, error_limit=0.4, audit_floor=1.0)
    judged.routed(cast, 40)
    judged.judge(cast, wrong=lambda look: look.item_id % 4 == 0)
    assert (tend(cast).effective, kinds()) == (1.0, [])


def test_a_shift_of_both_lanes_ends_the_evidence_and_says_what_was_expected() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    size = len(certificate.CUTS)
    judged.remember(cast, shift=[20.0] * 6, expected=[0.05] * size, expected_at=60)
    judged.routed(cast, 6, start=500)
    judged.judge(cast, wrong=judged.always)
    policy = tend(cast)
    assert (policy.epoch, policy.effective, policy.allowed) == (2, 0.0, None)
    assert re.search(r"no longer look as they did: \d+ of the last \d+ .* about \d+ were to be expected", policy.reason)
    assert kinds()[-1] == ActKind.PULLED_BACK
    assert detector(cast, "Shift")["state"] == "fired"


def test_on_trial_a_shift_is_marked_and_the_person_s_word_stands() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    steer.apply(cast.task.pk, share=0.9, mode=Mode.TRIAL, reason="my word", by=cast.tuner.pk)
    judged.remember(cast, shift=[20.0] * 6)
    one_more(cast)
    policy = tend(cast)
    assert (policy.epoch, policy.held, policy.effective) == (2, False, 0.9)
    assert kinds()[-1] == ActKind.ANEW


# -- suspicion and looks back -----------------------------------------------------------------------------------------


def suspicious(cast: casts.Company) -> Policy:
    judged.remember(cast, nudge=LOUD)
    one_more(cast)
    return tend(cast)


def shipped(cast: casts.Company, items: int = 150) -> casts.Company:
    """Enough results out that nobody has looked at."""
    cast.task.audit_floor = 1 / 64
    cast.task.save(update_fields=["audit_floor"])
    tend(cast)
    judged.remember(cast, lane_items=100_000)  # audits have thinned out
    one_more(cast, start=899)
    tend(cast)
    judged.routed(cast, items, start=1000)
    return cast


def test_suspicion_asks_for_eight_times_the_audits_and_looks_back_at_what_was_shipped() -> None:
    cast = shipped(judged.opened(mode=Mode.GUARDED))
    before = judged.in_force(cast)
    policy = suspicious(cast)
    assert policy.audit_chance == pytest.approx(8 * before.audit_chance)
    assert (policy.epoch, policy.effective) == (before.epoch, before.effective)
    looks = Review.objects.filter(kind="lookback")
    assert looks.filter(aimed=False).count() == 60
    easy = looks.filter(aimed=True)
    assert 0 < easy.count() <= 40
    assert all((look.item.decision.rank or 0.0) <= 0.3 for look in easy)
    assert all(look.item.decision.lane == Lane.UNATTENDED and not look.item.decision.audit for look in looks)
    act = Act.objects.get(kind=ActKind.SUSPICION)
    assert act.facts == {"looks": looks.count()}
    assert f"look back at {looks.count()} shipped results" in act.words
    assert detector(cast, "Suspicion")["state"] == "raised"
    one_more(cast, start=5000)
    tend(cast)
    assert Review.objects.filter(kind="lookback").count() == looks.count()  # not again with every round


def test_looks_back_are_drawn_by_coins_so_that_a_retry_draws_the_same() -> None:
    cast = shipped(judged.opened(mode=Mode.GUARDED))
    policy, task = judged.in_force(cast), cast.task
    wanted = lookbacks.Wanted(10, 5, np.zeros(regions.COUNT, dtype=np.int64))
    drawn = []
    for purpose in ("1|7", "1|7", "1|8"):
        lookbacks.draw(task, policy, wanted, routed=Gauge.objects.get().routed, purpose=purpose)
        drawn.append(set(Review.objects.filter(kind="lookback").values_list("item_id", flat=True)))
        Review.objects.filter(kind="lookback").delete()
    assert drawn[0] == drawn[1] != drawn[2]


def test_only_the_last_six_hundred_items_are_looked_back_at() -> None:
    cast = shipped(judged.opened(mode=Mode.GUARDED), items=20)
    policy = judged.in_force(cast)
    everything = lookbacks.Wanted(1000, 0, np.zeros(regions.COUNT, dtype=np.int64))
    routed = Gauge.objects.get().routed
    assert lookbacks.draw(cast.task, policy, everything, routed=routed + lookbacks.REACH, purpose="far") == 0
    some = lookbacks.draw(cast.task, policy, everything, routed=routed + lookbacks.REACH - 5, purpose="near")
    assert 0 < some <= 5


def test_a_wrong_result_found_by_looking_back_is_corrected_and_never_enters_the_certificate() -> None:
    cast = shipped(judged.opened(mode=Mode.GUARDED))
    suspicious(cast)
    judged.judge(cast)
    tend(cast)
    before = judged.watch(cast)
    look = Review.objects.filter(kind="lookback").earliest("pk")
    Review.objects.filter(pk=look.pk).update(
        state="open", verdict="", decided_at=None, undo_until=None, holder=None, answer=None
    )
    Unheard.objects.all().delete()
    held = casts.take(cast.reviewer, cast.task)
    said = review.Said(Verdict.FIX, judged.OTHER)
    review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)
    results = Publication.objects.filter(item=look.item).order_by("number")
    assert [result.answer for result in results] == [judged.ANSWER, judged.OTHER]
    tend(cast)
    after = judged.watch(cast)
    assert after.state["alarm"] != before.state["alarm"]  # the detectors have heard it
    assert (after.state["heard"], after.state["wrong"]) == (before.state["heard"], before.state["wrong"])
    assert after.ledger["found"] == before.ledger["found"]


def test_a_look_that_was_aimed_is_no_sample_of_the_lane() -> None:
    cast = shipped(judged.opened(mode=Mode.GUARDED))
    suspicious(cast)
    judged.judge(cast)
    tend(cast)
    before = judged.watch(cast).state
    aimed = Review.objects.filter(kind="lookback", aimed=True).earliest("pk")
    Review.objects.filter(pk=aimed.pk).update(verdict="fix")
    Unheard.objects.create(review=aimed, task=cast.task)
    tend(cast)
    after = judged.watch(cast).state
    assert (after["alarm"], after["nudge"]) == (before["alarm"], before["nudge"])
    assert after["regions"] != before["regions"]


def test_errors_where_hardly_any_are_expected_are_looked_for_in_their_own_region() -> None:
    cast = shipped(judged.opened(mode=Mode.GUARDED))
    loud = [[0.0, 0.0] for _ in range(regions.COUNT)]
    loud[2] = [9.0, 9.0]
    judged.remember(cast, surprise=loud)
    one_more(cast)
    tend(cast)
    looks = list(Review.objects.filter(kind="lookback").select_related("item__decision"))
    assert 0 < len(looks) <= 12
    assert all(look.aimed and 0.1 < (look.item.decision.rank or 0.0) <= 0.15 for look in looks)
    act = Act.objects.get(kind=ActKind.LOOK_BACK)
    assert act.facts == {"looks": len(looks), "regions": [2]}
    assert "10 % to 15 %" in act.words


def test_suspicion_that_audits_do_not_confirm_is_cleared() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    suspicious(cast)
    state = judged.watch(cast).state
    judged.remember(cast, audits=state["boost_until"] - 1)
    judged.routed(cast, 5, start=2000)
    tend(cast)
    assert kinds()[-1] == ActKind.CLEARED
    assert "confirmed no suspicion" in Act.objects.first().words  # type: ignore[union-attr]
    assert detector(cast, "Suspicion")["state"] == "quiet"


# -- quarantine -------------------------------------------------------------------------------------------------------


def closed(cast: casts.Company, *which: int) -> Policy:
    loud = [[1e6] * 3 if region in which else [0.0] * 3 for region in range(regions.COUNT)]
    judged.remember(cast, regions=loud)
    one_more(cast, start=898)
    return tend(cast)


def test_a_stretch_that_is_confidently_wrong_is_closed_alone_and_goes_to_people() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    policy = closed(cast, 0, 1, 4)
    assert (policy.epoch, policy.effective > 0) == (1, True)
    assert policy.certificate["quarantine"] == [{"from": 0.0, "to": 0.1}, {"from": 0.2, "to": 0.3}]
    assert "0 % to 10 % and 20 % to 30 %" in policy.reason
    assert kinds()[-1] == ActKind.QUARANTINE
    assert detector(cast, "Quarantine")["state"] == "raised"
    judged.routed(cast, 60, start=2000)
    last = len(certificate.CUTS) - 1
    for decision in Decision.objects.filter(seq__gte=61):
        assert decision.rank is not None
        inside = decision.rank <= 0.1 or 0.2 < decision.rank <= 0.3
        assert (decision.why == "quarantine") == inside
        assert decision.bin == (last if inside else int(certificate.bins(np.array([decision.rank]))[0]))
        assert decision.lane == (Lane.PEOPLE if decision.why in ("quarantine", "hard") else Lane.UNATTENDED)


def test_verdicts_from_quarantine_open_it_again_and_enter_no_other_bin() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    closed(cast, 4, 5)
    judged.judge(cast)
    tend(cast)
    before = judged.watch(cast).state
    judged.routed(cast, 100, start=2000)
    for look in Review.objects.filter(state="open", item__decision__why="quarantine"):
        Review.objects.filter(pk=look.pk).update(
            state="decided", verdict="accept", holder=cast.reviewer, decided_at=look.created_at
        )
        Unheard.objects.create(review=look, task=cast.task)
    heard = Unheard.objects.count()
    policy = tend(cast)
    after = judged.watch(cast).state
    assert heard >= 10
    assert after["heard"] == before["heard"]
    assert sum(map(sum, after["freed"])) == heard
    assert kinds()[-1] == ActKind.CLEARED
    assert len(policy.certificate["closed_regions"]) < 2


def test_a_region_closed_before_anything_was_open_starts_the_evidence_anew_without_it() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.4)
    judged.routed(cast, 3)
    judged.judge(cast)
    tend(cast)
    policy = closed(cast, 3)
    assert (policy.epoch, policy.effective, policy.certificate["closed_regions"]) == (2, 0.0, [3])
    judged.routed(cast, 40, start=100)
    judged.judge(cast)
    tend(cast)
    assert judged.watch(cast).state["quarantined"] == [region == 3 for region in range(regions.COUNT)]
    hard = Decision.objects.filter(epoch=2, rank__gt=0.15, rank__lte=0.2)
    assert hard.exists()
    assert set(hard.values_list("bin", flat=True)) == {len(certificate.CUTS) - 1}
    assert sum(judged.watch(cast).state["freed"][3]) == hard.count()  # also of those that would have gone to people


def test_an_alarm_keeps_what_is_in_quarantine() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    closed(cast, 1)
    judged.remember(cast, alarm=[1e6] * 5)
    one_more(cast)
    policy = tend(cast)
    assert (policy.epoch, policy.certificate["closed_regions"]) == (2, [1])


# -- words ------------------------------------------------------------------------------------------------------------


def test_the_loudest_stretch_is_the_newest_one_that_is_furthest_above_what_was_expected() -> None:
    bad, good = [True, True, False, True, True, True], [False] * 100
    found = reasons.loudest(np.array(bad + good), np.full(106, 0.03))
    assert (found.wrong, found.looked, round(found.expected, 2)) == (5, 6, 0.18)
    assert reasons.loudest(np.array([], dtype=bool), np.array([])) == reasons.Stretch(0, 0, 0.0)
    assert reasons.loudest(np.array([False] * 3), np.full(3, 0.1)).wrong == 0


def test_every_act_goes_through_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    real = guard.act

    def tells(policy: Policy, deed: Any, *, epoch: int) -> Act:
        told.append(deed.kind)
        return real(policy, deed, epoch=epoch)

    monkeypatch.setattr(guard, "act", tells)
    cast = judged.opened(mode=Mode.GUARDED)
    bad_lane(cast)
    judged.watch(cast).delete()
    tend(cast)
    assert told == kinds() == [ActKind.OPENED, ActKind.PULLED_BACK, ActKind.ANEW]
