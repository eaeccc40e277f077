"""Runs the Pulumi program without Pulumi's engine, once for each line of its input.

A line in is a JSON object with `stack`, `config`, `secrets` and `preview`. The line out has either `refused`,
the sentence with which the program ended, or what it asked the engine for. A secret is `{"secret": value}`.
"""

import asyncio
import json
import logging
import runpy
import sys
from collections.abc import Mapping
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack
from pulumi.runtime.sync_await import _sync_await

# What providers answer and our components read.
OUTPUTS: dict[str, dict[str, Any]] = {
    "azure-native:containerservice:ManagedCluster": {"name": "todoapp"},
    "azure-native:resources:ResourceGroup": {"name": "todoapp"},
    "command:local:Command": {"stdout": "the kubeconfig"},
    "gcp:container/cluster:Cluster": {
        "endpoint": "192.0.2.1",
        "masterAuth": {"clusterCaCertificate": "the CA"},
    },
    "random:index/randomPassword:RandomPassword": {"result": "a generated password"},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "azure-native:authorization:getClientConfig": {"objectId": "me", "subscriptionId": "mine"},
    "azure-native:containerservice:listManagedClusterUserCredentials": {
        "kubeconfigs": [{"name": "user", "value": "dGhlIGt1YmVjb25maWc="}]
    },
    "oci:ContainerEngine/getClusterKubeConfig:getClusterKubeConfig": {"content": "the kubeconfig"},
    "oci:ContainerEngine/getNodePoolOption:getNodePoolOption": {"sources": [{"imageId": "the newest image"}]},
    "oci:Identity/getAvailabilityDomains:getAvailabilityDomains": {
        "availabilityDomains": [{"name": "one"}, {"name": "two"}, {"name": "three"}]
    },
}


class Providers(Mocks):
    """Every resource becomes what was asked for, and has an identifier."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", {**args.inputs, **OUTPUTS.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return ANSWERS[args.token], []


class PlannedProviders(Providers):
    """No resource exists yet: only the requested inputs are known, and the program has to work with them."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return None, args.inputs


class Monitor(MockMonitor):
    """Remembers whole requests, and keeps secret the outputs that the program declares so."""

    def __init__(self, providers: Providers) -> None:
        super().__init__(providers)
        self.requests: list[dict[str, Any]] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type == "pulumi:pulumi:Stack":
            return answer
        self.requests.append(
            {
                "urn": answer.urn,
                "type": request.type,
                "name": request.name,
                "custom": request.custom,
                "parent": request.parent,
                "provider": request.provider or request.providers.get("kubernetes", ""),
                "dependencies": list(request.dependencies),
                "protect": request.protect,
                "ignore_changes": list(request.ignoreChanges),
                "inputs": plain(MessageToDict(request.object)),
            }
        )
        state = rpc.deserialize_properties(answer.object)
        secret = {
            name: pulumi.Output.secret(value) if name in request.additionalSecretOutputs else value
            for name, value in state.items()
        }
        return resource_pb2.RegisterResourceResponse(
            urn=answer.urn, id=answer.id, object=_sync_await(rpc.serialize_properties(secret, {}))
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        self.outputs[request.urn] = plain(MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def plain(value: Any) -> Any:
    """The value as JSON has it: secrets marked, whole numbers whole, references by their URN."""
    if isinstance(value, Mapping):
        signature = value.get(rpc._special_sig_key)
        if signature == rpc._special_secret_sig:
            return {"secret": plain(value["value"])}
        if signature == rpc._special_resource_sig:
            return value["urn"]
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run(
    program: str, stack: str, config: dict[str, str], secrets: list[str], preview: bool
) -> dict[str, Any]:
    # Mocks use the thread's loop from the start; without one the program hangs.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monitor = Monitor(PlannedProviders() if preview else Providers())
    set_mocks(monitor.mocks, "todoapp", stack, preview=preview, monitor=monitor)
    settings.set_root_resource(None)  # type: ignore[arg-type]
    # A program that was refused half-way has left requests behind.
    settings.SETTINGS.rpc_manager.clear()
    settings.SETTINGS.outputs.clear()
    set_all_config(config, secrets)
    try:
        loop.run_until_complete(run_in_stack(lambda: _run(program)))
    except pulumi.RunError as refusal:
        return {"refused": str(refusal)}
    finally:
        loop.close()
    return {"resources": monitor.requests, "outputs": monitor.outputs, "modules": _sdks()}


def _run(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def _sdks() -> list[str]:
    """The providers' SDKs that the program has imported so far."""
    return sorted(name for name in sys.modules if name.startswith("pulumi") and "." not in name)


def main(program: str) -> None:
    logging.disable()  # what the program logs is in its answer, too
    for line in sys.stdin:
        print(json.dumps(run(program, **json.loads(line))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(sys.argv[1])
