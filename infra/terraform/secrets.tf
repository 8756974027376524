# Places for secrets, and who may read each. The secrets themselves are put there by operators or the play they run, so
# that none of them is ever in Terraform's state.

locals {
  secrets = merge({
    kafka-broker       = ["kafka"]
    kafka-admin        = ["kafka", "api", "consumers"]
    kafka-api          = ["kafka", "api"]
    api-tls-key        = ["api"]
    airflow-jwt        = ["airflow"]
    airflow-fernet     = ["airflow"]
    airflow-api-secret = ["airflow"]
    }, {
    for dataset in keys(var.datasets) : "kafka-consumer-${dataset}" => ["kafka", "consumers"]
  })
  readers = merge([for secret, groups in local.secrets : {
    for pool in distinct(flatten([for group in groups : local.members[group]])) : "${secret} ${pool}" => { secret = secret, pool = pool }
  }]...)
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project             = var.project_id
  secret_id           = "${var.name}-${each.key}"
  labels              = local.labels
  version_destroy_ttl = "604800s" # a version destroyed by mistake comes back for a week
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.readers

  project   = var.project_id
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.node[each.value.pool].member
}

resource "google_secret_manager_secret_iam_member" "keeper" {
  for_each = { for pair in setproduct(keys(local.secrets), var.operators) : "${pair[0]} ${pair[1]}" => pair }

  project   = var.project_id
  secret_id = google_secret_manager_secret.this[each.value[0]].secret_id
  role      = "roles/secretmanager.secretVersionAdder"
  member    = each.value[1]
}
