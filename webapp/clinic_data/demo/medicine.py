"""What people come with and what is done about it, as data.

Codes are SNOMED CT and ICD-10 (WHO, 2019) concepts; None where the record would hold only words. LOINC codes of vital
signs are those of the FHIR R4 vital signs profile (http://hl7.org/fhir/R4/observation-vitalsigns.html).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Procedure:
    """`outcomes` are the weights of successful, improved, unchanged, worse and unknown. `follow_up` is days until the
    patient should be seen again, 0 for not at all; `asked_back` is the share of patients that are asked to come."""

    name: str
    snomed: str | None
    outcomes: tuple[int, int, int, int, int] = (60, 22, 9, 2, 7)
    follow_up: int = 0
    asked_back: float = 0.0


@dataclass(frozen=True, slots=True)
class Condition:
    """`weight` is how common it is among people of `ages`. A `season` names a curve of the place; a place without
    that curve does not see the condition. `treated` is the share of visits for it that end in a treatment."""

    name: str
    snomed: str | None
    icd_10: str
    weight: float
    ages: tuple[int, int] = (0, 120)
    sex: str = ""
    season: str = ""
    chronic: bool = False
    treated: float = 0.4
    procedures: tuple[Procedure, ...] = ()


MEDICATION_REVIEW = Procedure("Medication reconciliation", "430193006", (38, 40, 14, 4, 4), 90, 0.62)
EDUCATION = Procedure("Health risks education", "370995009", (44, 30, 16, 1, 9), 60, 0.25)
NEBULISER = Procedure("Inhalation therapy", "410206007", (62, 26, 7, 3, 2), 14, 0.45)
SPIROMETRY = Procedure("Spirometry", "127783003", (48, 30, 15, 3, 4), 180, 0.5)
ANTIBIOTICS = Procedure("Antibiotic therapy", "281789004", (76, 13, 5, 2, 4), 7, 0.35)
INJECTION = Procedure("Intramuscular injection", "76601001", (64, 22, 8, 1, 5))
CHEST_X_RAY = Procedure("Plain X-ray of chest", "399208008", (55, 22, 12, 3, 8), 21, 0.4)
THROAT_CULTURE = Procedure("Throat culture", "117015009", (66, 17, 9, 1, 7))
URINE_CULTURE = Procedure("Urine culture", "117010004", (71, 15, 7, 1, 6), 10, 0.35)
PHYSIOTHERAPY = Procedure("Physical therapy procedure", "91251008", (36, 44, 15, 3, 2), 14, 0.6)
SUTURE = Procedure("Suture open wound", "288086009", (86, 9, 2, 1, 2), 10, 0.85)
IMMOBILISATION = Procedure("Bone immobilization", "274474001", (80, 12, 4, 2, 2), 21, 0.8)
COUNSELLING = Procedure("Cognitive and behavioral therapy", "228557008", (28, 44, 20, 4, 4), 21, 0.65)
DEPRESSION_SCREEN = Procedure("Depression screening", "171207006", (44, 28, 18, 3, 7), 42, 0.4)
ANTENATAL = Procedure("Evaluation of uterine fundal height", "274804006", (88, 4, 4, 1, 3), 28, 0.9)
ECG = Procedure("Electrocardiographic procedure", "29303009", (58, 20, 14, 3, 5), 90, 0.4)
ALLERGY_TEST = Procedure("Allergy screening test", "395142003", (52, 26, 15, 1, 6))
WOUND_CARE = Procedure("Wound care", "225358003", (78, 15, 4, 1, 2), 5, 0.6)
FLU_JAB = Procedure("Influenza vaccination", "86198006", (97, 0, 0, 0, 3))
EXAMINATION = Procedure("Physical examination, complete", "25656009", (82, 6, 6, 0, 6), 365, 0.25)

SCALING = Procedure("Removal of supragingival plaque and calculus", "1260009003", (82, 11, 4, 0, 3), 182, 0.6)
DEEP_SCALING = Procedure("Removal of subgingival plaque and calculus", "1260010008", (58, 29, 9, 1, 3), 91, 0.7)
FLUORIDE = Procedure("Dental fluoride treatment", "68071007", (93, 3, 1, 0, 3), 182, 0.5)
FILLING = Procedure("Dental filling", None, (85, 8, 4, 1, 2), 182, 0.2)
EXTRACTION = Procedure("Simple extraction of tooth", "173291009", (90, 5, 2, 1, 2), 7, 0.55)
WISDOM_TOOTH = Procedure("Extraction of wisdom tooth", "65546002", (83, 10, 3, 2, 2), 7, 0.85)
ROOT_CANAL = Procedure("Root canal treatment", None, (74, 15, 6, 3, 2), 14, 0.8)
CROWN = Procedure("Restoration of tooth with coverage of all cusps", "1256042007", (87, 7, 3, 1, 2), 30, 0.4)
BITEWING = Procedure("Dental plain X-ray bitewing", "241046008", (80, 6, 6, 0, 8))
DENTURE = Procedure("Fitting of denture", "1269321004", (68, 22, 6, 2, 2), 14, 0.7)
DESENSITISING = Procedure("Dental application of desensitizing medicament", "3802001", (60, 28, 9, 0, 3))
ORAL_ADVICE = Procedure("Oral health education", "243085009", (70, 15, 8, 0, 7))

MEDICAL = (
    Condition("Acute upper respiratory infection", "54398005", "J06.9", 19, season="cold", treated=0.18,
              procedures=(THROAT_CULTURE, EDUCATION)),
    Condition("Influenza", "6142004", "J11.1", 9, season="flu", treated=0.25, procedures=(EDUCATION, CHEST_X_RAY)),
    Condition("Acute bronchitis", "10509002", "J20.9", 5, season="cold", treated=0.4,
              procedures=(NEBULISER, ANTIBIOTICS, CHEST_X_RAY)),
    Condition("Acute pharyngitis", "363746003", "J02.9", 6, (3, 60), season="cold",
              procedures=(THROAT_CULTURE, ANTIBIOTICS)),
    Condition("Pneumonia", "233604007", "J18.9", 1.6, season="cold", treated=0.9,
              procedures=(CHEST_X_RAY, ANTIBIOTICS)),
    Condition("Allergic rhinitis", "61582004", "J30.4", 5, (4, 75), season="pollen", treated=0.3,
              procedures=(ALLERGY_TEST, EDUCATION)),
    Condition("Dengue", "38362002", "A97.9", 5, (2, 70), season="rains", treated=0.6,
              procedures=(EDUCATION, EXAMINATION)),
    Condition("Gastroenteritis", "25374005", "A09.9", 6, season="heat", treated=0.25, procedures=(EDUCATION,)),
    Condition("Otitis media", "65363002", "H66.9", 9, (0, 9), season="cold", treated=0.6, procedures=(ANTIBIOTICS,)),
    Condition("Conjunctivitis", "9826008", "H10.9", 2.2, treated=0.4, procedures=(ANTIBIOTICS,)),
    Condition("Varicella", "38907003", "B01.9", 2.0, (1, 12), treated=0.1, procedures=(EDUCATION,)),
    Condition("Atopic dermatitis", "24079001", "L20.9", 2.6, (0, 45), treated=0.3, procedures=(EDUCATION,)),
    Condition("Urinary tract infection", "68566005", "N39.0", 5.5, (16, 95), "female", treated=0.75,
              procedures=(URINE_CULTURE, ANTIBIOTICS)),
    Condition("Urinary tract infection", "68566005", "N39.0", 1.8, (50, 95), "male", treated=0.75,
              procedures=(URINE_CULTURE, ANTIBIOTICS)),
    Condition("Normal pregnancy", "72892002", "Z34.9", 8, (18, 42), "female", treated=0.85, procedures=(ANTENATAL,)),
    Condition("Low back pain", "279039007", "M54.5", 6, (20, 90), treated=0.5, procedures=(PHYSIOTHERAPY, INJECTION)),
    Condition("Osteoarthritis of knee", "239873007", "M17.9", 6, (52, 99), treated=0.5,
              procedures=(PHYSIOTHERAPY, INJECTION)),
    Condition("Migraine", "37796009", "G43.9", 2.6, (14, 60), treated=0.3, procedures=(INJECTION, EDUCATION)),
    Condition("Gastro-esophageal reflux disease", "235595009", "K21.9", 4, (22, 90), treated=0.25,
              procedures=(EDUCATION,)),
    Condition("Depressive disorder", "35489007", "F32.9", 3, (15, 80), treated=0.7,
              procedures=(COUNSELLING, DEPRESSION_SCREEN)),
    Condition("Anxiety disorder", "197480006", "F41.9", 3, (15, 75), treated=0.6, procedures=(COUNSELLING,)),
    Condition("Iron deficiency anemia", "87522002", "D50.9", 2.4, (12, 52), "female", treated=0.4,
              procedures=(EDUCATION,)),
    Condition("Sprain of ankle", "44465007", "S93.4", 2.4, (8, 70), season="heat", treated=0.7,
              procedures=(IMMOBILISATION, PHYSIOTHERAPY)),
    Condition("Open wound of hand", None, "S61.9", 1.8, (3, 80), treated=0.95, procedures=(SUTURE, WOUND_CARE)),
    Condition("Gout", "90560007", "M10.9", 2.4, (35, 85), "male", treated=0.4, procedures=(EDUCATION, INJECTION)),
)  # fmt: skip

CHRONIC = (
    Condition("Essential hypertension", "59621000", "I10", 30, (38, 120), chronic=True, treated=0.6,
              procedures=(MEDICATION_REVIEW, MEDICATION_REVIEW, ECG)),
    Condition("Type 2 diabetes mellitus", "44054006", "E11.9", 15, (35, 120), chronic=True, treated=0.65,
              procedures=(MEDICATION_REVIEW, EDUCATION)),
    Condition("Hyperlipidemia", "55822004", "E78.5", 12, (38, 120), chronic=True, treated=0.35,
              procedures=(MEDICATION_REVIEW,)),
    Condition("Asthma", "195967001", "J45.9", 6, (4, 70), season="pollen", chronic=True, treated=0.5,
              procedures=(SPIROMETRY, NEBULISER)),
    Condition("Chronic obstructive lung disease", "13645005", "J44.9", 6, (55, 120), season="cold", chronic=True,
              treated=0.6, procedures=(SPIROMETRY, NEBULISER)),
    Condition("Hypothyroidism", "40930008", "E03.9", 5, (30, 100), chronic=True, treated=0.4,
              procedures=(MEDICATION_REVIEW,)),
)  # fmt: skip
"""Here `weight` is how many in a hundred people of these ages live with it."""

CHECK_UP = Condition("Routine health check", None, "Z00.0", 7, treated=0.5, procedures=(EXAMINATION,))
VACCINATION = Condition("Need for influenza vaccination", None, "Z25.1", 0, treated=1.0, procedures=(FLU_JAB,))

DENTAL = (
    Condition("Dental caries", "80967001", "K02.9", 26, (3, 95), treated=0.9,
              procedures=(FILLING, FILLING, FILLING, BITEWING)),
    Condition("Gingivitis", "66383009", "K05.1", 15, (8, 95), treated=0.9, procedures=(SCALING, SCALING, ORAL_ADVICE)),
    Condition("Periodontitis", "41565005", "K05.3", 9, (30, 95), treated=0.9, procedures=(DEEP_SCALING,)),
    Condition("Pulpitis", "32620007", "K04.0", 7, (8, 85), treated=0.95,
              procedures=(ROOT_CANAL, ROOT_CANAL, EXTRACTION)),
    Condition("Impacted molars", "196416002", "K01.1", 5, (16, 38), treated=0.85, procedures=(WISDOM_TOOTH,)),
    Condition("Fracture of tooth", "36202009", "S02.5", 4, (6, 85), treated=0.95, procedures=(CROWN, FILLING)),
    Condition("Sensitive teeth", None, "K03.8", 4, (14, 75), treated=0.8, procedures=(DESENSITISING,)),
    Condition("Partial loss of teeth", None, "K08.1", 6, (50, 99), treated=0.85, procedures=(DENTURE, EXTRACTION)),
)  # fmt: skip

DENTAL_CHECK_UP = Condition(
    "Dental check-up", None, "Z01.2", 34, treated=0.85, procedures=(SCALING, SCALING, FLUORIDE, BITEWING)
)


@dataclass(frozen=True, slots=True)
class Vital:
    loinc: str
    name: str
    unit: str
    decimals: int = 0


SYSTOLIC = Vital("8480-6", "Systolic blood pressure", "mm[Hg]")
DIASTOLIC = Vital("8462-4", "Diastolic blood pressure", "mm[Hg]")
HEART_RATE = Vital("8867-4", "Heart rate", "/min")
RESPIRATORY_RATE = Vital("9279-1", "Respiratory rate", "/min")
OXYGEN = Vital("2708-6", "Oxygen saturation in arterial blood", "%")
TEMPERATURE = Vital("8310-5", "Body temperature", "Cel", 1)
WEIGHT = Vital("29463-7", "Body weight", "kg", 1)
HEIGHT = Vital("8302-2", "Body height", "cm", 1)
BMI = Vital("39156-5", "Body mass index", "kg/m2", 1)
GLUCOSE = Vital("2339-0", "Glucose in blood", "mg/dL")
