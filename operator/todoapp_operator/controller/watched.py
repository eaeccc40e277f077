"""What of a cluster the operator looks at: all of it, or the namespaces that it is told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from todoapp_operator.kube.informer import EVERYWHERE, Scope
from todoapp_operator.resource.user_error import UserError

__all__ = ["Watched"]

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True)
class Watched:
    """`namespaces` is empty for all of them; `secrets` is empty for all Secrets in them."""

    namespaces: tuple[str, ...] = ()
    secrets: tuple[Scope, ...] = ()

    @classmethod
    def of(cls, namespaces: str, secrets: str) -> Self:
        """From options: names separated by commas, of Secrets as `NAMESPACE/NAME`.

        Raises:
            UserError: one of them is no such name, or a Secret lies in a namespace that is not watched.
        """
        watched = tuple(_split(namespaces))
        for namespace in watched:
            if not _NAMESPACE.fullmatch(namespace):
                raise UserError(
                    f"--watch-namespaces: `{namespace}` is no name of a namespace; separate names by commas."
                )
        return cls(watched, tuple(_secret(each, watched) for each in _split(secrets)))

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(map(Scope, self.namespaces)) or (EVERYWHERE,)

    @property
    def scopes_of_secrets(self) -> tuple[Scope, ...]:
        return self.secrets or self.scopes


def _secret(text: str, namespaces: tuple[str, ...]) -> Scope:
    namespace, _, name = text.partition("/")
    if not _NAMESPACE.fullmatch(namespace) or not _NAME.fullmatch(name):
        raise UserError(f"--watch-secrets: `{text}` is no Secret; write NAMESPACE/NAME, separated by commas.")
    if namespace not in namespaces:
        raise UserError(
            f"--watch-secrets: {text} lies in no namespace of --watch-namespaces; add {namespace}."
        )
    return Scope(namespace, name)


def _split(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split(",")))
