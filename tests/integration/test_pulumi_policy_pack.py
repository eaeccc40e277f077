"""The policy pack, started and asked as Pulumi's engine does it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from testbed.ending import end
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


def service(*ports: int) -> analyzer_pb2.AnalyzeRequest:
    inputs = {"spec": {"type": "LoadBalancer", "ports": [{"port": port} for port in ports]}}
    request = analyzer_pb2.AnalyzeRequest(
        type="kubernetes:core/v1:Service", urn="urn:pulumi:a::b::c::d", name="d"
    )
    ParseDict(inputs, request.properties)
    return request


def test_the_pack_has_every_policy_and_all_are_mandatory(analyzer: Any) -> None:
    policies = analyzer.GetAnalyzerInfo(Empty()).policies

    assert {each.name for each in policies} == {each.name for each in POLICIES}
    assert {each.enforcementLevel for each in policies} == {analyzer_pb2.MANDATORY}


def test_the_engine_hears_what_is_wrong(analyzer: Any) -> None:
    [diagnostic] = analyzer.Analyze(service(80)).diagnostics

    assert diagnostic.policyName == "no-public-plain-http"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    assert "The load balancer opens port 80" in diagnostic.message


def test_the_engine_hears_nothing_of_what_is_right(analyzer: Any) -> None:
    assert not analyzer.Analyze(service(443)).diagnostics
