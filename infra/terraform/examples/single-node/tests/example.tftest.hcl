mock_provider "google" {}

variables {
  project_id = "example-project"
}

run "one_vm_does_everything" {
  command = plan

  assert {
    condition     = keys(output.inventory.hosts) == ["streamlake-node-1"] && length(output.inventory.hosts["streamlake-node-1"].groups) == 5
    error_message = "One VM is in all five groups."
  }
  assert {
    condition     = output.edge == null
    error_message = "Nothing listens on the internet."
  }
}
