mock_provider "google" {}

variables {
  project_id = "example-project"
  name       = "streamlake"
  region     = "europe-west1"
  accounts = {
    kafka     = ["kafka@example-project.iam.gserviceaccount.com"]
    api       = ["lake@example-project.iam.gserviceaccount.com"]
    consumers = ["lake@example-project.iam.gserviceaccount.com"]
    airflow   = ["airflow@example-project.iam.gserviceaccount.com"]
  }
}

run "closed_but_for_what_is_needed" {
  command = plan

  assert {
    condition     = google_compute_firewall.iap.source_ranges == toset(["35.235.240.0/20"])
    error_message = "People come in through IAP only."
  }
  assert {
    condition     = length(google_compute_firewall.api) == 0
    error_message = "Without edge and without clients nobody outside reaches the API."
  }
  assert {
    condition     = google_compute_firewall.quorum.source_service_accounts == toset(["kafka@example-project.iam.gserviceaccount.com"])
    error_message = "Only Kafka's nodes reach the controllers."
  }
  assert {
    condition     = !contains(google_compute_firewall.kafka.source_service_accounts, "airflow@example-project.iam.gserviceaccount.com")
    error_message = "Airflow handles no records and needs no Kafka."
  }
  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access && !google_compute_network.this.auto_create_subnetworks
    error_message = "VMs without an address of their own reach Google's API, in one subnet."
  }
}

run "without_airflow_no_rule_is_left_without_a_source" {
  command = plan
  variables {
    accounts = {
      kafka     = ["kafka@example-project.iam.gserviceaccount.com"]
      api       = ["lake@example-project.iam.gserviceaccount.com"]
      consumers = ["lake@example-project.iam.gserviceaccount.com"]
      airflow   = []
    }
  }

  assert {
    condition     = length(google_compute_firewall.runbooks) == 0
    error_message = "Nobody needs SSH from Airflow where there is none."
  }
  assert {
    condition     = length(google_compute_firewall.kafka.source_service_accounts) == 2 && length(google_compute_firewall.quorum.source_service_accounts) == 1
    error_message = "Each rule says from where."
  }
}

run "no_broker_is_refused" {
  command = plan
  variables {
    accounts = {
      kafka     = []
      api       = ["lake@example-project.iam.gserviceaccount.com"]
      consumers = ["lake@example-project.iam.gserviceaccount.com"]
      airflow   = []
    }
  }
  expect_failures = [var.accounts]
}

run "the_edge_is_googles_and_nobody_elses" {
  command = plan
  variables {
    edge = true
  }

  assert {
    condition     = google_compute_firewall.api[0].source_ranges == toset(["35.191.0.0/16", "130.211.0.0/22"])
    error_message = "With edge only the load balancer reaches the API."
  }
}

run "a_range_that_is_none_is_refused" {
  command = plan
  variables {
    cidr = "10.64.0.0"
  }
  expect_failures = [var.cidr]
}

run "an_address_inside_of_a_range_is_refused" {
  command = plan
  variables {
    cidr = "10.64.0.7/24"
  }
  expect_failures = [var.cidr]
}

run "a_public_range_is_refused" {
  command = plan
  variables {
    cidr = "8.8.8.0/24"
  }
  expect_failures = [var.cidr]
}

run "a_range_too_small_is_refused" {
  command = plan
  variables {
    cidr = "10.64.0.0/30"
  }
  expect_failures = [var.cidr]
}

run "everybody_as_client_is_refused" {
  command = plan
  variables {
    api_client_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_client_cidrs]
}

run "a_client_that_is_no_range_is_refused" {
  command = plan
  variables {
    api_client_cidrs = ["producer.example.com"]
  }
  expect_failures = [var.api_client_cidrs]
}
