"""The policy pack: `pulumi preview --policy-pack policy` refuses what breaks our rules."""

from pulumi_policy import PolicyPack

from todoapp_platform.policies import POLICIES

PolicyPack(name="todoapp", policies=POLICIES)
