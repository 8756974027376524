output "inventory" {
  description = "What infra/terraform/inventory.py makes Ansible's inventory from."
  value       = module.streamlake.inventory
}

output "lake_url" {
  description = "The lake: STREAMLAKE_LAKE_URL."
  value       = module.streamlake.lake_url
}

output "secrets" {
  description = "The secrets to fill, by what they are for."
  value       = module.streamlake.secrets
}

output "service_accounts" {
  description = "The service account of each pool."
  value       = module.streamlake.service_accounts
}

output "edge" {
  description = "With edge: the address that the domains must resolve to, and where producers send events."
  value       = module.streamlake.edge
}

output "alerts" {
  description = "The alerts and their runbooks."
  value       = module.streamlake.alerts
}
