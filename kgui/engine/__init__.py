"""The processes that have Keras. No other room imports keras or tensorflow.

`python -m kgui.engine` answers questions (`kgui.engine.server`), `python -m kgui.engine.trainer RUN` trains one run.
Importing this package imports neither keras nor tensorflow.
"""
