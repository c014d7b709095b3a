"""Runs the parts of a loaded model one after the other; Rasa hands each run to dask, which plans it anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import InvalidConfigException, RasaException

logger = logging.getLogger(__name__)

Step = Callable[[dict[str, Any]], Any]  # outputs so far to the output of one part
Plan = tuple[tuple[str, Step], ...]  # by name, in order


class StraightGraphRunner(GraphRunner):
    """The same results as `DaskGraphRunner`; the order of a run is planned once per target."""

    def __init__(self, schema: GraphSchema, nodes: dict[str, GraphNode]) -> None:
        self._schema = schema
        self.nodes = nodes
        self._plans: dict[tuple[str, ...], Plan] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> StraightGraphRunner:
        """Load the parts."""
        return cls.of(DaskGraphRunner.create(graph_schema, model_storage, execution_context, hooks))

    @classmethod
    def of(cls, loaded: DaskGraphRunner) -> StraightGraphRunner:
        """The parts of a runner that has loaded them."""
        return cls(loaded._graph_schema, loaded._instantiated_nodes)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Outputs of the targets.

        Raises:
            GraphRunError: a part needs what neither another part nor `inputs` gives.
        """
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        outputs = dict(inputs or {})
        try:
            for name, step in self._plans[wanted]:
                outputs[name] = step(outputs)
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return {name: outputs[name] for name in wanted}

    def _plan(self, targets: tuple[str, ...]) -> Plan:
        """Each part behind those it needs; inputs are not parts."""
        ordered: dict[str, tuple[str, ...]] = {}

        def add(name: str) -> None:
            if name in ordered or name not in self._schema.nodes:
                return
            needs = tuple(self._schema.nodes[name].needs.values())
            for need in needs:
                add(need)
            ordered[name] = needs

        for target in targets:
            add(target)
        return tuple((name, _step(self.nodes[name], needs)) for name, needs in ordered.items())


def _step(node: GraphNode, needs: tuple[str, ...]) -> Step:
    """How a node runs; one without hooks whose part is loaded without its own round of checks and log lines."""

    def whole(outputs: dict[str, Any]) -> Any:
        return node(*((need, outputs[need]) for need in needs if need in outputs))[1]

    if node._hooks or not node._eager:
        return whole
    inputs, part, run = tuple(node._inputs.items()), node._component, node._fn

    def straight(outputs: dict[str, Any]) -> Any:
        try:
            given = {name: outputs[need] for name, need in inputs}
        except KeyError:
            return whole(outputs)  # which says what is missing
        try:
            return run(part, **given)
        except InvalidConfigException:
            raise
        except RasaException:
            logger.error(f"Error running graph component for node {node._node_name}.")
            raise
        except Exception as error:
            raise GraphComponentException(
                f"Error running graph component for node {node._node_name}."
            ) from error

    return straight
