"""The network behind the handset page: what is dialled there goes to the gateway port like any other."""

from urllib.parse import urlencode

from twisted.internet.defer import Deferred

from tectonics.domain.screens import Style
from tectonics.simulators.ussd_gateway import Gateway, read_screen

CONNECTIONS = 4


class PageGateway:
    """A real client of the gateway port, in the mode that the port is configured for."""

    def __init__(self, reactor, host: str, port: int, style: Style, step_field: str) -> None:
        self._gateway = Gateway(reactor, host, port, style.mode, CONNECTIONS, step_field)
        self._style, self._step_field = style, step_field

    def dial(self, msisdn: str, session: str, text: str) -> Deferred[tuple[bool, str]]:
        """`text` is the session so far, `*133#*1*1`; answers (more, screen)."""
        code, mark, rest = text.partition("#")
        inputs = rest.removeprefix("*")
        if self._style.mode == "last":
            inputs = inputs.rpartition("*")[2]
        form = {"sessionId": session, "phoneNumber": f"+{msisdn}", "networkCode": "20801",
                "serviceCode": code + mark, "text": inputs}
        if self._step_field:
            form[self._step_field] = str(rest.count("*"))
        answer = self._gateway.raw(urlencode(form).encode())
        return answer.addCallback(lambda found: read_screen(*found))

    def close(self) -> None:
        """Closes the connections."""
        self._gateway.close()
