"""A message centre as a process of its own (ordered_process.py); its orders are those of control.py."""

from tectonics.simulators.ordered_process import OrderedProcess


class CentreProcess:
    """Listens on a free port once it is started."""

    def __init__(self, *options: str) -> None:
        self.process = OrderedProcess("tectonics.simulators.smsc", "--listen", "tcp:0:interface=127.0.0.1", *options)
        self.order, self.close = self.process.order, self.process.close

    def start(self) -> "CentreProcess":
        """Serves when it returns. TheirFault when it does not come up."""
        self.process.start()
        return self

    @property
    def address(self) -> str:
        """Where the daemon connects to."""
        return f"tcp:127.0.0.1:{self.process.port}"

    def messages(self, msisdn: str) -> list[str]:
        """The texts that went to a number, oldest first; parts of a long one put together once all are there."""
        texts, parts = [], []
        for one in reversed(self.order("submitted 1000")["submitted"]):
            if one["to"] == msisdn:
                number, _, total = one["part"].partition("/")
                parts = [*parts, one["text"]] if number not in ("", "1") else [one["text"]]
                if number == total:
                    texts.append("".join(parts))
        return texts
