"""`manage.py demo_review`: plays the demo's reviewers, who know the right answers and sometimes slip."""

import random
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from slider.flow import own_answers, review
from slider.flow.review import Said
from slider.management.commands.seed_demo import truths
from slider.management.demo import brief
from slider.models import Decision, Membership, Review, ReviewState, Role, Task, Verdict


class Command(BaseCommand):
    help = "Play reviewers at the demo's desk: they take, judge and fix items as people would, with some errors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=3, help="How many reviewers take turns (default 3).")
        parser.add_argument("--most", type=int, default=0, help="Stop after this many looks (default: all there are).")
        parser.add_argument(
            "--error-rate", type=float, default=0.02, help="How often a reviewer is wrong, 0-1 (default .02)."
        )
        parser.add_argument("--pace", type=float, default=0.0, help="Seconds a look takes (default 0).")
        parser.add_argument("--seed", type=int, default=1, help="The same seed makes the same slips (default 1).")

    def handle(self, *, people: int, most: int, error_rate: float, pace: float, seed: int, **_: Any) -> None:
        if not 0 <= error_rate <= 1:
            raise CommandError(f"--error-rate {error_rate} is no share: give 0 to 1.")
        if people < 1:
            raise CommandError(f"--people {people}: at least one has to review.")
        task = Task.objects.filter(slug=brief.TASK_SLUG, project__slug="demo").first()
        if task is None:
            raise CommandError("The demo's task is not here: run `make demo` (or `manage.py seed_demo`) first.")
        desk = Desk(task, random.Random(seed), error_rate=error_rate)  # noqa: S311  (a play, not a secret)
        seats = crew(task, people)
        looks = slips = 0
        while not most or looks < most:
            slipped = desk.look(seats[looks % people], pace)
            if slipped is None:
                break
            looks, slips = looks + 1, slips + slipped
        self.stdout.write(f"{looks} looks by {people} played reviewers, {slips} of them wrong")
        if desk.left:
            self.stdout.write(f"Left to you, since they are not the demo's own: {len(desk.left)}")


def crew(task: Task, people: int) -> list[User]:
    """So many played reviewers, who can't sign in."""
    return [_reviewer(number, task) for number in range(1, people + 1)]


def _reviewer(number: int, task: Task) -> User:
    person, made = User.objects.get_or_create(username=f"played-reviewer-{number}")
    if made:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    Membership.objects.get_or_create(project=task.project, user=person, defaults={"role": Role.REVIEWER})
    return person


def _base(taken: Review) -> str:
    """The message's own name: `m0007~812` is the 812th item, and says what m0007 says."""
    return taken.item.external_id.partition("~")[0]


class Desk:
    """Where the played reviewers sit: they know the truths and use the same flow as the browser."""

    def __init__(self, task: Task, chance: random.Random, *, error_rate: float) -> None:
        self._task, self._chance, self._error_rate = task, chance, error_rate
        self._truths = truths()
        self.left: set[int] = set()

    def look(self, person: User, pace_s: float) -> bool | None:
        """One look of `pace_s` seconds: whether the person slipped, or None when nothing is left to look at."""
        taken = self._take(person)
        if taken is None:
            return None
        time.sleep(pace_s)
        slips = self._chance.random() < self._error_rate
        if taken.is_drawn_hidden and self._says_so_alone(taken, person):
            return False
        said = self._slip(taken) if slips else self._judge(taken)
        review.decide(taken.pk, user_id=person.pk, token=taken.token, said=said)
        return slips

    def _says_so_alone(self, taken: Review, person: User) -> bool:
        """Answer before the draft is shown, which is right: whether that is all, since the draft says the same."""
        truth = self._truth(taken)
        looked = own_answers.say(taken.pk, user_id=person.pk, token=taken.token, answer=truth)
        return looked.state == ReviewState.DECIDED

    def _take(self, person: User) -> Review | None:
        """The next item that is the demo's own; of others nobody here knows the truth."""
        lease_s = settings.ENV.SLIDER_REVIEW_LEASE_S
        while taken := review.take(person.pk, task_ids=[self._task.pk], lease_s=lease_s):
            if _base(taken) in self._truths:
                return taken
            review.skip(taken.pk, user_id=person.pk, token=taken.token)
            self.left.add(taken.item_id)
        return None

    def _truth(self, taken: Review) -> dict[str, Any]:
        return self._truths[_base(taken)]

    def _proposal(self, taken: Review) -> Any:
        attempt = Decision.objects.select_related("attempt").get(pk=taken.item_id).attempt
        return None if attempt is None else attempt.answer

    def _judge(self, taken: Review) -> Said:
        truth = self._truth(taken)
        return Said(Verdict.ACCEPT) if self._proposal(taken) == truth else Said(Verdict.FIX, truth)

    def _slip(self, taken: Review) -> Said:
        """Wave a wrong proposal through, or spoil a right one."""
        truth, proposal = self._truth(taken), self._proposal(taken)
        if proposal is not None and proposal != truth:
            return Said(Verdict.ACCEPT)
        others = [topic for topic in brief.TOPICS if topic != truth["topic"]]
        return Said(Verdict.FIX, truth | {"topic": self._chance.choice(others)})
