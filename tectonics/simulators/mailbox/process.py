"""A mail server as a process of its own (ordered_process.py); its orders are those of control.py."""

from tectonics.simulators.ordered_process import OrderedProcess


class MailboxProcess:
    """Listens on a free port once it is started; `peer` is the port that it sends to."""

    def __init__(self, peer: int = 0) -> None:
        self.process = OrderedProcess("tectonics.simulators.mailbox", "--listen", "tcp:0:interface=127.0.0.1",
                                      "--peer", f"tcp:127.0.0.1:{peer}")
        self.order, self.close = self.process.order, self.process.close

    def start(self) -> "MailboxProcess":
        """Serves when it returns. TheirFault when it does not come up."""
        self.process.start()
        return self

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.process.port

    def kept(self) -> list[dict]:
        """The mails that it took, oldest first."""
        return self.order("kept 1000")["kept"][::-1]
