"""What a phone does when it is rung, as `name=value` words:

    trying=no         no 100: the switch is silent until the phone rings
    ring=0.1          when it rings (180), in seconds after the INVITE; never: none
    answer=1          when it answers, after it has begun to ring; never: it rings until somebody gives up
    rings=180         stops ringing by itself (487) that long after the INVITE, as switches do (RFC 3261, section 16.8)
    status=486        refuses with that instead of answering; `cause=17` adds a Reason with that Q.850 cause
    hang_up=5         hangs up that long after it was connected (the ACK has come)
    change=2          wants another session then: `hold`, `resume` or `empty` (it wants an offer) in `how=`
    forks=2           so many phones answer one after the other
    password=secret   asks for a digest of the user of that password; `user=tectonics`
    proves_bye=yes    asks for that for a BYE too
    timer=90          the session interval that it asks for; `refresher=uas`: it refreshes; `least=120`: 422 below that
    strict=yes        hangs up when nobody has refreshed the session for that interval
    glare=1           says 491 to so many re-INVITEs; `media=no` refuses them (488)
    empty=no          refuses an INVITE whose offer has no media (488)
    vanish=3          answers nothing any more that long after it was connected
    contact=HOST:PORT that it names instead of its own
"""

from msgspec import Struct, convert

from tectonics.domain.errors import TheirFault

NEVER = -1.0


class Script(Struct, frozen=True, kw_only=True):
    """See above; times in seconds, NEVER for what does not happen."""

    trying: bool = True
    ring: float = 0.1
    answer: float = 0.5
    rings: float = NEVER
    status: int = 0
    cause: int = 0
    hang_up: float = NEVER
    change: float = NEVER
    how: str = "hold"
    forks: int = 1
    password: str = ""
    user: str = "tectonics"
    proves_bye: bool = False
    timer: int = 0
    refresher: str = "uac"
    least: int = 0
    strict: bool = False
    glare: int = 0
    media: bool = True
    empty: bool = True
    vanish: float = NEVER
    contact: str = ""
    retry_after: int = 0


def script(words: list[str]) -> Script:
    """TheirFault where a word is not understood."""
    told = {}
    for word in words:
        name, _, value = word.partition("=")
        told[name] = {"never": NEVER, "yes": True, "no": False}.get(value, value)
    unknown = told.keys() - {one for one in Script.__struct_fields__}
    if unknown:
        raise TheirFault(f"no word is called {', '.join(sorted(unknown))}; there are {', '.join(Script.__struct_fields__)}")
    try:
        return convert(told, Script, strict=False)
    except ValueError as error:
        raise TheirFault(str(error)) from error
