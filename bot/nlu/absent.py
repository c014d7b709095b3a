"""Stands in for libraries that Rasa imports at its start and our model never calls: TensorFlow and its like.

Importing them takes most of the brain's start and more than half of its memory. While Rasa is imported, their
names are classes to inherit from and decorators that do nothing; afterwards, calling one is an error.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Collection, Sequence
from typing import Any

LEFT_OUT = (
    "tensorflow",
    "tensorflow_addons",
    "tensorflow_hub",
    "tensorflow_text",
    "keras",
    "matplotlib",
    "sklearn",
    "skops",
)
_is_importing = True


class NotHere(RuntimeError):
    """Something called a library that was left out; start the brain with `rasa run` instead."""


class _Absent(type):
    """A class that has every attribute, and may be inherited from, subscripted and used as a decorator."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _class(name)

    def __getitem__(cls, _item: Any) -> Any:
        return cls

    def __or__(cls, other: Any) -> Any:
        return other

    def __ror__(cls, other: Any) -> Any:
        return other

    def __lt__(cls, _other: Any) -> bool:
        return False

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if not cls.__dict__.get("is_absent"):
            return super().__call__(*arguments, **options)
        if not _is_importing:
            raise NotHere(f"{cls.__name__} was left out of this process; start the brain with `rasa run`.")
        if len(arguments) == 1 and not options and callable(arguments[0]):
            return arguments[0]
        return lambda decorated=None, *_arguments, **_options: decorated


def _class(name: str) -> Any:
    return _Absent(name, (), {"is_absent": True})


class _Module(types.ModuleType):
    __path__: list[str] = []  # noqa: RUF012 - the import system reads it here
    __version__ = "2.12.0"  # Rasa asks TensorFlow's

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _class(name)
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def find_spec(self, name: str, path: "Sequence[str] | None", target: Any = None) -> Any:
        if name.split(".")[0] in self._names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def leave_out(*, but: Collection[str] = ()) -> None:
    """From here on, importing one of `LEFT_OUT` (`but` these) gives a stand-in. Before Rasa is imported."""
    sys.meta_path.insert(0, _Finder(frozenset(LEFT_OUT) - set(but)))


def done() -> None:
    """Rasa is imported: from here on, calling a stand-in raises `NotHere`."""
    global _is_importing
    _is_importing = False
