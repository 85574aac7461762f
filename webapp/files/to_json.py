"""A document as JSON: content, provenance and presentation as they were frozen, under a versioned schema.

docs/json-format.md describes the members and docs/report.schema.json is their JSON Schema.
"""

import json

from webapp.figures import Document, as_plain

SCHEMA = "clinic-report"
VERSION = 1


def draw(document: Document) -> bytes:
    """The JSON file of `document`: UTF-8, two spaces of indent."""
    text = json.dumps(
        {
            "schema": {"id": SCHEMA, "version": VERSION},
            "figures_sha256": document.figures_sha256,
            "content": as_plain(document.content),
            "provenance": as_plain(document.provenance),
            "presentation": as_plain(document.presentation),
        },
        ensure_ascii=False,
        allow_nan=False,
        indent=2,
    )
    return f"{text}\n".encode()
