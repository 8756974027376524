# BigQuery over the lake. Two datasets that share no reader: auditors see raw and dead letters as they landed, analysts
# see what pipelines publish. The connection reads the bucket for its users, so nobody is granted the bucket itself.

locals {
  prefix = replace(var.name, "-", "_")
  zones  = { raw = "raw", dead_letters = "dead_letters" }
  tables = merge([for zone, folder in local.zones : {
    for dataset, form in var.datasets : "${zone}_${dataset}" => {
      folder = "${folder}/dataset=${dataset}"
      zone   = zone
      # Dead letters hold whatever bytes came: their parts are JSON lines whatever raw's are.
      suffix = zone == "raw" ? form.suffix : "json.gz"
    }
  }]...)
  # The raw line. Names that only some lines have are null in the others.
  line = [
    { name = "topic", type = "STRING", mode = "NULLABLE" },
    { name = "kafka_partition", type = "INTEGER", mode = "NULLABLE" },
    { name = "kafka_offset", type = "INTEGER", mode = "NULLABLE" },
    { name = "timestamp_ms", type = "INTEGER", mode = "NULLABLE" },
    { name = "key", type = "STRING", mode = "NULLABLE" },
    { name = "key_base64", type = "STRING", mode = "NULLABLE" },
    { name = "meta", type = "JSON", mode = "NULLABLE" },
    { name = "headers", type = "RECORD", mode = "REPEATED", fields = [
      { name = "name", type = "STRING", mode = "NULLABLE" },
      { name = "value", type = "STRING", mode = "NULLABLE" },
      { name = "value_base64", type = "STRING", mode = "NULLABLE" },
    ] },
    { name = "payload", type = "JSON", mode = "NULLABLE" },
  ]
}

resource "google_bigquery_dataset" "audit" {
  # checkov:skip=CKV_GCP_81:Data is encrypted with Google's keys. A key of one's own is one more thing whose loss loses data.
  project                    = var.project_id
  dataset_id                 = "${local.prefix}_audit"
  friendly_name              = "StreamLake audit (${var.name})"
  description                = "Raw and dead letters as they landed. For auditors only."
  location                   = var.location
  delete_contents_on_destroy = false
  labels                     = var.labels

  # Given here in full, or BigQuery adds the project's viewers.
  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "access" {
    for_each = var.auditor_groups

    content {
      role           = "READER"
      group_by_email = access.value
    }
  }
}

resource "google_bigquery_dataset" "analytics" {
  # checkov:skip=CKV_GCP_81:Data is encrypted with Google's keys. A key of one's own is one more thing whose loss loses data.
  project                    = var.project_id
  dataset_id                 = "${local.prefix}_analytics"
  friendly_name              = "StreamLake analytics (${var.name})"
  description                = "What pipelines publish: silver and gold. Nothing of raw."
  location                   = var.location
  delete_contents_on_destroy = false
  labels                     = var.labels

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "access" {
    for_each = var.analyst_groups

    content {
      role           = "READER"
      group_by_email = access.value
    }
  }
}

# Who may read a dataset may still not ask: a query is a job of the project.
resource "google_project_iam_member" "jobs" {
  for_each = setunion(var.auditor_groups, var.analyst_groups)

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = "group:${each.value}"
}

resource "google_bigquery_connection" "lake" {
  project       = var.project_id
  connection_id = "${var.name}-lake"
  location      = var.location
  friendly_name = "StreamLake lake (${var.name})"
  description   = "Reads raw and dead letters on behalf of the audit tables."

  cloud_resource {}
}

resource "google_storage_bucket_iam_member" "connection" {
  bucket = var.lake_bucket
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_bigquery_connection.lake.cloud_resource[0].service_account_id}"
}

resource "google_bigquery_table" "audit" {
  # checkov:skip=CKV_GCP_80:The table holds no data; what it reads is encrypted with Google's keys.
  # checkov:skip=CKV_GCP_121:On unless `deletion_protection` is turned off by hand. The table holds no data.
  for_each = local.tables

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.audit.dataset_id
  table_id            = each.key
  description         = "${each.value.folder} of gs://${var.lake_bucket}"
  deletion_protection = var.deletion_protection
  labels              = var.labels
  schema              = each.value.suffix == "parquet" ? null : jsonencode(local.line)

  external_data_configuration {
    autodetect            = each.value.suffix == "parquet"
    connection_id         = google_bigquery_connection.lake.name
    source_format         = each.value.suffix == "parquet" ? "PARQUET" : "NEWLINE_DELIMITED_JSON"
    compression           = each.value.suffix == "parquet" ? null : "GZIP"
    ignore_unknown_values = each.value.suffix == "parquet" ? null : true
    # One wildcard is allowed, and it crosses folders. The suffix leaves out the day's seal, _metadata.json.
    source_uris = ["gs://${var.lake_bucket}/${each.value.folder}/*.${each.value.suffix}"]

    # Else `headers` would be a record with a list of elements, and no array as it is in JSON lines.
    dynamic "parquet_options" {
      for_each = each.value.suffix == "parquet" ? [true] : []

      content {
        enable_list_inference = parquet_options.value
      }
    }

    hive_partitioning_options {
      mode                     = "CUSTOM"
      source_uri_prefix        = "gs://${var.lake_bucket}/${each.value.folder}/{ingestion_date:DATE}"
      require_partition_filter = true
    }
  }

  lifecycle {
    # BigQuery adds the partition column.
    ignore_changes = [schema]
  }

  depends_on = [google_storage_bucket_iam_member.connection]
}
