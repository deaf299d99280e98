"""The inspector dock."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.inspector.facts import Fact, Section, about_model, about_node
from app.session import Session
from app.theme import font
from app.widgets.empty import EmptyState
from app.widgets.labels import ElidedLabel, label
from app.words import breakable, tip

LABEL_WIDTH = 120
FIELDS = ("field", "default")


class InspectorPanel(QWidget):
    """A heading and sections of labelled values, scrolled where they are longer than the dock."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack = QStackedWidget()
        self._stack.addWidget(
            EmptyState("inspector", self.tr("Open a model: what is selected is explained here, or the model itself."))
        )
        self._stack.addWidget(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._session is not None:
            for signal in self._signals(self._session):
                signal.disconnect(self._rebuild)
        self._session = session
        if session is not None:
            for signal in self._signals(session):
                signal.connect(self._rebuild)
        self._rebuild()

    def _signals(self, session: Session):
        return session.inference_changed, session.selection_changed

    def _rebuild(self) -> None:
        session = self._session
        self._stack.setCurrentIndex(0 if session is None else 1)
        if session is None:
            return
        key = session.current
        layer = session.layer(key[0]) if key is not None else None
        if key is not None and layer is not None:
            more = len(session.selection) - 1
            subtitle = layer.class_name + (self.tr("  ·  and {count} more selected").format(count=more) if more else "")
            self._show(layer.name or layer.class_name, subtitle, about_node(session, key))
        else:
            model = session.model
            project = session.opened.project
            title = project.name if project is not None else model.name or session.title
            kinds = dict.fromkeys(kind for kind in (model.class_name, model.kind.capitalize()) if kind)
            self._show(title, "  ·  ".join(kinds), about_model(session))

    def _show(self, title: str, subtitle: str, sections: list[Section]) -> None:
        page = QWidget()
        page.setProperty("role", "panel")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(0)
        layout.addWidget(ElidedLabel(title, role="heading"))
        layout.addWidget(ElidedLabel(subtitle, role="dim"))
        for section in sections:
            layout.addSpacing(16)
            layout.addWidget(label(section.title, "section"))
            layout.addSpacing(6)
            layout.addLayout(_grid(section.facts))
        layout.addStretch(1)
        place = self._scroll.verticalScrollBar().value()
        # The old page must not be seen beside the new one until Qt deletes it.
        if (old := self._scroll.takeWidget()) is not None:
            old.deleteLater()
        self._scroll.setWidget(page)
        self._scroll.verticalScrollBar().setValue(place)


def _grid(facts: list[Fact]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6 if any(fact.style in FIELDS for fact in facts) else 4)
    grid.setColumnMinimumWidth(0, LABEL_WIDTH)
    grid.setColumnStretch(1, 1)
    for row, fact in enumerate(facts):
        if not fact.label or fact.style in ("warning", "error"):
            grid.addWidget(_paragraph(fact), row, 0, 1, 2)
            continue
        name = ElidedLabel(fact.label, role="dim")
        name.setFixedWidth(LABEL_WIDTH)
        name.set_tip(fact.tip)
        grid.addWidget(name, row, 0)
        grid.addWidget(_field(fact) if fact.style in FIELDS else _value(fact), row, 1)
    return grid


def _paragraph(fact: Fact) -> QLabel:
    text = f"{fact.label}: {fact.value}" if fact.label else fact.value
    made = label(breakable(text), fact.style if fact.style in ("warning", "error") else "dim", wrap=True)
    # Copied text is without the places to break it at.
    made.setToolTip(tip(text) if breakable(text) != text else "")
    return made


def _value(fact: Fact) -> QWidget:
    made = ElidedLabel(fact.value, mono=fact.style == "mono", mode=Qt.TextElideMode.ElideMiddle)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _field(fact: Fact) -> QLineEdit:
    made = QLineEdit(fact.value, readOnly=True)
    made.setFont(font())
    made.setCursorPosition(0)
    made.setToolTip(tip(fact.value, fact.tip))
    if fact.style == "default":
        made.setProperty("role", "default")
    made.setAccessibleName(fact.label)
    return made
