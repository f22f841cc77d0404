"""How a person comes in: second steps, sessions and providers; and what of them a project's admins see."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from slider.models import ApiKey, Invitation, Membership, Project, Review, ReviewState, Role
from slider.models.project import RIGHTS, SAID

KNOWN_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
KNOWN_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Passkey:
    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecondSteps:
    """What a person is asked for beside their password. `app` is the row of the app for codes."""

    app: int | None
    codes_left: int
    passkeys: tuple[Passkey, ...]

    @property
    def any(self) -> bool:
        return self.app is not None or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is signed in."""

    id: int
    words: str
    address: str
    since: datetime
    is_here: bool


def second_steps(user: User) -> SecondSteps:
    app, left, keys = None, 0, []
    for row in Authenticator.objects.filter(user_id=user.pk).order_by("pk"):
        if row.type == Authenticator.Type.TOTP:
            app = row.pk
        elif row.type == Authenticator.Type.RECOVERY_CODES:
            left = len(row.wrap().get_unused_codes())
        else:
            keys.append(Passkey(row.pk, str(row.data.get("name")), row.created_at, row.last_used_at))
    return SecondSteps(app, left, tuple(keys))


def sessions(user: User, *, here: str) -> list[Place]:
    """The sessions that hold, this one first, then the newest."""
    alive = Session.objects.filter(expire_date__gt=Now()).values("session_key")
    rows = UserSession.objects.filter(user_id=user.pk, session_key__in=alive).order_by("-created_at", "-pk")
    found = [Place(row.pk, browser(row.user_agent), row.ip, row.created_at, row.session_key == here) for row in rows]
    return sorted(found, key=lambda place: not place.is_here)


def browser(agent: str) -> str:
    """What a browser calls itself, in two words."""
    name = next((words for mark, words in KNOWN_BROWSERS if mark in agent), "Another program")
    system = next((words for mark, words in KNOWN_SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name


def providers(user: User) -> list[str]:
    """The names of providers that have vouched for this person."""
    return sorted(set(SocialAccount.objects.filter(user_id=user.pk).values_list("provider", flat=True)))


@dataclass(frozen=True, slots=True)
class Seat:
    """One person in a project, as its admins see them."""

    user_id: int
    name: str
    email: str
    role: str
    is_active: bool
    has_second_step: bool


def seats(project: Project) -> list[Seat]:
    """Everybody of a project, also who is switched off."""
    found = Membership.objects.filter(project=project).select_related("user").order_by("user__username")
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    secured = set(
        Authenticator.objects.filter(type__in=kinds, user__memberships__project=project).values_list(
            "user_id", flat=True
        )
    )
    return [
        Seat(one.user_id, one.user.get_username(), one.user.email, one.role, one.user.is_active, one.user_id in secured)
        for one in found
    ]


def invitations(project: Project, *, before: int | None = None, most: int = 50) -> list[Invitation]:
    """What is open: neither accepted nor withdrawn, also what has run out lately; newest first."""
    found = Invitation.objects.filter(project=project, accepted_at=None, withdrawn_at=None)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.select_related("project", "made_by").order_by("-pk")[:most])


@dataclass(frozen=True, slots=True)
class Whole:
    """What an admin has to know of a person before they are switched off, as far as it is theirs to see."""

    roles: tuple[Membership, ...]
    keys: tuple[ApiKey, ...]  # that they made and that still hold
    held: int  # looks in their hands now
    places: int  # where they are signed in


def whole(user: User, *, projects: list[int] | None) -> Whole:
    """Of these projects; None: of all."""
    roles = Membership.objects.filter(user=user).select_related("project").order_by("project__name")
    keys = ApiKey.objects.filter(created_by=user, revoked_at=None).select_related("project").order_by("pk")
    held = Review.objects.filter(holder=user, state=ReviewState.HELD)
    if projects is not None:
        roles, keys = roles.filter(project__in=projects), keys.filter(project__in=projects)
        held = held.filter(task__project__in=projects)
    return Whole(tuple(roles), tuple(keys), held.count(), len(sessions(user, here="")))


def role_words() -> list[tuple[str, str]]:
    """Every role with its label."""
    return [(str(value), str(label)) for value, label in Role.choices]


def role_rights() -> list[tuple[str, list[str]]]:
    """What each role may do in its project, in words, in the order of the rights."""
    verbs = list(dict.fromkeys(verb for some in RIGHTS.values() for verb in sorted(some)))
    return [
        (str(Role(name).label), [SAID.get(verb, verb) for verb in verbs if verb in RIGHTS[name]])
        for name in Role.values
    ]
