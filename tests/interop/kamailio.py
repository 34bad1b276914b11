"""A real Kamailio (Debian package kamailio) as the switch: numbers of 336 go to one phone, all others to another."""

import shutil
import subprocess
import tempfile
from pathlib import Path

CONFIGURATION = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
alias="switch.example"
listen=udp:127.0.0.1:{port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/:/usr/lib/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        if ({relays}) {{ t_relay(); exit; }}
        sl_send_reply("404", "Not here"); exit;
    }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    t_check_trans();
    remove_hf("Route");
    {record}
    if ($rU =~ "^[+]?336") {{ $du = "sip:127.0.0.1:{a}"; }} else {{ $du = "sip:127.0.0.1:{b}"; }}
    t_relay();
}}
"""


class Kamailio:
    """One process; `route=False`: it does not ask to stay on the way."""

    def __init__(self, port: int, a: int, b: int, route: bool = True) -> None:
        assert shutil.which("kamailio"), "kamailio is missing: scripts/interop installs it"
        self.port, self._directory = port, tempfile.TemporaryDirectory(prefix="tectonics-kamailio-")
        configuration = Path(self._directory.name, "kamailio.cfg")
        configuration.write_text(CONFIGURATION.format(port=port, a=a, b=b, record="record_route();" if route else "",
                                                      relays="1" if not route else "0"))
        self._process = subprocess.Popen(
            ["kamailio", "-f", str(configuration), "-DD", "-E", "-m", "32", "-M", "4", "-Y", self._directory.name,
             "-P", str(Path(self._directory.name, "pid"))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()
