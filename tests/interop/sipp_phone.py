"""sipp (Debian: sip-tester) as a telephone: what it is to do when it is rung, written as a scenario of sipp."""

import shutil
import subprocess
import tempfile
from pathlib import Path

HEAD = """\
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From:[$to];tag=phone[pid]-[call_number]
To:[$from]
Call-ID: [call_id]
Max-Forwards: 70
Contact: <sip:phone@[local_ip]:[local_port]>
"""
AUDIO = """\
v=0
o=phone 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio {port} RTP/AVP 0 8
a={direction}"""
NOTHING = """\
v=0
o=phone 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0"""
RINGING, OK, BUSY = "180 Ringing", "200 OK", "486 Busy Here"


def audio(port, version=1, direction="sendrecv"):
    return AUDIO.format(port=port, version=version, direction=direction)


def _sent(text: str, body: str, **attributes) -> str:
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    content = "Content-Type: application/sdp\n" if body else ""
    return f"<send{given}><![CDATA[\n{text}{content}Content-Length: [len]\n\n{body}\n]]></send>\n"


def invited() -> str:
    """The first INVITE; who called is kept."""
    keep = "".join(f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{name.lower()}"/>' for name in ("From", "To"))
    return f'<recv request="INVITE" rrs="true"><action>{keep}</action></recv>\n'


def heard(what: str, **attributes) -> str:
    """A request, or a response by its number."""
    kind = "response" if what.isdigit() else "request"
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<recv {kind}="{what}"{given}/>\n'


def says(status: str, body: str = "", first: bool = False, to_invite: bool = False) -> str:
    """A response to the newest request; the `first` ones carry our tag, and one `to_invite` when a CANCEL came last."""
    to = "To:[$to];tag=phone[pid]-[call_number]\n" if first else "[last_To:]\n"
    cseq = "CSeq: 1 INVITE\n" if to_invite else "[last_CSeq:]\n"
    repeat = {"retrans": "500"} if first and status[0] != "1" or body or to_invite else {}
    text = (f"SIP/2.0 {status}\n[last_Via:]\n[last_Record-Route:]\n[last_From:]\n{to}[last_Call-ID:]\n{cseq}"
            "Contact: <sip:phone@[local_ip]:[local_port];transport=[transport]>\n")
    return _sent(text, body, **repeat)


def asks(method: str, number: int, body: str = "") -> str:
    """A request of its own."""
    repeat = {} if method == "ACK" else {"retrans": "500"}
    return _sent(f"{method} [next_url] SIP/2.0\n{HEAD}CSeq: {number} {method}\n", body, **repeat)


def waits(milliseconds: int) -> str:
    return f'<pause milliseconds="{milliseconds}"/>\n'


ANSWERS_NOTHING = invited() + says(RINGING, first=True) + waits(100) + says(OK, NOTHING, first=True) + heard("ACK")
JOINS = heard("INVITE") + says(OK, audio(6000)) + heard("ACK")
ANSWERS = invited() + says(RINGING, first=True) + waits(200) + says(OK, audio(7000), first=True) + heard("ACK")
IS_HUNG_UP = heard("BYE") + says(OK)
HANGS_UP = waits(700) + asks("BYE", 9) + heard("200")
REFUSES = invited() + says(RINGING, first=True) + says(BUSY, first=True) + heard("ACK")
NEVER_ANSWERS = (invited() + says(RINGING, first=True) + heard("CANCEL") + says(OK) +
                 says("487 Request Terminated", to_invite=True) + heard("ACK"))
HOLDS = (waits(500) + asks("INVITE", 3, audio(7000, 2, "sendonly")) + heard("100", optional="true") + heard("200") +
         asks("ACK", 3))


class SippPhone:
    """A process that serves one call as the steps say; `port` is where."""

    def __init__(self, port: int, steps: str, *options: str) -> None:
        assert shutil.which("sipp"), "sipp is missing: scripts/interop installs it"
        self.port, self._directory = port, tempfile.TemporaryDirectory(prefix="tectonics-sipp-")
        scenario = Path(self._directory.name, "phone.xml")
        scenario.write_text('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="phone">\n'
                            f'{steps}<Reference variables="from,to"/>\n<timewait milliseconds="200"/>\n</scenario>\n')
        self._log = Path(self._directory.name, "said")
        self._process = subprocess.Popen(
            ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin", "-timeout", "80", "-deadcall_wait", "0", "-trace_msg",
             "-message_file", str(self._log), "-trace_err", "-error_file", f"{self._log}.err", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd=self._directory.name)

    @property
    def code(self) -> int | None:
        """sipp's exit code: 0 when its call went as the steps say; None while it is at it."""
        return self._process.poll()

    def said(self) -> str:
        """All messages in and out, for a test that fails and for what was heard."""
        errors = Path(f"{self._log}.err")
        return (self._log.read_text() if self._log.exists() else "") + (errors.read_text() if errors.exists() else "")

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._directory.cleanup()
