"""The switches of the services: which of them begin anything new.

Each is a key of the policy.  All that is switched at once becomes one new version of it, so that it is done whole,
with one audit ticket, or not at all.
"""

from functools import partial

from tectonics.domain.errors import TheirFault
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin.method import Method, Offices

_SWITCHES = {"advance": ("lending", "accepting"), "call_back": ("call_back", "enabled")}


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "services.show": Method(partial(_show, offices), {}, "whether each service begins anything new"),
        "services.switch": Method(partial(_switch, offices), {
            service: take.flag("false stops new requests of it at once, true allows them", None) for service in _SWITCHES},
            "stops or allows new requests of services, all of those named or none", changes=True),
    }


def _now(offices: Offices) -> dict[str, bool]:
    policy = offices.policies.current
    return {service: getattr(getattr(policy, section), key) for service, (section, key) in _SWITCHES.items()}


async def _show(offices: Offices, who: str) -> dict:
    return _now(offices)


async def _switch(offices: Offices, who: str, **asked: bool | None) -> dict:
    now = _now(offices)
    changed = {service: on for service, on in asked.items() if on is not None and on != now[service]}
    if not changed:
        return {"text": "nothing changes", "version": offices.policies.current.version}
    version = await offices.policy_log.get(offices.policies.current.version)
    if version is None:
        raise TheirFault("the policy in force is not in the database; look at the log")
    document = dict(version.document)
    for service, on in changed.items():
        section, key = _SWITCHES[service]
        document[section] = {**document.get(section, {}), key: on}
    text = ", ".join(f"{service} {'unlocked' if on else 'locked'}" for service, on in changed.items())
    added = await offices.policies.replace(document, who, text)
    return {"text": text, "version": added.version}
