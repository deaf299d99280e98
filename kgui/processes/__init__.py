"""How kgui's processes talk: framed JSON with raw buffers beside it. Nothing is ever pickled."""

from kgui.processes.child import Child, Request
from kgui.processes.serve import Answer, Handler, Task, serve

__all__ = ["Answer", "Child", "Handler", "Request", "Task", "serve"]
