# Two buckets. One holds what is never replaced and must outlive mistakes: raw, ledger and dead letters. The other holds
# what is rewritten by design: tables and replays. A bucket's retention refuses replacing, so they cannot share one.

locals {
  day    = 24 * 60 * 60
  prefix = coalesce(var.bucket_prefix, "${var.project_id}-${var.name}")
}

resource "google_storage_bucket" "lake" {
  # checkov:skip=CKV_GCP_78:Nothing here is replaced or deleted while its retention runs, so there are no versions.
  # checkov:skip=CKV_GCP_62:Every claim names its writer and its attempt; changes of the bucket are in Cloud Audit Logs.
  project                     = var.project_id
  name                        = "${local.prefix}-lake"
  location                    = var.location
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = merge(var.labels, { holds = "raw-ledger-dead_letters" })

  retention_policy {
    retention_period = var.retention.days * local.day
    is_locked        = var.retention.locked
  }

  soft_delete_policy {
    retention_duration_seconds = var.retention.soft_delete_days * local.day
  }

  lifecycle_rule {
    condition {
      age                   = var.retention.raw_nearline_days
      matches_prefix        = ["raw/"]
      matches_storage_class = ["STANDARD"]
    }
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
  }

  # No rule names ledger/: claims never expire.
  dynamic "lifecycle_rule" {
    for_each = { for prefix, days in merge(
      { "raw/" = var.retention.raw_expire_days, "dead_letters/" = var.retention.dead_letters_expire_days },
      { for dataset, days in var.expire_days : "raw/dataset=${dataset}/" => days },
    ) : prefix => days if days != null }

    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = [lifecycle_rule.key]
      }
      action {
        type = "Delete"
      }
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = alltrue([for days in values(var.expire_days) : days >= var.retention.days])
      error_message = "What expires must be at least retention.days (${var.retention.days}) old: the bucket refuses to delete it before."
    }
  }
}

resource "google_storage_bucket" "tables" {
  # checkov:skip=CKV_GCP_78:Delta tables keep their own versions, and soft delete brings back what was deleted.
  # checkov:skip=CKV_GCP_62:Each commit of a table names who made it; changes of the bucket are in Cloud Audit Logs.
  project                     = var.project_id
  name                        = "${local.prefix}-tables"
  location                    = var.location
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = merge(var.labels, { holds = "tables-replays" })

  soft_delete_policy {
    retention_duration_seconds = var.retention.soft_delete_days * local.day
  }

  dynamic "lifecycle_rule" {
    for_each = var.retention.replays_expire_days[*]

    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["replays/"]
      }
      action {
        type = "Delete"
      }
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# What a consumer needs and no more. Without storage.objects.delete an object cannot be replaced either.
resource "google_project_iam_custom_role" "writer" {
  project     = var.project_id
  role_id     = "${replace(var.name, "-", "_")}_lake_writer"
  title       = "StreamLake lake writer (${var.name})"
  description = "Creates, reads and lists objects. Neither deletes nor replaces one."
  stage       = "GA"
  permissions = ["storage.objects.create", "storage.objects.get", "storage.objects.list"]
}

resource "google_storage_bucket_iam_member" "writer" {
  for_each = var.writers

  bucket = google_storage_bucket.lake.name
  role   = google_project_iam_custom_role.writer.id
  member = each.value
}

resource "google_storage_bucket_iam_member" "tables" {
  for_each = var.writers

  bucket = google_storage_bucket.tables.name
  role   = "roles/storage.objectUser"
  member = each.value
}
