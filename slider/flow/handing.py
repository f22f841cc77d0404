"""Giving a look to somebody: a lead assigns it, whoever holds it hands it on with a note or flags it to a lead."""

from dataclasses import dataclass

from django.db import connection, transaction

from slider.flow import several
from slider.flow.review import NotYours, let_go, who_has_it
from slider.models import (
    BESIDE,
    Decline,
    Handing,
    HandingKind,
    Membership,
    Review,
    ReviewKind,
    ReviewState,
)
from slider.models.project import RIGHTS

NOTE_MOST = 2000
REVIEWING = [role for role, verbs in RIGHTS.items() if "review" in verbs]
LEADING = [role for role, verbs in RIGHTS.items() if "lead" in verbs]


class Unfit(ValueError):
    """What can't be handed on so; `where` is the field of the form."""

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Note:
    """Words that go with a look, checked when they are made."""

    text: str

    @staticmethod
    def of(typed: str, *, why: str) -> "Note":
        """The note as it is kept. Raises Unfit; `why` says what it is for."""
        text = typed.replace("\r\n", "\n").strip()
        if not text or len(text) > NOTE_MOST or "\x00" in text:
            raise Unfit(f"say in 1 to {NOTE_MOST} characters {why}", where="note")
        return Note(text)


@dataclass(frozen=True, slots=True)
class Give:
    """What somebody does with a look that they hold: hand it on, to nobody by name as well, or flag it to a lead."""

    note: str
    to: int | None = None
    to_lead: bool = False


def give(review_id: int, given: Give, *, user_id: int, token: int) -> None:
    """Hand on or flag; said twice, it is done once. Raises NotYours or Unfit."""
    try:
        if given.to_lead:
            flag(review_id, user_id=user_id, token=token, note=given.note)
        else:
            hand_on(review_id, user_id=user_id, token=token, to=given.to, note=given.note)
    except NotYours:
        if not _is_given_already(review_id, given, user_id):
            raise


def _is_given_already(review_id: int, given: Give, user_id: int) -> bool:
    """Whether that is the last that this person did with the look: the answer to the first request was lost."""
    last = Handing.objects.filter(review=review_id, by=user_id).order_by("-pk").first()
    if last is None or Review.objects.filter(pk=review_id, holder=user_id).exists():
        return False
    kind = HandingKind.FLAGGED if given.to_lead else HandingKind.HANDED
    said = Note.of(given.note, why="what it is about").text
    return (last.kind, last.to_id, last.note) == (kind, given.to, said)


def hand_on(review_id: int, *, user_id: int, token: int, to: int | None, note: str) -> None:
    """Hand a look that one holds on, with a note: to a person, who alone can take it, or to anybody else.

    Raises NotYours, or Unfit for a note that says nothing and for somebody who can't take it.
    """
    said = Note.of(note, why="what the next person should know")
    with transaction.atomic():
        review = _held(review_id, user_id=user_id, token=token)
        if to == user_id:
            raise Unfit("it is in your hands already: choose somebody else", where="to")
        if to is not None and to not in people(review.task.project_id):
            raise Unfit("that person does not review in this project", where="to")
        Handing.objects.create(review=review, kind=HandingKind.HANDED, by_id=user_id, to_id=to, note=said.text)
        let_go(review)
        if not _is_given(review, to):
            Decline.objects.get_or_create(review=review, user_id=user_id)
            review.declined = True
            review.save()


def flag(review_id: int, *, user_id: int, token: int, note: str) -> None:
    """Put a look that one holds before somebody who leads, with a note. Raises NotYours or Unfit."""
    said = Note.of(note, why="what a lead should decide")
    with transaction.atomic():
        review = _held(review_id, user_id=user_id, token=token)
        if not set(people(review.task.project_id, roles=LEADING)) - {user_id}:
            raise Unfit("nobody else leads in this project: hand it on, or ask an admin for a lead", where="note")
        Handing.objects.create(review=review, kind=HandingKind.FLAGGED, by_id=user_id, note=said.text)
        if user_id in people(review.task.project_id, roles=LEADING):
            # They would get it again at once.
            Decline.objects.get_or_create(review=review, user_id=user_id)
            review.declined = True
        let_go(review)
        review.for_lead, review.assignee_id = True, None
        review.save()
        leads = people(review.task.project_id, roles=LEADING)
        if not any(_may(review, one) for one in leads):
            if review.kind not in BESIDE or all(_cant(review, one) for one in leads):
                raise Unfit("nobody who leads can take it, or is asked again: hand it on instead", where="note")
            review.for_lead, review.declined = False, True  # to say so would tell that the item is an old one
            Decline.objects.get_or_create(review=review, user_id=user_id)
            review.save()


def assign(review_id: int, *, to: int | None, by: int, note: str = "") -> None:
    """Give a look to a person, who alone can take it then; with nobody, back to everybody. It is for whoever leads.

    Whoever holds it loses it; what they say under that claim is kept as a second opinion. A look that was flagged is
    answered so, and is anybody's to whom it is given. Raises NotYours where it is decided, or Unfit.
    """
    said = Note.of(note, why="what they should know").text if note.strip() else ""
    with transaction.atomic():
        several.lock(review_id)
        review = Review.objects.select_for_update(of=("self",)).select_related("task").get(pk=review_id)
        if review.state not in (ReviewState.OPEN, ReviewState.HELD):
            raise NotYours(who_has_it(review, by))
        if to is not None and to not in people(review.task.project_id):
            raise Unfit("that person does not review in this project", where="to")
        if review.state == ReviewState.HELD:
            if review.holder_id == to:
                raise Unfit("they have it in hands already", where="to")
            let_go(review)
            review.token += 1
        elif review.token and to not in (None, review.last_holder_id):
            review.token += 1  # whose lease ran out has lost it, too
        kind = HandingKind.FREED if to is None else HandingKind.ASSIGNED
        Handing.objects.create(review=review, kind=kind, by_id=by, to_id=to, note=said)
        if not (review.kind == ReviewKind.GATE and review.looks):
            review.for_lead = False  # where people disagree it stays one who leads that decides
        _is_given(review, to)


def people(project_id: int, *, roles: list[str] | None = None) -> list[int]:
    """Who reviews in a project, or has one of these roles."""
    members = Membership.objects.filter(project_id=project_id, role__in=roles or REVIEWING, user__is_active=True)
    return list(members.values_list("user_id", flat=True))


def _held(review_id: int, *, user_id: int, token: int) -> Review:
    several.lock(review_id)
    review = Review.objects.select_for_update(of=("self",)).select_related("task").get(pk=review_id)
    if review.state != ReviewState.HELD or (review.holder_id, review.token) != (user_id, token):
        raise NotYours(who_has_it(review, user_id))
    return review


def _is_given(review: Review, to: int | None) -> bool:
    """Save a look as this person's alone to take, or anybody's; whether it is a person's by now. Raises Unfit.

    Nothing that is said or refused tells a known answer or a second look from any other. Whoever has had the item of
    one before can't take it, and of the first look at an item nobody ever has: a refusal would tell. It is anybody's
    then, without a word.
    """
    review.assignee_id = to
    review.save()
    if to is None:
        return False
    if _may(review, to) and not _has_another(review, to):
        return True
    if words := _cant(review, to):
        raise Unfit(words, where="to")
    review.assignee_id = None
    review.save()
    return False


def _may(review: Review, user_id: int) -> bool:
    """Whether the one rule lets this person take a look, as it is saved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slider_may_look(r, %s) FROM slider_review r WHERE r.id = %s", [user_id, review.pk])
        return bool(cursor.fetchone() == (True,))


def _cant(review: Review, user_id: int) -> str:
    """Why this person can't take a look, where the words may be read; the same whatever kind of look it is."""
    if _has_another(review, user_id):
        return "another look at this item was given to the same person, and nobody gets two"
    looks = Review.objects.filter(item_id=review.item_id)
    if words := _lacks(review, user_id, looks=list(looks.values_list("pk", flat=True))):
        return words
    if looks.filter(looks__isnull=False).exists():
        return f"{_member(review, user_id).user} has had this item before and can't take this look"
    return ""


def _member(review: Review, user_id: int) -> Membership:
    return Membership.objects.select_related("user").get(user_id=user_id, project=review.task.project_id)


def _lacks(review: Review, user_id: int, *, looks: list[int]) -> str:
    """What would keep this person from any look, of whatever kind; `looks` are those that they may have passed on."""
    member = _member(review, user_id)
    name = member.user.get_username()
    if missing := set(review.skills or ()) - set(member.skills):
        return f"{name} lacks what it takes: {', '.join(sorted(missing))}"
    if Decline.objects.filter(user_id=user_id, review__in=looks).exists():
        return f"{name} has passed this item on: it is not put before them again"
    if review.for_lead and member.role not in LEADING:
        return f"{name} does not lead, and only somebody who leads can take it"
    return ""


def _has_another(review: Review, user_id: int) -> bool:
    """Whether another of an item's several looks is this person's to take."""
    if review.kind != ReviewKind.PEER:
        return False
    others = Review.objects.filter(item_id=review.item_id, kind=ReviewKind.PEER, state=ReviewState.OPEN)
    return others.exclude(pk=review.pk).filter(assignee=user_id).exists()


def free_from_leavers() -> int:
    """Give back to everybody what was assigned to people who don't review there any more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_review SET assignee_id = NULL WHERE id IN (
                SELECT r.id FROM slider_review r JOIN slider_task t ON t.id = r.task_id
                WHERE r.state = 'open' AND r.assignee_id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM slider_membership m JOIN auth_user u ON u.id = m.user_id
                    WHERE m.project_id = t.project_id AND m.user_id = r.assignee_id AND m.role = ANY(%s) AND u.is_active
                )
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            )
            """,
            [REVIEWING],
        )
        return int(cursor.rowcount)


def teach(membership_id: int, known: list[str]) -> None:
    """Say what somebody knows; the looks that wait ask for it at the next claim."""
    Membership.objects.filter(pk=membership_id).update(skills=known)
