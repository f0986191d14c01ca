module tare/tools/workloads/go

go 1.19
