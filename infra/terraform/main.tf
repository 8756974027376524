# The whole of it: a network without public addresses, the pools of VMs, the lake, and what watches and reads them.

locals {
  location = coalesce(var.location, var.region)
  labels   = merge(var.labels, { deployment = var.name, managed-by = "terraform" })
  # Off its host the API speaks TLS; on loopback it need not.
  api_off_host = var.edge != null || length(var.api_client_cidrs) > 0
  groups       = ["kafka", "api", "consumers", "airflow", "postgres"]
  # The pools of each group.
  members = { for group in local.groups : group => [for name, pool in var.pools : name if contains(pool.groups, group)] }
}

resource "google_project_service" "this" {
  for_each = var.enable_apis ? toset(concat([
    "bigquery.googleapis.com", "bigqueryconnection.googleapis.com", "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com", "iam.googleapis.com", "iap.googleapis.com", "logging.googleapis.com",
    "monitoring.googleapis.com", "oslogin.googleapis.com", "secretmanager.googleapis.com", "storage.googleapis.com",
  ], var.budget == null ? [] : ["billingbudgets.googleapis.com"])) : []

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false
}

module "network" {
  source = "./modules/network"

  project_id       = var.project_id
  name             = var.name
  region           = var.region
  cidr             = var.cidr
  api_port         = var.api_port
  api_client_cidrs = var.api_client_cidrs
  edge             = var.edge != null
  accounts = { for group in ["kafka", "api", "consumers", "airflow"] :
    group => [for pool in local.members[group] : module.node[pool].service_account]
  }

  depends_on = [google_project_service.this]
}

module "node" {
  source   = "./modules/node"
  for_each = var.pools

  project_id          = var.project_id
  name                = var.name
  role                = each.key
  region              = var.region
  zones               = each.value.zones
  machine_type        = each.value.machine_type
  boot_disk_gb        = each.value.boot_disk_gb
  data_disk_gb        = each.value.data_disk_gb
  disk_type           = each.value.disk_type
  boot_image          = var.boot_image
  subnet              = module.network.subnet
  snapshots           = var.snapshots
  operators           = var.operators
  deletion_protection = var.deletion_protection
  metadata            = module.observability.metadata[contains(each.value.groups, "api") ? "api" : "other"]
  labels              = merge(local.labels, { pool = each.key })

  depends_on = [google_project_service.this]
}

module "lake" {
  source = "./modules/lake"

  project_id    = var.project_id
  name          = var.name
  location      = local.location
  bucket_prefix = var.bucket_prefix
  retention     = var.retention
  expire_days   = { for dataset, form in var.datasets : dataset => form.expire_days if form.expire_days != null }
  writers       = { for pool in local.members.consumers : pool => module.node[pool].member }
  labels        = local.labels

  depends_on = [google_project_service.this]
}

module "serving" {
  source = "./modules/serving"

  project_id          = var.project_id
  name                = var.name
  location            = local.location
  lake_bucket         = module.lake.lake_bucket
  datasets            = { for dataset, form in var.datasets : dataset => { suffix = form.suffix } }
  auditor_groups      = var.auditor_groups
  analyst_groups      = var.analyst_groups
  deletion_protection = var.deletion_protection
  labels              = local.labels

  depends_on = [google_project_service.this]
}

module "observability" {
  source = "./modules/observability"

  project_id     = var.project_id
  project_number = var.project_number
  name           = var.name
  alert_emails   = var.alert_emails
  runbooks_url   = var.runbooks_url
  thresholds     = var.thresholds
  api_port       = var.api_port
  api_scheme     = local.api_off_host ? "https" : "http"
  edge_domain    = try(var.edge.domains[0], null)
  budget         = var.budget
  labels         = local.labels

  depends_on = [google_project_service.this]
}

module "edge" {
  source = "./modules/edge"
  count  = var.edge == null ? 0 : 1

  project_id = var.project_id
  name       = var.name
  domains    = var.edge.domains
  rate       = var.edge.rate
  network    = module.network.network
  api_port   = var.api_port
  vms        = merge([for pool in local.members.api : module.node[pool].vms]...)
}

# Through IAP to port 22 and no other. Logging in and becoming root is granted on each VM, in modules/node.
resource "google_project_iam_member" "tunnel" {
  for_each = var.operators

  project = var.project_id
  role    = "roles/iap.tunnelResourceAccessor"
  member  = each.value

  condition {
    title       = "ssh-only"
    description = "Only SSH goes through the tunnel."
    expression  = "destination.port == 22"
  }

  depends_on = [google_project_service.this]
}
