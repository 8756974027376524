output "metadata" {
  description = "Metadata that a VM needs to be watched: `api` for those that the API runs on, `other` for the rest."
  value = { for kind, config in local.ops_agent : kind => {
    ops-agent-config    = config
    certificates-script = file("${path.module}/certificates.sh")
    certificates-days   = tostring(var.thresholds.certificate_days)
  } }
}

output "alerts" {
  description = "The alerts and their runbooks."
  value       = { for name, alert in local.alerts : name => "${var.runbooks_url}/${alert.runbook}.md" }
}
