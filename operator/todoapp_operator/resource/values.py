"""The kinds of text in a TodoApp, each refused with a sentence that says what it should be."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictInt,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

__all__ = [
    "Address",
    "Count",
    "Duration",
    "EnvName",
    "Form",
    "HostName",
    "HostPattern",
    "HttpUrl",
    "Image",
    "Label",
    "LabelValue",
    "Network",
    "ObjectName",
    "Percentage",
    "Period",
    "Port",
    "Quantity",
    "SecretKey",
    "Share",
    "TopicName",
]


@dataclass(frozen=True)
class Form:
    """The shape of a text: enforced here in words, and by the API server as the schema's `pattern`."""

    pattern: str
    meaning: str
    longest: int = 253

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        inner = handler(schema)
        longest = min(self.longest, inner.get("maxLength", self.longest))
        return {**inner, "pattern": f"^({self.pattern})$", "maxLength": longest}

    def _checked(self, value: str) -> str:
        if re.fullmatch(self.pattern, value, re.ASCII) is None:
            details = {"value": value, "meaning": self.meaning}
            raise PydanticCustomError("form", "'{value}' is not {meaning}", details)
        if len(value) > self.longest:
            raise PydanticCustomError(
                "form", "the text takes {longest} or fewer characters", {"longest": self.longest}
            )
        return value


def _number_as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_GROUP = r"[0-9a-fA-F]{1,4}"
# All eight groups; or some, then "::" for the rest; or one group after that.
_GROUPS = rf"({_GROUP}:){{7}}{_GROUP}|({_GROUP}:){{1,7}}:|({_GROUP}:){{1,6}}:{_GROUP}|::{_GROUP}"
_QUANTITY = r"[0-9]+(\.[0-9]+)?([KMGTPE]i|[mkMGTPE])?"

Label = Annotated[
    str, Form(_LABEL, "a name of lower-case letters, digits and '-', such as 'my-todo'", longest=63)
]
LabelValue = Annotated[
    str,
    Form(
        r"([A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?)?",
        "a label's value of letters, digits, '-', '_' and '.', such as 'blue'",
        longest=63,
    ),
]
ObjectName = Annotated[
    str, Form(_HOST, "a Kubernetes name of lower-case letters, digits, '-' and '.', such as 'my-secret'")
]
HostName = Annotated[str, Form(_HOST, "a host name such as 'todo.example.com'")]
HostPattern = Annotated[
    str, Form(rf"(\*\.)?{_HOST}", "a host name such as 'todo.example.com' or '*.example.com'")
]
Network = Annotated[
    str,
    Form(
        rf"{_OCTET}(\.{_OCTET}){{3}}/(3[0-2]|[12][0-9]|[1-9])|({_GROUPS})/(12[0-8]|1[01][0-9]|[1-9][0-9]|[1-9])",
        "a network such as '10.0.0.0/8' or 'fc00::/7'",
        longest=43,
    ),
]
Address = Annotated[str, Form(rf"{_HOST}:[0-9]{{1,5}}", "an address such as 'kafka.example.com:9092'")]
HttpUrl = Annotated[str, Form(r"https?://[^\s/]+\S*", "a URL such as 'https://example.com'", longest=2048)]
Image = Annotated[
    str,
    Form(
        r"[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?",
        "a container image such as 'ghcr.io/example/todoapp:0.1.0'",
        longest=512,
    ),
]
SecretKey = Annotated[
    str, Form(r"[-._a-zA-Z0-9]+", "a key of letters, digits, '-', '_' and '.', such as 'url'")
]
EnvName = Annotated[
    str, Form(r"[A-Za-z_][A-Za-z0-9_]*", "a name of letters, digits and '_', such as 'TODOAPP_FEED_DAYS'")
]
Share = Annotated[str, Form(r"0(\.[0-9]+)?|1(\.0+)?", "a share from '0' to '1', such as '0.1'", longest=20)]
TopicName = Annotated[
    str, Form(r"[a-zA-Z0-9._-]+", "a topic name of letters, digits, '.', '_' and '-'", longest=200)
]
Duration = Annotated[
    str, Form(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+", "a duration such as '5s', '500ms' or '1m30s'", longest=20)
]
Period = Annotated[str, Form(r"[1-9][0-9]{0,4}[mhd]", "a period such as '365d', '24h' or '30m'", longest=6)]

# The API server cannot take a fraction where a whole number or a text may stand, so neither does this.
Quantity = Annotated[
    str,
    BeforeValidator(_number_as_text),
    Form(_QUANTITY, "a Kubernetes quantity such as '500m', '2' or '1Gi'", longest=18),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "minimum": 0,
            "maximum": 10**18 - 1,
            "pattern": f"^({_QUANTITY})$",
            "maxLength": 18,
            "x-kubernetes-int-or-string": True,
        }
    ),
]

Count = Annotated[StrictInt, Field(ge=1, le=1000)]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Percentage = Annotated[StrictInt, Field(ge=1, le=100)]
