"""The lending policy: what is in force, what was, putting another in force, and the stop switch.

A change never edits a policy, it adds a version with who, when and why; that log is the audit of
the policy, beside the ticket that the Policies port writes.
"""

from functools import partial

from tectonics.domain.errors import TheirFault
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices
from tectonics.ports import PolicyVersion

DOCUMENT_BYTES_MAX = 256 * 1024
HISTORY_SHOWN = 100


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "policy.show": Method(partial(_show, offices), {
            "version": take.whole("a version; without it the one in force", 1, take.COUNT_MAX, None)},
            "a policy with its document"),
        "policy.history": Method(partial(_history, offices), {}, "the versions, newest first: who and why"),
        "policy.load": Method(partial(_load, offices), {
            "document": take.document("a policy, as the section `policy` of the configuration"),
            "note": take.text("why")}, "puts a new policy in force at once", changes=True),
        "policy.switch": Method(partial(_switch, offices), {
            "accepting": take.flag("false stops new advances at once, true allows them")},
            "stops or allows new advances", changes=True),
    }


async def _show(offices: Offices, who: str, version: int | None) -> dict:
    return shown.policy(await _get(offices, version or offices.policies.current.version))


async def _get(offices: Offices, version: int) -> PolicyVersion:
    found = await offices.policy_log.get(version)
    if found is None:
        raise take.NotThere(f"there is no policy version {version}")
    return found


async def _history(offices: Offices, who: str) -> dict:
    versions = await offices.policy_log.history(HISTORY_SHOWN)
    newest_first = sorted(versions, key=lambda v: v.version, reverse=True)
    return {"current": offices.policies.current.version,
            "versions": [shown.policy_line(version) for version in newest_first]}


async def _load(offices: Offices, who: str, document: dict, note: str) -> dict:
    if len(shown.json(document)) > DOCUMENT_BYTES_MAX:
        raise TheirFault(f"the policy is larger than {DOCUMENT_BYTES_MAX // 1024} KiB")
    added = await offices.policies.replace(document, who, note)
    return {"text": f"policy version {added.version} is in force", "version": added.version}


async def _switch(offices: Offices, who: str, accepting: bool) -> dict:
    word = "allowed" if accepting else "stopped"
    current = offices.policies.current
    if current.lending.accepting == accepting:
        return {"text": f"new advances are {word} already", "version": current.version}
    document = (await _get(offices, current.version)).document
    changed = {**document, "lending": {**document.get("lending", {}), "accepting": accepting}}
    added = await offices.policies.replace(changed, who, f"new advances {word}")
    return {"text": f"new advances are {word}", "version": added.version}
