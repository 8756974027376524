mock_provider "google" {
  mock_resource "google_bigquery_connection" {
    defaults = {
      name           = "projects/example-project/locations/europe-west1/connections/streamlake-lake"
      cloud_resource = [{ service_account_id = "connection@example-project.iam.gserviceaccount.com" }]
    }
  }
}

variables {
  project_id     = "example-project"
  name           = "streamlake"
  location       = "europe-west1"
  lake_bucket    = "example-project-streamlake-lake"
  datasets       = { orders = {}, clicks = { suffix = "parquet" } }
  auditor_groups = ["auditors@example.com"]
  analyst_groups = ["analysts@example.com"]
}

run "auditors_and_analysts_share_nothing" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.audit.dataset_id != google_bigquery_dataset.analytics.dataset_id
    error_message = "There are two datasets."
  }
  assert {
    condition     = toset(compact([for access in google_bigquery_dataset.audit.access : access.group_by_email])) == toset(["auditors@example.com"])
    error_message = "Only auditors read raw."
  }
  assert {
    condition     = toset(compact([for access in google_bigquery_dataset.analytics.access : access.group_by_email])) == toset(["analysts@example.com"])
    error_message = "Only analysts read the analysts' dataset."
  }
  assert {
    condition     = alltrue([for table in google_bigquery_table.audit : table.dataset_id == "streamlake_audit"])
    error_message = "Tables over raw stand in the audit dataset only."
  }
  assert {
    condition     = google_storage_bucket_iam_member.connection.role == "roles/storage.objectViewer"
    error_message = "The connection reads and does not write."
  }
}

run "readers_may_ask" {
  command = plan

  assert {
    condition     = keys(google_project_iam_member.jobs) == ["analysts@example.com", "auditors@example.com"]
    error_message = "A reader who cannot start a query reads nothing."
  }
}

run "a_table_reads_parts_and_no_seal" {
  command = plan

  assert {
    condition     = keys(google_bigquery_table.audit) == ["dead_letters_clicks", "dead_letters_orders", "raw_clicks", "raw_orders"]
    error_message = "Each dataset has a table over raw and one over its dead letters."
  }
  assert {
    condition     = google_bigquery_table.audit["raw_orders"].external_data_configuration[0].source_uris == tolist(["gs://example-project-streamlake-lake/raw/dataset=orders/*.json.gz"])
    error_message = "The pattern has one wildcard and does not match _metadata.json."
  }
  assert {
    condition     = google_bigquery_table.audit["raw_clicks"].external_data_configuration[0].source_format == "PARQUET"
    error_message = "Parquet is read as Parquet."
  }
  assert {
    condition     = [for table in ["raw_clicks", "raw_orders"] : [for options in google_bigquery_table.audit[table].external_data_configuration[0].parquet_options : options.enable_list_inference]] == [[true], []]
    error_message = "Headers are an array, in Parquet as in JSON lines."
  }
  assert {
    condition     = google_bigquery_table.audit["dead_letters_clicks"].external_data_configuration[0].source_uris == tolist(["gs://example-project-streamlake-lake/dead_letters/dataset=clicks/*.json.gz"])
    error_message = "Dead letters are JSON lines whatever raw is."
  }
  assert {
    condition     = [for column in jsondecode(google_bigquery_table.audit["raw_orders"].schema) : column.name if column.type == "JSON"] == ["meta", "payload"]
    error_message = "What producers sent is JSON and is not guessed at."
  }
}

run "a_name_that_no_contract_can_have_is_refused" {
  command = plan
  variables {
    datasets = { "Orders-2" = {} }
  }
  expect_failures = [var.datasets]
}

run "plain_json_is_refused" {
  command = plan
  variables {
    datasets = { orders = { suffix = "json" } }
  }
  expect_failures = [var.datasets]
}

run "zstd_lines_are_refused" {
  command = plan
  variables {
    datasets = { orders = { suffix = "json.zst" } }
  }
  expect_failures = [var.datasets]
}

run "a_member_instead_of_an_address_is_refused" {
  command = plan
  variables {
    analyst_groups = ["group:analysts@example.com"]
  }
  expect_failures = [var.analyst_groups]
}

run "an_auditor_that_is_no_address_is_refused" {
  command = plan
  variables {
    auditor_groups = ["auditors"]
  }
  expect_failures = [var.auditor_groups]
}

run "a_location_that_is_none_is_refused" {
  command = plan
  variables {
    location = "Belgium"
  }
  expect_failures = [var.location]
}
