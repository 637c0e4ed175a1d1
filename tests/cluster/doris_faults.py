"""Faults of the stand-in for Doris, struck at random and by name, each with an end."""

import random
import time
from collections import Counter

from doris import StandIn

#: How a fault is asked for: name -> a function of the chance that gives the admin call's members.
STRIKES = {
    "slow_be": lambda chance: {"count": chance.randint(1, 4), "value": chance.randint(100, 3000)},
    "slow_body": lambda chance: {"count": chance.randint(1, 3), "value": chance.randint(5_000, 100_000)},
    "slow_fe": lambda chance: {"count": chance.randint(1, 5), "value": chance.randint(100, 2000)},
    "dead_be": lambda chance: {"node": chance.randint(1, 3), "duration_ms": chance.randint(200, 6000)},
    "vanishing_be": lambda chance: {"node": chance.randint(1, 3), "duration_ms": chance.randint(200, 6000)},
    "dead_fe": lambda chance: {"node": chance.randint(1, 2), "duration_ms": chance.randint(200, 6000)},
    "cut_before_body": lambda chance: {"count": chance.randint(1, 4)},
    "cut_in_body": lambda chance: {"count": chance.randint(1, 4), "value": chance.randint(1, 2000)},
    "cut_after_body": lambda chance: {"count": chance.randint(1, 4)},
    "cut_before_answer": lambda chance: {"count": chance.randint(1, 4)},
    "cut_before_2pc": lambda chance: {"count": chance.randint(1, 4)},
    "cut_after_2pc": lambda chance: {"count": chance.randint(1, 4)},
    "publish_timeout": lambda chance: {"count": chance.randint(1, 4), "value": chance.randint(100, 4000)},
    "too_many_versions": lambda chance: {"count": chance.randint(1, 8)},
    "too_many_running_txns": lambda chance: {"count": chance.randint(1, 8)},
    # Somebody else has the label for good. Whether it is open (0), pre-committed (1) or finished (2) decides who is to notice: a load that
    # was sent before under that label finds its own outcome so, and no client could tell the two apart.
    "label_used": lambda chance: chance.choice(({"table": "orders", "value": 2}, {"table": "journal", "value": 2}, {"table": "orders", "value": 0},
                                                {"table": "orders_flushed", "value": 1})) | {"count": 1},
    "not_master": lambda chance: {"count": chance.randint(1, 5)},
    "read_only": lambda chance: {"count": chance.randint(1, 6)},
    "mem_limit": lambda chance: {"count": chance.randint(1, 5)},
    "no_backend": lambda chance: {"count": chance.randint(1, 6)},
}
#: Not in a soak: it loses a checkpoint's rows, so the job fails until somebody restores an older one (docs/doris.md, Recovery). A test of
#: its own shows that it is named (tests/doris_load.rs).
NOT_SURVIVED = {"precommit_expiry"}
#: These are not counted by requests: a back end or front end is gone for a time.
OUTAGES = {"dead_be", "vanishing_be", "dead_fe"}


class Faults:
    """Deals the names out like cards, so that each comes as often as the others."""

    def __init__(self, doris: StandIn, seed: int, without=()):
        self.doris, self.chance = doris, random.Random(seed)
        self.names = sorted(set(STRIKES) - set(without))
        self.deck, self.on = [], []
        self.next_at = time.monotonic()
        #: How often each was asked for, and how many requests it struck.
        self.asked, self.struck = Counter(), Counter()
        self.unknown = set(doris.admin("/faults/names")) - set(STRIKES) - NOT_SURVIVED

    def step(self) -> None:
        """Asks for the next fault when it is time, and clears those that are over."""
        now = time.monotonic()
        for ends, number, name in [fault for fault in self.on if fault[0] <= now]:
            self.on.remove((ends, number, name))
            self.struck.update({name: sum(fault["hits"] for fault in self.doris.admin(f"/faults/{number}", method="DELETE"))})
        if now < self.next_at:
            return
        if not self.deck:
            self.deck = list(self.names)
            self.chance.shuffle(self.deck)
        name = self.deck.pop()
        number = self.doris.admin("/faults", {"name": name, **STRIKES[name](self.chance)})["id"]
        self.asked[name] += 1
        self.on.append((now + self.chance.uniform(2, 8), number, name))
        self.next_at = now + self.chance.uniform(0.1, 1.5)

    def clear(self) -> None:
        """Clears all."""
        for fault in self.doris.admin("/faults", method="DELETE"):
            self.struck.update({fault["name"]: fault["hits"]})
        self.on.clear()

    def never(self):
        """The names that met no request; of an outage, that never was."""
        return [name for name in self.names if not (self.asked if name in OUTAGES else self.struck)[name]]

    def text(self) -> str:
        """Name, times asked for, requests struck."""
        return ", ".join(f"{name} {self.asked[name]}" + ("" if name in OUTAGES else f"/{self.struck[name]}") for name in sorted(self.asked))
