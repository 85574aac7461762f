"""A second opinion on the medical statistics, in plain Python, with nothing taken from the code under test."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from tests.content.recount import (
    DID_NOT_HAPPEN,
    Asked,
    Row,
    age,
    is_asked,
    month_told,
    months_back,
    percent,
    percent_more,
)  # fmt: skip
from tests.content.recount_vitals import AGES, BMI, NAMES, NEWS2, ORDER, TROUBLES, UNITS, pressures, single


class Medical:
    """The medical records of one clinic, by table of the report."""

    def __init__(self, rows: dict[str, list[Row]], people: dict[int, Row], asked: Asked) -> None:
        self.asked, self.people = asked, people
        theirs = {who for who, person in people.items() if is_asked(person, asked)}
        kinds = {visit["id"]: visit["kind"] for visit in rows["visits"]}
        self.rows = {
            "Medical visits": [
                v for v in rows["visits"]
                if v["patient_id"] in theirs and v["kind"] == "medical" and v["status"] not in DID_NOT_HAPPEN
            ],
            "Diagnoses": [
                d for d in rows["diagnoses"]
                if d["patient_id"] in theirs and kinds.get(d["visit_id"]) != "dental"
                and d["verification_status"] not in ("refuted", "entered-in-error")
            ],
            "Measurements": [m for m in rows["measurements"] if m["patient_id"] in theirs],
            "Medical treatments": [
                t for t in rows["treatments"] if t["patient_id"] in theirs and t["kind"] == "medical"
            ],
        }  # fmt: skip
        self.left_out = [
            v
            for v in rows["visits"]
            if v["patient_id"] in theirs and v["kind"] == "medical" and v["status"] in DID_NOT_HAPPEN
        ]
        self.not_meant = [
            d for d in rows["diagnoses"]
            if d["patient_id"] in theirs and kinds.get(d["visit_id"]) != "dental"
            and d["verification_status"] in ("refuted", "entered-in-error")
        ]  # fmt: skip
        self.all_diagnoses = [
            d for d in rows["diagnoses"] if d["verification_status"] not in ("refuted", "entered-in-error")
        ]
        vitals = [
            m["local_day"]
            for m in rows["measurements"]
            if m["local_day"] and (m["loinc"] in NAMES or m["loinc"] == "8462-4")
        ]
        self.vitals_begin = min(vitals, default=date.max)
        self.records_begin = min((v["local_day"] for v in rows["visits"]), default=self.vitals_begin)
        self.verdicts = [*single(self.rows["Measurements"], people), *pressures(self.rows["Measurements"], people)]

    # -- what the report counts --------------------------------------------------------------------------------------

    def told(self, name: str, days: tuple[date, date], ages: range | None = None) -> Counter[str]:
        start, end = days
        found = (
            v
            for n, day, years, v in self.verdicts
            if n == name and start <= day <= end and (ages is None or years in ages)
        )
        return Counter(found)

    def classed(self, name: str, days: tuple[date, date], ages: range | None = None) -> Counter[str]:
        return Counter({told: count for told, count in self.told(name, days, ages).items() if told not in TROUBLES})

    def outside(self, name: str, days: tuple[date, date]) -> tuple[int, int]:
        classed = self.classed(name, days)
        if name == "Blood pressure":
            out = classed["Stage 1"] + classed["Stage 2"]
        elif name == "Body mass index":
            out = classed.total() - classed["Normal range, 18.5 to 24.9"]
        else:
            out = sum(classed[label] for _, label, score in NEWS2[name] if score)
        return classed.total(), out

    def between(self, kind: str, days: tuple[date, date]) -> list[Row]:
        column = {
            "Medical visits": "local_day",
            "Diagnoses": "recorded_on",
            "Measurements": "local_day",
            "Medical treatments": "performed_on",
        }[kind]
        return [row for row in self.rows[kind] if row[column] and days[0] <= row[column] <= days[1]]

    def excluded(self) -> Counter[str]:
        start, end = self.asked.start, self.asked.end
        found = Counter(DID_NOT_HAPPEN[v["status"]] for v in self.left_out if start <= v["local_day"] <= end)
        words = {"refuted": "refuted", "entered-in-error": "entered in error"}
        found.update(
            words[d["verification_status"]]
            for d in self.not_meant
            if d["recorded_on"] and start <= d["recorded_on"] <= end
        )
        return found

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Expected rows by table, without their first cell where that is only words."""
        now, earlier = (self.asked.start, self.asked.end), self.asked.earlier
        found = self._of_vitals(now, earlier)
        if any(self.between(kind, days) for kind in self.rows for days in (now, earlier)):
            found["records"] = [self._record(kind, now) for kind in self.rows]
            if earlier[1] >= self.records_begin:
                found["records_compared"] = [self._compared(kind, now, earlier) for kind in self.rows]
        if self.between("Medical visits", now):
            found["complete_patients"], found["complete_visits"] = self._patients(now), self._visits(now)
        for key, kind in (("observations", "Measurements"), ("treatments", "Medical treatments")):
            if those := self.between(kind, now):
                found[key] = self._most_common(those)
        return found

    def _of_vitals(self, now: tuple[date, date], earlier: tuple[date, date]) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        outside = {name: pair for name in ORDER if (pair := self.outside(name, now))[0]}
        if outside:
            is_compared = earlier[1] >= self.vitals_begin
            found["outside"] = [
                (*pair, percent(pair[1], pair[0]), *(self._step(name, now, earlier) if is_compared else ()))
                for name, pair in outside.items()
            ]
        if self.classed("Blood pressure", now):
            found["pressures"] = self._by_age("Blood pressure", now, ("Normal", "Elevated", "Stage 1", "Stage 2"), 2)
            months = self._months()
            if sum(1 for row in months if row[5]) > 1:
                found["pressure_months"] = months
        signs = [name for name in outside if name in NEWS2]
        if signs:
            found["scores"] = [self._scores(name, now) for name in signs]
            found["bands"] = [row for name in signs for row in self._bands(name, now)]
        if bmi := self.classed("Body mass index", now):
            found["bmi"] = self._bmi_by_age(now)
            found["bmi_classes"] = [(label, bmi[label], percent(bmi[label], bmi.total())) for _, label in BMI]
        if unclassed := self._unclassed(now):
            found["unclassed"] = unclassed
        return found

    def _step(self, name: str, now: tuple[date, date], earlier: tuple[date, date]) -> tuple[Any, ...]:
        (all_now, out_now), (all_then, out_then) = self.outside(name, now), self.outside(name, earlier)
        shares = percent(out_then, all_then), percent(out_now, all_now)
        step = round(shares[1] - shares[0], 1) if min(all_now, all_then) >= 20 else None
        return all_then, out_then, shares[0], step

    def _by_age(self, name: str, days: tuple[date, date], classes: tuple[str, ...], high: int) -> list[tuple[Any, ...]]:
        rows = []
        for label, ages in AGES.items():
            counts = self.classed(name, days, ages)
            cells = [counts[told] for told in classes]
            if sum(cells):
                rows.append((label, *cells, sum(cells), percent(sum(cells[high:]), sum(cells))))
        return rows

    def _months(self) -> list[tuple[Any, ...]]:
        rows = []
        classed = [
            (f"{day:%Y-%m}", day, v) for n, day, _, v in self.verdicts if n == "Blood pressure" and v not in TROUBLES
        ]
        for key in months_back(self.asked, self.vitals_begin):
            first = date.fromisoformat(f"{key}-01")
            last = min(self.asked.end, date(first.year + first.month // 12, first.month % 12 + 1, 1))
            within = [v for month, day, v in classed if month == key and day <= last]
            counts = Counter(within)
            high = counts["Stage 1"] + counts["Stage 2"]
            classes = (counts[told] for told in ("Normal", "Elevated", "Stage 1", "Stage 2"))
            rows.append((month_told(key, self.asked.end), *classes, len(within), percent(high, len(within))))
        return rows

    def _scores(self, name: str, days: tuple[date, date]) -> tuple[Any, ...]:
        classed = self.classed(name, days)
        scores = Counter[int]()
        for _, label, score in NEWS2[name]:
            scores[score] += classed[label]
        whole = classed.total()
        return (name, *(scores[score] for score in range(4)), whole, percent(whole - scores[0], whole))

    def _bands(self, name: str, days: tuple[date, date]) -> list[tuple[Any, ...]]:
        classed = self.classed(name, days)
        return [
            (f"{name} {label}", UNITS[name], str(score), classed[label], percent(classed[label], classed.total()))
            for _, label, score in NEWS2[name]
        ]

    def _bmi_by_age(self, days: tuple[date, date]) -> list[tuple[Any, ...]]:
        rows = []
        for label, ages in AGES.items():
            counts = self.classed("Body mass index", days, ages)
            cells = [counts[told] for _, told in BMI[:3]]
            cells.append(sum(counts[told] for _, told in BMI[3:]))
            if sum(cells):
                rows.append((label, *cells, sum(cells), percent(cells[2] + cells[3], sum(cells))))
        return rows

    def _unclassed(self, days: tuple[date, date]) -> list[tuple[Any, ...]]:
        found = {name: told for name in ORDER if (told := self.told(name, days))}
        troubles = [trouble for trouble in TROUBLES if any(told[trouble] for told in found.values())]
        return [
            (name, told.total(), told.total() - sum(told[t] for t in troubles), *(told[t] for t in troubles))
            for name, told in found.items()
        ] if troubles else []  # fmt: skip

    def _record(self, kind: str, days: tuple[date, date]) -> tuple[Any, ...]:
        rows = self.between(kind, days)
        return kind, len(rows), len({row["patient_id"] for row in rows})

    def _compared(self, kind: str, now: tuple[date, date], earlier: tuple[date, date]) -> tuple[Any, ...]:
        came, was = len(self.between(kind, now)), len(self.between(kind, earlier))
        return was, came, came - was, percent_more(came, was)

    # -- completeness ------------------------------------------------------------------------------------------------

    def _measured(self, days: tuple[date, date]) -> list[Row]:
        vitals = [m for m in self.between("Measurements", days) if m["loinc"] in NAMES or m["loinc"] == "8462-4"]
        return [m for m in vitals if m["value"] is not None or m["text"] is not None]

    def _patients(self, days: tuple[date, date]) -> list[tuple[Any, ...]]:
        seen = {visit["patient_id"] for visit in self.between("Medical visits", days)}
        people = [self.people[who] for who in seen]
        diagnosed = {
            d["patient_id"] for d in self.all_diagnoses if d["recorded_on"] is None or d["recorded_on"] <= days[1]
        }
        measured = self._measured(days)

        def aged(years: int) -> list[Row]:
            return [person for person in people if (age(person, days[1]) or 0) >= years]

        def having(loinc: str, among: list[Row]) -> int:
            those = {m["patient_id"] for m in measured if m["loinc"] == loinc}
            return sum(1 for person in among if person["id"] in those)

        adults, grown = aged(18), aged(20)
        return [
            complete(len(people), sum(1 for p in people if p["birth_date"])),
            complete(len(people), sum(1 for p in people if p["sex"] != "unknown")),
            complete(len(people), sum(1 for p in people if (p["mrn"] or "").strip())),
            complete(len(people), sum(1 for p in people if p["id"] in diagnosed)),
            complete(len(adults), having("8480-6", adults)),
            complete(len(grown), having("39156-5", grown)),
        ]

    def _visits(self, days: tuple[date, date]) -> list[tuple[Any, ...]]:
        visits = self.between("Medical visits", days)
        measured = self._measured(days)
        diagnosed = {d["visit_id"] for d in self.all_diagnoses}
        with_vitals = {m["visit_id"] for m in measured}
        with_pressure = {m["visit_id"] for m in measured if m["loinc"] == "8480-6"}
        return [
            complete(len(visits), sum(1 for v in visits if is_it(v)))
            for is_it in (
                lambda v: v["provider_id"] is not None,
                lambda v: v["ended_at"] is not None,
                lambda v: v["id"] in diagnosed,
                lambda v: v["id"] in with_vitals,
                lambda v: v["id"] in with_pressure,
            )
        ]

    @staticmethod
    def _most_common(rows: list[Row]) -> list[tuple[Any, ...]]:
        """Code, records, share and patients of the ten most common, and the rest."""

        def told(row: Row) -> str:
            if row.get("loinc"):
                return f"LOINC {row['loinc']}"
            is_snomed = row.get("code") and row["code_system"] == "http://snomed.info/sct"
            return f"SNOMED CT {row['code']}" if is_snomed else row.get("code") or ""

        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in rows:
            code = row.get("loinc") if "loinc" in row else row["code"]
            groups[(code, row.get("code_system")) if code else " ".join(row["name"].split()).casefold()].append(row)

        def name(those: list[Row]) -> str:
            names = Counter(" ".join(row["name"].split()) for row in those)
            return min(names, key=lambda told: (-names[told], told)) or "No name recorded"

        def codes(row: Row) -> tuple[str, ...]:
            if "loinc" in row:
                return (row["loinc"],) if row["loinc"] else ()
            return (row["code_system"] or "", row["code"]) if row["code"] else ()

        ranked = sorted(
            groups.values(), key=lambda those: (-len(those), name(those).casefold(), name(those), codes(those[0]))
        )
        found = [
            (
                told(those[0]), len(those), percent(len(those), len(rows)),
                len({row["patient_id"] for row in those}),
            )
            for those in ranked[:10]
        ]  # fmt: skip
        rest = [row for those in ranked[10:] for row in those]
        others = ("", len(rest), percent(len(rest), len(rows)), len({row["patient_id"] for row in rest}))
        return [*found, others] if rest else found


def complete(of: int, have: int) -> tuple[Any, ...]:
    return of, have, of - have, percent(have, of)
