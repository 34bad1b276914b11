"""The settings of one daemon: the sections, the message catalogue, and what follows from both."""

from pathlib import Path

from pydantic import PrivateAttr

from tectonics.config.policy import build, canonical
from tectonics.config.sections import Sections
from tectonics.config.sip import DEMO_RINGS, DidSip
from tectonics.config.values import endpoint_port, moved
from tectonics.domain.dialects import Dialect
from tectonics.domain.messages import Catalogue
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Style
from tectonics.domain.text import sms_style

LISTENERS = (("channels", "ussd_http", "endpoint"), ("web", "endpoint"), ("tickets", "stream"),
             ("tickets", "acknowledged"), ("feeds", "tcp"), ("channels", "did_sip", "endpoint"),
             ("channels", "did_sip", "tcp"), ("channels", "email", "endpoint"),
             ("call_server", "sip", "endpoint"), ("oam", "snmp", "endpoint"))


class Settings(Sections):
    """Validated and complete; made by `config.load`."""

    _file: Path = PrivateAttr(default=Path("tectonics.yaml"))
    _catalogue: Catalogue = PrivateAttr(default_factory=lambda: Catalogue({}, ""))
    _dialects: dict[str, Dialect] = PrivateAttr(default_factory=dict)

    @classmethod
    def of(cls, sections: Sections, file: Path, catalogue: Catalogue, dialects: dict[str, Dialect]) -> "Settings":
        """The settings of validated sections that stood in `file`."""
        settings = cls.model_construct(**dict(sections))
        settings._file, settings._catalogue, settings._dialects = file, catalogue, dialects
        return settings

    @property
    def file(self) -> Path:
        """The file that was read."""
        return self._file

    @property
    def catalogue(self) -> Catalogue:
        """Every text in every language."""
        return self._catalogue

    @property
    def dialects(self) -> dict[str, Dialect]:
        """How USSD gateways speak: name -> dialect, of those that accounts name."""
        return self._dialects

    @property
    def codes(self) -> tuple[str, ...]:
        """What subscribers dial."""
        return self.services.advance.code, self.services.call_back.code

    @property
    def channels_on(self) -> tuple[str, ...]:
        """The channels that subscribers can use."""
        channels = self.channels
        on = {"ussd_http": channels.ussd_http.endpoint, "ussd_smpp": channels.ussd_smpp.accounts,
              "ussd_gsup": channels.ussd_gsup.address, "sms_smpp": channels.sms_smpp.accounts,
              "did_sip": self.rings.dids, "email": channels.email.endpoint}
        return tuple(name for name, value in on.items() if value)

    @property
    def rings(self) -> DidSip:
        """Who may ring which number of ours; in the demo, where nothing is said of it, this machine."""
        said = self.channels.did_sip
        if not self.demo.subscribers or said.trunks or said.dids or not said.endpoint:
            return said
        return said.model_copy(update=DEMO_RINGS)

    @property
    def state_path(self) -> Path:
        """The state directory; it need not exist yet."""
        return (self._file.parent / self.state_dir).resolve()

    @property
    def token_path(self) -> Path:
        """The file of the API's tokens."""
        if not self.web.token_file:
            return self.state_path / "demo-token"
        return (self._file.parent / self.web.token_file).resolve()

    @property
    def password_path(self) -> Path | None:
        """The file of the database's password."""
        return (self._file.parent / self.store.password_file).resolve() if self.store.password_file else None

    @property
    def feed_paths(self) -> tuple[Path, ...]:
        """The files that feeds follow."""
        return tuple((self.state_path / name).resolve() for name in self.feeds.files)

    @property
    def policy_document(self) -> dict:
        """The policy as the database keeps it."""
        return canonical(self.policy)

    def seed_policy(self, version: int = 1) -> Policy:
        """The policy of the file."""
        return build(self.policy, version)

    def style(self) -> Style:
        """How the USSD gateway speaks."""
        ussd = self.channels.ussd_http
        return Style("ussd_http", ussd.mode, bool(ussd.step_field), ussd.septets_max, ussd.ucs2_max,
                     ussd.transliterate, ussd.budget_s, round(ussd.session_s))

    def styles(self) -> tuple[Style, ...]:
        """How each USSD gateway speaks."""
        ussd = self.channels.ussd_smpp
        gsup = self.channels.ussd_gsup
        return (self.style(), *(dialect.style("ussd_smpp", ussd.budget_s, round(ussd.session_s), dialect.counts)
                                for dialect in self._dialects.values()), *([gsup.style()] if gsup.address else []))

    def message_style(self) -> Style:
        """How subscribers are answered by short message."""
        sms = self.channels.sms_smpp
        return sms_style(sms.parts_max, sms.coding, round(sms.offer_s))

    def listeners(self) -> dict[tuple[str, ...], str]:
        """Path of the key -> endpoint, of those that are not off."""
        off = [path for path, on in ((("channels", "did_sip"), self.rings.dids),
                                     (("call_server", "sip"), self.call_server.kind == "sip")) if not on]
        found = {}
        for path in LISTENERS:
            value = self
            for name in path:
                value = getattr(value, name)
            if value and path[:2] not in off:
                found[path] = value
        return found


def port_offset(settings: Settings, offset: int) -> Settings:
    """The settings with `offset` added to the port of every listener.

    ValueError when a port would leave 1 to 65535. Port 0 (the system chooses) stays.
    """
    changed = settings
    for path, endpoint in settings.listeners().items():
        port = endpoint_port(moved(endpoint, offset))
        if port is not None and not 0 <= port <= 65_535:
            raise ValueError(f"{'.'.join(path)}: port {port} does not exist (offset {offset})")
        changed = _with(changed, path, moved(endpoint, offset))
    return changed


def _with(section, path: tuple[str, ...], value: object):
    name, rest = path[0], path[1:]
    return section.model_copy(update={name: _with(getattr(section, name), rest, value) if rest else value})
