# No VM has an address on the internet. People come in through IAP, packages go out through NAT, Google's API is reached
# from inside. What is not allowed here is refused by the network's implied rule.

locals {
  # What a rule is about is a service account, not a tag: who may change a VM's tags must not open ports with it.
  all       = distinct(concat(var.accounts.kafka, var.accounts.api, var.accounts.consumers, var.accounts.airflow))
  iap       = ["35.235.240.0/20"]
  balancers = ["35.191.0.0/16", "130.211.0.0/22"]
}

resource "google_compute_network" "this" {
  project                         = var.project_id
  name                            = var.name
  auto_create_subnetworks         = false
  routing_mode                    = "REGIONAL"
  delete_default_routes_on_create = false
}

resource "google_compute_subnetwork" "this" {
  # checkov:skip=CKV_GCP_76:There is no IPv6 here: the stack type is IPv4 only.
  project                  = var.project_id
  name                     = var.name
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.cidr
  private_ip_google_access = true
  stack_type               = "IPV4_ONLY"

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_router" "this" {
  project = var.project_id
  name    = var.name
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  project                            = var.project_id
  name                               = var.name
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

resource "google_compute_firewall" "iap" {
  project                 = var.project_id
  name                    = "${var.name}-iap-ssh"
  description             = "SSH for operators, and only through Identity-Aware Proxy."
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_ranges           = local.iap
  target_service_accounts = local.all

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "runbooks" {
  # A rule without a source would be open to everybody.
  count = length(var.accounts.airflow) > 0 ? 1 : 0

  project                 = var.project_id
  name                    = "${var.name}-airflow-ssh"
  description             = "Airflow's runbooks reach the forced command of the operators' account."
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_service_accounts = var.accounts.airflow
  target_service_accounts = local.all

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "kafka" {
  project                 = var.project_id
  name                    = "${var.name}-kafka"
  description             = "Clients of Kafka: the brokers, the API and the consumers."
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_service_accounts = distinct(concat(var.accounts.kafka, var.accounts.api, var.accounts.consumers))
  target_service_accounts = var.accounts.kafka

  allow {
    protocol = "tcp"
    ports    = ["9092"]
  }
}

resource "google_compute_firewall" "quorum" {
  project                 = var.project_id
  name                    = "${var.name}-kafka-quorum"
  description             = "Kafka's nodes among themselves: controllers and replication."
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_service_accounts = var.accounts.kafka
  target_service_accounts = var.accounts.kafka

  allow {
    protocol = "tcp"
    ports    = ["9093", "9094"]
  }
}

resource "google_compute_firewall" "api" {
  count = var.edge || length(var.api_client_cidrs) > 0 ? 1 : 0

  project                 = var.project_id
  name                    = "${var.name}-api"
  description             = "The load balancer and its health checks, and producers inside of the network."
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_ranges           = concat(var.edge ? local.balancers : [], var.api_client_cidrs)
  target_service_accounts = var.accounts.api

  allow {
    protocol = "tcp"
    ports    = [tostring(var.api_port)]
  }
}
