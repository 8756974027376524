mock_provider "google" {}

variables {
  project_id = "example-project"
  name       = "streamlake"
  location   = "europe-west1"
  writers    = { consumers = "serviceAccount:consumers@example-project.iam.gserviceaccount.com" }
}

run "what_landed_is_kept" {
  command = plan

  assert {
    condition     = tonumber(google_storage_bucket.lake.retention_policy[0].retention_period) == 30 * 86400
    error_message = "Nothing in the lake is deleted or replaced for 30 days."
  }
  assert {
    condition     = length(google_storage_bucket.tables.retention_policy) == 0
    error_message = "Tables and replays are rewritten: a retention would refuse that."
  }
  assert {
    condition = alltrue([for bucket in [google_storage_bucket.lake, google_storage_bucket.tables] :
      bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access && !bucket.force_destroy
    ])
    error_message = "No bucket is public, has object ACLs, or goes with what is in it."
  }
  assert {
    condition = alltrue([for bucket in [google_storage_bucket.lake, google_storage_bucket.tables] :
      bucket.soft_delete_policy[0].retention_duration_seconds == 30 * 86400
    ])
    error_message = "What is deleted can be restored for 30 days."
  }
  assert {
    condition     = google_storage_bucket.lake.name == "example-project-streamlake-lake"
    error_message = "The bucket is named after project and deployment."
  }
}

run "nothing_that_landed_is_deleted_by_age_unless_told" {
  command = plan

  assert {
    condition     = !contains(flatten([for rule in google_storage_bucket.lake.lifecycle_rule : [for action in rule.action : action.type]]), "Delete")
    error_message = "Raw and dead letters expire only when an operator says so."
  }
}

run "the_ledger_outlives_raw" {
  command = plan
  variables {
    retention = { raw_expire_days = 400, dead_letters_expire_days = 800 }
  }

  assert {
    condition = toset(flatten([for rule in google_storage_bucket.lake.lifecycle_rule :
      [for condition in rule.condition : condition.matches_prefix] if one(rule.action).type == "Delete"
    ])) == toset(["raw/", "dead_letters/"])
    error_message = "What is deleted by age is raw and dead letters, and never the ledger."
  }
}

run "the_writer_cannot_delete" {
  command = plan

  assert {
    condition     = google_project_iam_custom_role.writer.permissions == toset(["storage.objects.create", "storage.objects.get", "storage.objects.list"])
    error_message = "A lake writer creates, gets and lists, and does not delete."
  }
  assert {
    condition     = keys(google_storage_bucket_iam_member.writer) == ["consumers"]
    error_message = "Only writers are granted the role."
  }
}

run "an_expiry_before_the_retention_ends_is_refused" {
  command = plan
  variables {
    retention = { days = 365, raw_expire_days = 364 }
  }
  expect_failures = [var.retention]
}

run "an_expiry_right_after_nearline_is_refused" {
  command = plan
  variables {
    retention = { raw_nearline_days = 60, raw_expire_days = 61 }
  }
  expect_failures = [var.retention]
}

run "no_soft_delete_is_refused" {
  command = plan
  variables {
    retention = { soft_delete_days = 0 }
  }
  expect_failures = [var.retention]
}

run "no_retention_is_refused" {
  command = plan
  variables {
    retention = { days = 0 }
  }
  expect_failures = [var.retention]
}

run "a_location_that_is_none_is_refused" {
  command = plan
  variables {
    location = "europe"
  }
  expect_failures = [var.location]
}

run "a_bucket_prefix_that_google_refuses_is_refused" {
  command = plan
  variables {
    bucket_prefix = "google-lake"
  }
  expect_failures = [var.bucket_prefix]
}

run "a_bucket_prefix_with_capitals_is_refused" {
  command = plan
  variables {
    bucket_prefix = "Lake"
  }
  expect_failures = [var.bucket_prefix]
}

run "a_dataset_expires_by_itself" {
  command = plan
  variables {
    expire_days = { clicks = 90 }
  }

  assert {
    condition = toset(flatten([for rule in google_storage_bucket.lake.lifecycle_rule :
      [for condition in rule.condition : condition.matches_prefix] if one(rule.action).type == "Delete"
    ])) == toset(["raw/dataset=clicks/"])
    error_message = "Only the parts of that dataset are deleted by age."
  }
}

run "a_dataset_that_expires_before_the_retention_ends_is_refused" {
  command = plan
  variables {
    expire_days = { clicks = 29 }
  }
  expect_failures = [google_storage_bucket.lake]
}

run "an_age_for_no_dataset_is_refused" {
  command = plan
  variables {
    expire_days = { "Clicks/" = 90 }
  }
  expect_failures = [var.expire_days]
}
