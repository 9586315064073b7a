"""Playing the tour: finding or starting the demo, the chapters, and the verdict."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from statistics import median

import httpx
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from marketplace.app.demo.children import child
from marketplace.app.tour import cast as casting
from marketplace.app.tour.chapters import CHAPTERS
from marketplace.app.tour.stage import Stage
from marketplace.kit.settings import Settings, settings

RESERVE_FOR_S = 15
"""In a demo of our own what is set aside lapses while one looks on."""
PATIENCE_S = 600
"""The first start of a demo on a slow machine loads a world and plays a month."""


def tour() -> bool:
    """Play all chapters at the demo on PORT, started here if none answers; whether all was as it should be."""
    given, stage = settings(), Stage()
    base = f"http://127.0.0.1:{given.port}"
    began = time.monotonic()
    with httpx.Client(base_url=base) as http, _a_demo(http, given, stage.screen):
        try:
            cast = casting.assemble(http, given.var_dir)
        except casting.NoDemo as problem:
            stage.screen.print(f"[red]{escape(str(problem))}[/red]")
            return False
        started = time.monotonic()
        stage.say(f"The tour [bold]{cast.run}[/bold] plays at {base}.\n")
        for title, play in CHAPTERS:
            stage.chapter(title, partial(play, stage, cast))
        _verdict(stage, cast, play_s=time.monotonic() - started, start_s=started - began)
    return not stage.failures


@contextmanager
def _a_demo(http: httpx.Client, given: Settings, screen: Console) -> Generator[None]:
    """A demo while the block runs: the one that answers already, or one of our own that ends with us."""
    if _answers(http):
        yield
        return
    log = given.var_dir / "tour-demo.log"
    screen.print(f"No demo answers at {http.base_url}: starting one (its words go to {log}).")
    env = {"PORT": str(given.port), "MARKETPLACE_RESERVE_FOR_S": str(RESERVE_FOR_S)}
    with child("demo", ["marketplace.app.cli", "demo"], env, log) as process:
        with screen.status("Loading the world …"):
            _wait(http, process, str(log))
        yield


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/health/ready", timeout=5).is_success
    except httpx.TransportError:
        return False


def _wait(http: httpx.Client, process: subprocess.Popen[bytes], log: str) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not _answers(http):
        if process.poll() is not None or time.monotonic() > ends:
            sys.exit(f"The demo did not start; see {log}")
        time.sleep(0.3)


def _verdict(stage: Stage, cast: casting.Cast, *, play_s: float, start_s: float) -> None:
    by_kind = cast.watch.times_s
    times = sorted(seconds for kind in by_kind.values() for seconds in kind) or [0.0]
    slow = sorted(by_kind.items(), key=lambda kind: -median(kind[1]))[:8]
    rows = [(kind, len(took), f"{median(took) * 1000:.0f}", f"{max(took) * 1000:.0f}") for kind, took in slow]
    stage.show("What took longest", ("field", "asked", "median ms", "worst ms"), rows)
    stage.say(
        f"{len(times)} requests in {play_s:.1f} s (the demo took {start_s:.1f} s to be there): "
        f"half under {times[len(times) // 2] * 1000:.0f} ms, "
        f"95 % under {times[len(times) * 95 // 100] * 1000:.0f} ms."
    )
    if stage.failures:
        told = "\n".join(f"✗ {escape(failure)}" for failure in stage.failures)
        stage.say("")
        stage.screen.print(
            Panel(told, title=f"{len(stage.failures)} things were not as they should be", style="red")
        )
    else:
        stage.screen.print(f"[bold green]All {stage.expectations} expectations held.[/bold green]")
