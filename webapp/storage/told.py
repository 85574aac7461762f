"""What is wrong with a store, and what an administrator does about it, in words."""

from webapp.errors import StoreFault

TOLD: dict[StoreFault, tuple[str, str]] = {
    "refused": (
        "the file store refuses our rights",
        "Give the service account the role Storage Object Admin on the bucket, or renew its key, and check this "
        "machine's clock.",
    ),
    "no bucket": (
        "the file store has no such bucket",
        "Check STORAGE_BUCKET; if the bucket was deleted, make it anew with: flask --app webapp storage prepare.",
    ),
    "busy": ("the file store asks us to wait", "Wait a few minutes; if it lasts, look at the limits of your project."),
    "failing": ("the file store has a fault of its own", "Look at the status page of your provider."),
    "unreachable": ("the file store cannot be reached", "Check the network and the names that it resolves."),
    "slow": ("the file store does not answer in time", "Check the network; look at the status page of your provider."),
    "altered": (
        "bytes were lost or changed on the way from the file store",
        "If it happens again, look for a proxy or a network part between us and the store.",
    ),
    "full": ("there is no room left for files", "Free some space on this machine's disk, or give it more."),
    "resting": ("the file store is left alone for a while after a fault", "Nothing: it is tried again by itself."),
}
