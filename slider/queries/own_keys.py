"""The keys of the desk as one person has them: what stands on buttons, in the list of keys, and in the script."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User

from slider.models import OwnKeys, hotkeys


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list of keys; without keys it is switched off."""

    keys: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Keys:
    """A person's keys by the deed; `off` is when no single key does anything."""

    by_deed: Mapping[str, str]
    off: bool

    @property
    def script(self) -> str:
        """For the script: the deed by its key, or nothing at all."""
        deeds = {key: name for name, key in self.by_deed.items() if key}
        return json.dumps({"off": self.off, "deeds": deeds})

    @property
    def rows(self) -> list[Row]:
        """The list of keys, in the table's order, then those that nobody can move."""
        rows = [Row(self._pressed(deed), deed.words) for deed in hotkeys.DEEDS]
        return rows + [Row(() if self.off and _is_single(one) else one.keys, one.words) for one in hotkeys.FIXED]

    def _pressed(self, deed: hotkeys.Deed) -> tuple[str, ...]:
        own, first = self.by_deed[deed.name], self.by_deed.get(deed.before, "")
        if not own or (deed.before and not first):
            return ()
        before = (first.upper(),) if deed.before else ()
        return (*before, own.upper(), *deed.after)


def _is_single(one: hotkeys.Fixed) -> bool:
    return one.keys[0] not in ("Ctrl", "Esc")


def of(user: User) -> Keys:
    """The keys of a person; the table's where they have none of their own."""
    own = getattr(user, "own_keys", None) or OwnKeys(user=user)
    return Keys(own.by_deed, own.off)
