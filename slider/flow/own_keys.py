"""A person's own keys of the desk: kept, or given back for the table's."""

from collections.abc import Mapping

from slider.models import OwnKeys, hotkeys


def keep(user_id: int, *, keys: Mapping[str, str], off: bool) -> OwnKeys:
    """Keep a person's keys; raises hotkeys.Clash, and then nothing has changed."""
    hotkeys.check(dict(keys))
    own = {name: key for name, key in keys.items() if key != name}
    kept, _ = OwnKeys.objects.update_or_create(user_id=user_id, defaults={"keys": own, "off": off})
    return kept


def reset(user_id: int) -> None:
    """Give a person the table's keys again."""
    OwnKeys.objects.filter(user_id=user_id).delete()
