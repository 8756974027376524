output "audit_dataset" {
  description = "The dataset of the audit tables."
  value       = google_bigquery_dataset.audit.dataset_id
}

output "analytics_dataset" {
  description = "The analysts' dataset."
  value       = google_bigquery_dataset.analytics.dataset_id
}

output "connection" {
  description = "The name of the connection that reads the lake."
  value       = google_bigquery_connection.lake.name
}
