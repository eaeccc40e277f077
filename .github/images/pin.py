"""Writes digests behind the tags of images, so that a release goes on being made of what it was made of.

    python3 .github/images/pin.py ask > digests.txt
    python3 .github/images/pin.py write digests.txt FILE… [--own NAME=REFERENCE]

`ask` prints every image of tags.txt with the digest that its registry names for the tag; it needs Docker
with buildx. `write` puts them into Dockerfiles and Compose files; `--own` says what stands for an image of
ours. Both fail when an image would be left without a digest, and then change nothing.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TAGS = Path(__file__).with_name("tags.txt")
NAMED = re.compile(r"^(?P<before>FROM |\s*image: )(?P<image>\S+)", re.MULTILINE)
STAGE = re.compile(r"^FROM \S+ AS (\S+)", re.MULTILINE)
PINNED = re.compile(r"\S+@sha256:[0-9a-f]{64}")


class Unpinned(Exception):
    """An image for which no digest is to be had."""


def listed() -> set[str]:
    lines = TAGS.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def pinned(image: str) -> str:
    """`image` with the digest that its registry names for the tag, of all platforms together."""
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{json .Manifest}}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a listed image
    if answer.returncode:
        raise Unpinned(f"The registry of {image} names no digest: {answer.stderr.strip()}")
    reference = f"{image}@{json.loads(answer.stdout).get('digest')}"
    if not PINNED.fullmatch(reference):
        raise Unpinned(
            f"The registry of {image} answers with {answer.stdout.strip()!r}, which has no digest."
        )
    return reference


def replaced(file: Path, references: Mapping[str, str]) -> str:
    """The text of a file with all its images by digest."""
    text = file.read_text(encoding="utf-8")
    stages = set(STAGE.findall(text))

    def by_digest(found: re.Match[str]) -> str:
        image = found["image"]
        reference = references.get(image, image)
        if image not in stages and not PINNED.fullmatch(reference):
            raise Unpinned(f"{file} names {image}, for which there is no digest; list it in {TAGS.name}.")
        return found["before"] + reference

    return NAMED.sub(by_digest, text)


def ask() -> None:
    sys.stdout.writelines(f"{pinned(image)}\n" for image in sorted(listed()))


def write(digests: Path, files: list[Path], own: list[str]) -> None:
    lines = digests.read_text(encoding="utf-8").splitlines()
    references = {line.partition("@")[0]: line for line in lines} | dict(each.split("=", 1) for each in own)
    texts = {file: replaced(file, references) for file in files}
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("ask")
    writing = verbs.add_parser("write")
    writing.add_argument("digests", type=Path)
    writing.add_argument("files", metavar="FILE", nargs="+", type=Path)
    writing.add_argument("--own", metavar="NAME=REFERENCE", action="append", default=[])
    arguments = parser.parse_args()
    try:
        if arguments.verb == "ask":
            ask()
        else:
            write(arguments.digests, arguments.files, arguments.own)
    except Unpinned as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
