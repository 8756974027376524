"""What the host harness decides without touching anything: its subnet, package sources and image name."""

from itertools import islice

from tests.support.host import sources
from tests.support.host.image import Inputs
from tests.support.host.subnet import free

_MODERN = """\
Types: deb
# a frozen one
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/node
Suites: nodistro
Components: main
"""


def test_a_subnet_that_a_route_overlaps_is_never_taken() -> None:
    taken = ["default", "10.211.0.0/17", "10.211.130.0/24", "10.211.131.7"]
    found = {str(network) for _, network in free(taken, seed=1)}
    assert found == {f"10.211.{n}.0/24" for n in range(128, 250)} - {"10.211.130.0/24", "10.211.131.0/24"}


def test_two_runs_try_different_subnets_first() -> None:
    first = [name for name, _ in islice(free([], 1), 3)]
    assert first != [name for name, _ in islice(free([], 2), 3)]
    assert all(len(name) <= 11 for name in first), "an interface's name would be too long"


def test_only_debians_own_archive_is_handed_on_and_for_the_hosts_release() -> None:
    made = sources.debian([_MODERN])
    assert "Suites: bookworm bookworm-updates\n" in made
    assert "Components: main\n" in made
    assert "node" not in made


def test_one_line_entries_are_understood() -> None:
    made = sources.debian(
        [
            "# deb http://off.example/debian bookworm main\n"
            "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free\n"
            "deb http://other.example/apt cloud-bookworm main\n"
        ]
    )
    assert made == (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\nSigned-By: /k.gpg\n\n"
    )


def test_a_machine_without_debian_sources_gives_none() -> None:
    assert sources.debian(["deb http://mirror.example/ubuntu noble main\n", ""]) == ""


def test_pips_settings_about_the_index_are_handed_on_and_no_others() -> None:
    listed = "global.index-url='http://mirror.example/simple'\n:env:.find-links='/wheels'\nglobal.cert='/etc/own.pem'\n"
    assert sources.pip(listed) == (
        "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\nindex-url = http://mirror.example/simple\n"
    )


def test_an_image_is_named_by_all_that_it_is_made_from() -> None:
    first = Inputs("s", "p", (("a.crt", "x"),), "r")
    assert first.key() == Inputs("s", "p", (("a.crt", "x"),), "r").key()
    others = [
        Inputs("s2", "p", (("a.crt", "x"),), "r"),
        Inputs("s", "p2", (("a.crt", "x"),), "r"),
        Inputs("s", "p", (("a.crt", "y"),), "r"),
        Inputs("s", "p", (("a.crt", "x"),), "r2"),
        Inputs("s", "p", (("a.crt", "x"),), "r", packages="systemd"),
    ]
    assert len({one.key() for one in [first, *others]}) == 6
