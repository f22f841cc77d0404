"""People, roles and tasks that belong together, and the keys that programs use."""

import hashlib
import hmac
import secrets

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models.functions import Now

from slider.models import skills


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    REVIEWER = "reviewer", "Reviewer"
    LEAD = "lead", "Lead"
    TUNER = "tuner", "Tuner"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"
    AUDITOR = "auditor", "Auditor"


# What each role may do in its own projects. What is not listed is refused.
RIGHTS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({"see"}),
    Role.REVIEWER: frozenset({"see", "see items", "review", "pull back"}),
    Role.LEAD: frozenset({"see", "see items", "review", "pull back", "lead"}),
    Role.TUNER: frozenset({"see", "see items", "steer", "pull back", "edit task", "intake", "export"}),
    Role.OPERATOR: frozenset({"see", "pull back", "operate"}),
    Role.ADMIN: frozenset(
        {
            "see",
            "see items",
            "review",
            "lead",
            "steer",
            "pull back",
            "edit task",
            "intake",
            "export",
            "administer",
            "operate",
            "see log",
        }
    ),
    Role.AUDITOR: frozenset({"see", "see items", "see log"}),
}


# What a right lets one do, where its own name would read oddly.
SAID = {
    "see": "look at its tasks",
    "see items": "look at items",
    "review": "review items",
    "lead": "lead its reviewers",
    "steer": "move the slider",
    "pull back": "pull the slider back",
    "edit task": "set up and change tasks",
    "intake": "bring items in",
    "export": "export items",
    "administer": "administer it",
    "operate": "run its part of the fleet",
    "see log": "read its log",
}


def enough_for(verb: str) -> list[str]:
    """The roles, in words, that may do this."""
    return [str(Role(name).label) for name, verbs in RIGHTS.items() if verb in verbs]


class Project(models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    skills = models.JSONField(default=list, blank=True, validators=[skills.check], help_text="What the person knows.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "user"], name="one_role_a_project"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role"),
            models.CheckConstraint(
                condition=skills.is_list("skills"), name="membership_skills", violation_error_message=skills.WRONG
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"


def can(user: AbstractBaseUser | AnonymousUser, verb: str, project: Project) -> bool:
    """Whether a person may do something in a project; the only place that answers this."""
    if not user.is_authenticated or not user.is_active:
        return False
    role = Membership.objects.filter(user_id=user.pk, project=project).values_list("role", flat=True).first()
    return role is not None and verb in RIGHTS[role]


class Scope(models.TextChoices):
    INTAKE = "intake", "push items in"
    READ = "read", "read items and results"
    EXPORT = "export", "export items"
    REVIEW = "review", "review"
    STEER = "steer", "move the slider"
    EDIT = "edit", "set up and change tasks"
    LEAD = "lead", "lead people and what they review"
    ADMINISTER = "administer", "administer, read the log, run the fleet"


# What a key may do that is nobody's. Everything else is a person's act: it takes a personal key.
OF_PROGRAMS = (Scope.INTAKE, Scope.READ, Scope.EXPORT)


class ApiKey(models.Model):
    """A way in for programs. Only a prefix and a keyed hash are kept; the key itself is shown once.

    With a `person` it acts as them: it may what its scopes and their role of that moment both allow, and nothing more.
    """

    role: str = ""  # no column: the person's role at this call, set by whoever lets the key in

    project = models.ForeignKey(Project, models.CASCADE, related_name="keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whom it acts for. Empty: nobody; it only brings items in and reads.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=[str(one) for one in Scope])
                & (models.Q(person__isnull=False) | models.Q(scopes__contained_by=[str(one) for one in OF_PROGRAMS])),
                name="key_scopes",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} (sl_{self.prefix}_…)"

    @staticmethod
    def make() -> tuple[str, str, bytes]:
        """A new key as (whole key, prefix, digest); the whole key is never stored."""
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        key = f"sl_{prefix}_{secret}"
        return key, prefix, ApiKey.hash(key)

    def is_made_of(self, whole: str) -> bool:
        """Whether this is that key; also one from before the installation's secret key was changed."""
        known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return any(hmac.compare_digest(self.hash(whole, secret=secret), bytes(self.digest)) for secret in known)

    @staticmethod
    def hash(key: str, *, secret: str | None = None) -> bytes:
        return hmac.digest((secret or settings.SECRET_KEY).encode(), key.encode(), hashlib.sha256)
