# The API for producers on the internet: HTTPS with a certificate that Google issues and renews, and rate rules before
# anything reaches a VM. The VMs keep their inner addresses.

locals {
  zones = toset([for vm in var.vms : vm.zone])
}

resource "google_compute_global_address" "this" {
  project = var.project_id
  name    = "${var.name}-api"
}

resource "google_compute_instance_group" "api" {
  for_each = local.zones

  project   = var.project_id
  name      = "${var.name}-api-${each.value}"
  zone      = each.value
  network   = var.network
  instances = [for vm in var.vms : vm.self_link if vm.zone == each.value]

  named_port {
    name = "api"
    port = var.api_port
  }
}

resource "google_compute_health_check" "api" {
  project             = var.project_id
  name                = "${var.name}-api"
  check_interval_sec  = 5
  timeout_sec         = 5
  healthy_threshold   = 2
  unhealthy_threshold = 2

  https_health_check {
    port_specification = "USE_SERVING_PORT"
    request_path       = "/readyz"
  }
}

resource "google_compute_security_policy" "api" {
  # checkov:skip=CKV_GCP_73:A rule that looks for Log4j's lookups in bodies would refuse events that hold such text, and nothing behind it logs bodies.
  project     = var.project_id
  name        = "${var.name}-api"
  description = "What the internet may ask of the ingest API, and how often."
  type        = "CLOUD_ARMOR"

  rule {
    action      = "deny(404)"
    priority    = 100
    description = "Only events, datasets, their description and health are public; metrics are not."
    match {
      expr {
        expression = "!(request.path.startsWith('/v1/') || request.path == '/openapi.json' || request.path == '/readyz' || request.path == '/livez')"
      }
    }
  }

  rule {
    action      = "throttle"
    priority    = 1000
    description = "One client address cannot take the API from all others."
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.rate.requests
        interval_sec = var.rate.interval_seconds
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "The default, which each policy must have."
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_backend_service" "api" {
  project                         = var.project_id
  name                            = "${var.name}-api"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  protocol                        = "HTTPS"
  port_name                       = "api"
  timeout_sec                     = 15 # longer than the API's own limit of 12 s, shorter than its graceful stop of 20 s
  connection_draining_timeout_sec = 20
  health_checks                   = [google_compute_health_check.api.id]
  security_policy                 = google_compute_security_policy.api.id

  dynamic "backend" {
    for_each = google_compute_instance_group.api

    content {
      group           = backend.value.id
      balancing_mode  = "UTILIZATION"
      capacity_scaler = 1.0
    }
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "api" {
  project         = var.project_id
  name            = "${var.name}-api"
  default_service = google_compute_backend_service.api.id
}

resource "google_compute_managed_ssl_certificate" "api" {
  project = var.project_id
  # A certificate's domains cannot be changed: another list is another certificate, made before the old one goes.
  name = "${var.name}-api-${substr(sha256(join(",", var.domains)), 0, 8)}"

  managed {
    domains = var.domains
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "api" {
  project         = var.project_id
  name            = "${var.name}-api"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "api" {
  project          = var.project_id
  name             = "${var.name}-api"
  url_map          = google_compute_url_map.api.id
  ssl_certificates = [google_compute_managed_ssl_certificate.api.id]
  ssl_policy       = google_compute_ssl_policy.api.id
}

# Port 80 is not opened: an API key sent to it once would have crossed the internet in the clear.
resource "google_compute_global_forwarding_rule" "https" {
  project               = var.project_id
  name                  = "${var.name}-api-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  ip_protocol           = "TCP"
  port_range            = "443"
  target                = google_compute_target_https_proxy.api.id
}
