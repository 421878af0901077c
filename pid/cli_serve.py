"""`pid serve`: the web service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pid.errors import InputError

if TYPE_CHECKING:
    from pid.web.jobs import Workers
    from pid.web.store import Store

Role = Literal["viewer", "reviewer", "estimator", "admin"]


def serve(
    data: Annotated[Path, typer.Option(help="Folder of database and files; made if it is not there.")] = Path(
        "pid-data"
    ),
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own needs accounts.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read drawings; 0: others do.")] = 1,
    threads: Annotated[int, typer.Option(min=2, help="Requests answered at one time.")] = 12,
    database: Annotated[str, typer.Option(help="sqlite:///FILE or postgresql://USER@HOST/NAME; a file in DATA.")] = "",
    files: Annotated[str, typer.Option(help="file:///FOLDER or s3://BUCKET/PREFIX; a folder in DATA.")] = "",
    https: Annotated[
        bool, typer.Option("--https", help="A proxy before this serves https: cookies by it alone.")
    ] = False,
    proxies: Annotated[int, typer.Option(min=0, help="Proxies in front whose X-Forwarded headers are believed.")] = 0,
    hostname: Annotated[
        list[str] | None, typer.Option(help="A name under which the service answers; all others are refused.")
    ] = None,
    hook_network: Annotated[
        list[str] | None, typer.Option(help="A private network (10.1.0.0/16) that web hooks may call.")
    ] = None,
    max_file_mb: Annotated[int, typer.Option(min=1, help="Of one uploaded file, in megabytes.")] = 300,
    max_pages: Annotated[int, typer.Option(min=1, help="Documents of more pages are refused.")] = 500,
    page_seconds: Annotated[float, typer.Option(min=1, help="A page that takes longer is given up.")] = 900,
    scheduler: Annotated[
        str, typer.Option(help="A dask scheduler (tcp://HOST:8786) whose workers read, instead of processes here.")
    ] = "",
    models: Annotated[Path | None, typer.Option(help="Networks from `pid train`, instead of the shipped ones.")] = None,
    add_user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make this account, or give it a new password, and end.")
    ] = None,
    role: Annotated[Role, typer.Option(help="Of the account: viewer, reviewer, estimator or admin.")] = "admin",
) -> None:
    """Serve pages and API on this machine: http://127.0.0.1:8000, and a link that signs in once.

    To let others in, make an account first: pid serve --add-user NAME (the password is asked for, or read from standard
    input), then pid serve --host 0.0.0.0, behind a proxy that speaks https.
    """
    from pid.web.cluster import Cluster
    from pid.web.config import Limits, WebConfig
    from pid.web.find_alike import FOLDER
    from pid.web.hook_sender import read_networks
    from pid.web.jobs import Pool
    from pid.web.run_server import Listening, add_account
    from pid.web.run_server import serve as run
    from pid.web.worker import WorkerSetup

    read_networks(hook_network or ())
    config = WebConfig(
        data, database, files, tuple(hostname or ()), https=https, proxies=proxies,
        hook_addresses=tuple(hook_network or ()), limits=Limits(file_bytes=max_file_mb * 1_000_000),
    )  # fmt: skip
    data.mkdir(parents=True, exist_ok=True)
    if add_user is not None:
        user = add_account(config, add_user, _password(), role)
        typer.echo(f"{user.name} may sign in as {user.role}.")
        return
    if models is not None and not (models / "shape.onnx").is_file():
        raise InputError(f"{models} holds no networks (shape.onnx).")

    def make_workers(store: Store) -> Workers | None:
        setup = WorkerSetup(
            store.url,
            store.files.url,
            models=str(models) if models else None,
            max_pages=max_pages,
            libraries=str((data / FOLDER).resolve()),
        )
        if scheduler:
            return Cluster(store, scheduler, setup=setup, page_s=page_seconds)
        return Pool(store, workers, setup=setup, page_s=page_seconds) if workers else None

    run(config, Listening(host, port, threads), make_workers=make_workers, tell=typer.echo)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
