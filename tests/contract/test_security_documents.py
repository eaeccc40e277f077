"""What the pages on security say of tests, findings and signatures is so."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

SECURITY = Path("docs/security.md")
ASVS = Path("docs/asvs.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FINDINGS = [
    "C1",
    *(f"{kind}{n}" for kind, last in (("H", 6), ("M", 12), ("L", 12)) for n in range(1, last + 1)),
]
NOT_YET = "not yet"


def rows(page: Path, first: str) -> list[list[str]]:
    """The cells of each line of a page's tables whose first cell matches."""
    lines = (line.strip("| ").split(" | ") for line in page.read_text().splitlines() if line.startswith("| "))
    return [cells for cells in lines if re.fullmatch(first, cells[0])]


def functions(file: Path) -> set[str]:
    return {
        each.name
        for each in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("page", [SECURITY, ASVS], ids=lambda page: page.stem)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = NAMED.findall(page.read_text())

    assert named
    assert [f"{file}::{test}" for file, test in named if test not in functions(Path(file))] == []


def test_every_finding_has_its_tests_or_says_not_yet() -> None:
    threats = rows(SECURITY, r"[CHMLDP]\d+")

    assert set(FINDINGS) <= {cells[0] for cells in threats}
    for identifier, *texts, tests in threats:
        assert len(texts) == 2, identifier
        assert tests == NOT_YET or NAMED.sub("", tests).strip() == "", tests
        assert (tests == NOT_YET) == (texts[1] == NOT_YET), identifier


def test_every_line_of_the_standard_is_answered() -> None:
    lines = rows(ASVS, r"\d+\.\d+\.\d+")
    numbers = [tuple(map(int, number.split("."))) for number, *_ in lines]

    assert numbers == sorted(set(numbers))
    for number, subject, state, shown in lines:
        assert subject, number
        assert state in {"yes", "partly", NOT_YET, "does not apply"}, number
        assert bool(NAMED.search(shown)) or state != "yes" or "](" in shown or "`" in shown, number
        assert shown, number


def test_the_admission_policy_trusts_our_release_workflow_alone() -> None:
    text = SECURITY.read_text()
    [example] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    policy: dict[str, Any] = yaml.safe_load(example)
    [rule] = policy["spec"]["rules"]
    [check] = rule["verifyImages"]
    [attestor] = check["attestors"]
    [entry] = attestor["entries"]

    signer = "https://github.com/OWNER/todoapp/.github/workflows/release.yml@refs/tags/"
    assert policy["spec"]["webhookConfiguration"]["failurePolicy"] == "Fail"
    assert (check["failureAction"], check["required"], check["verifyDigest"]) == ("Enforce", True, True)
    for expression in (entry["keyless"]["subjectRegExp"], *re.findall(r"identity-regexp '(.+)'", text)):
        assert re.fullmatch(expression, f"{signer}v0.2.0")
        assert not re.fullmatch(expression, signer.replace("tags/", "heads/main"))
        assert not re.fullmatch(expression, f"{signer.replace('release', 'ci')}v0.2.0")
        assert not re.fullmatch(expression, f"https://evil.example/?{signer}v0.2.0")
    # The release signs with the token of the job that is allowed to ask for one.
    jobs = yaml.safe_load(Path(".github/workflows/release.yml").read_text())["jobs"]
    assert {
        name
        for name, job in jobs.items()
        if any("cosign sign" in step.get("run", "") for step in job.get("steps", []))
    } == {name for name, job in jobs.items() if job.get("permissions", {}).get("id-token") == "write"}


def test_security_md_leads_to_the_threats() -> None:
    assert "(docs/security.md)" in Path("SECURITY.md").read_text()
