module audit-sidecar.example/clients

go 1.19
