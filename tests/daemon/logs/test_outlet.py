"""Standard error that is full, closed or broken: the daemon goes on."""

import os
import socket

import pytest

from tectonics.daemon.logs import outlet as module
from tectonics.daemon.logs.outlet import BACKLOG_BYTES_MAX, Outlet


@pytest.fixture(params=["pipe", "socket"])
def ends(request):
    """(to read from, to write to), as file descriptors."""
    if request.param == "pipe":
        ours, theirs = os.pipe()
    else:
        ours, theirs = (one.detach() for one in socket.socketpair())
    left = [ours, theirs]
    yield left
    for fd in left:
        os.close(fd)


def drained(fd, at_least):
    found = b""
    while len(found) < at_least:
        found += os.read(fd, 1 << 20)
    return found


def test_lines_go_out_whole_and_in_order(ends):
    outlet = Outlet(ends[1])
    lines = [b"%d\n" % number for number in range(50)]
    for line in lines:
        outlet.write(line)
    assert drained(ends[0], 1) == b"".join(lines)


def waited(outlet):
    """How long it is ready to wait for room, each time that it asks; it waits so long."""
    room, waits_ms = outlet._room, []

    class Room:
        def poll(self, wait_ms):
            waits_ms.append(wait_ms)
            return room.poll(wait_ms)

    outlet._room = Room()
    return waits_ms


def test_nobody_waits_for_who_does_not_read(ends):
    outlet, line = Outlet(ends[1]), b"x" * 999 + b"\n"
    waits_ms = waited(outlet)
    for _ in range(3000):  # 3 MB
        outlet.write(line)
    assert set(waits_ms) <= {0}
    assert outlet.lost > 0 and outlet.waiting_bytes <= BACKLOG_BYTES_MAX
    kept = 3000 - outlet.lost
    found = b""
    while len(found) < kept * 1000:
        found += os.read(ends[0], 1 << 16)
        outlet.flush()
    assert found == line * kept and outlet.waiting_bytes == 0


def test_a_long_line_arrives_in_pieces(ends):
    outlet, line = Outlet(ends[1]), bytes(range(32, 127)) * 2000 + b"\n"
    outlet.write(line)
    found = b""
    while len(found) < len(line):
        found += os.read(ends[0], 5000)
        outlet.flush()
    assert found == line and outlet.lost == 0


def test_a_reader_who_is_gone_costs_lines_and_nothing_else(ends):
    outlet = Outlet(ends[1])
    os.close(ends.pop(0))
    for _ in range(10):
        outlet.write(b"x\n")
    assert (outlet.lost, outlet.lost_untold, outlet.waiting_bytes) == (10, 10, 0)


def test_a_stop_waits_a_moment_for_room(ends, monkeypatch):
    monkeypatch.setattr(module, "CLOSE_S", 0.05)
    outlet = Outlet(ends[1])
    while not outlet.waiting_bytes:
        outlet.write(b"x" * 1000 + b"\n")
    waits_ms = waited(outlet)
    outlet.close()
    [wait_ms] = [one for one in waits_ms if one]
    assert wait_ms <= 50
    assert outlet.lost == 1 and outlet.waiting_bytes == 0


def test_a_full_disk_costs_lines_and_nothing_else():
    fd = os.open("/dev/full", os.O_WRONLY)
    outlet = Outlet(fd)
    outlet.write(b"x\n")
    os.close(fd)
    assert outlet.lost == 1


def test_a_closed_descriptor_costs_lines_and_nothing_else():
    ours, theirs = os.pipe()
    outlet = Outlet(theirs)
    os.close(ours)
    os.close(theirs)
    outlet.write(b"x\n")
    assert outlet.lost == 1
