"""The network of one test run: a bridge with its own subnet, a way out for package installs, a namespace per host.

The bridge is the claim on the subnet: the kernel makes it for one run only, so two runs at once never share one.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.host.command import Failed, attempt, run
from tests.support.host.subnet import Network, free

_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


@dataclass(frozen=True)
class Net:
    """A claimed network. Its name is that of the bridge, the firewall table, and the namespaces' beginning."""

    name: str
    subnet: Network

    @property
    def gateway(self) -> str:
        """The machine's own address on the bridge."""
        return str(self.subnet[1])

    def address(self, number: int) -> str:
        """The address of the run's host of this number, from 1."""
        return str(self.subnet[10 + number])

    def namespace(self, host: str) -> str:
        """The name of the host's network namespace."""
        return f"{self.name}-{host}"


def claim() -> Net:
    """Take a free subnet, and give it a way out."""
    routes = json.loads(run(["ip", "-4", "-j", "route"]))
    for name, subnet in free([route["dst"] for route in routes], os.getpid()):
        if attempt(["ip", "link", "add", name, "type", "bridge"]).returncode == 0:
            net = Net(name, subnet)
            try:
                run(["ip", "addr", "add", f"{net.gateway}/24", "dev", name])
                run(["ip", "link", "set", name, "up"])
                _let_out(net, [route["dev"] for route in routes if route["dst"] == "default"])
            except Failed:
                release(name)
                raise
            return net
    raise Failed("no subnet is free for the test hosts")


def _let_out(net: Net, ways_out: list[str]) -> None:
    _FORWARD.write_text("1")
    rules = "".join(f'ip saddr {net.subnet} oifname "{way}" masquerade;' for way in ways_out[:1])
    chain = f"chain out {{ type nat hook postrouting priority srcnat; {rules} }};"
    run(["nft", "-f", "-"], stdin=f"table ip {net.name} {{ {chain} }}\n")


def add_host(net: Net, host: str, number: int) -> None:
    """A namespace with one interface on the bridge, and the host's address."""
    space, outside = net.namespace(host), f"{net.name}v{number}"
    run(["ip", "netns", "add", space])
    run(["ip", "link", "add", outside, "type", "veth", "peer", "name", "host0", "netns", space])
    run(["ip", "link", "set", outside, "master", net.name, "up"])
    run(["ip", "-n", space, "link", "set", "lo", "up"])
    run(["ip", "-n", space, "addr", "add", f"{net.address(number)}/24", "dev", "host0"])
    run(["ip", "-n", space, "link", "set", "host0", "up"])
    run(["ip", "-n", space, "route", "add", "default", "via", net.gateway])


def release(name: str) -> None:
    """Remove whatever there is of a run's network; what is gone already is no error."""
    for line in attempt(["ip", "netns", "list"]).stdout.splitlines():
        space = line.split()[0]
        if space.startswith(f"{name}-"):
            attempt(["ip", "netns", "del", space])
    for link in re.findall(rf"^\d+: ({name}v\d+)@", attempt(["ip", "-o", "link"]).stdout, re.MULTILINE):
        attempt(["ip", "link", "del", link])
    attempt(["nft", "delete", "table", "ip", name])
    attempt(["ip", "link", "del", name])
