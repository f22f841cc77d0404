"""What the watch over a slider is tuned to, and what it orders."""

from dataclasses import dataclass

from slider.engine.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Tuning:
    """The budgets of a watch. Lengths are mean numbers of labels to a false alarm where nothing changes.

    Attributes:
        floor: the least chance with which an unattended item is audited.
        ramp: audits are denser until about ramp / (limit * floor) items ran unattended,
        ramp_most: and at a strict limit until about ramp_most / floor of them.
        alarm: lane labels until the alarm ends an epoch whose lane stands exactly at its limit; a lane that is
            better runs far longer.
        shift: labels until an epoch is ended because both lanes no longer look as they did.
        relief: labels until a fresh start is made for an open lane because errors have become rare; then every
            unattended item is audited until `relief_audits` of them were.
        relief_closed: the same for a closed lane without a fresh start left, whose epoch ends.
        risen: how many times its lowest the evidence of a closed lane must be for a fresh start.
        suspicion: labels until more audits are asked for, because of the labels of both lanes.
        nudge: the same because of the unattended lane's audits alone.
        drift: the same because of the scores alone, in batches of routed items.
        region: a region's labels until it is closed although it keeps twice the limit.
        surprise: likelihood ratio at which a region's shipped items are looked at again.
        boost: how many times more audits there are under suspicion, until `boost_audits` of them were made.
        look_back: shipped items of the whole lane that are looked at again under suspicion.
        look_back_easy: the same of the lane's easiest items, those within the 30 % cut.
        look_back_region: the same of a surprising region.
        brake: part of the limit that the recent error of a lane may reach; 0 switches the brake off.
        brake_wary: the same while suspicion stands.
    """

    floor: float = 1 / 16
    ramp: float = 3.0
    ramp_most: float = 120.0
    alarm: float = 2000.0
    shift: float = 3e4
    relief: float = 3e3
    relief_closed: float = 1e5
    risen: float = 20.0
    suspicion: float = 3000.0
    nudge: float = 30.0
    drift: float = 1000.0
    region: float = 2000.0
    surprise: float = 15.0
    boost: float = 8.0
    boost_audits: int = 200
    relief_audits: int = 800
    look_back: int = 60
    look_back_easy: int = 40
    look_back_region: int = 12
    brake: float = 0.95
    brake_wary: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """What holds for the next items; arrays have one entry a stream.

    Attributes:
        share: the largest rank that may run unattended, a certified cut; 0 where nothing may.
        rung: the audit chance, as an index of `audit.LADDER`.
        look_back: how many shipped items of the whole lane are to be looked at again, drawn at random.
        look_back_easy: the same from the easiest part of the lane, up to the 30 % cut.
        look_back_regions: the same by region, shape (streams, regions).
        alarmed: True where the alarm has just ended the epoch.
        shifted: True where a shift of both lanes has just ended it.
        relieved: True where evidence has just begun anew, since a bad spell has passed.
        suspected: True where suspicion has just been raised.
        closed: regions closed just now, shape (streams, regions).
        reopened: regions opened again just now, shape (streams, regions).
        ended: True where a new epoch begins: labels of items routed before do not count in it.
    """

    share: Floats
    rung: Ints
    look_back: Ints
    look_back_easy: Ints
    look_back_regions: Ints
    alarmed: Bools
    shifted: Bools
    relieved: Bools
    suspected: Bools
    closed: Bools
    reopened: Bools
    ended: Bools
