# The VMs of one role: one service account, and for each VM a fixed inner address, a boot disk that may be thrown away
# and a data disk that may not.

locals {
  vms = { for index, letter in var.zones : "${var.name}-${var.role}-${index + 1}" => "${var.region}-${letter}" }
}

resource "google_service_account" "this" {
  project      = var.project_id
  account_id   = "${var.name}-${var.role}"
  display_name = "StreamLake ${var.role} (${var.name})"
}

resource "google_project_iam_member" "telemetry" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.this.member
}

resource "google_compute_address" "this" {
  for_each = local.vms

  project      = var.project_id
  name         = each.key
  region       = var.region
  subnetwork   = var.subnet
  address_type = "INTERNAL"
  purpose      = "GCE_ENDPOINT"
}

resource "google_compute_disk" "data" {
  # checkov:skip=CKV_GCP_37:Disks are encrypted with Google's keys. A key of one's own is one more thing whose loss loses data.
  for_each = local.vms

  project = var.project_id
  name    = "${each.key}-data"
  zone    = each.value
  type    = var.disk_type
  size    = var.data_disk_gb
  labels  = var.labels

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_compute_resource_policy" "snapshots" {
  project     = var.project_id
  name        = "${var.name}-${var.role}-data"
  region      = var.region
  description = "A copy of each data disk a day."

  snapshot_schedule_policy {
    schedule {
      daily_schedule {
        days_in_cycle = 1
        start_time    = var.snapshots.start
      }
    }
    retention_policy {
      max_retention_days    = var.snapshots.days
      on_source_disk_delete = "KEEP_AUTO_SNAPSHOTS"
    }
    snapshot_properties {
      labels      = var.labels
      guest_flush = false
    }
  }
}

resource "google_compute_disk_resource_policy_attachment" "snapshots" {
  for_each = local.vms

  project = var.project_id
  name    = google_compute_resource_policy.snapshots.name
  disk    = google_compute_disk.data[each.key].name
  zone    = each.value
}

resource "google_compute_instance" "this" {
  # checkov:skip=CKV_GCP_38:Disks are encrypted with Google's keys. A key of one's own is one more thing whose loss loses data.
  # checkov:skip=CKV_GCP_32:block-project-ssh-keys is TRUE, and a test asserts it. Checkov does not see through merge().
  for_each = local.vms

  project                   = var.project_id
  name                      = each.key
  zone                      = each.value
  machine_type              = var.machine_type
  allow_stopping_for_update = true
  can_ip_forward            = false
  deletion_protection       = var.deletion_protection
  labels                    = var.labels

  boot_disk {
    auto_delete = true
    initialize_params {
      image  = var.boot_image
      size   = var.boot_disk_gb
      type   = var.disk_type
      labels = var.labels
    }
  }

  attached_disk {
    source      = google_compute_disk.data[each.key].id
    device_name = "data"
    mode        = "READ_WRITE"
  }

  # Without an access_config there is no address on the internet.
  network_interface {
    subnetwork = var.subnet
    network_ip = google_compute_address.this[each.key].address
    stack_type = "IPV4_ONLY"
  }

  service_account {
    email  = google_service_account.this.email
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  scheduling {
    automatic_restart   = true
    on_host_maintenance = "MIGRATE"
  }

  metadata = merge(var.metadata, {
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
    serial-port-enable     = "FALSE"
    startup-script         = file("${path.module}/startup.sh")
  })

  lifecycle {
    # The newest image of a family is for new VMs. Those that run are kept up to date by Ansible.
    ignore_changes = [boot_disk[0].initialize_params[0].image]

    precondition {
      condition = (var.disk_type == "hyperdisk-balanced"
        ? can(regex("^(n4|c3|c3d|c4|c4d)-", var.machine_type))
        : !can(regex("^(n4|c4|c4d)-", var.machine_type))
      )
      error_message = "${var.machine_type} cannot use ${var.disk_type}: n4, c4 and c4d need hyperdisk-balanced, e2, n1, n2, n2d, c2, c2d and t2d a pd- type."
    }
  }
}

resource "google_compute_instance_iam_member" "operators" {
  for_each = { for pair in setproduct(keys(local.vms), var.operators) : "${pair[0]} ${pair[1]}" => pair }

  project       = var.project_id
  zone          = local.vms[each.value[0]]
  instance_name = google_compute_instance.this[each.value[0]].name
  role          = "roles/compute.osAdminLogin"
  member        = each.value[1]
}

# OS Login asks for it where a VM has a service account: who is root there can act as that account.
resource "google_service_account_iam_member" "operators" {
  for_each = var.operators

  service_account_id = google_service_account.this.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
