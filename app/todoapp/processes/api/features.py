"""What an installation may switch off: `spec.features` of its TodoApp."""

from todoapp.kit.errors import Forbidden
from todoapp.processes.api.dependencies import CurrentRuntime

__all__ = ["FeatureOff", "links_are_sent", "quick_add_is_on"]


class FeatureOff(Forbidden):
    """The installation does not offer it to anybody."""

    code = "feature-off"

    def __init__(self, feature: str, instead: str) -> None:
        super().__init__(f"{feature} is switched off in this installation; {instead}.")


async def quick_add_is_on(runtime: CurrentRuntime) -> None:
    """
    Raises:
        FeatureOff
    """
    if not runtime.settings.features.quick_add:
        raise FeatureOff("Quick add", "add the task by POST /api/tasks")


async def links_are_sent(runtime: CurrentRuntime) -> None:
    """
    Raises:
        FeatureOff
    """
    if not runtime.sends_links:
        raise FeatureOff("Sending links", "ask the people who run it for one")
