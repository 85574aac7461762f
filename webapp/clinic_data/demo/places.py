"""The two demo clinics as data: where they are, who works there, who lives there, and what their year looks like.

Every name is invented from common names of the place; no real person is meant.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from webapp.models.code_systems import ICD_10, SNOMED_CT


@dataclass(frozen=True, slots=True)
class Bump:
    """A time of the year that lifts a curve by `height` (or lowers it) around a day, fading over `width` days."""

    month: int
    day: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    base: float
    bumps: tuple[Bump, ...] = ()


@dataclass(frozen=True, slots=True)
class Worker:
    """A provider. `weekdays` are ISO; `joined` and `left` are shares of the demo's three years; `manner` shifts what
    patients say of them, in points of the rating."""

    name: str
    kind: str
    weekdays: str = "123456"
    weight: float = 1.0
    joined: float = 0.0
    left: float = 1.0
    manner: float = 0.0


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """A campaign that comes every year. `reach` is the share of the patients of its ages that it writes to."""

    name: str
    topic: str
    kind: str
    month: int
    day: int
    weeks: int
    ages: tuple[int, int]
    reach: float
    opened: float
    responded: float


@dataclass(frozen=True, slots=True)
class Place:
    """`hours` gives for each kind of visit the weight of each local hour, on Monday to Friday and on Saturday.
    `visits_a_day` is the mean on an ordinary weekday in the middle of the three years."""

    name: str
    code: str
    timezone: str
    paper: str
    code_system: str
    workers: tuple[Worker, ...]
    patients_before: int
    patients_after: int
    households: dict[str, float]
    family_names: tuple[str, ...]
    female_names: tuple[str, ...]
    male_names: tuple[str, ...]
    elsewhere: tuple[tuple[str, str, str], ...]
    stature: float
    visits_a_day: dict[str, float]
    hours: dict[str, dict[int, float]]
    saturday_hours: dict[str, dict[int, float]]
    traffic: dict[str, Curve]
    seasons: dict[str, Curve]
    holidays: frozenset[tuple[int, int]]
    campaigns: tuple[CampaignPlan, ...]
    mondays_off: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    """(month, nth) of holidays that fall on the nth Monday of a month; -1 is the last."""
    holy_thursday: bool = False


def is_holiday(place: Place, day: date) -> bool:
    if (day.month, day.day) in place.holidays:
        return True
    if day.isoweekday() == 1:
        nth = -1 if (day + timedelta(days=7)).month != day.month else (day.day + 6) // 7
        if (day.month, nth) in place.mondays_off or (day.month, (day.day + 6) // 7) in place.mondays_off:
            return True
    before_easter = (easter(day.year) - day).days
    return before_easter == 2 or (place.holy_thursday and before_easter == 3)


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm (J. Meeus, Astronomical Algorithms, chapter 8)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


RIVERSIDE = Place(
    name="Riverside Clinic",
    code="RC",
    timezone="Asia/Manila",
    paper="A4",
    code_system=ICD_10,
    workers=(
        Worker("Dr. Amihan Villareal", "medical", "12345", 1.3, manner=0.15),
        Worker("Dr. Joaquín Ibarra-Peñaflor", "medical", "12356", 1.1),
        Worker("Dr. Ligaya Dimasalang", "medical", "2456", 1.0, manner=0.2),
        Worker("Dr. Crispin Tolentino", "medical", "134", 0.8, left=0.62, manner=-0.45),
        Worker("Dr. Hiraya Manalastas", "medical", "1345", 0.9, joined=0.60, manner=0.25),
        Worker("Nurse Corazon Abueva", "medical", "123456", 0.6, manner=0.1),
        Worker("Dr. Benigno Salonga", "dental", "12345", 1.0),
        Worker("Dr. Tala Quimpo", "dental", "2456", 0.9, manner=0.2),
    ),
    patients_before=660,
    patients_after=600,
    households={"single": 0.17, "couple": 0.10, "family": 0.47, "three generations": 0.18, "elders": 0.08},
    family_names=(
        "Abad", "Alonzo", "Aquino", "Bautista", "Bonifacio", "Cabrera", "Castillo", "Catacutan", "Chua", "Cruz",
        "Dacanay", "de Guzman", "de la Peña", "del Rosario", "Dimaculangan", "Domingo", "Enriquez", "Espino",
        "Fajardo", "Galang", "Gatdula", "Gonzales", "Guevarra", "Ilagan", "Jimenez", "Lacson", "Lim", "Lumibao",
        "Macaraeg", "Magsaysay", "Malonzo", "Mangahas", "Mendoza", "Navarro", "Ocampo", "Ong", "Pangilinan",
        "Panganiban", "Pascual", "Punzalan", "Quizon", "Ramos", "Reyes", "Rivera", "Salazar", "Santos", "Sarmiento",
        "Soriano", "Sumulong", "Tan", "Tolentino", "Umali", "Valdez", "Velasco", "Villanueva", "Yap", "Zamora",
    ),
    female_names=(
        "Althea", "Amelia", "Analyn", "Andrea", "Angelica", "Beatriz", "Bituin", "Carmela", "Cecilia", "Clarissa",
        "Corazon", "Cristina", "Dalisay", "Divina", "Elena", "Erlinda", "Fe", "Gloria", "Imelda", "Isabel", "Jasmine",
        "Jocelyn", "Josefina", "Kristine", "Leonora", "Liwayway", "Lourdes", "Luningning", "Luz", "Maria Teresa",
        "Maricel", "Marisol", "Mayumi", "Milagros", "Nenita", "Norma", "Perlita", "Princess Joy", "Remedios", "Rosario",
        "Rowena", "Sampaguita", "Sofía", "Teresita", "Trixie", "Victoria", "Ysabel", "Zenaida",
    ),
    male_names=(
        "Adrian", "Alfredo", "Andres", "Antonio", "Arnel", "Bayani", "Benjie", "Carlo", "Cesar", "Christian", "Danilo",
        "Datu", "Diego", "Dominador", "Edgardo", "Eduardo", "Emilio", "Ernesto", "Felipe", "Francisco", "Gabriel",
        "Gregorio", "Honesto", "Isagani", "Jericho", "Jerome", "John Paul", "José María", "Julian", "Kidlat", "Lakan",
        "Leandro", "Lorenzo", "Makisig", "Manuel", "Marco", "Miguel", "Nathaniel", "Nestor", "Noel", "Orlando", "Paolo",
        "Rafael", "Ramon", "Reynaldo", "Rodel", "Rogelio", "Rommel", "Teodoro", "Vicente",
    ),
    elsewhere=(
        ("陈", "美玲", "female"), ("林", "志明", "male"), ("김", "서연", "female"), ("박", "민준", "male"),
        ("مانالو", "فاطمة", "female"), ("أمبوان", "يوسف", "male"), ("วงศ์สวัสดิ์", "อรุณี", "female"),
        ("ศรีสุข", "สมชาย", "male"), ("田中", "陽子", "female"), ("Nguyễn", "Thị Hương", "female"),
    ),
    stature=0.945,
    visits_a_day={"medical": 10.6, "dental": 3.7},
    hours={
        "medical": {8: 1.25, 9: 1.6, 10: 1.5, 11: 1.05, 12: 0.3, 13: 0.85, 14: 1.1, 15: 1.0, 16: 0.65},
        "dental": {9: 1.2, 10: 1.3, 11: 1.0, 12: 0.15, 13: 0.9, 14: 1.2, 15: 1.2, 16: 0.8},
    },
    saturday_hours={"medical": {8: 1.2, 9: 1.5, 10: 1.3, 11: 0.7}, "dental": {8: 0.9, 9: 1.2, 10: 1.2, 11: 0.7}},
    traffic={
        "medical": Curve(1.0, (Bump(1, 20, 24, 0.10), Bump(8, 15, 38, 0.24), Bump(12, 28, 8, -0.30))),
        "dental": Curve(1.0, (Bump(5, 10, 26, 0.34), Bump(10, 28, 10, 0.14), Bump(12, 28, 9, -0.38))),
    },
    seasons={
        "flu": Curve(0.35, (Bump(8, 10, 35, 1.5), Bump(1, 15, 28, 0.8))),
        "cold": Curve(0.7, (Bump(8, 1, 45, 0.6), Bump(1, 10, 35, 0.7))),
        "pollen": Curve(0.8, (Bump(2, 25, 30, 0.5),)),
        "rains": Curve(0.12, (Bump(8, 25, 36, 1.6),)),
        "heat": Curve(0.7, (Bump(4, 25, 30, 0.8),)),
    },
    holidays=frozenset({(1, 1), (4, 9), (5, 1), (6, 12), (11, 1), (11, 30), (12, 8), (12, 25), (12, 30), (12, 31)}),
    mondays_off=frozenset({(8, -1)}),
    holy_thursday=True,
    campaigns=(
        CampaignPlan("Flu vaccination", "Vaccination", "medical", 5, 20, 8, (18, 99), 0.62, 0.56, 0.24),
        CampaignPlan("Dengue watch", "Prevention", "medical", 7, 1, 6, (20, 60), 0.45, 0.49, 0.12),
        CampaignPlan("Smile month", "Dental check-up", "dental", 2, 1, 5, (4, 60), 0.50, 0.52, 0.21),
        CampaignPlan("Know your blood pressure", "Screening", "medical", 9, 25, 6, (40, 90), 0.60, 0.58, 0.27),
        CampaignPlan("School-ready teeth", "Dental check-up", "dental", 5, 2, 5, (5, 16), 0.70, 0.63, 0.30),
    ),
)  # fmt: skip

HARBOUR = Place(
    name="Harbour Clinic",
    code="HC",
    timezone="America/Halifax",
    paper="Letter",
    code_system=SNOMED_CT,
    workers=(
        Worker("Dr. Moira MacAskill", "medical", "1234", 1.2, manner=0.2),
        Worker("Dr. Étienne Thibodeau", "medical", "12345", 1.1),
        Worker("Dr. Iryna Shevchuk", "medical", "2356", 0.9, joined=0.35, manner=0.3),
        Worker("Dr. Osei Boateng", "medical", "1456", 0.9, manner=0.05),
        Worker("Nurse Fiona d’Entremont", "medical", "12345", 0.7, manner=0.1),
        Worker("Dr. Søren Halvorsen", "dental", "12345", 1.0, manner=-0.1),
        Worker("Dr. Priya Raghunathan", "dental", "2456", 0.8, manner=0.25),
    ),
    patients_before=430,
    patients_after=320,
    households={"single": 0.30, "couple": 0.16, "family": 0.30, "three generations": 0.02, "elders": 0.22},
    family_names=(
        "Amirault", "Archibald", "Arsenault", "Baker", "Barkhouse", "Beaton", "Boudreau", "Campbell", "Chisholm",
        "Comeau", "Corkum", "Crowell", "Cunningham", "Doucette", "Eisnor", "Fraser", "Gallant", "Gillis", "Haché",
        "Hartlen", "Himmelman", "Keddy", "Kovalenko", "LeBlanc", "Leudy", "MacDonald", "MacIsaac", "MacKinnon",
        "MacLellan", "McGrath", "Mosher", "Murphy", "Nickerson", "Oickle", "Okafor", "Patel", "Rafuse", "Robichaud",
        "Ross", "Saulnier", "Singh", "Slaunwhite", "Surette", "Swinamer", "Theriault", "Walsh", "Whynot", "Zinck",
    ),
    female_names=(
        "Abigail", "Agnes", "Amélie", "Anneke", "Beatrice", "Bridget", "Catriona", "Chantal", "Charlotte", "Claire",
        "Deborah", "Eilidh", "Eleanor", "Emily", "Fiona", "Geneviève", "Grace", "Hannah", "Heather", "Isla", "Janet",
        "Joan", "Josephine", "Kathleen", "Linda", "Lucille", "Madeleine", "Margaret", "Maude", "Megan", "Morag", "Nora",
        "Olivia", "Patricia", "Rachel", "Rosalie", "Ruth", "Sarah", "Sheila", "Simone", "Sophie", "Susan", "Zoé",
    ),
    male_names=(
        "Aidan", "Alain", "Alasdair", "Angus", "Arthur", "Benoît", "Brian", "Callum", "Charles", "Colin", "Daniel",
        "Donald", "Douglas", "Duncan", "Edwin", "Elliot", "Ewan", "Félix", "Finlay", "Gérard", "Gordon", "Graham",
        "Hugh", "Ian", "Jacob", "James", "Kenneth", "Lachlan", "Leo", "Liam", "Luc", "Malcolm", "Marcel", "Neil",
        "Noah", "Owen", "Patrick", "Raymond", "Réjean", "Roderick", "Ronald", "Samuel", "Stewart", "Thomas", "Wallace",
    ),
    elsewhere=(
        ("Шевченко", "Олена", "female"), ("Коваль", "Андрій", "male"), ("حداد", "ليلى", "female"),
        ("منصور", "كريم", "male"), ("Παπαδάκης", "Νίκος", "male"), ("Ιωάννου", "Ελένη", "female"),
        ("王", "小梅", "female"), ("李", "建国", "male"), ("Þórsdóttir", "Guðrún", "female"),
    ),
    stature=1.0,
    visits_a_day={"medical": 6.2, "dental": 2.7},
    hours={
        "medical": {8: 1.2, 9: 1.5, 10: 1.4, 11: 1.1, 12: 0.4, 13: 1.0, 14: 1.1, 15: 1.1, 16: 0.9, 17: 0.5},
        "dental": {8: 1.0, 9: 1.2, 10: 1.2, 11: 1.0, 12: 0.2, 13: 1.0, 14: 1.1, 15: 1.3, 16: 1.0},
    },
    saturday_hours={"medical": {9: 1.4, 10: 1.3, 11: 1.0, 12: 0.4}, "dental": {9: 1.2, 10: 1.2, 11: 0.9}},
    traffic={
        "medical": Curve(1.0, (Bump(1, 25, 32, 0.28), Bump(10, 20, 18, 0.10),
                               Bump(7, 28, 26, -0.16), Bump(12, 27, 6, -0.35))),
        "dental": Curve(1.0, (Bump(3, 15, 12, 0.16), Bump(8, 26, 14, 0.24),
                               Bump(7, 15, 18, -0.10), Bump(12, 27, 7, -0.45))),
    },
    seasons={
        "flu": Curve(0.06, (Bump(1, 18, 26, 2.2),)),
        "cold": Curve(0.55, (Bump(1, 15, 48, 1.0), Bump(10, 5, 18, 0.4))),
        "pollen": Curve(0.35, (Bump(5, 25, 24, 1.7), Bump(9, 1, 16, 0.7))),
        "heat": Curve(0.6, (Bump(7, 20, 30, 0.7),)),
    },
    holidays=frozenset({(1, 1), (7, 1), (9, 30), (11, 11), (12, 25), (12, 26)}),
    mondays_off=frozenset({(2, 3), (8, 1), (9, 1), (10, 2)}),
    campaigns=(
        CampaignPlan("Flu and COVID-19 vaccination", "Vaccination", "medical", 10, 5, 8, (5, 99), 0.70, 0.64, 0.33),
        CampaignPlan("Heart month", "Screening", "medical", 2, 1, 4, (40, 85), 0.55, 0.60, 0.22),
        CampaignPlan("Back-to-school smiles", "Dental check-up", "dental", 8, 10, 5, (4, 17), 0.75, 0.66, 0.31),
        CampaignPlan("Quit for good", "Smoking cessation", "medical", 1, 8, 6, (19, 70), 0.30, 0.41, 0.09),
    ),
)  # fmt: skip

PLACES = (RIVERSIDE, HARBOUR)
