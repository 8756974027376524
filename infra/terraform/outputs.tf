output "inventory" {
  description = "What infra/terraform/inventory.py makes Ansible's inventory from."
  value = {
    format  = 1
    project = var.project_id
    hosts = merge([for pool, vms in module.node : {
      for name, vm in vms.vms : name => {
        zone    = vm.zone
        address = vm.address
        groups  = sort(tolist(var.pools[pool].groups))
      }
    }]...)
    vars = merge({
      streamlake_deployment    = var.name
      streamlake_lake_url      = module.lake.lake_url
      streamlake_secrets       = "google"
      streamlake_secret_prefix = "${var.name}-"
      streamlake_google = {
        project       = var.project_id
        region        = var.region
        lake_bucket   = module.lake.lake_bucket
        tables_bucket = module.lake.tables_bucket
      }
      config_api_host         = local.api_off_host ? "0.0.0.0" : "127.0.0.1"
      config_api_port         = var.api_port
      config_api_tls          = local.api_off_host ? "self_signed" : "none"
      observability_ops_agent = false # the VM's metadata tells the agent what to read
    }, var.ssh_user == null ? {} : { ansible_user = var.ssh_user })
  }
}

output "lake_url" {
  description = "The lake: STREAMLAKE_LAKE_URL."
  value       = module.lake.lake_url
}

output "tables_bucket" {
  description = "The bucket of tables and replays."
  value       = module.lake.tables_bucket
}

output "service_accounts" {
  description = "The service account of each pool."
  value       = { for pool, node in module.node : pool => node.service_account }
}

output "secrets" {
  description = "The secrets to fill, by what they are for."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.secret_id }
}

output "datasets" {
  description = "BigQuery: the dataset of the auditors and that of the analysts."
  value       = { audit = module.serving.audit_dataset, analytics = module.serving.analytics_dataset }
}

output "edge" {
  description = "With edge: the address that the domains must resolve to, and where producers send events."
  value       = one([for edge in module.edge : { address = edge.address, urls = edge.urls }])
}

output "alerts" {
  description = "The alerts and their runbooks."
  value       = module.observability.alerts
}
