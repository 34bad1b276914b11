"""What Linux tells of processes: processor time by thread, memory, and what machine this is (proc(5))."""

import os
import platform
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(stat: Path) -> float:
    """User and system time in a `stat` file; 0.0 when the process or thread has ended."""
    try:
        fields = stat.read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def process_cpu_s(pid: int) -> float:
    """Processor time of a process with all its threads."""
    return cpu_s(Path(f"/proc/{pid}/stat"))


def main_thread_cpu_s(pid: int) -> float:
    """Processor time of its first thread alone."""
    return cpu_s(Path(f"/proc/{pid}/task/{pid}/stat"))


def tree_cpu_s(pid: int) -> float:
    """Processor time of a process, of its children, and of those whose end it has seen."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ended_s = (int(fields[13]) + int(fields[14])) / _TICKS
    return process_cpu_s(pid) + ended_s + sum(process_cpu_s(int(child)) for child in children)


def busy_s() -> float:
    """Time of all processors, in which they did something for anybody; also for other guests of the host (stolen)."""
    user, nice, system, _idle, _wait, irq, soft, stolen = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, irq, soft, stolen))) / _TICKS


def rss_max_mb(pid: int) -> float:
    """The most memory that the process has had."""
    return _status_mb(pid, "VmHWM:")


def rss_mb(pid: int) -> float:
    """The memory that the process has now."""
    return _status_mb(pid, "VmRSS:")


def _status_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def describe() -> str:
    """Processors, system and Python."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return (f"{os.cpu_count()} x {model}, Linux {platform.release()}, "
            f"{platform.python_implementation()} {platform.python_version()}")
