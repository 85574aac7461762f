"""References, resolved: from what a resource wrote to the id of a row."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.clinic_data.fhir.elements import target
from webapp.clinic_data.fhir.spool import EVERYWHERE, Spool, Spooled
from webapp.extensions import db
from webapp.models import Diagnosis, Patient, Provider, Visit

Row = type[Diagnosis] | type[Patient] | type[Provider] | type[Visit]

COLUMNS: dict[str, tuple[str, Row]] = {
    "patient_id": ("Patient", Patient),
    "provider_id": ("Practitioner", Provider),
    "visit_id": ("Encounter", Visit),
    "diagnosis_id": ("Condition", Diagnosis),
}
"""Each column that refers: to which resource type, and to which table."""

ROLE = "PractitionerRole"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reference, the Bundle it stands in, and the column it is for."""

    scope: int
    reference: str
    column: str


class Links:
    """Finds rows by reference: by a name in this import, else by the id in the reference, in this import or before."""

    def __init__(self, spool: Spool, clinic_id: int) -> None:
        self._spool = spool
        self._clinic_id = clinic_id

    def of(self, batch: Iterable[Spooled]) -> dict[Wanted, int]:
        """The row ids of all references in the batch that lead somewhere."""
        return self.find(
            {
                Wanted(item.scope, reference, column)
                for item in batch
                for column, references in item.draft.references.items()
                for reference in references
            }
        )

    def find(self, wanted: Iterable[Wanted]) -> dict[Wanted, int]:
        through_roles = {item: self._through_role(item) for item in wanted}
        keys = {item: self._key(through, COLUMNS[item.column][0]) for item, through in through_roles.items()}
        found: dict[Wanted, int] = {}
        for column, (_, table) in COLUMNS.items():
            asked = {item: key for item, key in keys.items() if item.column == column and key}
            ids = self.rows(table, set(asked.values()))
            found |= {item: ids[key] for item, key in asked.items() if key in ids}
        return found | self._by_record_number([item for item in keys if item not in found])

    def _through_role(self, item: Wanted) -> Wanted:
        """A reference to a PractitionerRole is one to its practitioner."""
        if item.column != "provider_id" or not (key := self._key(item, ROLE)):
            return item
        role = self._spool.points_to(ROLE, key)
        practitioners = role.draft.references["provider_id"] if role else []
        return Wanted(role.scope, practitioners[0], item.column) if role and practitioners else item

    def _key(self, item: Wanted, kind: str) -> str | None:
        """What the resource of that type which the reference means is kept under."""
        meant = target(item.reference)
        for scope in dict.fromkeys((item.scope, EVERYWHERE)):
            keys = self._spool.known(scope, meant.name)
            if kind in keys:
                return keys[kind]
        return meant.key if meant.type in ("", kind) else None

    def rows(self, table: Row, keys: set[str]) -> dict[str, int]:
        """The ids of the clinic's rows by what they are kept under."""
        if not keys:
            return {}
        asked = select(table.source_id, table.id).where(
            table.clinic_id == self._clinic_id, table.source_id.in_(sorted(keys))
        )
        return {key: row_id for key, row_id in db.session.execute(asked) if key}

    def _by_record_number(self, items: list[Wanted]) -> dict[Wanted, int]:
        """Patients of an earlier import that are meant by their medical record number, where it is one patient's."""
        numbers: dict[str, list[Wanted]] = defaultdict(list)
        for item in items:
            name = target(item.reference).name
            if item.column == "patient_id" and name.startswith("Patient?identifier="):
                numbers[name.partition("=")[2].rpartition("|")[2]].append(item)
        if not numbers:
            return {}
        asked = (
            select(Patient.mrn, func.min(Patient.id))
            .where(Patient.clinic_id == self._clinic_id, Patient.mrn.in_(sorted(numbers)))
            .group_by(Patient.mrn)
            .having(func.count() == 1)
        )
        return {item: row_id for mrn, row_id in db.session.execute(asked) if mrn for item in numbers[mrn]}
