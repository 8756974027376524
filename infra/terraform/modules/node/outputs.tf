output "service_account" {
  description = "The e-mail address of the role's service account."
  value       = google_service_account.this.email
}

output "member" {
  description = "The service account as an IAM member."
  value       = google_service_account.this.member
}

output "vms" {
  description = "Each VM by name: zone, inner address, self link."
  value = { for name, vm in google_compute_instance.this : name => {
    zone      = vm.zone
    address   = google_compute_address.this[name].address
    self_link = vm.self_link
  } }
}
