"""The graph as SVG, PDF, PNG or DOT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from app.export.dialog import Choice, ExportDialog
from app.session import Session
from app.theme import theme
from app.widgets.labels import label
from app.widgets.work import Control, Work
from kgui.errors import LimitError
from kgui.layout import Diagram, Placement
from kgui.reports.picture import WRITERS, PictureOptions, ThemeName, draw, picture
from kgui.reports.picture_shapes import Drawing

MOST_DPI = 1200
MARGINS = 64.0
"""Pixels around the cards, both sides together; see `kgui.reports.picture.MARGIN`."""


class PictureDialog(ExportDialog):
    """Asks what the picture shows and how large it is.

    Args:
        session: The model.
        diagram: The cards on the canvas.
        placement: Their places.
        folder: Where "Save…" begins.
        parent: The window.
    """

    def __init__(self, session: Session, diagram: Diagram, placement: Placement, folder: Path, parent: QWidget) -> None:
        stem = session.path.stem if session.path is not None else session.model.name or "model"
        super().__init__("", folder, stem, parent)
        self.setWindowTitle(self.tr("Export Picture"))
        self._session = session
        self._diagram = diagram
        # What the user drags meanwhile must not come into a picture that is half drawn.
        self._placement = replace(placement, rects=list(placement.rects), routes=list(placement.routes))
        self.format = Choice({"svg": "SVG", "pdf": "PDF", "png": "PNG", "dot": "DOT"})
        self.what = Choice({"canvas": self.tr("As on the canvas"), "whole": self.tr("Arranged anew")})
        self.direction = Choice({"TB": self.tr("Top to bottom"), "LR": self.tr("Left to right")})
        self.direction.value = placement.direction
        self.theme = Choice({"light": self.tr("Light"), "dark": self.tr("Dark")})
        self.theme.value = "dark" if theme().dark else "light"
        self.transparent = QCheckBox(self.tr("Transparent ground"))
        self.checks = {
            "show_shapes": QCheckBox(self.tr("Output shapes")),
            "show_dtype": QCheckBox(self.tr("Output dtypes")),
            "show_layer_names": QCheckBox(self.tr("Layer names")),
            "show_arguments": QCheckBox(self.tr("Arguments")),
            "expand_nested": QCheckBox(self.tr("Nested models open")),
            "fold_repeats": QCheckBox(self.tr("Identical blocks as one of them")),
        }
        for name in ("show_shapes", "show_layer_names", "show_arguments"):
            self.checks[name].setChecked(True)
        shown = QVBoxLayout()
        shown.setSpacing(6)
        for check in self.checks.values():
            shown.addWidget(check)
        self._shown = QWidget()
        shown.setContentsMargins(0, 0, 0, 0)
        self._shown.setLayout(shown)
        self.dpi = QSpinBox(minimum=12, maximum=MOST_DPI, value=192, singleStep=24, suffix=self.tr(" dpi"))
        self.dpi.lineEdit().setTextMargins(4, 0, 0, 0)
        self.width_field = QSpinBox(minimum=16, maximum=60_000, suffix=self.tr(" pixels wide"))
        self.width_field.lineEdit().setTextMargins(4, 0, 0, 0)
        sizes = QHBoxLayout()
        sizes.setContentsMargins(0, 0, 0, 0)
        sizes.setSpacing(8)
        sizes.addWidget(self.dpi)
        sizes.addWidget(self.width_field)
        sizes.addStretch(1)
        self._sizes = QWidget()
        self._sizes.setLayout(sizes)
        self.size_label = label(role="dim", wrap=True)
        self.size_label.setMinimumSize(320, 36)
        self.size_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        look = QHBoxLayout()
        look.setContentsMargins(0, 0, 0, 0)
        look.setSpacing(16)
        look.addWidget(self.theme)
        look.addWidget(self.transparent)
        look.addStretch(1)
        looks = QWidget()
        looks.setLayout(look)
        for title, field in (
            (self.tr("Format"), self.format),
            (self.tr("Cards"), self.what),
            (self.tr("Direction"), self.direction),
            (self.tr("Shown"), self._shown),
            (self.tr("Colours"), looks),
            (self.tr("Resolution"), self._sizes),
            (self.tr("Size"), self.size_label),
        ):
            self.form.addRow(label(title, "dim"), field)
        for choice in (self.format, self.what, self.direction, self.theme):
            choice.changed.connect(self._update)
        self.dpi.valueChanged.connect(self._dpi_changed)
        self.width_field.valueChanged.connect(self._width_changed)
        self._following = False
        self._dpi_changed()
        self._update()
        self.setMinimumWidth(520)

    def options(self) -> PictureOptions:
        """What the form says."""
        return PictureOptions(
            **{name: check.isChecked() for name, check in self.checks.items()},
            rankdir="LR" if self.direction.value == "LR" else "TB",
            dpi=self.dpi.value(),
            theme=cast(ThemeName, self.theme.value),
            transparent=self.transparent.isChecked(),
        )

    def ending(self) -> str:
        """The format."""
        return self.format.value

    def work(self) -> Work:
        """Draws, in another thread."""
        options, ending = self.options(), self.format.value
        model, inference = self._session.model, self._session.inference
        risky = {name for risk in self._session.opened.risks for name in risk.where.split("'")[1::2]}
        diagram, placement, title = self._diagram, self._placement, model.name

        def drawing() -> Drawing:
            if self._as_on_canvas:
                return draw(diagram, placement, options, title)
            return picture(model, inference, options, risky)

        def made(control: Control) -> bytes:
            if ending == "dot":
                from kgui.reports.picture_dot import dot

                return str(dot(model, inference, options).to_string()).encode()
            drawn = drawing()
            control.check()
            return _pixels(drawn, options, control) if ending == "png" else WRITERS[ending](drawn, options)

        return made

    def put_on_clipboard(self, content: bytes) -> None:
        """A PNG as a picture, SVG and DOT as text with the type that drawing programs look for."""
        CLIPBOARD[self.format.value](content)

    @property
    def _as_on_canvas(self) -> bool:
        return self.what.value == "canvas" and self.format.value != "dot"

    def _update(self) -> None:
        ending, canvas = self.format.value, self._as_on_canvas
        self.what.setEnabled(ending != "dot")
        self.direction.setEnabled(not canvas)
        self._shown.setEnabled(not canvas)
        self.theme.setEnabled(ending != "dot")
        self.transparent.setEnabled(ending != "dot")
        self.form.setRowVisible(self._sizes, ending == "png")
        self.width_field.setEnabled(canvas)
        self.copy_button.setEnabled(ending in CLIPBOARD)
        self._tell_size()

    def _tell_size(self) -> None:
        width, height = self._canvas_size()
        scale = self.dpi.value() / 96 if self.format.value == "png" else 1.0
        text = self.tr("{width} × {height} pixels").format(
            width=f"{width * scale:,.0f}", height=f"{height * scale:,.0f}"
        )
        if self.format.value == "dot":
            text = self.tr("Text for Graphviz, which arranges the graph itself.")
        elif not self._as_on_canvas:
            text = self.tr("As large as the arrangement turns out.")
        elif self.format.value == "png":
            text += self._too_large(width, height)
        else:
            text += self.tr(", sharp at any size")
        self.size_label.setText(text)

    def _too_large(self, width: float, height: float) -> str:
        from kgui.reports.picture_png import check_dpi

        try:
            check_dpi(width, height, self.dpi.value())
        except LimitError as error:
            return f". {error}"
        return ""

    def _canvas_size(self) -> tuple[float, float]:
        return self._placement.width + MARGINS, self._placement.height + MARGINS

    def _dpi_changed(self) -> None:
        if not self._following:
            self._following = True
            self.width_field.setValue(round(self._canvas_size()[0] * self.dpi.value() / 96))
            self._following = False
        self._tell_size()

    def _width_changed(self) -> None:
        if not self._following:
            self._following = True
            self.dpi.setValue(round(self.width_field.value() * 96 / self._canvas_size()[0]))
            self._following = False
        self._tell_size()


def _pixels(drawing: Drawing, options: PictureOptions, control: Control) -> bytes:
    """Drawn by a process of its own: in this one the library would stop every other thread, the window's too."""
    from kgui.reports import picture_png

    prepared = picture_png.prepare(drawing, options.dpi)
    return control.run(picture_png.command(prepared), prepared.svg.encode())


def _copy_png(content: bytes) -> None:
    QGuiApplication.clipboard().setImage(QImage.fromData(content, "PNG"))


def _copy_svg(content: bytes) -> None:
    data = QMimeData()
    data.setData("image/svg+xml", content)
    data.setText(content.decode())
    QGuiApplication.clipboard().setMimeData(data)


def _copy_text(content: bytes) -> None:
    QGuiApplication.clipboard().setText(content.decode())


CLIPBOARD: dict[str, Callable[[bytes], Any]] = {"png": _copy_png, "svg": _copy_svg, "dot": _copy_text}
"""What puts each format on the clipboard. No program takes a PDF from there."""
