"""Which codes tell dental care from medical care. docs/importing.md shows the same lists.

A terminology server would know every dental code; without one we know these, each from a published source:

- SNOMED CT (International Edition, http://snomed.info/sct): the dental procedures and consultations below, with their
  preferred terms. A code that is missing here is medical, so a list that is too short shows as too few dental visits.
- CDT, the American Dental Association's procedure codes: every code of the system is dental, whichever of its names
  the system goes by (HL7 Terminology: "CD2", OID 2.16.840.1.113883.6.13).
- HL7 service type (http://terminology.hl7.org/CodeSystem/service-type), codes 87 to 94.
- SNOMED CT clinical specialties, the dental ones of the FHIR value set c80-practice-codes.
"""

from collections.abc import Iterable

from webapp.clinic_data.fhir.elements import Coding
from webapp.models.code_systems import CDT_SYSTEMS, SNOMED_CT

SERVICE_TYPE = "http://terminology.hl7.org/CodeSystem/service-type"

PROCEDURES = {
    "3802001": "Dental application of desensitizing medicament",
    "23933004": "Excision of lingual frenum",
    "34043003": "Dental consultation and report",
    "37542007": "Posttreatment stabilization, orthodontic device",
    "64544008": "Gingivectomy or gingivoplasty, per tooth",
    "65546002": "Extraction of wisdom tooth",
    "68071007": "Dental fluoride treatment",
    "79345008": "Excision of maxillary torus palatinus",
    "81733005": "Dental surgical procedure",
    "89846007": "Orthopantogram",
    "122856003": "Oral examination",
    "173291009": "Simple extraction of tooth",
    "225362009": "Dental care",
    "234745004": "Take oral or dental impression",
    "241046008": "Dental plain X-ray bitewing",
    "243085009": "Oral health education",
    "243092004": "Orthodontic appliance care education",
    "274788003": "Examination of gingivae",
    "284053004": "Tooth socket procedure",
    "309889005": "Transillumination of tooth",
    "1237138006": "Dental photography",
    "1256042007": "Restoration of tooth with coverage of all cusps using dental filling material",
    "1259293006": "Application of composite dental filling material to dentin of tooth following fracture of tooth",
    "1260009003": "Removal of supragingival plaque and calculus from all teeth using dental instrument",
    "1260010008": "Removal of subgingival plaque and calculus from all teeth using dental instrument",
    "1269321004": "Fitting of denture",
    "456191000124101": "Postoperative care for dental procedure",
}
"""SNOMED CT, as Procedure.code, Encounter.type or Encounter.serviceType. A referral to a dentist is medical care."""

SPECIALTIES = {
    "394605001": "Oral surgery",
    "394606000": "Restorative dentistry",
    "394608004": "Orthodontics",
    "394812008": "Dental medicine specialties",
    "408441001": "Endodontics",
    "408444009": "General dental practice",
    "408449004": "Surgical dentistry",
    "408460008": "Prosthodontics",
    "408461007": "Periodontics",
    "408465003": "Oral and maxillofacial surgery",
}
"""SNOMED CT, as Encounter.serviceType or Encounter.type."""

SERVICE_TYPES = {
    "87": "Endodontic",
    "88": "General Dental",
    "89": "Oral Medicine",
    "90": "Oral Surgery",
    "91": "Orthodontic",
    "92": "Paediatric Dentistry",
    "93": "Periodontic",
    "94": "Prosthodontic",
}


def kind_of(codings: Iterable[Coding]) -> str:
    """ "dental" when any of the codings is dental, else "medical"."""
    return "dental" if any(_is_dental(coding) for coding in codings) else "medical"


def _is_dental(coding: Coding) -> bool:
    if coding.system in CDT_SYSTEMS:
        return True
    if coding.system == SNOMED_CT:
        return coding.code in PROCEDURES or coding.code in SPECIALTIES
    return coding.system == SERVICE_TYPE and coding.code in SERVICE_TYPES
