"""Where public sample data lies, for tests and benchmarks: the folder SAMPLE_DATA, with fhir/, names/ and torture/ in
it."""

import os
from pathlib import Path

from webapp.settings import PROJECT

SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or PROJECT / "var" / "sample-data")
