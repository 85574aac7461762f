"""Which record a resource is: the same one in the next file and in the next import."""

from collections.abc import Iterator

from webapp.clinic_data.fhir.elements import Json, Refused, condition, identifier_names, target, usable
from webapp.clinic_data.fhir.sources import Entry
from webapp.clinic_data.fhir.spool import EVERYWHERE
from webapp.words import printable


def key_of(entry: Entry, digest: str) -> str:
    """What the row of this resource is kept under, as http://hl7.org/fhir/R4/bundle.html gives identity.

    A conditional create or update goes by its condition. A create with a urn: fullUrl goes by that, since its id is for
    the server to give; all others by their id, else their fullUrl. What has neither goes by its content, so that the
    same file twice adds nothing.
    """
    kind = entry.resource["resourceType"]
    if name := _conditional(entry, kind):
        return _kept(name)
    own = entry.resource.get("id")
    if isinstance(own, str) and own and not (entry.method == "POST" and entry.full_url.startswith("urn:")):
        return _kept(own)
    if entry.full_url:
        return _kept(target(entry.full_url).key or entry.full_url)
    return f"sha256:{digest}"


def names_of(entry: Entry, key: str) -> Iterator[tuple[int, str]]:
    """The other names that references may use, each with the scope it holds in."""
    resource, kind = entry.resource, entry.resource["resourceType"]
    own = resource.get("id")
    if isinstance(own, str) and own != key and usable(own):
        # The id of a create is the sender's, good inside that Bundle only.
        yield entry.scope, f"{kind}/{own}"
    if usable(entry.full_url) and target(entry.full_url).key != key:
        yield EVERYWHERE, entry.full_url
    for name in identifier_names(resource, kind):
        yield EVERYWHERE, name


def written_id(resource: Json) -> str | None:
    """The resource's own id, for the error file; never an identifier, which may be a person's."""
    own = resource.get("id")
    return printable(own[:64]) if isinstance(own, str) else None


def _conditional(entry: Entry, kind: str) -> str:
    if entry.method == "POST" and entry.if_none_exist:
        return condition(kind, entry.if_none_exist.rpartition("?")[2])[0]
    if entry.method == "PUT" and "?" in entry.url:
        return target(entry.url).name
    return ""


def _kept(key: str) -> str:
    found = usable(key)
    if found is None:
        raise Refused("its id is longer than 255 characters or holds control characters")
    return found
