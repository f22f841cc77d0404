"""The people of the project for its admins, and invitations."""

from collections.abc import Iterator
from dataclasses import dataclass

from slider.client.line import Line
from slider.client.records import record
from slider.client.records_people import Invitation, NewInvitation, OneSeat, Seat


@dataclass(frozen=True, slots=True)
class Seats:
    """Who is in the project, and as what."""

    line: Line

    def all(self) -> list[Seat]:
        """Everybody, by name, also who is switched off."""
        return [record(Seat, one) for one in self.line.call("GET", "/seats")["seats"]]

    def get(self, member_id: int) -> OneSeat:
        """One person with what they hold."""
        return record(OneSeat, self.line.call("GET", f"/members/{member_id}"))

    def change_role(self, member_id: int, role: str) -> Seat:
        """Give somebody another role."""
        return record(Seat, self.line.call("PUT", f"/members/{member_id}/role", body={"role": role}))

    def remove(self, member_id: int) -> None:
        """Take somebody out of the project."""
        self.line.call("DELETE", f"/members/{member_id}")

    def switch_off(self, member_id: int) -> int:
        """Nobody signs in as this person any more; how many looks are open to others again."""
        told = self.line.call("PUT", f"/members/{member_id}/active", body={"active": False})
        return int(told["freed"])

    def switch_on(self, member_id: int) -> Seat:
        """Let somebody sign in again."""
        return record(Seat, self.line.call("PUT", f"/members/{member_id}/active", body={"active": True}))


@dataclass(frozen=True, slots=True)
class Invitations:
    """The invitations to the project."""

    line: Line

    def all(self) -> Iterator[Invitation]:
        """Those that are open, newest first."""
        for one in self.line.pages("/invitations", "invitations"):
            yield record(Invitation, one)

    def make(self, role: str, *, email: str = "", days: int = 7) -> NewInvitation:
        """Invite the owner of an address, or whoever has the link, which is shown this once."""
        body = {"role": role, "email": email, "days": days}
        return record(NewInvitation, self.line.call("POST", "/invitations", body=body))

    def withdraw(self, invitation_id: int) -> None:
        """End an invitation."""
        self.line.call("DELETE", f"/invitations/{invitation_id}")
