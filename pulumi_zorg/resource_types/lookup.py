"""What all lookups have in common: functions that a program calls to find what exists, like ``get_organization``.

A lookup runs in the program's process, because Pulumi cannot call a function of a dynamic provider. In a unit test with
``pulumi.runtime.set_mocks`` it goes to the mocks, like the functions of other packages.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pulumi
from pulumi.runtime.mocks import MockMonitor

from pulumi_zorg import errors
from pulumi_zorg.errors import InputError, LookupFailed, NoMatch, ZorgError, clean
from pulumi_zorg.resource_types.inputs import TEXT_OF_AN_OUTPUT, is_made_of_an_output, kind_of, wrong_id
from pulumi_zorg.settings.masking import Masking, texts_in

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.api.records import ObjectRecord
    from pulumi_zorg.settings.config import Settings

#: What the argument ``state`` takes, and that of a twin. An output is checked when it is known.
State = Literal["active", "inactive"]
StateInput = pulumi.Input[State] | pulumi.Output[str]

#: How the API compares a text.
EQUALS, CONTAINS = "TEXT_QUERY_METHOD_EQUALS", "TEXT_QUERY_METHOD_CONTAINS_IGNORE_CASE"
#: So many objects are listed in an error.
_MOST_LISTED = 5
#: So many lookups for outputs wait for the server at once.
_AT_ONCE = 16

Result = TypeVar("Result")
Found = TypeVar("Found")
Answer = TypeVar("Answer")
Error = TypeVar("Error", bound=ZorgError)


class Question:
    """One call of a lookup. What is wrong with its arguments is an ``InputError``, before anything is called.

    :param function: the name of the function in a program: ``get_organization``.
    :param arguments: its arguments, with None for those that were left out: ``locals()`` at the beginning of the function.
    :param flags: those that say what the program accepts. Mocks do not get them.
    """

    def __init__(self, function: str, arguments: Mapping[str, Any], flags: Sequence[str] = ()) -> None:
        self.function = function
        self.given = {name: value for name, value in arguments.items() if value is not None and name not in flags}
        self._accepted = tuple(name for name in flags if arguments[name])
        for name in flags:
            if not isinstance(arguments[name], bool):
                raise self._wrong(name, f"must be True or False, not {kind_of(arguments[name])}")
        self.choice("state", "active", "inactive")
        for name, value in self.given.items():
            reason = self._why_wrong(name, value)
            if reason is not None:
                raise self._wrong(name, reason)

    def _why_wrong(self, name: str, value: Any) -> str | None:
        """Return what is wrong with the value of an argument; None where nothing is."""
        if isinstance(value, pulumi.Output):
            return f"must not be an output: use {self.function}_output(…), which takes outputs and returns one"
        if is_made_of_an_output(value):
            return f"{TEXT_OF_AN_OUTPUT}: use {self.function}_output(…), and pulumi.Output.concat(…) for the text"
        if name == "id" or name.endswith("_id"):
            if isinstance(value, pulumi.Resource):
                return f"must be an id, not a resource: use {self.function}_output(…), with `.id` after the resource"
            return wrong_id(value)
        if not isinstance(value, str):
            return f"must be a string, not {kind_of(value)}"
        return None if value.strip() else "must not be blank"

    def _wrong(self, name: str, reason: str) -> InputError:
        return without_traceback(InputError(f"{self.function}()", name, reason))

    def exactly_one_of(self, *names: str) -> tuple[str, str]:
        """Return the one of these arguments that is given, and its value."""
        given = [name for name in names if name in self.given]
        if len(given) == 1:
            return given[0], self.given[given[0]]
        problem = "is missing" if not given else f"cannot be given together with {' and '.join(given[1:])}"
        raise self._wrong(given[0] if given else names[0], f"{problem}: give exactly one of {', '.join(names)}")

    def choice(self, name: str, *values: str) -> None:
        """Verify that an argument, if it is given, is one of these values."""
        if self.given.get(name, values[0]) not in values:
            raise self._wrong(name, f"must be {' or '.join(map(quoted, values))}")

    def any_of(self, *names: str) -> None:
        """Verify that at least one argument is given.

        :param names: all arguments.
        """
        if not self.given:
            raise self._wrong(names[0], f"is missing: give at least one of {', '.join(names)}")

    def require(self, name: str, *, unless: str | None = None) -> None:
        """Verify that an argument is given.

        :param unless: another argument that is enough in its place.
        """
        if name not in self.given and unless not in self.given:
            raise self._wrong(name, f"is missing{f': give it, or {unless}' if unless else ''}")

    def answer(self, result: type[Result], find: Callable[[Client], Result]) -> Result:
        """Return the answer of the mocks, or of the server, which is queried once in a run.

        :param result: the class of the answer.
        """
        return self._answered(find, lambda mocked: _made(result, mocked))

    def answers(self, result: type[Result], key: str, find: Callable[[Client], Sequence[Result]]) -> tuple[Result, ...]:
        """Return a list of answers. See :meth:`answer`.

        :param key: the key of the list in an answer of the mocks.
        """
        return tuple(self._answered(find, lambda mocked: [_made(result, each) for each in mocked.get(key) or ()]))

    def _answered(self, find: Callable[[Client], Answer], of_mocks: Callable[[Mapping[str, Any]], Answer]) -> Answer:
        if not self.is_mocked():
            key = (self.function, *sorted(self.given.items()), *self._accepted)
            answer: Answer = _run().once(key, find)
            return answer
        first, *others = self.function.split("_")
        token = f"zorg:index:{first}{''.join(each.title() for each in others)}"
        return of_mocks(dict(pulumi.runtime.invoke(token, self.given).value or {}))

    @staticmethod
    def is_mocked() -> bool:
        """Whether this is a unit test of a program, in which mocks answer."""
        return isinstance(pulumi.runtime.settings.get_monitor(), MockMonitor)


@cache
def _threads() -> ThreadPoolExecutor:
    """Return the threads in which lookups wait. The SDK registers resources in those of the event loop."""
    return ThreadPoolExecutor(_AT_ONCE, "zorg-lookup")


class _Run:
    """The client of the program, and what has been answered."""

    def __init__(self, settings: Settings) -> None:
        from pulumi_zorg.api.client import Client

        self.masking = Masking()
        self._client = Client.connect(
            settings, notice=lambda sentence: pulumi.log.warn(f"zorg: {self.masking.mask(sentence)}")
        )
        self._answers: dict[tuple[Any, ...], Any] = {}
        #: One for each question: a slow answer stops no other question.
        self._locks: defaultdict[tuple[Any, ...], threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def once(self, question: tuple[Any, ...], find: Callable[[Client], Any]) -> Any:
        """Return the answer to a question. It is found once, also for several threads.

        That there is not exactly one match is an answer too. Other errors, like an outage, are not kept.
        """
        with self._lock:
            lock = self._locks[question]
        with lock:
            if question not in self._answers:
                try:
                    self._answers[question] = find(self._client)
                except LookupFailed as error:
                    self._answers[question] = without_traceback(error)
                except ZorgError as error:
                    raise without_traceback(error) from None
            answer = self._answers[question]
        if isinstance(answer, LookupFailed):
            raise answer.with_traceback(None)
        return answer


@cache
def _run_with(settings: Settings, monitor: object) -> _Run:
    """Return the run of an engine. One process can have several, with the automation API."""
    return _Run(settings)


def _settings() -> Settings:
    """Return the settings, and remember the instance.

    Lookups run in the program's process and resources in the provider's. Each reads the environment of its own. So the program
    sends the instances of its lookups to the provider, with the internal input
    :data:`pulumi_zorg.resource_types.inputs.LOOKED_UP`, and the provider verifies that its resources are on the same one.
    """
    from pulumi_zorg.settings.config import Process, load_settings

    settings = load_settings(pulumi.Config("zorg").get, process=Process.PROGRAM)
    _instances(pulumi.runtime.settings.get_monitor())[settings.url] = settings.url_origin
    return settings


def looked_up() -> dict[str, str]:
    """Return the addresses that lookups of the program have used so far, with the names under which they were given."""
    return dict(_instances(pulumi.runtime.settings.get_monitor()))


@cache
def _instances(monitor: object) -> dict[str, str]:
    """Return the instances of one run of an engine. One process can have several runs, with the automation API."""
    return {}


def without_traceback(error: Error) -> Error:
    """Return the error as one that the engine shows without a traceback."""
    kind: Any = type(error)
    if issubclass(kind, pulumi.RunError):
        return error
    shown_kind = type(kind.__name__, (kind, pulumi.RunError), {})
    shown: Error = shown_kind.__new__(shown_kind, *error.args)
    shown.__dict__.update(vars(error))
    return shown


def once_in_run(what: str, read: Callable[[Client], Answer]) -> Answer:
    """Return what several questions of a run share, which is read once.

    :param what: what it is. No question has this name.
    """
    answer: Answer = _run().once((what,), read)
    return answer


def _run() -> _Run:
    try:
        return _run_with(_settings(), pulumi.runtime.settings.get_monitor())
    except ZorgError as error:
        raise without_traceback(error) from None


def _made(result: type[Result], values: Mapping[str, Any]) -> Result:
    """Return a result with these values. What they leave out is None."""
    return result(**{each.name: values.get(each.name) for each in fields(result)})  # type: ignore[arg-type]  # any dataclass


def result_of(result: type[Result], record: ObjectRecord) -> Result:
    """Return what a lookup returns of an object: those of its properties that the class has."""
    properties = {"id": record.id, **record.properties()}
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in properties.items()}
    return _made(result, found)


def as_output(function: Callable[..., Result], given: Mapping[str, pulumi.Input[Any] | None]) -> pulumi.Output[Result]:
    """Return what the function returns for arguments that may be known later.

    It is unknown as long as one of them is, and secret if one of them is. Then no message shows any of them. The function runs in
    a thread of its own: the program goes on while the server is queried.
    """
    if not Question.is_mocked():
        with suppress(errors.ConfigurationError):  # the lookup ends with it
            _settings()  # resources are declared before the lookup is made
    arguments = pulumi.Output.from_input({name: value for name, value in given.items() if value is not None})
    is_secret: pulumi.Input[bool] = arguments.is_secret()

    async def answer(found: Sequence[Any]) -> Result:
        values, secret = found
        find: Callable[[], Result] = partial(_hiding, function, values) if secret else partial(function, **values)
        if Question.is_mocked():  # mocks are called in the program's event loop
            return find()
        return await asyncio.get_running_loop().run_in_executor(_threads(), copy_context().run, find)

    return pulumi.Output.all(arguments, is_secret).apply(answer)


def _hiding(function: Callable[..., Result], values: Mapping[str, Any]) -> Result:
    """Return what the function returns. Its messages show no value."""
    masking = Masking() if Question.is_mocked() else _run().masking
    masking.hide(texts_in(list(values.values())))
    try:
        return function(**values)
    except ZorgError as error:
        raise masking.mask_error(error) from None


def in_organization(client: Client, org_id: str, found: Sequence[Found]) -> Sequence[Found]:
    """Return what a search found that names an organization in the header.

    That it found nothing means nothing if the server searched another organization.

    :raises HeaderIgnored: where it did.
    :raises NoMatch: where the organization was removed.
    """
    if not found and not client.verify_org_header(org_id):
        raise NoMatch(
            f"The server shows organization {clean(org_id)} as it shows removed ones, so nothing is searched there."
        )
    return found


def one(
    found: Sequence[Found],
    what: str,
    describe: Callable[[Found], str],
    similar: Callable[[], Iterable[Found]],
    narrow: str = "id",
    label: str = "Similar names",
) -> Found:
    """Return the only match.

    :param what: what was looked for: ``organization with the name "Acme"``.
    :param describe: one match in a sentence.
    :param similar: returns what else could be meant, for the error.
    :param narrow: the arguments that distinguish several matches.
    :param label: what the similar ones are.
    :raises NoMatch: where nothing matches.
    :raises SeveralMatches: where several do.
    """
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.SeveralMatches(
            f"There are {len(found)} matches for the {what}: {_list(found, describe)}. Look it up with {narrow}."
        )
    try:
        others = list(similar())
    except ZorgError:  # the error is about what was looked for
        others = []
    text = f" {label}: {_list(others, describe)}." if others else ""
    raise NoMatch(f"There is no {what} that this credential may see.{text}")


def _list(found: Sequence[Found], describe: Callable[[Found], str]) -> str:
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return "; ".join(describe(each) for each in found[:_MOST_LISTED]) + more


def similar_by(text: str, search: Callable[[str], Sequence[Found]]) -> Callable[[], Sequence[Found]]:
    """Return a search for what is similar to a text: what contains it, or else what contains its first word."""
    return lambda: search(text) or search(text.replace("@", " ").split()[0])


def quoted(value: str) -> str:
    """Return a name for a message."""
    return f'"{clean(value)}"'


def shown(record: Any) -> str:
    """Return an object of a list in a sentence: a record that has a name."""
    place = f" in organization {clean(record.org_id)}" if record.org_id and record.org_id != record.id else ""
    return f"{quoted(record.name)} ({clean(record.id)}{place}{'' if is_active(record.state) else ', inactive'})"


def is_active(state: str) -> bool:
    """Whether a state of ZITADEL is that of an active object."""
    return state.endswith("_ACTIVE")
