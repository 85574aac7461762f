"""Files in a bucket of an S3-compatible store."""

from webapp.settings import Settings
from webapp.storage.google import GoogleStorage


class S3Storage(GoogleStorage):
    name = "s3"

    @classmethod
    def configured(cls, settings: Settings) -> "S3Storage":
        raise NotImplementedError
