"""What the window's actions do with the graph in front: zoom, arrange, fold, find, open nested models in tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject

from app.session import LayerPath, Opened, Session

if TYPE_CHECKING:
    from app.canvas import Canvas

KEYS = ("fit", "actual_size", "zoom_in", "zoom_out", "zoom_to_selection")
"""Actions whose shortcuts are single keys: they count only where the graph has the focus."""


class Graphs(QObject):
    """The handlers of these actions.

    Args:
        window: The `app.window.Window` that they belong to.
    """

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._window = window
        self._nested: dict[tuple[Session, LayerPath], Session] = {}

    def handlers(self) -> dict[str, Callable[[], None]]:
        """By the id of the action."""

        def call(name: str, *arguments: object) -> Callable[[], None]:
            return lambda: self._call(name, *arguments)

        plain = ("arrange", "expand_all", "collapse_all", "find")
        return {
            **{name: call(name) for name in (*KEYS, *plain)},
            "direction_tb": call("set_direction", "TB"),
            "direction_lr": call("set_direction", "LR"),
            "fold": self._fold,
            "open_nested": self._open_current,
        }

    @property
    def canvas(self) -> Canvas | None:
        """The graph in front. Where a page shows several, the one with the focus, or the first."""
        page = self._window.tabs.currentWidget()
        if page is None:
            return None
        # A page is shown: this has been loaded long ago.
        from app.canvas import Canvas

        if isinstance(page, Canvas):
            return page
        inside = page.findChildren(Canvas)
        focus = self._window.focusWidget()
        return next((canvas for canvas in inside if canvas.isAncestorOf(focus)), inside[0] if inside else None)

    @property
    def busy(self) -> bool:
        """Whether the graph in front is being laid out."""
        canvas = self.canvas
        return canvas is not None and canvas.busy

    def there(self) -> dict[str, bool]:
        """Which of `app.actions.REASONS` are there."""
        canvas = self.canvas
        session = canvas.session if canvas is not None else None
        chosen = session.layer(session.current[0]) if session is not None and session.current is not None else None
        nested = session is not None and any(layer.model is not None for layer in session.model.layers.values())
        return {
            "graph": canvas is not None,
            "nested": nested,
            "nested_selected": chosen is not None and chosen.model is not None,
        }

    def update(self) -> None:
        """Shows what is on and off."""
        canvas, actions = self.canvas, self._window.actions_table
        direction = canvas.direction if canvas is not None else "TB"
        actions["direction_lr" if direction == "LR" else "direction_tb"].setChecked(True)
        actions["fold"].setChecked(canvas is not None and canvas.folding)

    def adopt(self, canvas: Canvas) -> None:
        """Gives a canvas that has been made for a tab its shortcuts."""
        for name in KEYS:
            canvas.addAction(self._window.actions_table[name])
        session = canvas.session
        session.nested_requested.connect(lambda path: self.open_nested(session, path))

    def open_nested(self, session: Session, path: LayerPath) -> None:
        """Shows a nested model in a tab of its own; brings that to the front if there is one."""
        opened = _nested(session, path)
        if opened is None:
            return
        key = (session, path)
        known = self._nested.get(key)
        if known is not None:
            self._window.show_session(known)
            return
        inner = Session(opened, self._window)
        inner.title = f"{opened.model.name} · {session.title}"
        self._nested[key] = inner

        def again() -> None:
            anew = _nested(session, path)
            if anew is not None:
                inner.replace(anew)

        session.model_changed.connect(again)
        inner.destroyed.connect(lambda: _disconnect(session, again))
        self._window.add_session(inner)

    def closed(self, session: Session) -> None:
        """The tab of a document is gone. It lives a little longer for the panels' sake; who asks again gets another."""
        for key in [key for key, inner in self._nested.items() if inner is session]:
            del self._nested[key]

    def _open_current(self) -> None:
        canvas = self.canvas
        if canvas is not None and canvas.session.current is not None:
            self.open_nested(canvas.session, canvas.session.current[0])

    def _fold(self) -> None:
        canvas = self.canvas
        if canvas is not None:
            canvas.set_folding(not canvas.folding)
        self.update()

    def _call(self, name: str, *arguments: object) -> None:
        canvas = self.canvas
        if canvas is not None:
            getattr(canvas, name)(*arguments)
        self.update()


def _disconnect(session: Session, slot: Callable[[], None]) -> None:
    try:
        session.model_changed.disconnect(slot)
    except RuntimeError:
        pass  # the tab of the outer model was closed first


def _nested(session: Session, path: LayerPath) -> Opened | None:
    """The nested model at a path as a document of its own, or None where there is none (any more)."""
    layer, result = session.layer(path), session.result(path)
    if layer is None or layer.model is None or result is None or result.model is None:
        return None
    depth = len(path)
    problems = [
        replace(problem, path=type(problem.path)(problem.path[depth:]))
        for problem in session.inference.problems
        if tuple(problem.path[:depth]) == path and len(problem.path) > depth
    ]
    names = {inner.name for inner in layer.model.layers.values()}
    return Opened(
        path=None,
        model=layer.model,
        inference=replace(result.model, problems=problems),
        format=session.opened.format,
        keras_version=session.opened.keras_version,
        backend=session.opened.backend,
        facts={QCoreApplication.translate("graphs", "Nested in"): f"{session.title} › {layer.name}"},
        risks=[risk for risk in session.opened.risks if names.intersection(risk.where.split("'")[1::2])],
    )
