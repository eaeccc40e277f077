"""Speaking to the API server as its administrator."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

__all__ = ["Connection"]

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Connection:
    """Where an API server is, and files with which to prove who both sides are."""

    url: str
    authority: Path
    """Certificate that signed the API server's."""
    certificate: Path
    """Certificate and private key of the administrator, in one file."""
    kubeconfig: Path
    """The same, for kubectl and every client library."""

    def client(self) -> httpx.Client:
        """For raw requests: whether a starting server answers, and what tests of the cluster itself ask.

        `testbed.kubernetes.objects` reads and writes objects by the official client. The caller closes this.
        """
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.certificate)
        # No proxy of the environment: it could not reach this machine's loopback.
        return httpx.Client(base_url=self.url, verify=context, timeout=_TIMEOUT_SECONDS, trust_env=False)
