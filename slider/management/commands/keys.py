"""`manage.py keys`: the API keys of an installation, listed, made and revoked by whoever runs it."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from slider.flow import keys
from slider.management import named
from slider.models import OF_PROGRAMS, ApiKey, Membership, Scope


class Command(BaseCommand):
    help = (
        "List, make and revoke API keys. A new key is written once, to the standard output, and kept nowhere. "
        "Exit code 0: done; 1: it could not be done, and the words say why."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        listing = deeds.add_parser("list", help="All keys, or those of one project.")
        listing.add_argument("--project", help="Its short name.")
        making = deeds.add_parser("make", help="Make a key.")
        making.add_argument("project", help="The project's short name.")
        making.add_argument("name", help="What will use it.")
        making.add_argument("--scope", action="append", required=True, choices=[str(one) for one in Scope])
        making.add_argument("--person", help="Whom it acts for, by their name; none: it is a program's.")
        making.add_argument("--by", help="Who answers for it; the person where there is one.")
        making.add_argument("--days", type=int, default=365, help="How long it holds; 0: until it is revoked.")
        ending = deeds.add_parser("revoke", help="End a key at once.")
        ending.add_argument("prefix", help="What it begins with, after sl_.")
        for one in (listing, making, ending):
            one.add_argument("--json", action="store_true", help="Say it as JSON.")

    def handle(self, *, deed: str, **said: Any) -> None:
        told, lines = {"list": self._list, "make": self._make, "revoke": self._revoke}[deed](said)
        self.stdout.write(json.dumps(told, indent=2) if said["json"] else "\n".join(lines))

    def _list(self, said: dict[str, Any]) -> tuple[Any, list[str]]:
        found = ApiKey.objects.select_related("project", "person").order_by("project__slug", "-pk")
        if said["project"]:
            found = found.filter(project=named.project(said["project"]))
        told = [_told(key) for key in found]
        lines = [
            f"sl_{one['prefix']}_…  {one['project']}  {one['name']}  {','.join(one['scopes'])}"
            + (f"  for {one['person']}" if one["person"] else "")
            + (f"  {one['state']}" if one["state"] != "holds" else "")
            for one in told
        ]
        return told, lines or ["There is no key."]

    def _make(self, said: dict[str, Any]) -> tuple[Any, list[str]]:
        project = named.project(said["project"])
        scopes = [Scope(one) for one in dict.fromkeys(said["scope"])]
        if said["days"] < 0 or said["days"] > 3650:
            raise CommandError("--days is 1 to 3650, or 0 for a key that holds until it is revoked.")
        if not 1 <= len(said["name"].strip()) <= 80 or not said["name"].isprintable():
            raise CommandError("The name has 1 to 80 printable characters: say what will use the key.")
        person = _member(said["person"], said["project"]) if said["person"] else None
        if person is None and (beyond := [one for one in scopes if one not in OF_PROGRAMS]):
            raise CommandError(f"{beyond[0]} is a person's to do: say for whom the key acts, by --person.")
        by = _answers(said["by"], person)
        expires_at = timezone.now() + timedelta(days=said["days"]) if said["days"] else None
        made = keys.make(
            project,
            name=said["name"].strip(),
            scopes=scopes,
            expires_at=expires_at,
            by=by.pk,
            person=person.pk if person else None,
        )
        return _told(made.key) | {"key": made.whole}, [made.whole]

    def _revoke(self, said: dict[str, Any]) -> tuple[Any, list[str]]:
        prefix = said["prefix"].removeprefix("sl_")[:8]
        key = ApiKey.objects.select_related("project", "person").filter(prefix=prefix).first()
        if key is None:
            raise CommandError(f"There is no key that begins with sl_{prefix}. `keys list` shows them.")
        ended = keys.revoke(key)
        key.refresh_from_db()
        words = "is revoked: what it sends from now on is refused" if ended else "was revoked already"
        return _told(key), [f"{key} {words}."]


def _member(name: str, project: str) -> User:
    member = Membership.objects.filter(user__username=name, project__slug=project, user__is_active=True)
    found = member.select_related("user").first()
    if found is None:
        raise CommandError(f"{name} is not in the project {project}, or may not sign in: a key can't act for them.")
    return found.user


def _answers(name: str | None, person: User | None) -> User:
    if name is None and person is not None:
        return person
    if name is None:
        raise CommandError("Say who answers for the key, by --by.")
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise CommandError(f"There is nobody called {name} who may sign in.")
    return found


def _told(key: ApiKey) -> dict[str, Any]:
    ended = key.expires_at is not None and key.expires_at <= timezone.now()
    return {
        "prefix": key.prefix,
        "project": key.project.slug,
        "name": key.name,
        "scopes": list(key.scopes),
        "person": key.person.get_username() if key.person else None,
        "state": "revoked" if key.revoked_at else "ran out" if ended else "holds",
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
    }
