"""`python -m kgui.engine`: the engine process."""

from kgui.engine.server import main

main()
