"""The object that a resource changes, and how far the change has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.retry import retry
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.lifecycle import Step
from pulumi_zorg.resource_types.resource_type import AnyInputs, ResourceType
from pulumi_zorg.world.observed import Address, Observed, Removal

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

T = TypeVar("T")


@dataclass
class Target(Generic[AnyInputs]):
    """One object, and what is known of its change. It outlives an error, which reports how far the change came.

    :param inputs: what the program declares.
    :ivar first: the object before the first step; None where it was not read.
    :ivar found: the object as it was read last.
    :ivar sent: what the calls send: properties that are not changed are as the last reading shows them.
    :ivar unsure: the step that was begun after the last reading.
    :ivar lost: the steps that the server has lost: their opposites were made, so that they can be made again.
    """

    type: ResourceType[AnyInputs]
    client: Client
    id: str
    inputs: AnyInputs
    first: Observed | None = None
    found: Observed | None = None
    sent: AnyInputs = field(init=False)
    unsure: Step | None = None
    lost: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sent = self.inputs

    @property
    def title(self) -> str:
        """The object in a sentence."""
        return self.type.title(self.sent, self.id)

    @property
    def address(self) -> Address:
        """By what the declared object is found."""
        return self.type.address_in(self.inputs.dump())

    def find(self, recorded: Mapping[str, Any]) -> Observed | Removal:
        """Return the object, or the proof that it was removed.

        :param recorded: what the state has of it.
        """
        return self.type.find(self.client, self.id, self.type.address_in(recorded))

    def guard(self, step: Step) -> None:
        """Raise where the step must not be made."""
        self.type.guard(self.client, self.id, self.sent, step)

    def perform(self, step: Step) -> None:
        """Make the step."""
        self.type.perform(self.client, self.id, self.sent, step)


def repeat(transport: Transport, call: Callable[[], T], should_repeat: Callable[[ZorgError], bool], sentence: str) -> T:
    """Return what ``call`` returns. Repeat it where the answer to a write was lost, as long as the outage may pass.

    :param sentence: what is reported before it is repeated, with a place for the seconds until then.
    """
    return retry(
        call,
        should_retry=lambda error: isinstance(error, ZorgError) and error.may_have_applied and should_repeat(error),
        left=transport.patience(),
        sleep=transport.sleep,
        notify=lambda error, wait: transport.report_repeated(error, f"{error} {sentence.format(f'{wait:.1f} s')}"),
    )
