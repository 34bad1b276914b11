"""Events as twisted.logger makes them."""

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

AT_S = 1_790_000_000.5
TIME = "2026-09-21T14:13:20.500+00:00"


def event(says="sent {op}", /, level=LogLevel.info, area="tectonics.engine.outbox", **more):
    made = {}
    Logger(namespace=area, observer=made.update).emit(level, says, **{"op": "TEC-1", **more})
    return made | {"log_time": AT_S}


def failed(error: Exception, level=LogLevel.critical, area="tectonics.engine.dispatch"):
    try:
        raise error
    except type(error):
        return event("it failed", level, area, log_failure=Failure())
