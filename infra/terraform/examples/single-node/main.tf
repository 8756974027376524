# Everything on one VM: Kafka, the API, the consumers, Airflow and its database. The API listens on loopback, or inside
# of the network with `api_client_cidrs`. One broker has one copy of what is not landed yet.

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
  enable_apis         = var.enable_apis
  deletion_protection = var.deletion_protection
  api_client_cidrs    = var.api_client_cidrs
  datasets            = { clicks = {}, orders = {}, payments = {} } # those of contracts/

  pools = {
    node = {
      groups       = ["kafka", "api", "consumers", "airflow", "postgres"]
      zones        = ["b"]
      machine_type = "e2-standard-4"
      data_disk_gb = 200
    }
  }
}
