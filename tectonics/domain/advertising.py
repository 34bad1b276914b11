"""Advertising to those who are out of credit: the rules that say to whom, when and how often.

A campaign is for a balance at or below a limit, for segments and ranges of numbers.  Above all campaigns
stand what protects the subscriber: quiet hours on his own clock, at most so many messages on one of his days
and in seven days together, and his STOP.
"""

from tectonics.domain.msisdn import in_ranges
from tectonics.domain.value import value

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
KEPT_MAX = 50  # times of messages kept of a subscriber: more than seven days may allow


@value
class Zone:
    """Where some numbers live; their clock is `utc_offset_minutes` ahead of UTC."""

    ranges: tuple[tuple[str, str], ...]
    utc_offset_minutes: int


@value
class Campaign:
    """To whom one message goes."""

    name: str
    balance_minor_max: int
    segments: tuple[str, ...] = ()  # empty: all
    ranges: tuple[tuple[str, str], ...] = ()  # empty: all
    texts: tuple[tuple[str, str], ...] = ()  # (language, text); a language without one gets the catalogue's

    def text(self, language: str) -> str | None:
        """Its own text in a language (`fr-CI`: also of `fr`)."""
        own = dict(self.texts)
        return own.get(language) or own.get(language.partition("-")[0])


@value
class AdvertisingRules:
    """All of it. `quiet` is (from, to) in minutes of the day, over midnight where from > to; equal: never."""

    sending: bool = False
    campaigns: tuple[Campaign, ...] = ()
    day_max: int = 1
    week_max: int = 3
    quiet: tuple[int, int] = (21 * 60, 8 * 60)
    zones: tuple[Zone, ...] = ()
    valid_s: int = 3600  # a message that has not gone out by then says nothing any more
    code: str = ""  # what it asks to dial

    @property
    def balance_minor_max(self) -> int | None:
        """The highest balance that any campaign is for; None: nobody is told anything."""
        if not self.sending or not self.campaigns:
            return None
        return max(campaign.balance_minor_max for campaign in self.campaigns)

    def offset_ms(self, msisdn: str, otherwise_minutes: int) -> int:
        """How far ahead of UTC the subscriber's clock is."""
        for zone in self.zones:
            if in_ranges(msisdn, zone.ranges):
                return zone.utc_offset_minutes * 60_000
        return otherwise_minutes * 60_000

    def is_quiet(self, local_ms: int) -> bool:
        """Whether nobody is to be disturbed at this time of his day."""
        minute = local_ms // 60_000 % 1440
        begin, end = self.quiet
        return begin <= minute < end if begin <= end else minute >= begin or minute < end

    def until_quiet_ms(self, local_ms: int) -> int:
        """How long a message may still go out: its validity, or less where the quiet hours begin before."""
        begin, end = self.quiet
        left_ms = (begin * 60_000 - local_ms) % DAY_MS
        return self.valid_s * 1000 if begin == end else min(self.valid_s * 1000, left_ms)

    def allows(self, told: tuple[int, ...], now: int, offset_ms: int) -> bool:
        """Whether one more message keeps within the caps, `told` being the times of earlier ones."""
        today = (now + offset_ms) // DAY_MS
        of_today = sum(1 for at in told if (at + offset_ms) // DAY_MS == today)
        of_week = sum(1 for at in told if at > now - WEEK_MS)
        return of_today < self.day_max and of_week < self.week_max
