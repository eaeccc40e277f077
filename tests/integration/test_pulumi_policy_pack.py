"""The policy pack, started and asked as Pulumi's engine does it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE

from testbed.ending import end
from testbed.pulumi.policies import violations
from testbed.pulumi.program import OTHER_CHOICES, STACKS, PulumiProgram, Run, revealed
from todoapp_platform.policies import POLICIES

PACK = Path("pulumi/policy")


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Any]:
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(PACK.resolve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        end(process)


def resource(kind: str, spec: Mapping[str, Any]) -> analyzer_pb2.AnalyzeRequest:
    request = analyzer_pb2.AnalyzeRequest(type=f"kubernetes:{kind}", urn="urn:pulumi:a::b::c::d", name="d")
    ParseDict({"spec": spec}, request.properties)
    return request


def service(port: int) -> analyzer_pb2.AnalyzeRequest:
    return resource("core/v1:Service", {"type": "LoadBalancer", "ports": [{"port": port}]})


def test_the_pack_has_every_policy_and_all_are_mandatory(analyzer: Any) -> None:
    policies = analyzer.GetAnalyzerInfo(Empty()).policies

    assert {each.name for each in policies} == {each.name for each in POLICIES}
    assert {each.enforcementLevel for each in policies} == {analyzer_pb2.MANDATORY}


def test_the_engine_reports_violations(analyzer: Any) -> None:
    [diagnostic] = analyzer.Analyze(service(80)).diagnostics

    assert diagnostic.policyName == "no-public-plain-http"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    assert "The load balancer opens port 80" in diagnostic.message


def test_the_engine_accepts_a_good_stack(analyzer: Any) -> None:
    assert not analyzer.Analyze(service(443)).diagnostics


def test_values_unknown_during_preview_hide_no_violation(analyzer: Any) -> None:
    spec = {"replicas": UNKNOWN_NUMBER_VALUE, "hosts": [UNKNOWN_STRING_VALUE], "image": "app:latest"}

    [diagnostic] = analyzer.Analyze(resource("todoapp.dev/v1alpha1:TodoApp", spec)).diagnostics

    assert diagnostic.policyName == "no-latest-tags"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY


def broken(run: Run) -> dict[str, list[tuple[str, str]]]:
    found = {each.urn: violations(each.type, revealed(each.inputs)) for each in run.resources}
    return {urn: sentences for urn, sentences in found.items() if sentences}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_obeys_the_policies(
    stack: str, preview: bool, stacks: Mapping[str, PulumiProgram]
) -> None:
    assert broken(stacks[stack].run(preview=preview)) == {}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize("choice", OTHER_CHOICES)
def test_every_other_choice_obeys_the_policies(
    choice: str, preview: bool, stacks: Mapping[str, PulumiProgram]
) -> None:
    assert broken(stacks["minikube"].run(preview=preview, **OTHER_CHOICES[choice])) == {}
