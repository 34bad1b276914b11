"""A configuration file: settings of which the daemon can be made, or sentences, each in its line.

The message catalogues are left out (config_messages has them), so that a check costs little.
"""

from unittest.mock import patch

from tectonics.channels.ussd_form import UssdForm
from tectonics.config import loading
from tectonics.config.errors import ERRORS_MAX, ConfigErrors, format_error
from tectonics.config.policy import canonical_document
from tectonics.config.settings import Settings, port_offset
from tectonics.domain.messages import Catalogue
from tectonics.domain.msisdn import parse_msisdn
from tests.fuzz.contract import folder, sentence

TOKENS = (b"policy:\n", b"  segments:\n", b"  - {name: a, tiers: [{id: b, amount: 1, fee: 0}]}\n", b"currency: JPY\n",
          b"services: {advance: {code: '*133#'}}\n", "*\u0661#".encode(), b"country_code: 33\n", b"feeds: {columns: {id: 1}}\n",
          b"channels: {ussd_http: {mode: last}}\n", b"web: {endpoint: 'tcp:8080'}\n", b"'<a': 1\n", b'"a\\nb": 1\n',
          b"amount: {percent: 10, step: 1, min: 1, max: 2}", b"fee: {steps: [{up_to: 1, fee: 1}]}", b"recharges: null",
          b"store: {kind: postgresql, url: 'postgresql://u:p@h/n'}\n", b"billing: {kind: ledger, address: 'tcp:h:1'}\n",
          b"rollout: {ranges: ['33600000000-33600999999']}", b"messages: {languages: [en]}\n", b"node: {name: n1}\n")


def check(data: bytes) -> None:
    path = folder("config_file") / "tectonics.yaml"
    path.write_bytes(data)
    with patch.object(loading, "read_catalogue", lambda *_: (Catalogue({}, "en"), [])):
        try:
            settings = loading.load(path)
        except ConfigErrors as errors:
            assert 0 < len(errors.errors) <= ERRORS_MAX
            for error in errors.errors:
                sentence(format_error(error))
            return
    _usable(settings)


def _usable(settings: Settings) -> None:
    policy = settings.seed_policy()
    assert policy.segments and canonical_document(settings.policy_document) == settings.policy_document
    assert port_offset(settings, 0).listeners() == settings.listeners()
    code = settings.services.advance.code
    form = UssdForm(settings.style(), settings.country_code, (code,))
    body = b"sessionId=1&phoneNumber=33600000001&text=&serviceCode=" + code.replace("#", "%23").encode()
    assert form.dialled(body, 1).code == code
    assert parse_msisdn("0612345678", settings.country_code or "33").isascii()
