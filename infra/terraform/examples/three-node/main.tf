# Three Kafka nodes in three zones, the API and the consumers on two VMs, Airflow and its database on one.
# The load balancer stands in front of the API once `edge` names a domain.

module "streamlake" {
  source = "../.."

  project_id          = var.project_id
  project_number      = var.project_number
  name                = var.name
  region              = var.region
  operators           = var.operators
  ssh_user            = var.ssh_user
  alert_emails        = var.alert_emails
  runbooks_url        = var.runbooks_url
  budget              = var.budget
  edge                = var.edge
  api_client_cidrs    = var.api_client_cidrs
  auditor_groups      = var.auditor_groups
  analyst_groups      = var.analyst_groups
  enable_apis         = var.enable_apis
  deletion_protection = var.deletion_protection
  datasets            = { clicks = {}, orders = {}, payments = {} } # those of contracts/

  pools = {
    kafka = {
      groups       = ["kafka"]
      zones        = ["b", "c", "d"]
      machine_type = "n2-standard-2"
      data_disk_gb = 500
      disk_type    = "pd-ssd"
    }
    lake = {
      groups       = ["api", "consumers"]
      zones        = ["b", "c"]
      machine_type = "n2-standard-4"
      data_disk_gb = 50
    }
    airflow = {
      groups       = ["airflow", "postgres"]
      zones        = ["b"]
      machine_type = "e2-standard-2"
      data_disk_gb = 50
    }
  }
}
