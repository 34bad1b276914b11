"""The chapter of the network management system: it loads the module, walks it, and sees a dial move a counter."""

from tectonics.simulators.daemon_process import CHECKOUT
from tectonics.simulators.demo.borrowing import ANN
from tectonics.simulators.demo.story import Story
from tectonics.simulators.mib_reader import Mib, dotted
from tectonics.simulators.snmp_manager import SnmpManager
from tectonics.wire.snmp_pdu import Variable

MODULE = CHECKOUT / "mibs/TECTONICS-MIB.txt"
SNAPSHOT_S = 5.0  # figures may be three seconds old
SHOWN = ("tectonicsDaemon", "tectonicsServiceTable", "tectonicsDebt")
ALARM = ("tectonicsAlarmId", "tectonicsAlarmSeverity", "tectonicsAlarmText")


def the_mib(story: Story) -> None:
    """Walks everything, lends once more, reads what has changed, and the active alarms."""
    story.told.title("A management system walks the MIB")
    mib, manager = Mib(MODULE.read_text()), SnmpManager(story.daemon.address("snmp"))
    try:
        _walk(story, mib, manager)
        _a_dial_moves_a_counter(story, mib, manager)
        _alarms(story, mib, manager)
    finally:
        manager.close()


def _walk(story: Story, mib: Mib, manager: SnmpManager) -> None:
    base = mib.objects["tectonicsMIB"].arcs
    found = list(manager.walk(base))
    story.say(f"snmpbulkwalk -v2c -c public 127.0.0.1 {dotted(base)}: {len(found)} variables in {manager.asked} requests")
    for group in SHOWN:
        arcs = mib.objects[group].arcs
        story.told.operator("\n".join(mib.shown(one) for one in found if one[0][:len(arcs)] == arcs))
    unnamed = [dotted(name) for name, _, _ in found if mib.object_of(name)[0] is None]
    story.check("every variable has its place in mibs/TECTONICS-MIB.txt", (unnamed, len(found) > 60), ([], True))
    names = [name for name, _, _ in found]
    story.check("in rising order, each once", names, sorted(set(names)))
    by_step = [manager.next(name)[0][0] for name in names[:5]]
    story.check("and step by step the same", by_step, names[1:6])


def _a_dial_moves_a_counter(story: Story, mib: Mib, manager: SnmpManager) -> None:
    name = mib.of("tectonicsServiceGranted", "advance")
    before, = manager.get(name)
    story.told.operator(f"before: {mib.shown(before)}")
    story.dial(ANN, "*133#", "1", "1")
    after = story.until(lambda: _moved(manager, before), SNAPSHOT_S)
    story.told.operator(f"after:  {mib.shown(after or before)}")
    story.check("one more was granted", after and after[2], before[2] + 1)
    counted = story.daemon.ask("status")["counters"]["tectonics_granted_total"]
    story.check("as the status says", after and after[2], counted.get("advance"))


def _moved(manager: SnmpManager, before: Variable) -> Variable | None:
    found, = manager.get(before[0])
    return found if found[2] > before[2] else None


def _alarms(story: Story, mib: Mib, manager: SnmpManager) -> None:
    story.command("policy", "stop")
    column = mib.objects["tectonicsAlarmId"].arcs

    def ids() -> set[str]:
        return {held.decode() for _, _, held in manager.walk(column)}

    def agreed() -> bool:
        shown = ids()
        return "policy_differs" in shown and shown == {one["id"] for one in story.daemon.ask("status")["alarms"]}

    story.check("the active alarms are those of the status, and the one just raised is among them",
                story.until(agreed, SNAPSHOT_S))
    rows = mib.objects["tectonicsActiveAlarmTable"].arcs
    shown = [mib.shown(one) for one in manager.walk(rows) if mib.object_of(one[0])[0].name in ALARM]
    story.told.operator("\n".join(shown))
    story.command("policy", "resume")
