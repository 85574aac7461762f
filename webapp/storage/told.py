"""What an administrator is told of a store that is broken: in alerts and on the operations page alike."""

from typing import NamedTuple

from webapp.errors import StoreFault


class Told(NamedTuple):
    """What happened, as one sentence, and what to do."""

    happened: str
    to_do: str


MEANWHILE = "Downloads are being made again from their figures meanwhile."

TOLD: dict[StoreFault, Told] = {
    "refused": Told(
        "The file store refuses our rights (a bucket answers 401 or 403).",
        "Give the service account the role Storage Object Admin on the bucket, or renew its key, and check this "
        f"machine’s clock; a folder must belong to the user that runs Clinic Reports. {MEANWHILE}",
    ),
    "no bucket": Told(
        "The file store has no bucket of the name that we were given.",
        "Check the spelling of STORAGE_BUCKET, and whether somebody deleted the bucket: make it anew, and the files "
        f"come back from their figures. {MEANWHILE}",
    ),
    "busy": Told(
        "The file store asks us to wait (it answers 408 or 429).",
        "Nothing, if it passes within minutes. If it lasts, look at the quotas of the bucket, and at who else uses it. "
        f"{MEANWHILE}",
    ),
    "failing": Told(
        "The file store fails (a bucket answers 500 or more).",
        f"Look at the provider’s status page; of a folder, at the disk. It is used again when it is well. {MEANWHILE}",
    ),
    "unreachable": Told(
        "The file store cannot be reached.",
        "Check the network, the DNS and any proxy or firewall between this machine and the store, and "
        f"STORAGE_ENDPOINT where it is set. {MEANWHILE}",
    ),
    "slow": Told(
        "The file store takes too long to answer.",
        f"Check the network to it, and the provider’s status page. {MEANWHILE}",
    ),
    "altered": Told(
        "Other bytes come from the file store, or arrive there, than were sent.",
        "Look for a proxy or a virus scanner that changes what passes through it, and at the disk of a folder. No such "
        f"file was sent to anybody. {MEANWHILE}",
    ),
    "full": Told(
        "There is no room left for files.",
        "Make room, or give more: on the disk of STORAGE_FOLDER or TEMP_FOLDER, or in the quota of the bucket. "
        f"{MEANWHILE}",
    ),
    "resting": Told(
        "The file store is left alone for some minutes after a fault.",
        "Nothing now: it is tried again by itself within four minutes. The open alerts and the log name the fault. "
        f"{MEANWHILE}",
    ),
}
"""By errors.StoreFault."""
