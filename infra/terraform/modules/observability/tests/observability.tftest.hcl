mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project_id   = "example-project"
  name         = "streamlake"
  runbooks_url = "https://docs.example.com/streamlake/runbooks"
  alert_emails = ["oncall@example.com"]
}

run "everything_that_can_go_wrong_rings" {
  command = plan

  assert {
    condition = toset(keys(google_monitoring_alert_policy.this)) == toset([
      "lag", "watchdog", "gaps", "dead_letters", "disk", "replicas", "certificate", "silence"
    ])
    error_message = "There is an alert for each of lag, watchdog, gaps, dead letters, disk, replicas, certificates and silence."
  }
  assert {
    condition = alltrue([for alert in google_monitoring_alert_policy.this :
      startswith(alert.documentation[0].links[0].url, "https://docs.example.com/streamlake/runbooks/") && endswith(alert.documentation[0].links[0].url, ".md")
    ])
    error_message = "Each alert links to its runbook."
  }
  assert {
    condition     = alltrue([for alert in google_monitoring_alert_policy.this : alert.conditions[0].condition_prometheus_query_language[0].disable_metric_validation])
    error_message = "An alert can be made before the first point of its metric is written."
  }
  assert {
    condition     = length(google_billing_budget.this) == 0 && length(data.google_project.this) == 0 && length(google_monitoring_uptime_check_config.edge) == 0
    error_message = "Without budget and edge nothing is looked up and nothing is checked from outside."
  }
}

run "the_ops_agent_reads_metrics_where_the_api_runs" {
  command = plan

  assert {
    condition     = yamldecode(output.metadata.api.ops-agent-config).metrics.receivers.streamlake.config.scrape_configs[0].static_configs[0].targets[0] == "localhost:8080"
    error_message = "The agent scrapes /metrics."
  }
  assert {
    condition     = yamldecode(output.metadata.api.ops-agent-config).metrics.receivers.streamlake.config.scrape_configs[0].scheme == "https"
    error_message = "The API off the host speaks TLS."
  }
  assert {
    condition     = keys(yamldecode(output.metadata.other.ops-agent-config).metrics.service.pipelines) == ["default_pipeline"]
    error_message = "Where no API runs nothing is scraped."
  }
}

run "the_edge_is_watched_from_outside" {
  command = plan
  variables {
    edge_domain = "events.example.com"
  }

  assert {
    condition     = contains(keys(google_monitoring_alert_policy.this), "edge_certificate") && google_monitoring_uptime_check_config.edge[0].http_check[0].validate_ssl
    error_message = "The public certificate's days left are watched."
  }
}

run "a_budget_with_a_number_needs_no_look_up" {
  command = plan
  variables {
    project_number = "123456789012"
    budget         = { billing_account = "01ABCD-23EF45-678901", amount = 500, currency = "EUR" }
  }

  assert {
    condition     = google_billing_budget.this[0].budget_filter[0].projects == toset(["projects/123456789012"]) && length(data.google_project.this) == 0
    error_message = "With the project's number no data source is read."
  }
  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "500"
    error_message = "The budget is the amount."
  }
}

run "a_budget_without_a_number_looks_it_up" {
  command = plan
  variables {
    budget = { billing_account = "01ABCD-23EF45-678901", amount = 500 }
  }

  assert {
    condition     = length(data.google_project.this) == 1
    error_message = "Without the project's number it is looked up."
  }
}

run "a_billing_account_that_is_none_is_refused" {
  command = plan
  variables {
    budget = { billing_account = "my-account", amount = 500 }
  }
  expect_failures = [var.budget]
}

run "a_budget_of_nothing_is_refused" {
  command = plan
  variables {
    budget = { billing_account = "01ABCD-23EF45-678901", amount = 0 }
  }
  expect_failures = [var.budget]
}

run "a_runbook_address_without_tls_is_refused" {
  command = plan
  variables {
    runbooks_url = "http://docs.example.com/runbooks/"
  }
  expect_failures = [var.runbooks_url]
}

run "a_share_above_one_is_refused" {
  command = plan
  variables {
    thresholds = { disk_share = 80 }
  }
  expect_failures = [var.thresholds]
}

run "an_address_that_is_none_is_refused" {
  command = plan
  variables {
    alert_emails = ["oncall"]
  }
  expect_failures = [var.alert_emails]
}

run "a_project_id_as_number_is_refused" {
  command = plan
  variables {
    project_number = "example-project"
  }
  expect_failures = [var.project_number]
}

run "another_scheme_is_refused" {
  command = plan
  variables {
    api_scheme = "tcp"
  }
  expect_failures = [var.api_scheme]
}
