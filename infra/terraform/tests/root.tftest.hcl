mock_provider "google" {}

variables {
  project_id = "example-project"
  operators  = ["group:operators@example.com"]
}

run "one_node_by_default" {
  command = plan

  assert {
    condition     = keys(output.inventory.hosts) == ["streamlake-node-1"] && output.inventory.hosts["streamlake-node-1"].groups == tolist(["airflow", "api", "consumers", "kafka", "postgres"])
    error_message = "One VM is in all groups."
  }
  assert {
    condition     = length(module.edge) == 0 && output.edge == null
    error_message = "The edge is off unless asked for."
  }
  assert {
    condition     = output.inventory.hosts["streamlake-node-1"].zone == "europe-west1-b" && output.inventory.format == 1
    error_message = "The inventory knows the VM's zone."
  }
  assert {
    condition     = output.lake_url == "gs://example-project-streamlake-lake" && output.tables_bucket == "example-project-streamlake-tables"
    error_message = "The lake and the tables are two buckets."
  }
  assert {
    condition     = google_project_iam_member.tunnel["group:operators@example.com"].condition[0].expression == "destination.port == 22"
    error_message = "Operators come through IAP, to SSH."
  }
  assert {
    condition     = alltrue([for service in google_project_service.this : !service.disable_on_destroy])
    error_message = "Taking StreamLake away turns no API off for others."
  }
}

run "each_secret_is_read_by_those_who_need_it" {
  command = plan
  variables {
    pools = {
      kafka   = { groups = ["kafka"], zones = ["b", "c", "d"] }
      lake    = { groups = ["api", "consumers"], zones = ["b", "c"] }
      airflow = { groups = ["airflow", "postgres"], zones = ["b"] }
    }
  }

  assert {
    condition = [for reader in keys(google_secret_manager_secret_iam_member.reader) : reader if endswith(reader, " airflow")] == [
      "airflow-api-secret airflow", "airflow-fernet airflow", "airflow-jwt airflow"
    ]
    error_message = "Airflow reads its own secrets and no others."
  }
  assert {
    condition     = contains(keys(google_secret_manager_secret_iam_member.reader), "kafka-consumer-orders lake") && !contains(keys(google_secret_manager_secret_iam_member.reader), "kafka-broker lake")
    error_message = "The consumers' hosts read the consumers' secrets, and not the brokers'."
  }
  assert {
    condition     = alltrue([for keeper in google_secret_manager_secret_iam_member.keeper : keeper.role == "roles/secretmanager.secretVersionAdder"]) && length(google_secret_manager_secret_iam_member.keeper) == length(output.secrets)
    error_message = "Operators put secrets in their places."
  }
  assert {
    condition     = length(output.inventory.hosts) == 6 && length(output.service_accounts) == 3
    error_message = "Each pool has one service account, whatever number of VMs."
  }
}

run "an_edge_needs_no_more_than_a_domain" {
  command = plan
  variables {
    edge = { domains = ["events.example.com"] }
  }

  assert {
    condition     = length(module.edge) == 1 && contains(keys(output.alerts), "edge_certificate")
    error_message = "With a domain there is an edge, and its certificate is watched."
  }
}

run "apis_are_left_alone_when_told" {
  command = plan
  variables {
    enable_apis = false
  }

  assert {
    condition     = length(google_project_service.this) == 0
    error_message = "No API is turned on here."
  }
}

run "a_project_name_instead_of_its_id_is_refused" {
  command = plan
  variables {
    project_id = "My Project"
  }
  expect_failures = [var.project_id]
}

run "a_name_too_long_is_refused" {
  command = plan
  variables {
    name = "streamlake-production"
  }
  expect_failures = [var.name]
}

run "a_name_with_capitals_is_refused" {
  command = plan
  variables {
    name = "StreamLake"
  }
  expect_failures = [var.name]
}

run "a_zone_as_region_is_refused" {
  command = plan
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
}

run "a_location_that_is_none_is_refused" {
  command = plan
  variables {
    location = "Europe"
  }
  expect_failures = [var.location]
}

run "two_kafka_nodes_are_refused" {
  command = plan
  variables {
    pools = {
      node = { groups = ["kafka", "api", "consumers"], zones = ["b", "c"] }
    }
  }
  expect_failures = [var.pools]
}

run "a_group_that_is_none_is_refused" {
  command = plan
  variables {
    pools = {
      node = { groups = ["kafka", "api", "consumers", "spark"], zones = ["b"] }
    }
  }
  expect_failures = [var.pools]
}

run "no_consumers_are_refused" {
  command = plan
  variables {
    pools = {
      node = { groups = ["kafka", "api"], zones = ["b"] }
    }
  }
  expect_failures = [var.pools]
}

run "consumers_whose_metrics_nobody_tells_are_refused" {
  command = plan
  variables {
    pools = {
      node    = { groups = ["kafka", "api"], zones = ["b"] }
      landing = { groups = ["consumers"], zones = ["b"] }
    }
  }
  expect_failures = [var.pools]
}

run "airflow_without_its_database_is_refused" {
  command = plan
  variables {
    pools = {
      node    = { groups = ["kafka", "api", "consumers"], zones = ["b"] }
      airflow = { groups = ["airflow"], zones = ["b"] }
    }
  }
  expect_failures = [var.pools]
}

run "a_pool_with_a_dash_is_refused" {
  command = plan
  variables {
    pools = {
      the-node = { groups = ["kafka", "api", "consumers"], zones = ["b"] }
    }
  }
  expect_failures = [var.pools]
}

run "an_operator_without_a_kind_is_refused" {
  command = plan
  variables {
    operators = ["operators@example.com"]
  }
  expect_failures = [var.operators]
}

run "everybody_as_operator_is_refused" {
  command = plan
  variables {
    operators = ["allUsers"]
  }
  expect_failures = [var.operators]
}

run "a_port_of_kafka_is_refused" {
  command = plan
  variables {
    api_port = 9092
  }
  expect_failures = [var.api_port]
}

run "an_account_name_with_an_at_is_refused" {
  command = plan
  variables {
    ssh_user = "a@example.com"
  }
  expect_failures = [var.ssh_user]
}

run "a_label_with_capitals_is_refused" {
  command = plan
  variables {
    labels = { Team = "data" }
  }
  expect_failures = [var.labels]
}
