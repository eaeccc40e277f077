"""The network of an OKE cluster: nodes without public addresses, an API and load balancers with one."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_oci import core

__all__ = ["Network", "network"]

_EVERYWHERE = "0.0.0.0/0"
_CIDR = "10.0.0.0/16"
_API, _LOAD_BALANCERS, _NODES = "10.0.0.0/28", "10.0.1.0/24", "10.0.64.0/18"


@dataclass(frozen=True)
class Network:
    """Identifiers of the network and of its three subnets."""

    vcn: pulumi.Output[str]
    api: pulumi.Output[str]
    load_balancers: pulumi.Output[str]
    nodes: pulumi.Output[str]


def network(name: str, compartment: str, parent: pulumi.Resource) -> Network:
    """One subnet each for the Kubernetes API, load balancers, and nodes with their pods.

    https://docs.oracle.com/iaas/Content/ContEng/Concepts/contengnetworkconfigexample.htm
    """
    vcn = core.Vcn(
        name,
        compartment_id=compartment,
        cidr_blocks=[_CIDR],
        display_name=name,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    place = _Place(name, compartment, vcn)
    out = core.InternetGateway(
        name, compartment_id=compartment, vcn_id=vcn.id, opts=pulumi.ResourceOptions(parent=vcn)
    )
    hidden_out = core.NatGateway(
        name, compartment_id=compartment, vcn_id=vcn.id, opts=pulumi.ResourceOptions(parent=vcn)
    )
    public, private = place.routes("public", out.id), place.routes("private", hidden_out.id)
    return Network(
        vcn=vcn.id,
        api=place.subnet("api", _API, public, [(_EVERYWHERE, 6443), (_NODES, 12250)]),
        load_balancers=place.subnet(
            "load-balancers", _LOAD_BALANCERS, public, [(_EVERYWHERE, 80), (_EVERYWHERE, 443)]
        ),
        nodes=place.subnet("nodes", _NODES, private, [(_CIDR, None)], hidden=True),
    )


@dataclass(frozen=True)
class _Place:
    """Where subnets and routes are made."""

    name: str
    compartment: str
    vcn: Any

    def routes(self, name: str, gateway: pulumi.Output[str]) -> Any:
        """Everything that leaves the network goes through `gateway`."""
        rule = core.RouteTableRouteRuleArgs(
            destination=_EVERYWHERE, destination_type="CIDR_BLOCK", network_entity_id=gateway
        )
        return core.RouteTable(
            f"{self.name}-{name}",
            compartment_id=self.compartment,
            vcn_id=self.vcn.id,
            display_name=name,
            route_rules=[rule],
            opts=pulumi.ResourceOptions(parent=self.vcn),
        )

    def subnet(
        self,
        name: str,
        cidr: str,
        routes: Any,
        callers: list[tuple[str, int | None]],
        *,
        hidden: bool = False,
    ) -> pulumi.Output[str]:
        """A subnet that `callers` may call: from a range of addresses, on one TCP port or on all."""
        rules = core.SecurityList(
            f"{self.name}-{name}",
            compartment_id=self.compartment,
            vcn_id=self.vcn.id,
            display_name=name,
            ingress_security_rules=[_called(source, port) for source, port in callers],
            egress_security_rules=[
                core.SecurityListEgressSecurityRuleArgs(destination=_EVERYWHERE, protocol="all")
            ],
            opts=pulumi.ResourceOptions(parent=self.vcn),
        )
        made = core.Subnet(
            f"{self.name}-{name}",
            compartment_id=self.compartment,
            vcn_id=self.vcn.id,
            display_name=name,
            cidr_block=cidr,
            route_table_id=routes.id,
            security_list_ids=[rules.id],
            prohibit_public_ip_on_vnic=hidden,
            opts=pulumi.ResourceOptions(parent=self.vcn),
        )
        identifier: pulumi.Output[str] = made.id
        return identifier


def _called(source: str, port: int | None) -> Any:
    if port is None:
        return core.SecurityListIngressSecurityRuleArgs(source=source, protocol="all")
    ports = core.SecurityListIngressSecurityRuleTcpOptionsArgs(min=port, max=port)
    # Protocols are numbers here: 6 is TCP.
    return core.SecurityListIngressSecurityRuleArgs(source=source, protocol="6", tcp_options=ports)
