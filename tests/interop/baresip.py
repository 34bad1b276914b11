"""A real baresip (Debian package baresip-core) as a telephone without a screen or a sound card; it answers at once."""

import shutil
import subprocess
import tempfile
from pathlib import Path

CONFIGURATION = """\
module_path /usr/lib/baresip/modules
sip_listen 127.0.0.1:{port}
module account.so
module g711.so
module aubridge.so
module_app menu.so
audio_source aubridge,nil
audio_player aubridge,nil
audio_alert aubridge,nil
net_interface 127.0.0.1
"""


class Baresip:
    """One process, at `port`."""

    def __init__(self, port: int, number: str) -> None:
        assert shutil.which("baresip"), "baresip is missing: scripts/interop installs it"
        self._directory = tempfile.TemporaryDirectory(prefix="tectonics-baresip-")
        here = Path(self._directory.name)
        (here / "config").write_text(CONFIGURATION.format(port=port))
        (here / "accounts").write_text(f"<sip:+{number}@127.0.0.1:{port}>;regint=0;answermode=auto\n")
        with (here / "said").open("wb") as said:
            self._process = subprocess.Popen(["stdbuf", "-oL", "baresip", "-f", str(here), "-s"], stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self) -> str:
        """Its log, with every SIP message."""
        return Path(self._directory.name, "said").read_text(errors="replace")

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()
