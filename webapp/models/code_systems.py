"""The systems that the codes of diagnoses, treatments and measurements are of, by the URIs that FHIR R4 gives them
(http://hl7.org/fhir/R4/terminologies-systems.html)."""

SNOMED_CT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"

CDT_SYSTEMS = frozenset(
    {
        "http://www.ada.org/cdt",
        "https://www.ada.org/cdt",
        "http://ada.org/cdt",
        "http://terminology.hl7.org/CodeSystem/CD2",
        "urn:oid:2.16.840.1.113883.6.13",
    }
)
"""The American Dental Association's procedure codes by each of their names (HL7 Terminology: "CD2", and its OID)."""

NAMES = {
    SNOMED_CT: "SNOMED CT",
    LOINC: "LOINC",
    ICD_10: "ICD-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD-9-CM",
    "http://www.ama-assn.org/go/cpt": "CPT",
    **dict.fromkeys(sorted(CDT_SYSTEMS), "CDT"),
}
"""What people call those that stand beside a code in a report."""
