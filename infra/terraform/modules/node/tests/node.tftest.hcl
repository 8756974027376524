mock_provider "google" {}

variables {
  project_id = "example-project"
  name       = "streamlake"
  role       = "kafka"
  region     = "europe-west1"
  zones      = ["b", "c", "d"]
  subnet     = "projects/example-project/regions/europe-west1/subnetworks/streamlake"
  operators  = ["group:operators@example.com"]
}

run "a_vm_is_closed_and_shielded" {
  command = plan

  assert {
    condition = keys(google_compute_instance.this) == ["streamlake-kafka-1", "streamlake-kafka-2", "streamlake-kafka-3"] && (
    google_compute_instance.this["streamlake-kafka-2"].zone == "europe-west1-c")
    error_message = "There is one VM a zone letter, in that zone."
  }
  assert {
    condition = alltrue([for vm in google_compute_instance.this :
      length(vm.network_interface[0].access_config) == 0 && length(vm.network_interface[0].ipv6_access_config) == 0
    ])
    error_message = "No VM has a public address."
  }
  assert {
    condition = alltrue([for vm in google_compute_instance.this : vm.shielded_instance_config[0].enable_secure_boot
      && vm.shielded_instance_config[0].enable_vtpm && vm.shielded_instance_config[0].enable_integrity_monitoring
    ])
    error_message = "Each VM is shielded."
  }
  assert {
    condition = alltrue([for vm in google_compute_instance.this :
      vm.metadata["enable-oslogin"] == "TRUE" && vm.metadata["block-project-ssh-keys"] == "TRUE"
    ])
    error_message = "People log in by OS Login only."
  }
  assert {
    condition     = alltrue([for vm in google_compute_instance.this : vm.deletion_protection])
    error_message = "A VM is not deleted by mistake."
  }
}

run "data_stands_apart_and_is_copied_each_day" {
  command = plan

  assert {
    condition = alltrue([for name, disk in google_compute_disk.data : disk.name == "${name}-data" && disk.size == 100
      && google_compute_instance.this[name].attached_disk[0].device_name == "data"
    ])
    error_message = "Each VM has a data disk apart from its boot disk."
  }
  assert {
    condition     = keys(google_compute_disk_resource_policy_attachment.snapshots) == keys(google_compute_disk.data)
    error_message = "Each data disk has the snapshot schedule."
  }
  assert {
    condition     = google_compute_resource_policy.snapshots.snapshot_schedule_policy[0].retention_policy[0].on_source_disk_delete == "KEEP_AUTO_SNAPSHOTS"
    error_message = "The copies outlive the disk."
  }
}

run "metadata_cannot_open_what_is_closed" {
  command = plan
  variables {
    metadata = { enable-oslogin = "FALSE", serial-port-enable = "TRUE", ops-agent-config = "x" }
  }

  assert {
    condition = alltrue([for vm in google_compute_instance.this :
      vm.metadata["enable-oslogin"] == "TRUE" && vm.metadata["serial-port-enable"] == "FALSE" && vm.metadata["ops-agent-config"] == "x"
    ])
    error_message = "Further metadata adds, and overrides nothing."
  }
}

run "the_newest_machines_take_hyperdisk" {
  command = plan
  variables {
    machine_type = "c4-standard-8"
    disk_type    = "hyperdisk-balanced"
  }
}

run "a_disk_that_does_not_go_with_the_machine_is_refused" {
  command = plan
  variables {
    machine_type = "c4-standard-8"
    disk_type    = "pd-ssd"
  }
  expect_failures = [google_compute_instance.this]
}

run "hyperdisk_on_an_old_machine_is_refused" {
  command = plan
  variables {
    machine_type = "e2-standard-4"
    disk_type    = "hyperdisk-balanced"
  }
  expect_failures = [google_compute_instance.this]
}

run "a_machine_type_that_is_none_is_refused" {
  command = plan
  variables {
    machine_type = "large"
  }
  expect_failures = [var.machine_type]
}

run "an_arm_machine_is_refused" {
  command = plan
  variables {
    machine_type = "t2a-standard-4"
  }
  expect_failures = [var.machine_type]
}

run "a_disk_type_that_is_none_is_refused" {
  command = plan
  variables {
    disk_type = "ssd"
  }
  expect_failures = [var.disk_type]
}

run "no_vm_is_refused" {
  command = plan
  variables {
    zones = []
  }
  expect_failures = [var.zones]
}

run "a_whole_zone_name_is_refused" {
  command = plan
  variables {
    zones = ["europe-west1-b"]
  }
  expect_failures = [var.zones]
}

run "a_role_with_a_dash_is_refused" {
  command = plan
  variables {
    role = "kafka-broker"
  }
  expect_failures = [var.role]
}

run "a_data_disk_too_small_is_refused" {
  command = plan
  variables {
    data_disk_gb = 5
  }
  expect_failures = [var.data_disk_gb]
}

run "a_boot_disk_too_small_is_refused" {
  command = plan
  variables {
    boot_disk_gb = 10
  }
  expect_failures = [var.boot_disk_gb]
}

run "another_system_than_debian_12_or_13_is_refused" {
  command = plan
  variables {
    boot_image = "projects/debian-cloud/global/images/family/debian-11"
  }
  expect_failures = [var.boot_image]
}

run "a_snapshot_time_between_the_hours_is_refused" {
  command = plan
  variables {
    snapshots = { start = "03:30" }
  }
  expect_failures = [var.snapshots]
}
