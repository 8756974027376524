"""The check refuses what it is there to refuse. Each guard has met what it guards against."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.terraform import check

pytestmark = pytest.mark.timeout(400)  # the first run installs what the check needs

HEAD = """\
terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

"""
BUCKET = """\
resource "google_storage_bucket" "this" {
  name                        = "a-bucket"
  location                    = "EU"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
%s}
"""
TEST = """\
mock_provider "google" {}

run "it_is_so" {
  command = plan

  assert {
    condition     = google_storage_bucket.this.location == "%s"
    error_message = "It is elsewhere."
  }
}
"""


@pytest.fixture(scope="module")
def said(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the check says of a tree in which each folder has one fault, by folder; checkov and fmt say `terraform`."""
    tree = tmp_path_factory.mktemp("faulty")
    modules = {
        "argument": (HEAD + BUCKET % '  locatoin = "EU"\n', TEST % "EU"),
        "block": (HEAD + BUCKET % "  retention {}\n", TEST % "EU"),
        "kind": (HEAD + BUCKET.replace("storage_bucket", "storage_bukket") % "", TEST % "EU"),
        "required": (HEAD + 'resource "google_storage_bucket" "this" {\n  name = "a-bucket"\n}\n', TEST % "EU"),
        "type": (HEAD + BUCKET.replace('location                    = "EU"', "location = [1]") % "", TEST % "EU"),
        "failing": (HEAD + BUCKET % "", TEST % "US"),
        "untested": (HEAD + BUCKET % "", None),
        "public": (HEAD + BUCKET.replace("enforced", "inherited") % "", TEST % "EU"),
        "good": (HEAD + BUCKET % "", TEST % "EU"),
    }
    for name, (main, test) in modules.items():
        folder = tree / name
        (folder / "tests").mkdir(parents=True)
        (folder / "main.tf").write_text(main)
        if test is not None:
            (folder / "tests" / "it.tftest.hcl").write_text(test)
    try:
        found = check.findings(check.terraform(), tree)
    except check.Missing as why:
        missing(pytestconfig, "terraform", str(why))
    return {
        text.partition(":")[0].removeprefix("--- ") + (" fmt" if "fmt -check" in text else ""): text for text in found
    }


def test_wrong_names_are_refused_by_the_schema(said: dict[str, str]) -> None:
    assert 'An argument named "locatoin" is not expected here' in said["argument"]
    assert 'Blocks of type "retention" are not expected here' in said["block"]
    assert "google_storage_bukket" in said["kind"]


def test_what_is_missing_or_of_another_type_is_refused(said: dict[str, str]) -> None:
    assert 'The argument "location" is required' in said["required"]
    assert "string required" in said["type"]


def test_a_module_fails_with_its_test_and_without_one(said: dict[str, str]) -> None:
    assert "It is elsewhere." in said["failing"]
    assert "no tests" in said["untested"]


def test_format_and_checkov_are_heard(said: dict[str, str]) -> None:
    assert "main.tf" in said["terraform fmt"]
    assert "CKV_GCP_114" in said["terraform"], "a bucket that may be made public"


def test_a_good_module_is_not_complained_of(said: dict[str, str]) -> None:
    assert "good" not in said


def test_nothing_is_written_beside_the_source_and_secrets_are_left_out(tmp_path: Path) -> None:
    """What Terraform keeps in a folder (state, values, caches) is neither checked nor copied."""
    for name in ("main.tf", "terraform.tfstate", "terraform.tfstate.backup", "secret.tfvars", ".terraform.lock.hcl"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform" / "module.tf").write_text("x")
    assert check.source_files(tmp_path) == [tmp_path / "main.tf"]
    copy = shutil.copytree(tmp_path, tmp_path.with_name("copy"), ignore=check.LEFT_OUT)
    assert [path.name for path in copy.iterdir()] == ["main.tf"]
