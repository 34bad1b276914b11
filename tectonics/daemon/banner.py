"""What a person reads after a start: where everything listens and what to try first."""

from tectonics import __version__
from tectonics.config import Settings
from tectonics.ports import Listener

_WHAT = {
    "ussd_http": "USSD gateway    POST /ussd",
    "web": "people          /handset  /me  /api/v1  /metrics  /health/ready",
    "tickets": "tickets, live   connect and read",
    "tickets_acknowledged": "tickets, kept   HELLO 1 <name>",
    "feed": "recharge feed   one record a line",
    "email": "e-mail          call@, sos@, balance@",
    "did_sip": "SIP             calls that ring",
    "snmp": "SNMP            mibs/TECTONICS-MIB.txt",
}


def banner(settings: Settings, listeners: list[Listener]) -> str:
    """The text; plain, because it may go to a log."""
    addresses = {one.name: one.address for one in listeners}
    lines = [f"tectonics {__version__}, node {settings.node.name}, state in {settings.state_path}", ""]
    lines += [f"  {addresses[name]:<22} {what}" for name, what in _WHAT.items() if name in addresses]
    if settings.demo.subscribers:
        code = settings.services.advance.code
        lines += ["", "Try:"]
        if settings.web.handset and "web" in addresses:
            lines.append(f"  a telephone in the browser     http://{addresses['web']}/handset")
        lines += [f"  a telephone in the terminal    tectonics dial 33600000001 '{code}'",
                  "  a recharge                     tectonics recharge 33600000001 5.00",
                  "  what is going on               tectonics status",
                  "  (the commands are in .venv/bin; add --state if the state directory is another)"]
    return "\n".join(lines) + "\n"
