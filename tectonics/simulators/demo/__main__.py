"""`python -m tectonics.simulators.demo [--json] [--keep]`: exit code 0 only if every step held."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tectonics.domain.errors import TheirFault
from tectonics.simulators.daemon_process import DaemonProcess
from tectonics.simulators.demo import (
    borrowing,
    calling,
    closing,
    mailing,
    operating,
    recovering,
    trouble,
    visiting,
    watching,
    writing,
)
from tectonics.simulators.demo.story import Story
from tectonics.simulators.demo.transcript import Transcript
from tectonics.simulators.mailbox.process import MailboxProcess
from tectonics.simulators.phones.process import PhonesProcess
from tectonics.simulators.smsc.process import CentreProcess

# Short deadlines, so that a lost answer is a matter of seconds in the demo as well.
SETTINGS = {"billing": {"embedded": {"send_deadline_s": 1, "read_deadline_s": 1}},
            "outbox": {"first_s": 2, "longest_s": 2}}
CHAPTERS = (
    borrowing.the_main_job, borrowing.what_i_owe, borrowing.five_at_once, borrowing.ten_people,
    borrowing.direct_code, recovering.spends_and_recharges, recovering.reversal, recovering.in_parts,
    recovering.our_own_credit, recovering.several_at_once, trouble.a_lost_answer,
    calling.call_back, calling.busy,
    writing.borrowing_by_sms, writing.advertising, mailing.an_email, visiting.self_care, operating.barring,
    operating.the_switch, operating.broken_settings, operating.bad_input, operating.health_and_figures,
    watching.the_mib, closing.streams, closing.to_the_cent, closing.the_end,
)


def main(arguments: list[str] | None = None) -> int:
    """Plays the story; the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="The story of an airtime advance, as a "
                                     "transcript. Exit code 0 only if every step held.")
    parser.add_argument("--json", action="store_true", help="print the checks for programs, not the transcript")
    parser.add_argument("--keep", action="store_true", help="keep the daemon's state directory, and say where")
    chosen = parser.parse_args(arguments)
    directory = Path(tempfile.mkdtemp(prefix="tectonics-demo-"))
    told = Transcript(sys.stdout, quiet=chosen.json)
    begun = time.monotonic()
    try:
        _play(directory, told)
    finally:
        if not chosen.keep:
            shutil.rmtree(directory, ignore_errors=True)
    seconds = time.monotonic() - begun
    if chosen.keep:
        told.line(f"\nkept: {directory}")
    held = told.verdict(seconds)
    if chosen.json:
        report = {"passed": held, "seconds": round(seconds, 1), "checks": [asdict(one) for one in told.checks]}
        sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 0 if held else 1


def _play(directory: Path, told: Transcript) -> None:
    told.say("Starting a message centre, a telephone switch, a mail server, and a daemon: fresh state, free ports ...")
    story, daemon = None, None
    centre, phones = CentreProcess("--esme", "tectonics:secret"), PhonesProcess("ring=0.1 answer=0.3")
    mailbox = MailboxProcess()
    try:
        centre.start()
        phones.start()
        mailbox.start()
        daemon = DaemonProcess(directory, SETTINGS | _peers(directory, centre, phones, mailbox)).start()
        story = Story(daemon, centre, phones, mailbox, told)
        for chapter in CHAPTERS:
            chapter(story)
    except (TheirFault, OSError, ValueError, LookupError) as error:
        told.check("the story can go on", f"{type(error).__name__}: {error}", "no error")
        told.say(f"The daemon said last: {daemon.last_words() if daemon else 'nothing'}")
    finally:
        if daemon is not None:
            daemon.kill()
        if story is not None:
            story.close()
        mailbox.close()
        phones.close()
        centre.close()


def _peers(directory: Path, centre: CentreProcess, phones: PhonesProcess, mailbox: MailboxProcess) -> dict:
    (directory / "centre.secret").write_text("secret\n")
    account = {"name": "centre", "address": centre.address, "system_id": "tectonics", "password_file": "centre.secret"}
    sip = {"endpoint": "udp:0:interface=127.0.0.1", "trunks": [{"name": "switch", "address": phones.address}]}
    email = {"domain": mailing.DOMAIN, "smarthost": {"address": f"tcp:127.0.0.1:{mailbox.port}", "retry_s": 0.2}}
    return {"channels": {"sms_smpp": {"accounts": [account]}, "email": email}, "call_server": {"kind": "sip", "sip": sip},
            "policy": {"call_back": {"destinations": calling.RATES}}}


if __name__ == "__main__":
    sys.exit(main())
