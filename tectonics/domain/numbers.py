"""A telephone number that was read and understood: what somebody wants to call, and what kind of number that is.

The numbering plans of the world are read behind ports.Numbering; here stands what it finds.  The kinds are those of
Google's libphonenumber, which knows the plans, and three that decide about a call: `emergency`, `short` and
`satellite`.
"""

from tectonics.domain.value import value

FIXED, MOBILE, FIXED_OR_MOBILE, VOIP, TOLL_FREE = "fixed", "mobile", "fixed_or_mobile", "voip", "toll_free"
PREMIUM, SHARED_COST, PERSONAL, PAGER, COMPANY, VOICEMAIL = (
    "premium", "shared_cost", "personal", "pager", "company", "voicemail")
SATELLITE, UNKNOWN = "satellite", "unknown"  # unknown: long enough to be a number, and in nobody's plan
EMERGENCY, SHORT = "emergency", "short"  # these have no international form: `digits` is as it is dialled
KINDS = (FIXED, MOBILE, FIXED_OR_MOBILE, VOIP, TOLL_FREE, PREMIUM, SHARED_COST, PERSONAL, PAGER, COMPANY, VOICEMAIL,
         SATELLITE, UNKNOWN)  # of numbers with an international form

TEXT_MAX = 64  # characters; a longer text is no number
RANGE_DIGITS = 4  # numbers that differ in these last digits are one range: 10,000 numbers, as they are given out


@value
class Number:
    """Its E.164 digits without plus sign, ISO 3166 country ("001" where it belongs to none), and kind."""

    digits: str
    country: str
    kind: str

    @property
    def range(self) -> str:
        """The beginning that it shares with its range."""
        return self.digits[:-RANGE_DIGITS]
