"""A switch full of telephones as a process of its own (ordered_process.py); its orders are those of control.py."""

from tectonics.simulators.ordered_process import OrderedProcess


class PhonesProcess:
    """Takes calls at a free port once it is started; phones that have no other script do what `script` says."""

    def __init__(self, script: str = "") -> None:
        self.process = OrderedProcess("tectonics.simulators.phones", "--port", "0", "--script", script)
        self.order, self.close = self.process.order, self.process.close

    def start(self) -> "PhonesProcess":
        """Serves when it returns. TheirFault when it does not come up."""
        self.process.start()
        return self

    @property
    def address(self) -> str:
        """Where the daemon sends its calls."""
        return f"127.0.0.1:{self.process.port}"

    def calls(self) -> list[dict]:
        """All calls that came, oldest first."""
        return self.order("calls 1000")["calls"][::-1]
