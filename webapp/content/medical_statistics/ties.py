"""Which counts of the medical statistics are the same, and which add up to which."""

from collections.abc import Iterator

from webapp.content.vitals.bands import BMI, NEWS2, PRESSURE_CLASSES, SINGLE, Measure

_PRESSURE = "outside:Blood pressure, 130/80 or higher"

_RECORDS = (
    "metric:visits = records:Medical visits:count = records_compared:Medical visits:now = complete_visits:each:of",
    "metric:visits:then = records_compared:Medical visits:then",
    "metric:measurements = records:Measurements:count = records_compared:Measurements:now = observations:all:records",
    "metric:measurements:then = records_compared:Measurements:then",
    "records:Diagnoses:count = records_compared:Diagnoses:now",
    "records:Medical treatments:count = records_compared:Medical treatments:now = treatments:all:records",
    "records:all:count = rows:used",
    "records:Measurements:patients = observations:all:patients",
    "records:Medical treatments:patients = treatments:all:patients",
    "metric:with_vitals <- complete_visits:A vital sign:have + complete_visits:A vital sign:of",
    "records:Medical visits:patients = complete_patients:each:of",
)

_PRESSURES = (
    f"{_PRESSURE}:readings = unclassed:Blood pressure:classed = pressures:all:all = pressure_months:latest:all",
    f"{_PRESSURE}:outside = pressures:all:stage_1 + pressures:all:stage_2",
    f"{_PRESSURE}:readings_then = pressure_months:earlier:all",
    f"{_PRESSURE}:outside_then = pressure_months:before:stage_1 + pressure_months:before:stage_2",
    "unclassed:Blood pressure:readings = observations:LOINC 8480-6:records = observations:LOINC 8462-4:records",
    # A reading is a pair, or one pressure alone.
    "unclassed:Blood pressure:readings + unclassed:Blood pressure:readings"
    " = observations:LOINC 8480-6:records + observations:LOINC 8462-4:records + unclassed:Blood pressure:unpaired",
    f"metric:high_pressure <- {_PRESSURE}:outside + {_PRESSURE}:readings",
    f"metric:high_pressure:then <- {_PRESSURE}:outside_then + {_PRESSURE}:readings_then",
    *(f"pressures:all:{name} = pressure_months:latest:{name}" for name in PRESSURE_CLASSES),
)


def _of_measures() -> Iterator[str]:
    for measure in SINGLE:
        outside = f"outside:{measure.label}, {measure.unusual}"
        table = "bmi:all" if measure is BMI else f"scores:{measure.label}"
        whole = "all" if measure is BMI else "readings"
        column = "" if measure is BMI else "score_"
        grades = list(dict.fromkeys(band.grade for band in measure.bands))
        yield f"{outside}:readings = unclassed:{measure.label}:classed = {table}:{whole}"
        yield f"{outside}:outside = " + " + ".join(
            f"{table}:{column}{grade}" for grade in grades if grade != measure.usual
        )
        yield from (f"{table}:{column}{grade} = {_bands(measure, grade)}" for grade in grades)
        records = " + ".join(f"observations:LOINC {loinc}:records" for loinc in measure.loincs)
        yield f"unclassed:{measure.label}:readings = {records}"
    yield "bmi:all:all = bmi_classes:all:readings"
    for measure in NEWS2:
        bands = " + ".join(f"bands:{measure.label} {band.label}:readings" for band in measure.bands)
        yield f"scores:{measure.label}:readings = {bands}"
        score = f"scores:{measure.label}"
        yield f"{score}:share <- outside:{measure.label}, {measure.unusual}:outside + {score}:readings"
        for band in measure.bands:
            row = f"bands:{measure.label} {band.label}"
            yield f"{row}:share <- {row}:readings + {score}:readings"


def _bands(measure: Measure, grade: str) -> str:
    """The bands of a grade, as they stand in the table of bands or of classes."""
    rows = (band.label for band in measure.bands if band.grade == grade)
    return " + ".join(
        f"bmi_classes:{row}:readings" if measure is BMI else f"bands:{measure.label} {row}:readings" for row in rows
    )


TIES = (*_RECORDS, *_PRESSURES, *_of_measures())
"""content/suppression/ties.py reads them."""
