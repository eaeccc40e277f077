from todoapp_sidecar.broker import Message
from todoapp_sidecar.consumer import metadata_headers


def test_metadata_become_headers_but_for_what_would_break_the_call() -> None:
    metadata = {
        "partitionKey": "u1",
        "note": "é",
        "Content-Length": "5",
        "dapr-api-token": "guess",
        "bad name": "x",
        "split": "a\r\nb: c",
    }

    assert metadata_headers(Message("tasks", b"{}", metadata=metadata)) == {"partitionkey": "u1", "note": "é"}
