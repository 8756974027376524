output "lake_bucket" {
  description = "The bucket of raw, ledger and dead letters."
  value       = google_storage_bucket.lake.name
}

output "tables_bucket" {
  description = "The bucket of tables and replays."
  value       = google_storage_bucket.tables.name
}

output "lake_url" {
  description = "What STREAMLAKE_LAKE_URL is set to."
  value       = "gs://${google_storage_bucket.lake.name}"
}

output "writer_role" {
  description = "The custom role that may create, get and list."
  value       = google_project_iam_custom_role.writer.id
}
