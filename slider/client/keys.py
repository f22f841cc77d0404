"""Keys of the project."""

from collections.abc import Iterator
from dataclasses import dataclass

from slider.client.line import Line
from slider.client.records import Key, NewKey, record


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the project."""

    line: Line

    def all(self) -> Iterator[Key]:
        """Every key, newest first, revoked ones among them."""
        for one in self.line.pages("/keys", "keys"):
            yield record(Key, one)

    def make(self, name: str, scopes: list[str], *, days: int | None = 365) -> NewKey:
        """Make a key for a program; it is shown this once."""
        return record(NewKey, self.line.call("POST", "/keys", body={"name": name, "scopes": scopes, "days": days}))

    def revoke(self, key_id: int) -> None:
        """End a key at once."""
        self.line.call("DELETE", f"/keys/{key_id}")
