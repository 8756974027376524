output "address" {
  description = "The address that the domains must resolve to."
  value       = google_compute_global_address.this.address
}

output "urls" {
  description = "Where producers send events."
  value       = [for domain in var.domains : "https://${domain}/v1/datasets"]
}
