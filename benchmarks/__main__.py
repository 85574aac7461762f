"""Runs the benchmarks named, or all, and writes what they found into docs/benchmarks.md, each into its own section."""

import argparse
import importlib
import os
import pkgutil
import platform
import re
import tempfile
from pathlib import Path

import benchmarks
from webapp import clock, temporary, words
from webapp.settings import PROJECT

PAGE = PROJECT / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

What was measured, on which machine, and the command that measures it again. `make bench` does all of it and writes this
page; a machine with something else to do gives other figures.
"""


def main() -> None:
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"all, or some of: {', '.join(known)}")
    names = parser.parse_args().names or known
    for name in names:
        if name not in known:
            parser.error(f"there is no benchmark called {name}")
    sections = read(PAGE)
    # Of several apps in one process the first one's temporary folder serves all, so it must outlast them.
    temporary.use(Path(tempfile.mkdtemp(prefix="bench-temp-")))
    for name in names:
        print(f"{name} ...", flush=True)
        sections[name] = measured(name)
        print(sections[name], flush=True)
        # Written each time, so that one that fails does not cost the others.
        write(PAGE, {name: sections[name] for name in known if name in sections})


def measured(name: str) -> str:
    """The section of one benchmark."""
    module = importlib.import_module(f"benchmarks.{name}")
    about = (module.__doc__ or "").partition("\n")[0]
    command = f"`.venv-bench/bin/python -m benchmarks {name}`"
    return f"{about}\n\n{module.main()}\n\n{command}; {machine()}; {words.day(clock.now().date())}."


def machine() -> str:
    """Such as "2 cores, 23 GB of memory, Python 3.11.2 on Linux"."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = words.plural(len(os.sched_getaffinity(0)), "core")
    return f"{cores}, {gigabytes:.0f} GB of memory, Python {platform.python_version()} on {platform.system()}"


def read(page: Path) -> dict[str, str]:
    """The sections that are there already, by name."""
    text = page.read_text() if page.exists() else ""
    return {name: body.strip() for name, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)}


def write(page: Path, sections: dict[str, str]) -> None:
    page.write_text("\n".join([INTRODUCTION, *(f"## {name}\n\n{body}\n" for name, body in sections.items())]))


if __name__ == "__main__":
    main()
