"""The welcome page: what is shown while nothing is open."""

from app.welcome.page import WelcomePage

__all__ = ["WelcomePage"]
