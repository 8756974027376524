"""`streamlake serve`: what the API's unit starts."""

import faulthandler
import os

import typer

from streamlake import logs, settings
from streamlake.ingest import server

app = typer.Typer(help="Start a server and stay.\n\nExample: streamlake serve api", no_args_is_help=True)


@app.callback()
def serve() -> None:
    """Start a server and stay. Example: streamlake serve api."""


@app.command()
def api() -> None:
    """The ingest API, under gunicorn, until it is told to stop.

    Example: STREAMLAKE_API_PORT=8080 streamlake serve api
    """
    faulthandler.enable()  # a watchdog's SIGABRT then says where each thread stood
    in_force = settings.load(os.environ)
    logs.configure(in_force.log_level, "streamlake-api")
    server.serve(in_force)
