module tare/tests/goroutines

go 1.19
