"""What was dialled, as service code and input: `*133*2#` is the code `*133#` with the input `2`.

The code is the longest configured one that the dialled digits begin with, else the first group of digits;
what follows is input.  A missing final `#` is added.  Every USSD channel splits alike, so that a code means the
same through each of them.
"""

import re
from collections.abc import Iterable

from tectonics.domain.errors import BadMessage

INPUT_CHARS_MAX = 182  # of one USSD string, 3GPP TS 23.038 section 6.1.2.3
_CODE = re.compile(r"([*#]{1,3}\d{1,15})(\*[^#]*)?#?", re.ASCII)


class ServiceCodes:
    """The codes that are served (`*133#`)."""

    def __init__(self, codes: Iterable[str] = ()) -> None:
        self._stems = sorted((code.rstrip("#") for code in codes), key=len, reverse=True)

    def split(self, dialled: str) -> tuple[str, str]:
        """(code, input); BadMessage when it is no USSD code.

        >>> ServiceCodes(["*133#"]).split("*133*2*1#")
        ('*133#', '2*1')
        """
        dialled = dialled.strip()
        match = _CODE.fullmatch(dialled)
        if not match or len(dialled) > INPUT_CHARS_MAX:
            raise BadMessage("not a USSD code such as *133#")
        dialled = dialled.removesuffix("#")
        for stem in self._stems:
            if dialled == stem or dialled.startswith(stem + "*"):
                return stem + "#", dialled[len(stem) + 1:]
        return match[1] + "#", (match[2] or "")[1:]
