"""What may not be done with a webhook."""

from uuid import UUID

from todoapp.kit.errors import Conflict, Invalid, NotFound, Violation

__all__ = [
    "InvalidWebhookUrl",
    "WebhookDeliveryNotFound",
    "WebhookFull",
    "WebhookNotFound",
]


class WebhookNotFound(NotFound):
    code = "webhook-not-found"

    def __init__(self, webhook_id: UUID) -> None:
        super().__init__(f"You have no webhook {webhook_id}.")


class WebhookDeliveryNotFound(NotFound):
    code = "webhook-delivery-not-found"

    def __init__(self, delivery_id: UUID) -> None:
        super().__init__(f"The webhook has no delivery {delivery_id}; old ones are not kept.")


class InvalidWebhookUrl(Invalid):
    code = "invalid-webhook-url"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation("/url", sentence)])


class WebhookFull(Conflict):
    code = "webhook-full"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} events wait for this webhook, the most allowed; send it again later.")
