# What is watched, and who is told. Each alert has a page under docs/runbooks that starts from the symptom.

locals {
  prefix    = replace(var.name, "-", "_")
  from_logs = "logging_googleapis_com:user_${local.prefix}"
  channels  = [for channel in google_monitoring_notification_channel.email : channel.id]

  # All in PromQL: the only kind of condition that may name a metric of which no point was written yet.
  alerts = merge({
    lag = {
      title    = "Events wait too long to be landed"
      query    = "max by (dataset) (streamlake_lag_seconds) > ${var.thresholds.lag_seconds}"
      duration = "300s"
      severity = "ERROR"
      runbook  = "lag-grows"
    }
    watchdog = {
      title    = "The watchdog restarted a unit"
      query    = "sum by (instance_id) (increase(${local.from_logs}_watchdog_restarts{monitored_resource=\"gce_instance\"}[10m])) > 0"
      duration = "0s"
      severity = "ERROR"
      runbook  = "watchdog-restarts"
    }
    gaps = {
      title    = "Kafka lost offsets before they were landed"
      query    = "sum by (dataset) (increase(streamlake_consumer_total{counter=\"loss_offsets\"}[10m])) > 0"
      duration = "0s"
      severity = "CRITICAL"
      runbook  = "gap-recorded"
    }
    dead_letters = {
      title = "Too many records go to the dead letters"
      query = join(" / ", [
        "sum by (dataset) (increase(streamlake_consumer_total{counter=\"dead_letters\"}[10m]))",
        "sum by (dataset) (increase(streamlake_consumer_total{counter=~\"dead_letters|records_landed\"}[10m])) > ${var.thresholds.dead_letter_share}",
      ])
      duration = "300s"
      severity = "WARNING"
      runbook  = "dead-letters-rise"
    }
    disk = {
      title    = "A disk fills"
      query    = "max by (instance_id, device) (agent_googleapis_com:disk_percent_used{monitored_resource=\"gce_instance\",state=\"used\",device!~\".*loop.*\"}) > ${var.thresholds.disk_share * 100}"
      duration = "300s"
      severity = "ERROR"
      runbook  = "disk-fills"
    }
    replicas = {
      title    = "Partitions of Kafka are under-replicated"
      query    = "sum by (instance_id) (increase(${local.from_logs}_replicas_lost{monitored_resource=\"gce_instance\"}[10m])) > 0"
      duration = "0s"
      severity = "ERROR"
      runbook  = "under-replicated-partitions"
    }
    certificate = {
      title    = "A certificate on a host expires within ${var.thresholds.certificate_days} days"
      query    = "sum by (instance_id, path) (increase(${local.from_logs}_certificates_expiring{monitored_resource=\"gce_instance\"}[3h])) > 0"
      duration = "0s"
      severity = "ERROR"
      runbook  = "certificate-expires"
    }
    silence = {
      title    = "No metrics arrive"
      query    = "absent(streamlake_api_kafka_reachable)"
      duration = "600s"
      severity = "ERROR"
      runbook  = "metrics-silent"
    }
    }, var.edge_domain == null ? {} : {
    edge_certificate = {
      title    = "The public certificate expires within ${var.thresholds.certificate_days} days"
      query    = "min(monitoring_googleapis_com:uptime_check_time_until_ssl_cert_expires{monitored_resource=\"uptime_url\",host=\"${var.edge_domain}\"}) < ${var.thresholds.certificate_days}"
      duration = "600s"
      severity = "ERROR"
      runbook  = "certificate-expires"
    }
    edge_down = {
      title    = "The public API does not answer"
      query    = "avg(monitoring_googleapis_com:uptime_check_check_passed{monitored_resource=\"uptime_url\",host=\"${var.edge_domain}\"}) < 0.5"
      duration = "180s"
      severity = "CRITICAL"
      runbook  = "metrics-silent"
    }
  })

  ops_agent = { for kind, scrapes in { api = true, other = false } : kind => templatefile("${path.module}/ops-agent.yaml.tftpl", {
    scrapes = scrapes, scheme = var.api_scheme, port = var.api_port
  }) }

  # Lines of the journal as the Ops Agent sends them. systemd's and Kafka's words, and those of certificates.sh.
  counted = {
    watchdog_restarts = {
      description = "Units that systemd killed because nothing moved in them"
      filter      = "jsonPayload.MESSAGE=~\"Watchdog timeout \\(limit\""
    }
    replicas_lost = {
      description = "Replicas that fell out of sync, and brokers that the quorum gave up"
      filter      = "jsonPayload.MESSAGE=~\"Shrinking ISR from |Fencing broker \""
    }
    certificates_expiring = {
      description = "Certificates on hosts with few days left, once an hour"
      filter      = "jsonPayload.MESSAGE=~\"^certificate expires soon: \""
    }
  }
}

resource "google_logging_metric" "counted" {
  for_each = local.counted

  project     = var.project_id
  name        = "${local.prefix}_${each.key}"
  description = each.value.description
  filter      = "resource.type=\"gce_instance\" AND ${each.value.filter}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.key == "certificates_expiring" ? ["path"] : []

      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  label_extractors = each.key == "certificates_expiring" ? { path = "REGEXP_EXTRACT(jsonPayload.MESSAGE, \"path=(\\\\S+)\")" } : {}
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = var.project_id
  display_name = "StreamLake (${var.name}): ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "StreamLake (${var.name}): ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = merge(var.labels, { alert = each.key })

  conditions {
    display_name = each.value.title

    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = each.value.duration
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "StreamLake (${var.name}): ${each.value.title}"
    content   = "${each.value.title}. What to do: [docs/runbooks/${each.value.runbook}.md](${var.runbooks_url}/${each.value.runbook}.md)"

    links {
      display_name = "Runbook"
      url          = "${var.runbooks_url}/${each.value.runbook}.md"
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  depends_on = [google_logging_metric.counted]
}

resource "google_monitoring_uptime_check_config" "edge" {
  count = var.edge_domain == null ? 0 : 1

  project      = var.project_id
  display_name = "StreamLake (${var.name}): ${var.edge_domain}"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = "/readyz"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = var.edge_domain
    }
  }
}

data "google_project" "this" {
  count = var.budget != null && var.project_number == null ? 1 : 0

  project_id = var.project_id
}

resource "google_billing_budget" "this" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "StreamLake (${var.name})"

  budget_filter {
    projects               = ["projects/${coalesce(var.project_number, one(data.google_project.this[*].number))}"]
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
  }

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(var.budget.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  dynamic "all_updates_rule" {
    for_each = length(var.alert_emails) > 0 ? [slice(local.channels, 0, min(5, length(var.alert_emails)))] : [] # Billing takes five at most

    content {
      monitoring_notification_channels = all_updates_rule.value
      disable_default_iam_recipients   = false
    }
  }
}
