"""Who takes what subscribers write, in the tests of several channels."""

from twisted.internet.defer import Deferred, fail, succeed


class Correspondence:
    """Fills ports.Correspondence: takes everything, or fails as `ends` says."""

    def __init__(self):
        self.messages, self.ends = [], []

    def received(self, message):
        self.messages.append(message)
        if self.ends:
            end = self.ends.pop(0)
            return end if isinstance(end, Deferred) else fail(end)
        return succeed(None)
