"""sipp (Debian: sip-tester) as the trunk: a process that places calls by a scenario of sipp/, and says how it went."""

import shutil
import subprocess
import tempfile
from pathlib import Path

SCENARIOS = Path(__file__).with_name("sipp")
PATIENCE_S = 90
DID = "33800133000"


class Sipp:
    """Calls from loopback addresses to the SIP port at `address`."""

    def __init__(self, address) -> None:
        assert shutil.which("sipp"), "sipp is missing: scripts/interop installs it"
        self._address = address
        self._directory = tempfile.TemporaryDirectory(prefix="tectonics-sipp-")
        self.running: list[subprocess.Popen] = []

    def start(self, scenario: str, callers, *options: str, source: str = "127.0.0.1", calls: int = 0) -> subprocess.Popen:
        """Begins to place the calls, one a caller in turn."""
        numbers = Path(self._directory.name, f"callers{len(self.running)}.csv")
        numbers.write_text("SEQUENTIAL\n" + "".join(f"{one};\n" for one in callers))
        command = ["sipp", "{}:{}".format(*self._address), "-sf", str(SCENARIOS / f"{scenario}.xml"), "-inf", str(numbers), "-i", source,
                   "-s", DID, "-m", str(calls or len(callers)), "-nostdin", "-timeout", str(PATIENCE_S), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self._directory.name)
        self.running.append(process)
        return process

    def call(self, scenario: str, callers, *options: str, **more) -> int:
        """Places the calls; sipp's exit code: 0 when all went as the scenario says, 1 when one did not."""
        process = self.start(scenario, callers, *options, **more)
        said, _ = process.communicate(timeout=PATIENCE_S + 10)
        assert process.returncode in (0, 1), said.decode(errors="replace")[-2000:]
        return process.returncode

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self._directory.cleanup()
