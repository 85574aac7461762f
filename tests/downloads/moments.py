"""The moments of a download between which somebody else may do something: what is called next, by its room and name."""

from webapp import downloads
from webapp.generate import drawing, keeping
from webapp.storage.local import LocalStorage

MOMENTS: dict[str, tuple[object, str]] = {
    "before it is looked for": (LocalStorage, "open"),
    "before it is drawn": (drawing, "draw"),
    "before its row is written": (keeping, "keep"),
    "before it is stored": (LocalStorage, "put"),
    "before it is written down": (downloads, "record"),
}
