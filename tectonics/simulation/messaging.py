"""What of SMPP there is in a world: accounts at a message centre, a USSD gateway and its dialect, advertising.

Drawn from a generator of its own, so that a seed that has none of it is the day that it always was.  The message
centre and the gateway stand on the machine of the people; every node binds to both.
"""

import random
from dataclasses import dataclass, field

CENTRE_PORT, USSD_PORT = 2775, 2776
SHARE = 0.4  # of the seeds have something of it
DIALECTS = ("standard", "its-session-only", "reference-correlated", "source-only")
SHORT_CODE = "133"
ENQUIRE_S = {"brisk": 55, "ordinary": 900, "seldom": 3600}  # how soon a silent link is asked, by pace
LINKS = {  # name -> accounts at the message centre
    "one": ({},), "two sessions": ({"sessions": 2},), "two": ({}, {}), "a spare": ({}, {"rank": 1}),
    "apart": ({"bind": "transmitter"}, {"bind": "receiver"})}
QUIET = (("21:00", "08:00"), ("15:30", "16:30"), ("20:00", "20:00"))
FAR = {"ranges": ["33620000005-33620000009"], "utc_offset_minutes": 300}  # people of another time zone


@dataclass(frozen=True)
class Messaging:
    """Of one plan. Without `links` nobody writes, without `dialect` nobody dials over SMPP."""

    links: str = ""  # a name of LINKS
    dialect: str = ""
    coding: str = "auto"
    long_messages: str = "udh"
    receipts: bool = True
    offer_s: int = 900
    advertising: dict = field(default_factory=dict)  # the policy's section; empty: none
    writers: float = 0.0  # share of people who write
    numbered: float = 1.0  # share of them whose handset numbers its messages
    doubled: float = 0.0  # share of messages that are delivered twice
    dialers: float = 0.0  # share of sessions that go over SMPP

    def __bool__(self) -> bool:
        return bool(self.links or self.dialect)

    def settings(self, pace: str, people: str, dialects: str) -> dict[str, object]:
        """Of every node; `people` is the machine where the peers stand, `dialects` the folder."""
        enquire = {"enquire_s": ENQUIRE_S[pace]}
        found: dict[str, object] = {}
        if self.links:
            centre = {"address": f"tcp:{people}:{CENTRE_PORT}", **enquire}
            apart = self.links == "apart"  # one account at the centre, bound in two ways
            found |= {"channels.sms_smpp.accounts": [
                {"name": f"smsc{number}", "system_id": "esme1" if apart else f"esme{number}"} | centre | own
                for number, own in enumerate(LINKS[self.links], 1)],
                "channels.sms_smpp.coding": self.coding, "channels.sms_smpp.long_messages": self.long_messages,
                "channels.sms_smpp.receipts": self.receipts, "channels.sms_smpp.offer_s": self.offer_s}
        if self.dialect:
            found |= {"channels.ussd_smpp.dialects": dialects, "channels.ussd_smpp.accounts": [
                {"name": "gw", "system_id": "ussd", "address": f"tcp:{people}:{USSD_PORT}", "dialect": self.dialect}
                | enquire]}
        return found

    def policy(self) -> dict:
        """What it adds to the operator's policy."""
        return {"advertising": self.advertising} if self.advertising else {}


NONE = Messaging()


def draw_messaging(chance: random.Random, faulty: bool) -> Messaging:
    """Of a seed; most have none."""
    if chance.random() >= SHARE:
        return NONE
    kind = chance.choice(("sms", "sms", "both", "both", "ussd"))
    written, dialled = kind != "ussd", kind != "sms"
    links, dialect = chance.choice(list(LINKS)), chance.choice(DIALECTS)
    coding, long_messages = chance.choice(("auto", "auto", "ucs2")), chance.choice(("udh", "sar", "payload"))
    receipts, offer_s = chance.random() < 0.7, chance.choice((120, 900))
    advertising = _advertising(chance)
    doubled, dialers = chance.choice((0.0, 0.05, 0.2)) * faulty, chance.choice((0.3, 0.8))
    return Messaging(
        links if written else "", dialect if dialled else "", coding, long_messages, receipts, offer_s,
        advertising if written else {}, chance.choice((0.4, 0.8)) if written else 0.0, chance.choice((0.5, 1.0)),
        doubled if written else 0.0, dialers if dialled else 0.0)


def _advertising(chance: random.Random) -> dict:
    if chance.random() < 0.3:
        return {}
    quiet_from, quiet_to = chance.choice(QUIET)
    low = {"name": "low", "balance_max": chance.choice((None, "0.50"))}
    own = {"name": "gold", "segments": ["gold"], "balance_max": "1.00", "texts": {
        "en": "Your balance is $balance $currency. Dial $code and get up to $amount $currency now (fee $fee). "
              + "As our guest of honour you pay it back whenever you buy credit again. " * 2}}
    return {"sending": True, "day_max": chance.choice((1, 2, 3)), "week_max": chance.choice((1, 2, 4)),
            "quiet_from": quiet_from, "quiet_to": quiet_to, "valid": chance.choice(("10m", "1h")),
            "zones": [FAR] if chance.random() < 0.5 else [], "campaigns": [own, low]}
