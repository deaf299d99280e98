"""The canvas driven by mouse and keys, with the session as witness."""

import pytest
from layout_models import Builder, nested, residual, siamese
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas import Canvas
from app.canvas.paint import FAR, chevron_rect
from app.session import Opened, Session
from app.theme import themes
from kgui.graph import Layer, Model
from kgui.inference.result import Inference

pytestmark = pytest.mark.gui


@pytest.fixture
def show(qtbot, qapp):
    """Shows a model on a canvas of its own."""
    themes().start()
    made = []

    def make(built, size=(900, 700)):
        session = Session(Opened(None, built.model, built.inference))
        canvas = Canvas(session)
        made.append((canvas, session))
        canvas.resize(*size)
        canvas.show()
        qtbot.waitUntil(lambda: not canvas.scene.busy, timeout=20_000)
        return canvas

    yield make
    for canvas, session in made:
        canvas.close()
        canvas.deleteLater()
        session.deleteLater()
    themes().choice = "system"


def number(canvas, name, call=0):
    return next(
        n for n, card in enumerate(canvas.scene.diagram.cards) if card.name == name and card.place[-1][1] == call
    )


def at(canvas, name, dx=20.0, dy=12.0):
    """A point on a card, in the viewport."""
    corner = canvas.scene.rect(number(canvas, name)).topLeft()
    return canvas.view.mapFromScene(corner + QPointF(dx, dy))


def click(canvas, point, modifiers=Qt.KeyboardModifier.NoModifier, button=Qt.MouseButton.LeftButton):
    QTest.mouseClick(canvas.view.viewport(), button, modifiers, point)


def drag(canvas, start, end, button=Qt.MouseButton.LeftButton):
    port = canvas.view.viewport()
    QTest.mousePress(port, button, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 6):
        QTest.mouseMove(port, start + (end - start) * step / 5)
    QTest.mouseRelease(port, button, Qt.KeyboardModifier.NoModifier, end)


def names(canvas):
    return [canvas.session.layer(path).name for path, _ in canvas.session.selection]


def test_a_click_selects_and_a_click_beside_selects_nothing(show):
    canvas = show(residual(1))
    canvas.fit()
    click(canvas, at(canvas, "stem"))
    assert names(canvas) == ["stem"]
    click(canvas, QPoint(5, 300))
    assert names(canvas) == []


def test_ctrl_click_adds_and_takes_away(show):
    canvas = show(residual(1))
    canvas.fit()
    control = Qt.KeyboardModifier.ControlModifier
    click(canvas, at(canvas, "stem"))
    click(canvas, at(canvas, "block0_a"), control)
    assert names(canvas) == ["stem", "block0_a"]
    click(canvas, at(canvas, "stem"), control)
    assert names(canvas) == ["block0_a"]


def test_a_rubber_band_selects_what_it_touches_and_escape_takes_it_back(show):
    canvas = show(residual(1))
    canvas.fit()
    view = canvas.view
    drag(canvas, QPoint(5, 5), at(canvas, "stem", 60, 30))
    assert names(canvas) == ["image", "stem"]
    port = view.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
    QTest.mouseMove(port, QPoint(850, 690))
    QTest.mouseMove(port, QPoint(890, 690))
    assert len(names(canvas)) > 3
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert names(canvas) == ["image", "stem"]
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(890, 690))
    assert names(canvas) == ["image", "stem"]


def test_the_middle_button_moves_the_canvas(show):
    canvas = show(residual(6))
    before = canvas.view.mapFromScene(QPointF(0, 0))
    drag(canvas, QPoint(400, 400), QPoint(350, 320), Qt.MouseButton.MiddleButton)
    assert canvas.view.mapFromScene(QPointF(0, 0)) - before == QPoint(-50, -80)
    assert names(canvas) == []


def test_space_and_drag_moves_the_canvas_too(show):
    canvas = show(residual(6))
    before = canvas.view.mapFromScene(QPointF(0, 0))
    QTest.keyPress(canvas.view, Qt.Key.Key_Space)
    drag(canvas, QPoint(400, 400), QPoint(380, 370))
    QTest.keyRelease(canvas.view, Qt.Key.Key_Space)
    assert canvas.view.mapFromScene(QPointF(0, 0)) - before == QPoint(-20, -30)


def wheel(canvas, point, steps, modifiers):
    event = QWheelEvent(
        QPointF(point), canvas.view.viewport().mapToGlobal(QPointF(point)), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.view.viewport(), event)


def test_the_wheel_scrolls_and_with_ctrl_zooms_at_the_pointer(show):
    canvas = show(residual(6))
    view = canvas.view
    point = QPoint(300, 200)
    before = view.mapToScene(point)
    wheel(canvas, point, 2, Qt.KeyboardModifier.ControlModifier)
    assert view.scale_factor > 1.2
    after = view.mapToScene(point)
    assert abs(after.x() - before.x()) < 2 and abs(after.y() - before.y()) < 2
    scale = view.scale_factor
    wheel(canvas, point, -1, Qt.KeyboardModifier.NoModifier)
    assert view.scale_factor == scale
    assert view.mapToScene(point).y() > after.y()


def test_dragging_a_card_moves_it_and_it_stays_there(show):
    canvas = show(residual(2))
    canvas.fit()
    place = canvas.scene.diagram.cards[number(canvas, "stem")].place
    before = canvas.scene.rect(number(canvas, "stem")).topLeft()
    start = at(canvas, "stem")
    drag(canvas, start, start + QPoint(120, 10))
    after = canvas.scene.rect(number(canvas, "stem")).topLeft()
    scale = canvas.view.scale_factor
    assert after.x() - before.x() == pytest.approx(120 / scale, abs=3 / scale)
    assert canvas.scene.fixed[place] == (after.x(), after.y())
    canvas.session.infer(Inference(layers=canvas.session.inference.layers))
    assert canvas.scene.rect(number(canvas, "stem")).topLeft() == after
    canvas.arrange()
    assert canvas.scene.rect(number(canvas, "stem")).topLeft() == before


def test_escape_puts_a_dragged_card_back(show):
    canvas = show(residual(2))
    canvas.fit()
    before = canvas.scene.rect(number(canvas, "stem")).topLeft()
    port, start = canvas.view.viewport(), at(canvas, "stem")
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(port, start + QPoint(90, 40))
    QTest.mouseMove(port, start + QPoint(120, 60))
    assert canvas.scene.rect(number(canvas, "stem")).topLeft() != before
    QTest.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert canvas.scene.rect(number(canvas, "stem")).topLeft() == before
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)


def test_the_sign_of_a_nested_model_opens_it_in_place_where_the_pointer_is(show):
    canvas = show(siamese())
    canvas.actual_size()
    encoder = number(canvas, "encoder")
    sign = chevron_rect(canvas.scene.diagram.cards[encoder]).center()
    point = at(canvas, "encoder", sign.x(), sign.y())
    corner = canvas.view.mapFromScene(canvas.scene.rect(encoder).topLeft())
    click(canvas, point)
    opened = canvas.scene.diagram.cards[number(canvas, "encoder")]
    assert opened.expanded and not canvas.scene.diagram.cards[number(canvas, "encoder", 1)].expanded
    assert (
        canvas.view.mapFromScene(canvas.scene.rect(number(canvas, "encoder")).topLeft()) - corner
    ).manhattanLength() <= 2
    assert canvas.session.selection == ()
    canvas.collapse_all()
    assert not canvas.scene.diagram.cards[number(canvas, "encoder")].expanded


def test_a_double_click_asks_for_a_tab_of_its_own(show, qtbot):
    canvas = show(siamese())
    canvas.fit()
    with qtbot.waitSignal(canvas.session.nested_requested) as asked:
        QTest.mouseDClick(
            canvas.view.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            at(canvas, "encoder", 20, 40),
        )
    assert asked.args == [(2,)]


def test_dragging_an_open_model_takes_its_inside_along(show):
    canvas = show(siamese())
    canvas.expand_all()
    canvas.actual_size()
    canvas.view.bring_into_sight(number(canvas, "encoder"))
    before = canvas.scene.rect(number(canvas, "stem"))
    frame = canvas.scene.rect(number(canvas, "encoder"))
    start = at(canvas, "encoder", 40, 10)
    drag(canvas, start, start + QPoint(-80, 0))
    after = canvas.scene.rect(number(canvas, "stem"))
    moved = canvas.scene.rect(number(canvas, "encoder"))
    assert moved.x() < frame.x() - 60
    assert after.x() - moved.x() == pytest.approx(before.x() - frame.x())


def test_arrows_walk_along_the_wires(show):
    canvas = show(residual(1))
    view = canvas.view
    walked = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        QTest.keyClick(view, key)
        walked += names(canvas)
    assert walked == ["image", "stem", "block0_a", "stem"]


def test_arrows_go_to_the_card_beside(show):
    canvas = show(siamese())
    canvas.scene.select([number(canvas, "left")])
    QTest.keyClick(canvas.view, Qt.Key.Key_Right)
    assert names(canvas) == ["right"]
    QTest.keyClick(canvas.view, Qt.Key.Key_Left)
    assert names(canvas) == ["left"]


def test_keys_of_the_canvas(show):
    canvas = show(residual(20))
    view = canvas.view
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.visible_area().contains(canvas.scene.geometry.bounds())
    QTest.keyClick(view, Qt.Key.Key_1)
    assert view.scale_factor == 1
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.scale_factor < 1
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(canvas.session.selection) == len(canvas.session.model.layers)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert canvas.session.selection == ()
    canvas.scene.select([number(canvas, "stem")])
    QTest.keyClick(view, Qt.Key.Key_2)
    assert view.visible_area().contains(canvas.scene.rect(number(canvas, "stem")))
    assert view.scale_factor > 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("block1_b", 1),
        ("add", 3),
        ("conv2d 3×3", 7),
        ("(none, 10)", 1),
        ("softmax", 1),
        ("nothing like it", 0),
        ("", 0),
    ],
)
def test_find_by_name_class_argument_and_shape(show, text, found):
    canvas = show(residual(3))
    canvas.find()
    canvas.find_bar.field.setText(text)
    assert len(canvas.scene.found) == found
    assert canvas.scene.searching == bool(found)


def test_enter_goes_from_match_to_match_and_escape_ends_the_search(show):
    canvas = show(residual(8))
    QTest.keyClick(canvas.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = canvas.find_bar.field
    assert canvas.find_bar.isVisible()
    QTest.keyClicks(field, "_add")
    gone = []
    for _ in range(9):
        QTest.keyClick(field, Qt.Key.Key_Return)
        gone += names(canvas)
        assert canvas.view.visible_area().contains(canvas.scene.rect(number(canvas, gone[-1])))
    assert gone == [f"block{n}_add" for n in (*range(8), 0)]
    assert canvas.find_bar.count.text() == "1 of 8"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not canvas.find_bar.isVisible() and canvas.scene.found == set()


def test_find_opens_the_models_around_a_match(show):
    canvas = show(nested(3))
    canvas.find()
    canvas.find_bar.field.setText("block0_b")
    QTest.keyClick(canvas.find_bar.field, Qt.Key.Key_Return)
    assert names(canvas) == ["block0_b"]
    assert len(canvas.scene.diagram.cards[number(canvas, "block0_b")].place) == 4


def test_the_session_can_reveal_what_is_closed(show):
    canvas = show(nested(2))
    canvas.session.reveal(((1, 1, 3), 0))
    assert names(canvas) == ["block0_b"]
    assert canvas.view.visible_area().contains(canvas.scene.rect(number(canvas, "block0_b")))


def test_the_calls_of_a_shared_layer_light_up_together(show):
    canvas = show(siamese())
    canvas.fit()
    first, second = number(canvas, "encoder"), number(canvas, "encoder", 1)
    canvas.scene.select([first])
    assert canvas.scene.look(first).selected and canvas.scene.look(second).related
    canvas.session.selection = ()
    QTest.mouseMove(canvas.view.viewport(), at(canvas, "encoder"))
    assert canvas.scene.look(second).hovered


def test_selecting_elsewhere_shows_on_the_canvas(show):
    canvas = show(siamese())
    canvas.expand_all()
    canvas.session.selection = [((2, 1), 0)]
    assert {canvas.scene.diagram.cards[n].name for n in canvas.scene.selected} == {"stem"}
    assert len(canvas.scene.selected) == 2


def test_tooltips_show_names_from_a_file_as_plain_text(show):
    made = Builder()
    made.add("Dense", "<img src=x><b>bold</b>", units=3)
    canvas = show(made)
    point = canvas.scene.rect(0).center()
    text = canvas.view.tooltip_at(point)
    assert "&lt;img src=x&gt;" in text and "<img" not in text
    event = QHelpEvent(QEvent.Type.ToolTip, canvas.view.mapFromScene(point), QPoint(0, 0))
    assert canvas.view.viewportEvent(event)


def test_a_wire_says_what_flows_through_it(show):
    canvas = show(siamese())
    canvas.actual_size()
    edge = next(n for n, e in enumerate(canvas.scene.diagram.edges) if e.keyword == "key")
    middle = canvas.scene.path(edge).pointAtPercent(0.5)
    assert canvas.scene.wire_at(middle, 2) is not None
    text = canvas.view.tooltip_at(canvas.scene.path(edge).pointAtPercent(0.93))
    assert "reverse → attend" in text and "(None, 8)" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_are_painted_in_the_colours_of_their_categories_near_and_far(show, theme):
    themes().choice = theme
    canvas = show(residual(3))
    color = themes().current.category("Convolution")
    for scale in (1.0, FAR - 0.05):
        canvas.view.set_scale(scale)
        canvas.view.bring_into_sight(number(canvas, "stem"))
        canvas.view.set_scale(scale)
        image = canvas.view.viewport().grab().toImage()
        point = at(canvas, "stem", canvas.scene.rect(number(canvas, "stem")).width() - 12, 6)
        assert image.pixelColor(point) == color


def test_changing_the_theme_repaints(show):
    themes().choice = "light"
    canvas = show(residual(1))
    before = canvas.view.viewport().grab().toImage().pixelColor(3, 3)
    themes().choice = "dark"
    assert canvas.view.viewport().grab().toImage().pixelColor(3, 3) == themes().current["canvas"] != before


def test_the_zoom_box_and_the_minimap(show):
    canvas = show(residual(30))
    QTest.mouseClick(canvas.zoom_box.fit, Qt.MouseButton.LeftButton)
    assert canvas.view.visible_area().contains(canvas.scene.geometry.bounds())
    QTest.mouseClick(canvas.zoom_box.factor, Qt.MouseButton.LeftButton)
    assert canvas.zoom_box.factor.text() == "100 %"
    QTest.mouseClick(canvas.zoom_box.into, Qt.MouseButton.LeftButton)
    assert canvas.zoom_box.factor.text() == "120 %"
    QTest.mouseClick(canvas.minimap, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(66, 140))
    low = canvas.view.visible_area().center().y()
    QTest.mouseClick(canvas.minimap, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(66, 12))
    assert canvas.view.visible_area().center().y() < low - 1000


def test_left_to_right(show):
    canvas = show(residual(2))
    canvas.set_direction("LR")
    bounds = canvas.scene.geometry.bounds()
    assert bounds.width() > bounds.height()
    canvas.scene.select([number(canvas, "image")])
    QTest.keyClick(canvas.view, Qt.Key.Key_Right)
    assert names(canvas) == ["stem"]


def test_another_model_takes_the_place_of_the_first(show):
    canvas = show(residual(2))
    canvas.scene.select([0])
    made = siamese()
    canvas.session.replace(Opened(None, made.model, made.inference))
    assert {card.name for card in canvas.scene.diagram.cards} >= {"left", "right", "attend"}
    assert canvas.scene.selected == set()


@pytest.mark.parametrize(
    "model", [Model("functional"), Model("weights"), Model("subclassed", layers={7: Layer(7, "a", "Dense")})]
)
def test_models_without_a_graph(show, model):
    built = Builder()
    built.model, built.inference = model, Inference()
    canvas = show(built)
    canvas.fit()
    canvas.zoom_to_selection()
    canvas.find()
    canvas.find_bar.field.setText("dense")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_F, Qt.Key.Key_Return):
        QTest.keyClick(canvas.view, key)
    canvas.expand_all()
    canvas.grab()
    assert len(canvas.scene.diagram.cards) == len(model.layers)


def flat(count):
    built = Builder()
    built.model = Model("subclassed", layers={i: Layer(i, f"layer_{i}", "Dense", {"units": i}) for i in range(count)})
    return built


def test_a_large_model_is_laid_out_beside_the_windows_own_work(show, qtbot):
    built = residual(900)
    session = Session(Opened(None, built.model, built.inference))
    canvas = Canvas(session)
    assert canvas.scene.busy and canvas.scene.diagram.cards == []
    canvas.resize(800, 600)
    canvas.show()
    qtbot.waitUntil(lambda: not canvas.scene.busy, timeout=30_000)
    assert len(canvas.scene.diagram.cards) == len(built.model.layers)
    canvas.close()
    canvas.deleteLater()
    session.deleteLater()


def test_a_canvas_closed_while_it_is_laid_out_leaves_nothing_behind(qtbot):
    built = residual(900)
    session = Session(Opened(None, built.model, built.inference))
    canvas = Canvas(session)
    assert canvas.scene.busy
    canvas.deleteLater()
    session.deleteLater()


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.02, 0.1, 0.3, 0.5, 1.0])
def test_ten_thousand_cards_are_painted_within_a_frame(show, scale):
    import time

    canvas = show(flat(10_000), (1400, 900))
    canvas.view.set_scale(scale)
    canvas.view.viewport().repaint()
    times = []
    for step in range(60):
        start = time.thread_time()
        canvas.view.scroll_by(QPoint(2 if step % 30 < 15 else -2, 5))
        canvas.view.viewport().repaint()
        times.append(time.thread_time() - start)
    assert sorted(times)[-2] < 0.016


def test_repeated_blocks_are_folded_and_opened_again(show):
    canvas = show(residual(16))
    canvas.set_folding(True)
    frame = next(n for n, card in enumerate(canvas.scene.diagram.cards) if card.repeat)
    canvas.fit()
    canvas.actual_size()
    canvas.view.bring_into_sight(frame)
    corner = canvas.scene.rect(frame).topLeft()
    click(canvas, canvas.view.mapFromScene(corner + QPointF(30, 10)))
    assert len(names(canvas)) == 48 and "block9_b" in names(canvas)
    sign = chevron_rect(canvas.scene.diagram.cards[frame]).center()
    click(canvas, canvas.view.mapFromScene(corner + sign))
    assert len(canvas.scene.diagram.cards) == len(canvas.session.model.layers)
    canvas.set_folding(True)
    assert any(card.repeat for card in canvas.scene.diagram.cards)


def test_find_opens_a_folded_run(show):
    canvas = show(residual(16))
    canvas.set_folding(True)
    canvas.find()
    canvas.find_bar.field.setText("block9_b")
    QTest.keyClick(canvas.find_bar.field, Qt.Key.Key_Return)
    assert names(canvas) == ["block9_b"]
    assert canvas.view.visible_area().contains(canvas.scene.rect(number(canvas, "block9_b")))
