"""flask alerts: what is open, and that somebody has seen to it."""

import click

from webapp import alerts
from webapp.commands import PlainGroup

group = PlainGroup("alerts", help="What a person must know: list the open alerts, close one.")


@group.command("list")
def list_() -> None:
    """The open alerts, the latest first: number, severity, how often and when, what happened, what to do."""
    for alert in alerts.open_alerts():
        click.echo(f"{alert.id}\t{alert.severity}\t{alert.count} times, last {alert.last_at:%Y-%m-%d %H:%M} UTC")
        click.echo(f"\t{alert.message} {alert.what_to_do}")


@group.command("close")
@click.argument("number", type=int)
def close(number: int) -> None:
    """Say that an alert has been seen to. The same thing happening again opens a new one."""
    if not alerts.close_alert(number):
        raise click.ClickException(f"No alert {number} is open. List them with: flask --app webapp alerts list")
    click.echo(f"Alert {number} is closed.")
