mock_provider "google" {}

variables {
  project_id = "example-project"
  name       = "streamlake"
  network    = "projects/example-project/global/networks/streamlake"
  domains    = ["events.example.com"]
  vms = {
    lake-1 = { zone = "europe-west1-b", self_link = "projects/example-project/zones/europe-west1-b/instances/lake-1" }
    lake-2 = { zone = "europe-west1-c", self_link = "projects/example-project/zones/europe-west1-c/instances/lake-2" }
    lake-3 = { zone = "europe-west1-b", self_link = "projects/example-project/zones/europe-west1-b/instances/lake-3" }
  }
}

run "https_with_a_managed_certificate" {
  command = plan

  assert {
    condition     = google_compute_managed_ssl_certificate.api.managed[0].domains == tolist(["events.example.com"])
    error_message = "Google issues the certificate for the domains."
  }
  assert {
    condition     = google_compute_ssl_policy.api.min_tls_version == "TLS_1_2" && google_compute_global_forwarding_rule.https.port_range == "443"
    error_message = "HTTPS only, and no old TLS."
  }
  assert {
    condition     = google_compute_backend_service.api.protocol == "HTTPS" && google_compute_backend_service.api.timeout_sec == 15
    error_message = "TLS up to the API, with the load balancer's place in the ladder of time-outs."
  }
  assert {
    condition     = length(google_compute_instance_group.api["europe-west1-b"].instances) == 2 && length(google_compute_instance_group.api) == 2
    error_message = "Each zone's VMs are one group."
  }
}

run "clients_are_throttled_and_metrics_hidden" {
  command = plan
  variables {
    rate = { requests = 100, interval_seconds = 10 }
  }

  assert {
    condition = anytrue([for rule in google_compute_security_policy.api.rule : rule.action == "throttle" && rule.priority == 1000
      && try(rule.rate_limit_options[0].exceed_action == "deny(429)" && rule.rate_limit_options[0].rate_limit_threshold[0].count == 100, false)
    ])
    error_message = "A client that sends too much is answered with 429."
  }
  assert {
    condition = anytrue([for rule in google_compute_security_policy.api.rule :
      rule.action == "deny(404)" && try(!strcontains(rule.match[0].expr[0].expression, "metrics"), false)
    ])
    error_message = "What is not listed as public is not found."
  }
  assert {
    condition     = contains([for rule in google_compute_security_policy.api.rule : rule.priority], 2147483647)
    error_message = "A policy has its default rule."
  }
}

run "a_domain_with_a_scheme_is_refused" {
  command = plan
  variables {
    domains = ["https://events.example.com"]
  }
  expect_failures = [var.domains]
}

run "a_wildcard_is_refused" {
  command = plan
  variables {
    domains = ["*.example.com"]
  }
  expect_failures = [var.domains]
}

run "no_domain_is_refused" {
  command = plan
  variables {
    domains = []
  }
  expect_failures = [var.domains]
}

run "an_interval_that_cloud_armor_does_not_know_is_refused" {
  command = plan
  variables {
    rate = { interval_seconds = 45 }
  }
  expect_failures = [var.rate]
}

run "a_rate_of_nothing_is_refused" {
  command = plan
  variables {
    rate = { requests = 0 }
  }
  expect_failures = [var.rate]
}
