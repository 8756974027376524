mock_provider "google" {}

variables {
  project_id = "example-project"
}

run "kafka_stands_in_three_zones" {
  command = plan

  assert {
    condition     = toset([for host in output.inventory.hosts : host.zone if contains(host.groups, "kafka")]) == toset(["europe-west1-b", "europe-west1-c", "europe-west1-d"])
    error_message = "A zone may fail."
  }
  assert {
    condition     = length([for host in output.inventory.hosts : host if contains(host.groups, "consumers")]) == 2 && length(output.inventory.hosts) == 6
    error_message = "Two VMs land events, and Airflow stands apart."
  }
  assert {
    condition     = output.edge == null
    error_message = "The edge is off unless asked for."
  }
}

run "with_everything_on" {
  command = plan
  variables {
    project_number = "123456789012"
    edge           = { domains = ["events.example.com"], rate = { requests = 600 } }
    operators      = ["group:operators@example.com"]
    alert_emails   = ["oncall@example.com"]
    auditor_groups = ["auditors@example.com"]
    analyst_groups = ["analysts@example.com"]
    budget         = { billing_account = "01ABCD-23EF45-678901", amount = 1500, currency = "EUR" }
  }

  assert {
    condition     = output.edge.urls == ["https://events.example.com/v1/datasets"]
    error_message = "Producers post to the domain."
  }
}
