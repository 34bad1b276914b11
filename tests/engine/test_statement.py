"""What somebody owes, as a sentence; asking changes nothing."""

from tectonics.domain.text import sms_style
from tectonics.engine.statement import owed
from tests.engine.test_correspondence import Pen
from tests.engine.world import build, run, settle
from tests.workflows.world import MSISDN


def test_what_is_owed(tmp_path):
    node = build(tmp_path)
    pen = Pen(node)

    def told(msisdn=MSISDN):
        return run(node.clock, owed(node.core.engine, sms_style(), msisdn))

    assert told().startswith("owe.none") and told("33699999999").startswith("owe.none")
    pen.write("SOS 2")
    pen.write(pen.yes())
    settle(node, 5)
    before = run(node.clock, node.files.queries.account(MSISDN)).version
    assert told() == "owe.total EUR 28/09 2.20"
    assert run(node.clock, node.files.queries.account(MSISDN)).version == before
