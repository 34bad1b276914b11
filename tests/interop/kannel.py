"""A real Kannel (Debian package kannel): bearerbox binds to a message centre, smsbox speaks HTTP to whoever sends messages.

It is the ESME, and what it hears it asks of `Pages`, a web server of ours.
"""

import shutil
from pathlib import Path
from urllib.parse import urlencode

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import ProcessProtocol
from twisted.web.client import Agent, readBody
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.links.smpp.loopback import until

CONFIGURATION = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = bar
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-level = 1
dlr-storage = internal
sms-resend-freq = 1

group = smsc
smsc = smpp
smsc-id = lab
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
my-number = 133
reconnect-delay = 1
enquire-link-interval = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-level = 1

group = sendsms-user
username = lab
password = lab
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = yes
concatenation = true
max-messages = 10
get-url = "http://127.0.0.1:{pages}/mo?from=%p&to=%P&coding=%c&text=%a"
omit-empty = true
"""


class Pages(Resource):
    """What Kannel asks: messages of subscribers at /mo, receipts at /dlr; `reply` goes back to the subscriber."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.reply = b""

    def render_GET(self, request) -> bytes:
        wide = request.args.get(b"coding") == [b"2"]  # UCS-2 is passed on as it came
        given = {name.decode(): values[0].decode("utf-16-be" if wide and name == b"text" else "utf-8")
                 for name, values in request.args.items()}
        self.asked.append((request.path.decode(), given))
        return self.reply if request.path == b"/mo" else b""

    def of(self, path: str) -> list[dict[str, str]]:
        return [given for asked, given in self.asked if asked == path]


class _Box(ProcessProtocol):
    """One of its two processes; what it says goes to its log."""

    def __init__(self, log: Path) -> None:
        self._log, self.ended = log, Deferred()

    def outReceived(self, data: bytes) -> None:
        with self._log.open("ab") as log:
            log.write(data)

    errReceived = outReceived

    def processEnded(self, reason) -> None:
        self.ended.callback(None)


class Kannel:
    """Both boxes; `pages` hears what they ask."""

    def __init__(self, folder: Path, smsc: int) -> None:
        self.pages, self._folder, self._smsc = Pages(), folder, smsc
        self._boxes: list[_Box] = []
        self._ports: dict[str, int] = {}
        self._port = None

    async def start(self) -> None:
        """Takes messages when it returns."""
        assert shutil.which("bearerbox", path="/usr/sbin:/usr/bin"), "kannel is not installed: scripts/interop installs it"
        self._port = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(Site(self.pages))
        self._ports = {name: await _free_port() for name in ("admin", "box", "send")}
        (self._folder / "kannel.conf").write_text(CONFIGURATION.format(
            smsc=self._smsc, pages=self._port.getHost().port, **self._ports))
        self._spawn("bearerbox")
        await until(lambda: "SMPP[" in self.log())
        self._spawn("smsbox")
        await until(lambda: "Connected to bearerbox" in self.log())

    async def stop(self) -> None:
        """Both are ended, smsbox first."""
        for box in reversed(self._boxes):
            box.transport.signalProcess("KILL")
            await box.ended
        if self._port is not None:
            await self._port.stopListening()

    def log(self) -> str:
        """What both have said."""
        return "".join(path.read_text(errors="replace") for path in self._folder.glob("*.log"))

    async def send(self, text: str, to: str = "33600000001", **given) -> int:
        """Sends a message; 202 when Kannel has taken it."""
        query = {"username": "lab", "password": "lab", "from": "133", "to": to, "text": text, "charset": "UTF-8",
                 "dlr-url": f"http://127.0.0.1:{self._port.getHost().port}/dlr?type=%d&to=%p"} | given
        answer = await Agent(reactor).request(
            b"GET", f"http://127.0.0.1:{self._ports['send']}/cgi-bin/sendsms?{urlencode(query)}".encode())
        await readBody(answer)
        return answer.code

    def _spawn(self, name: str) -> None:
        program = shutil.which(name, path="/usr/sbin:/usr/bin")
        self._boxes.append(_Box(self._folder / f"{name}.log"))
        reactor.spawnProcess(self._boxes[-1], program, [program, "kannel.conf"], path=str(self._folder), env=None)


async def _free_port() -> int:
    port = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(Site(Resource()))
    number = port.getHost().port
    await port.stopListening()
    return number
