"""Where a host gets its packages from, made from what this machine uses: pure, nothing is read or fetched here."""

import re

SUITE = "bookworm"
_SETTING = re.compile(
    r"^(?:global|install|:env:)\.?(index-url|extra-index-url|trusted-host|cert)='(.*)'$", re.MULTILINE
)
_OURS = re.compile(r"^(bullseye|bookworm|trixie|forky)(-updates|-security)?$")


def debian(files: list[str]) -> str:
    """The stanzas (deb822) of Debian itself among the machine's apt sources, for the release that hosts run.

    `files` are the texts of `*.sources` and `*.list`; other archives' stanzas are left out. Empty where there is none.
    """
    stanzas = [stanza.strip() for text in files for stanza in re.split(r"\n\s*\n", _modern(text))]
    return "".join(f"{stanza}\n\n" for stanza in dict.fromkeys(map(_ours, stanzas)) if stanza)


def _ours(stanza: str) -> str:
    """The stanza for our release; empty where it is not Debian's."""
    suites = [_OURS.match(suite) for suite in _field(stanza, "Suites").split()]
    if not suites or not all(suites) or "debian" not in _field(stanza, "URIs"):
        return ""
    wanted = " ".join(f"{SUITE}{suite[2] or ''}" for suite in suites if suite)
    lines = re.sub(r"^Suites:.*$", f"Suites: {wanted}", stanza, flags=re.MULTILINE | re.IGNORECASE)
    return re.sub(r"^Components:.*$", "Components: main", lines, flags=re.MULTILINE | re.IGNORECASE)


def _field(stanza: str, name: str) -> str:
    found = re.search(rf"^{name}:(.*)$", stanza, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _modern(text: str) -> str:
    """One-line entries as stanzas; comments go."""
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    entry = re.compile(r"^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.+)$", re.MULTILINE)

    def stanza(found: "re.Match[str]") -> str:
        options = re.findall(r"signed-by=(\S+)", found[1] or "")
        signed = f"\nSigned-By: {options[0]}" if options else ""
        return f"\nTypes: deb\nURIs: {found[2]}\nSuites: {found[3]}\nComponents: {found[4]}{signed}\n"

    return entry.sub(stanza, text)


def pip(listed: str) -> str:
    """A pip.conf with what `pip config list` says about the package index, and the host's own certificates."""
    found = dict(_SETTING.findall(listed))
    if "cert" in found:
        found["cert"] = "/etc/ssl/certs/ca-certificates.crt"
    return "[global]\n" + "".join(f"{name} = {' '.join(value.split())}\n" for name, value in sorted(found.items()))
